# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is new in a catalog: the vectors of old against new (operator-catalogs 2.9: L, B1-B3, D8-D12, X3).

And v1's additive mode (D6, X2), and catalogs with nothing in them (A1, S1).
"""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog as Source
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.info import updates
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package, PackageChannel
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.catalogs import needs_kind, needs_package, provides

ETCD = "\netcd stable*: 0.9.0; 0.9.1<0.9.0"
ETCD_NEW = ETCD + "; 0.9.2<0.9.1; 0.9.3<0.9.2"
FAST = "foo stable* prio=2: 0.1.0\nfoo fast prio=1: 0.2.0"
BETA = "foo beta*: 0.1.0; 0.2.0<0.1.0 !{0.1.1,0.1.2}; 0.3.0<0.2.0; 0.3.1<0.2.0 !{0.3.0}"
BAZ = 'baz stable*: 1.0.0 ~"<1.0.0"; 1.0.1<1.0.0 !{1.0.0} ~"<1.0.0"; 1.1.0<1.0.0 !{1.0.1}'
THREE = f"""
    {BETA}
    {BAZ}
    bar alpha: 0.1.0; 0.2.0<0.1.0 !{{0.1.0}} ~"<0.2.0"; 1.0.0<0.2.0
    bar stable*: 1.0.0
