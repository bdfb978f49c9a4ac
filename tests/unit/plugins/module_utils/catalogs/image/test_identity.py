# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The identity of a filter: verified values of the reference implementation (operator-catalogs 5)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.identity import identity
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package, PackageChannel

DIGEST = "sha256:f30638f60452062aba36a26ee6c036feead2f03b28f2c47f2b0a991e41baebea"
CERTIFIED = (
    Package(name="couchbase-operator"),
    Package(name="mongodb-operator", min_version="1.4.0"),
    Package(name="crunchy-postgresql-operator", channels=(PackageChannel(name="stable"),)),
)


@pytest.mark.parametrize(
    ("catalog", "settings", "expected"),
    [
        (f"community-operators@{DIGEST}", {}, "ac8e314872a499f2c6edb0616489c628"),
        ("registry.redhat.io/redhat/redhat-operator-index:v4.17", {}, "94563f14d54e0ea1d600fa8c002c204b"),
        ("registry.redhat.io/redhat/redhat-operator-index:v4.17", {"packages": (Package(name="op1"),)}, "b6db5253b0a8b995840d4d6b5a8aefca"),
        (
            "registry.redhat.io/redhat/certified-operators:v4.17",
            {"packages": (Package(name="op1"),), "full": True},
            "37e8b17cf0089fb1de93893cfb41dbfb",
        ),
        ("certified-operators:v1", {"packages": CERTIFIED, "full": True}, "70eb0b2116707316c6130de415ceeb69"),
    ],
)
def test_identities_of_the_reference(catalog, settings, expected):
    assert identity(Catalog(catalog=catalog, **settings), DIGEST) == expected


def test_where_it_goes_is_no_part_of_it():
    plain = Catalog(catalog="r.example.com/a/b:v1", packages=CERTIFIED)
    placed = Catalog(
        catalog="r.example.com/a/b:v2", packages=CERTIFIED, target_catalog="x/y", target_tag="z", target_catalog_source_template="/t.yaml"
    )
    assert identity(plain, DIGEST) == identity(placed, DIGEST)


@pytest.mark.parametrize(
    "other",
    [
        Catalog(catalog="r.example.com/a/b:v1", packages=CERTIFIED[:1]),
        Catalog(catalog="r.example.com/a/b:v1", packages=CERTIFIED, full=True),
        Catalog(catalog="r.example.com/a/b:v1", packages=CERTIFIED, platforms=(Platform("linux", "arm64"),)),
        Catalog(catalog="r.example.com/a/c:v1", packages=CERTIFIED),
        Catalog(catalog="r.example.com/a/b:v1", packages=(Package(name="couchbase-operator", min_version="<&>"), *CERTIFIED[1:])),
    ],
)
def test_what_is_selected_is_part_of_it(other):
    assert identity(Catalog(catalog="r.example.com/a/b:v1", packages=CERTIFIED), DIGEST) != identity(other, DIGEST)
