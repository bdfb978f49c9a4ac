# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
import re

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.catalog_names import name_v1, name_v2, names_v1, names_v2
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.catalog_sources import (
    catalog_source,
    check_template,
    cluster_catalog,
    from_template,
)

LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
LONG = "abcd/efgh/ijkl/mnop/qrst/uvwx/yzab/cdef/ghij/klmn/opqr/stuvw"


@pytest.mark.parametrize(
    "source, name",
    [
        ("abc", "cs-abc"),
        ("abC", "cs-abc"),
        ("abc/def", "cs-abc-def"),
        ("abc/Def", "cs-abc-def"),
        ("ab0/de9", "cs-ab0-de9"),
        ("123456789", "cs-123456789"),
        ("诶比西", "cs-0"),
        ("诶比西/def", "cs-def"),
        ("诶abc比de西f", "cs-abc-de-f"),
        ("-", "cs-0"),
        ("", "cs-0"),
        ("/////", "cs-0"),
        ("test/common-services", "cs-test-common-services"),
        (LONG, "cs-" + LONG.replace("/", "-")),
        (LONG + "x", "cs-" + LONG.replace("/", "-")),
        (
            "abcd/efgh/ijkl/mnop/qrst/uvwx/yzab/cdef/ghij/klmn/opqr/stuv/wxyz/abcd",
            "cs-abcd-efgh-ijkl-mnop-qrst-uvwx-yzab-cdef-ghij-klmn-opqr-stu-0",
        ),
    ],
)
def test_names_of_the_first_generation(source, name):
    assert name_v1(source) == name


@pytest.mark.parametrize(
    "image, name",
    [
        ("myregistry/mynamespace/redhat/redhat-operator-index:v4.15", "cs-redhat-operator-index-v4-15"),
        ("myregistry/mynamespace/redhat/redhat-operator-index:7c4ef7434c97c8aaf6cdaaaa", "cs-redhat-operator-index-7c4ef7434c97"),
        ("m/idx@sha256:0123456789abcdef" + "0" * 48, "cs-idx-0123456789ab"),
        ("m/idx:v4.17.0-20241114", "cs-idx-v4-17-0-2024"),
        ("m/idx:sha256-0123456789ab", "cs-idx-sha256-01234"),
        ("m:5000/idx:V1_2", "cs-idx-v1-2"),
        ("m/idx:v4.16-alpha-1", "cs-idx-v4-16-alpha"),
        ("m/my_idx:v1", "cs-my-idx-v1"),
        ("m/idx", "cs-idx-0"),
        ("m/" + "x" * 100 + ":v1", "cs-" + "x" * 57 + "-v1"),
    ],
)
def test_names_of_the_second_generation(image, name):
    assert name_v2(image) == name


def test_three_catalogs_with_one_name():
    assert list(names_v1({"a": "dev", "b": "dev", "c": "dev"}).values()) == ["cs-dev", "cs-dev-1", "cs-dev-2"]
    found = names_v2(["m/a/idx:v4.17.0-20241114", "m/a/idx:v4.17.0-20250101", "m/b/idx:v4.17.0-20240101"])
    assert found["m/a/idx:v4.17.0-20241114"] == "cs-idx-v4-17-0-2024"
    assert len(set(found.values())) == 3


def test_three_hundred_nasty_names_are_valid_and_unique():
    source = random.Random(33)
    letters = "abZ019._-/é诶 :@"
    texts = ["".join(source.choice(letters) for _letter in range(source.randint(0, 90))) for _text in range(300)]
    first = names_v1({str(number): text for number, text in enumerate(texts)})
    second = names_v2([f"m.io/{text}" for text in texts])
    for names in (first, second):
        assert len(set(names.values())) == len(names) >= 290
        assert all(LABEL.match(name) for name in names.values())


def test_plain_resources():
    source = catalog_source("cs-x-v1", "m.io/x:v1")
    assert source["metadata"] == {
        "name": "cs-x-v1",
        "namespace": "openshift-marketplace",
        "annotations": {"createdBy": "disconnected.mirror"},
    }
    assert source["spec"] == {"image": "m.io/x:v1", "sourceType": "grpc"}
    catalog = cluster_catalog("cs-x-v1", "m.io/x:v1")
    assert catalog["metadata"]["name"] == "cc-x-v1" and "namespace" not in catalog["metadata"]
    assert catalog["spec"] == {"priority": 0, "source": {"type": "Image", "image": {"ref": "m.io/x:v1"}}}


TEMPLATE = {
    "apiVersion": "operators.coreos.com/v1alpha1",
    "kind": "CatalogSource",
    "metadata": {
        "name": "totalRubbish",
        "namespace": "default",
        "creationTimestamp": "2024-01-01T00:00:00Z",
        "uid": "x",
        "labels": {"team": "a"},
        "annotations": {"createdBy": "me", "note": "n"},
    },
    "spec": {"image": "totalRubbish", "displayName": "Ours", "updateStrategy": {"registryPoll": {"interval": "30m0s"}}},
    "status": {"message": "x"},
}


def test_a_template_keeps_what_is_not_ours():
    document = from_template("cs-x", "m.io/x:v1", TEMPLATE)
    assert document["spec"] == {
        "image": "m.io/x:v1",
        "displayName": "Ours",
        "updateStrategy": {"registryPoll": {"interval": "30m0s"}},
        "sourceType": "grpc",
    }
    assert document["metadata"] == {
        "name": "cs-x",
        "namespace": "openshift-marketplace",
        "labels": {"team": "a"},
        "annotations": {"createdBy": "disconnected.mirror", "note": "n"},
    }
    assert "status" not in document


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ImageDigestMirrorSet"},
        {"apiVersion": "v1"},
        {"spec": {"sourceType": "configmap"}},
        {"spec": {"configMap": "x"}},
        {"spec": "x"},
        {"metadata": "x"},
        {"metadata": {"annotations": "x"}},
    ],
)
def test_templates_that_are_none(change):
    with pytest.raises(InputError, match="template"):
        check_template({**TEMPLATE, **change})


def test_a_template_must_be_a_mapping():
    with pytest.raises(InputError, match="not a mapping"):
        check_template(["x"])