"""
THREE_NEEDS = {
    **{f"foo.v0.{version}": [needs_kind("Bar", "v1alpha1"), needs_package("bar", "<0.2.0")] for version in ("1.0", "2.0", "3.0", "3.1")},
    **{f"bar.v{version}": [provides("Bar", "v1alpha1")] for version in ("0.1.0", "0.2.0", "1.0.0")},
}


def package(name, *channels, **settings):
    return Package(name=name, channels=channels, **settings)


def channel(name, minimum="", maximum=""):
    return PackageChannel(name=name, min_version=minimum, max_version=maximum)


def newer(folder, old, new, *packages, needed=None, needs=None):
    """needed, needs: properties in the old and in the new catalog."""
    before = catalogs.catalog(folder / "old", old, needed)
    after = catalogs.catalog(folder / "new", new, needs)
    return updates.newer(before, after, Catalog(catalog="c", packages=packages))


SAME = {"foo.v0.1.0": [provides("Foo"), provides("Bar")]}


@pytest.mark.parametrize(
    ("old", "new", "needed", "needs", "wanted", "expected"),
    [
        pytest.param("foo stable*: 0.1.0", "foo stable*: 0.1.0", {}, {}, (), {}, id="L1"),
        pytest.param("foo stable*: 0.1.0", "foo stable*: 0.1.0", SAME, {"foo.v0.1.0": SAME["foo.v0.1.0"][::-1]}, (), {}, id="L2"),
        pytest.param("foo stable*: 0.1.0", "foo stable*: 0.1.0", {}, SAME, (), {"foo stable*": "0.1.0"}, id="L3"),
        pytest.param(
            "foo stable*: 0.1.0\nfoo fast: 0.2.0-alpha.0; 0.2.0-alpha.1",
            "foo stable*: 0.1.0; 0.2.0 !{0.1.0}\nfoo fast: 0.2.0-alpha.0; 0.2.0-alpha.1\nfoo clusterwide: 0.1.0-clusterwide",
            {},
            SAME,
            (),
            {"foo clusterwide": "0.1.0-clusterwide", "foo stable*": "0.1.0; 0.2.0 !{0.1.0}"},
            id="L4",
        ),
        pytest.param(
            "foo stable*: 0.1.0\nbar stable*: 0.1.0",
            "foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 0.1.0; 0.2.0<0.1.0",
            {},
            {},
            (package("bar"),),
            {"bar stable*": "0.2.0<0.1.0"},
            id="L5",
        ),
        pytest.param(
            "foo stable*: 0.1.0; 0.2.0",
            "foo stable*: 0.1.0; 0.1.1; 0.2.0<0.1.1; 0.3.0<0.2.0",
            {},
            {},
            (package("foo", channel("stable", "0.2.0")),),
            {"foo stable*": "0.3.0<0.2.0"},
            id="L6",
        ),
        pytest.param(
            FAST + ETCD,
            FAST + "; 0.3.0<0.2.0" + ETCD_NEW,
            {},
            {},
            (package("foo", max_version="0.3.0"), package("etcd", min_version="0.9.1", max_version="0.9.2")),
            {"etcd stable*": "0.9.2<0.9.1", "foo fast*": "0.3.0<0.2.0"},
            id="B1",
        ),
        pytest.param(
            "foo stable*: 0.1.0\nfoo fast: 0.3.0",
            "foo stable*: 0.1.0; 0.2.0<0.1.0\nfoo fast: 0.3.0; 0.4.0<0.3.0",
            {},
            {},
            (package("foo", channel("stable", "0.2.0", "0.2.0"), channel("fast", "0.4.0", "0.4.0")),),
            {"foo fast": "0.4.0<0.3.0", "foo stable*": "0.2.0<0.1.0"},
            id="B2",
        ),
        pytest.param(
            FAST + ETCD,
            "foo stable* prio=1: 0.1.0\nfoo fast prio=2: 0.2.0; 0.3.0<0.2.0" + ETCD_NEW,
            {},
            {},
            (package("foo", max_version="0.3.0"), package("etcd", channel("stable", "0.9.2"))),
            {"etcd stable*": "0.9.2<0.9.1; 0.9.3<0.9.2", "foo fast*": "0.3.0<0.2.0"},
            id="B3",
        ),
        pytest.param(
            "foo stable*: 0.1.0",
            "foo stable*: 0.1.0\netcd stable*: 0.9.1",
            {},
            {"foo.v0.1.0": [needs_package("etcd", ">=0.9.0")]},
            (),
            {"etcd stable*": "0.9.1", "foo stable*": "0.1.0"},
            id="D8",
        ),
        pytest.param(
            "foo stable*: 0.1.0\netcd stable*: 0.9.1",
            "foo stable*: 0.1.0\netcd stable*: 0.9.1",
            {},
            {"foo.v0.1.0": [needs_package("etcd", ">=0.9.0")]},
            (),
            {"foo stable*": "0.1.0"},
            id="D9",
        ),
        pytest.param(
            "foo stable*: 0.1.0\netcd stable*: 0.9.1",
            "foo stable*: 0.1.0\netcd stable*: 0.9.1; 0.9.2<0.9.1",
            {"foo.v0.1.0": [needs_package("etcd", ">=0.9.1")]},
            {"foo.v0.1.0": [needs_package("etcd", ">=0.9.1")]},
            (),
            {"etcd stable*": "0.9.2<0.9.1"},
            id="D10",
        ),
        pytest.param(
            "foo stable*: 0.1.0",
            "foo stable*: 0.1.0; 0.2.0<0.1.0\netcd stable*: 0.9.1; 0.9.2<0.9.1",
            {},
            {"foo.v0.1.0": [needs_package("etcd", "<0.9.2 >=0.9.0")], "foo.v0.2.0": [needs_package("etcd", ">=0.9.2")]},
            (),
            {"etcd stable*": "0.9.1; 0.9.2<0.9.1", "foo stable*": "0.1.0; 0.2.0<0.1.0"},
            id="D11",
        ),
        pytest.param(
            "foo stable*: 0.1.0",
            "foo stable* prio=2: 0.1.0\nfoo clusterwide prio=1: 0.1.0-clusterwide\netcd stable*: 0.9.1",
            {},
            {"foo.v0.1.0-clusterwide": [needs_package("etcd", ">=0.9.0")]},
            (),
            {"etcd stable*": "0.9.1", "foo clusterwide*": "0.1.0-clusterwide"},
            id="D12",
        ),
        pytest.param(
            "foo stable*: 0.1.0",
            "foo stable*: 0.1.0; 0.2.0<0.1.0\netcd stable*: 0.9.1",
            {},
            {"foo.v0.2.0": [needs_package("etcd")]},
            (package("foo"),),
            {"etcd stable*": "0.9.1", "foo stable*": "0.2.0<0.1.0"},
            id="what news require comes along",
        ),
        pytest.param(
            'bar alpha*: 0.1.0; 0.2.0<0.1.0 !{0.1.0} ~"<0.2.0"\n' + BAZ.partition("; 1.1.0")[0] + "\n" + BETA.partition("; 0.3.1")[0],
            THREE,
            THREE_NEEDS,
            THREE_NEEDS,
            (),
            {
                "bar alpha": "1.0.0<0.2.0",
                "bar stable*": "1.0.0",
                "baz stable*": "1.1.0<1.0.0 !{1.0.1}",
                "foo beta*": "0.3.1<0.2.0 !{0.3.0}",
            },
            id="X3",
        ),
    ],
)
def test_what_is_new(tmp_path, old, new, needed, needs, wanted, expected):
    assert catalogs.graph(newer(tmp_path, old, new, *wanted, needed=needed, needs=needs).selection) == expected


def test_a_changed_image_is_news(tmp_path):
    before = catalogs.documents("foo stable*: 0.1.0; 0.2.0<0.1.0")
    after = [{**each, "image": f"{each['image']}-again"} if each["name"] == "foo.v0.2.0" else each for each in before]
    found = updates.newer(
        catalogs.Catalog.from_directory(str(catalogs.write(tmp_path / "old", before))),
        catalogs.Catalog.from_directory(str(catalogs.write(tmp_path / "new", after))),
        Catalog(catalog="c"),
    )
    assert updates.rows(found.selection) == [
        {"package": "foo", "channel": "stable", "bundle": "foo.v0.2.0", "version": "0.2.0", "replaces": "foo.v0.1.0"}
    ]


def test_a_channel_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="channel does not exist in new model"):
        newer(tmp_path, "foo stable*: 0.1.0", "foo stable*: 0.1.0", package("foo", channel("fast")))


# --- v1's additive mode ---------------------------------------------------------------------


def additive(folder, text, needs, *packages):
    wanted = Catalog(catalog="c", packages=packages)
    return filtering.apply(catalogs.catalog(folder, text, needs), wanted, Generation.V1, Options(additive=True)).selection


def test_listed_packages_beside_the_heads_of_all(tmp_path):
    """D6."""
    text = "etcd stable*: 0.9.0; 0.9.1<0.9.0; 0.9.2<0.9.1; 0.9.3<0.9.2; 1.0.0<0.9.3 !{0.9.2,0.9.3}"
    text += "\nfoo stable*: 0.1.0\nbar stable*: 0.1.0"
    needs = {
        "etcd.v0.9.3": [provides("Etcd")],
        "etcd.v1.0.0": [provides("Etcd")],
        "foo.v0.1.0": [needs_package("etcd", "<0.9.2")],
        "bar.v0.1.0": [needs_kind("Etcd")],
    }
    selection = additive(tmp_path, text, needs, package("etcd", channel("stable", "0.9.2")), package("bar", channel("stable")))
    assert catalogs.names(selection) == {
        "bar stable": ["0.1.0"],
        "etcd stable": ["0.9.1", "0.9.2", "0.9.3", "1.0.0"],
        "foo stable": ["0.1.0"],
    }


@pytest.mark.parametrize(
    "listed",
    [
        package("baz", min_version="1.0.0"),
        package("baz", channel("stable", "1.0.0")),
        package("baz", min_bundle="baz.v1.0.0"),
    ],
    ids=["package", "channel", "bundle"],
)
def test_one_package_deeper_than_the_others(tmp_path, listed):
    """X2."""
    assert catalogs.names(additive(tmp_path, THREE, THREE_NEEDS, listed)) == {
        "bar alpha": ["0.1.0", "0.2.0", "1.0.0"],
        "bar stable": ["1.0.0"],
        "baz stable": ["1.0.0", "1.0.1", "1.1.0"],
        "foo beta": ["0.3.1"],
    }


@pytest.mark.parametrize("generation", list(Generation), ids=["A1", "S1"])
def test_nothing_comes_of_nothing(generation):
    found = filtering.apply(Source("c", Contents()), Catalog(catalog="c"), generation, Options())
    assert not found.selection and found.warnings == ()
