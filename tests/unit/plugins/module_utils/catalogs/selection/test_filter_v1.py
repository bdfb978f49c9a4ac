# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vectors of v1's filter (operator-catalogs 2.9): A heads and includes, B ranges, D dependencies, X all of it together."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package, PackageChannel
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.catalogs import needs_kind, needs_package, provides

ETCD = """
    etcd stable*: 0.9.0; 0.9.1<0.9.0
    etcd clusterwide: 0.9.1-clusterwide
"""
THREE = ETCD + """
    foo stable*: 0.1.0; 0.2.0<0.1.0
    foo alpha: 0.2.0-alpha.0; 0.2.0-alpha.1<0.2.0-alpha.0; 0.2.0<0.2.0-alpha.1
"""
PRIORITIES = """
    foo stable prio=1: 0.1.0; 0.2.0<0.1.0
    foo alpha* prio=2: 0.1.0-alpha.0; 0.2.0-alpha.0<0.1.0-alpha.0
"""
BAZ = 'baz stable*: 1.0.0 ~"<1.0.0"; 1.0.1<1.0.0 !{1.0.0} ~"<1.0.0"; 1.1.0<1.0.0 !{1.0.1}'
BETA = "foo beta*: 0.1.0; 0.2.0<0.1.0 !{0.1.1,0.1.2}; 0.3.0<0.2.0; 0.3.1<0.2.0 !{0.3.0}"
JAEGER = "jaeger-product stable*: j1[1.30.2]; j2[1.34.1-5]<j1; j3[1.42.0-5]; "
JAEGER += "j4[1.42.0-5+0.1687199951.p]<j2 !{j3}; j5[1.47.1-5]<j4; j6[1.51.0-1]<j5"
MQ = """
    ibm-mq v1.8* prio=3: 1.8.1
    ibm-mq v1.7 prio=1: 1.7.0
    ibm-mq v1.6 prio=2: 1.6.0
"""


def package(name, *channels, **settings):
    return Package(name=name, channels=tuple(PackageChannel(name=each) if isinstance(each, str) else each for each in channels), **settings)


def channel(name, minimum="", maximum="", bundle=""):
    return PackageChannel(name=name, min_version=minimum, max_version=maximum, min_bundle=bundle)


def filtered(folder, text, *packages, full=False, skip=False, properties=None, **options):
    catalog = catalogs.catalog(folder, text, properties)
    wanted = Catalog(catalog="c", full=full, skip_dependencies=skip, packages=packages)
    return filtering.apply(catalog, wanted, Generation.V1, Options(**options))


def test_heads_of_every_channel(tmp_path):
    """A3."""
    assert catalogs.graph(filtered(tmp_path, THREE).selection) == {
        "etcd clusterwide": "0.9.1-clusterwide",
        "etcd stable*": "0.9.1<0.9.0",
        "foo alpha": "0.2.0<0.2.0-alpha.1",
        "foo stable*": "0.2.0<0.1.0",
    }


def test_a_version_that_is_nowhere_leaves_nothing_and_is_told(tmp_path):
    """A4."""
    with pytest.raises(
        InputError, match="Operator etcd was not found, please check name, minVersion, maxVersion, and channels in the config file."
    ):
        filtered(tmp_path, ETCD, package("etcd", min_version="0.9.2"))


@pytest.mark.parametrize(
    ("text", "wanted", "full", "expected"),
    [
        pytest.param("foo stable*: 0.1.0", (), False, {"foo stable": ["0.1.0"]}, id="A2"),
        pytest.param(
            "foo stable*: 0.2.0\nfoo v1: 0.1.0", (package("foo", min_version="0.2.0"),), False, {"foo stable": ["0.2.0"]}, id="A5 heads"
        ),
        pytest.param(
            "foo stable*: 0.2.0\nfoo v1: 0.1.0", (package("foo", min_version="0.2.0"),), True, {"foo stable": ["0.2.0"]}, id="A5 full"
        ),
        pytest.param(
            "foo stable*: 0.1.0\nbar stable*: 0.1.0; 0.2.0<0.1.0", (package("bar"),), True, {"bar stable": ["0.1.0", "0.2.0"]}, id="A6"
        ),
        pytest.param("foo stable*: 0.1.0\nbar stable*: 0.1.0; 0.2.0<0.1.0", (package("bar"),), False, {"bar stable": ["0.2.0"]}, id="A7"),
        pytest.param(
            "foo stable*: 0.1.0; 0.1.1<0.1.0; 0.2.0<0.1.1; 0.3.0<0.2.0",
            (package("foo", channel("stable", "0.2.0")),),
            False,
            {"foo stable": ["0.2.0", "0.3.0"]},
            id="A10",
        ),
        pytest.param(BAZ, (package("baz", min_version="1.0.0"),), False, {"baz stable": ["1.0.0", "1.0.1", "1.1.0"]}, id="A11 package"),
        pytest.param(
            BAZ, (package("baz", channel("stable", "1.0.0")),), False, {"baz stable": ["1.0.0", "1.0.1", "1.1.0"]}, id="A11 channel"
        ),
        pytest.param(BAZ, (package("baz", min_version="1.0.1"),), False, {"baz stable": ["1.0.1", "1.1.0"]}, id="A12"),
        pytest.param(BAZ, (package("baz", min_bundle="baz.v1.1.0"),), False, {"baz stable": ["1.0.0", "1.0.1", "1.1.0"]}, id="A13"),
        pytest.param(BAZ, (), False, {"baz stable": ["1.1.0"]}, id="A15"),
        pytest.param(BETA, (package("foo", min_version="0.2.0"),), False, {"foo beta": ["0.2.0", "0.3.0", "0.3.1"]}, id="A16 0.2.0"),
        pytest.param(BETA, (package("foo", min_version="0.3.0"),), False, {"foo beta": ["0.3.0", "0.3.1"]}, id="A16 0.3.0"),
        pytest.param(BETA, (package("foo", min_version="0.3.1"),), False, {"foo beta": ["0.3.1"]}, id="A16 0.3.1"),
        pytest.param(
            JAEGER,
            (package("jaeger-product", min_version="1.30.2"),),
            False,
            {"jaeger-product stable": ["j1", "j2", "j4", "j5", "j6"]},
            id="A17",
        ),
        pytest.param(
            JAEGER, (package("jaeger-product", min_version="1.34.1"),), False, {"jaeger-product stable": ["j2", "j4", "j5", "j6"]}, id="A18"
        ),
        pytest.param(
            JAEGER, (package("jaeger-product", min_version="1.42.0"),), False, {"jaeger-product stable": ["j3", "j4", "j5", "j6"]}, id="A20"
        ),
        pytest.param(
            BETA, (package("foo", min_version="0.2.0", max_version="0.3.0"),), False, {"foo beta": ["0.2.0", "0.3.0"]}, id="B8 0.2.0-0.3.0"
        ),
        pytest.param(BETA, (package("foo", max_version="0.3.0"),), False, {"foo beta": ["0.1.0", "0.2.0", "0.3.0"]}, id="B8 max"),
        pytest.param(
            BETA, (package("foo", min_version="0.1.0", max_version="0.2.0"),), False, {"foo beta": ["0.1.0", "0.2.0"]}, id="B8 0.1.0-0.2.0"
        ),
        pytest.param(
            JAEGER,
            (package("jaeger-product", channel("stable", "1.34.1", "1.47.1")),),
            False,
            {"jaeger-product stable": ["j3", "j4", "j5"]},
            id="B9",
        ),
        pytest.param(
            JAEGER,
            (package("jaeger-product", min_version="1.30.2", max_version="1.42.0-5"),),
            False,
            {"jaeger-product stable": ["j1", "j2", "j3", "j4"]},
            id="B9a",
        ),
        pytest.param(
            "c c*: 1.0.0; 1.1.0<1.0.0; 1.2.0<1.0.0 !{1.1.0}; 2.0.0<1.2.0",
            (package("c", min_version="1.0.0", max_version="1.1.0"),),
            False,
            {"c c": ["1.0.0", "1.1.0"]},
            id="B10 low",
        ),
        pytest.param(
            "c c*: 1.0.0; 1.1.0<1.0.0; 1.2.0<1.0.0 !{1.1.0}; 2.0.0<1.2.0",
            (package("c", min_version="1.1.0", max_version="1.2.0"),),
            False,
            {"c c": ["1.1.0", "1.2.0"]},
            id="B10 high",
        ),
        pytest.param(
            "foo a*: 1.0.0; 2.0.0<1.0.0\nfoo b: 1.0.0; 3.0.0<1.0.0",
            (package("foo", "a", min_version="1.0.0", max_version="1.0.0"),),
            False,
            {"foo a": ["2.0.0"]},
            id="INC-4: a package range is ignored where channels are listed",
        ),
        pytest.param(
            "foo a*: 1.0.0; 2.0.0<1.0.0\nfoo b: 1.0.0; 3.0.0<1.0.0",
            (package("foo", "a", min_version="1.0.0"),),
            False,
            {"foo a": ["1.0.0", "2.0.0"], "foo b": ["1.0.0", "3.0.0"]},
            id="INC-5: a package's minVersion brings every channel",
        ),
    ],
)
def test_selections(tmp_path, text, wanted, full, expected):
    assert catalogs.names(filtered(tmp_path, text, *wanted, full=full).selection) == expected


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        pytest.param(BAZ, package("baz", channel("stable", "1.0.5")), r'bundles do not exist in channel: versions=\["1.0.5"\]', id="A14"),
        pytest.param(JAEGER, package("jaeger-product", channel("stable", "1.42.0")), "bundles do not exist in channel", id="A19"),
        pytest.param(
            MQ.replace(" prio=3", "").replace(" prio=1", "").replace(" prio=2", ""),
            package("ibm-mq", max_version="1.7.0"),
            "could not be determined",
            id="B7",
        ),
        pytest.param(
            "c c*: 1.0.0; 1.1.0; 2.0.0 !{1.0.0,1.1.0}",
            package("c", max_version="1.1.0"),
            "multiple channel heads found in graph: c.v1.0.0, c.v1.1.0",
            id="B11",
        ),
        pytest.param(
            BAZ,
            package("other"),
            r'error generating diff: error including items: \[package="other"\] package does not exist in new model',
            id="INC-1",
        ),
        pytest.param(BAZ, package("baz", "nope"), r'\[package="baz" channel="nope"\] channel does not exist in new model', id="INC-10"),
        pytest.param(
            BAZ,
            package("baz", channel("stable", maximum="1.0.0"), max_version="1.0.0"),
            "range setting is mutually exclusive between package and channel",
            id="INC-4",
        ),
        pytest.param(
            BAZ,
            package("baz", min_version="1.0.0", min_bundle="baz.v1.0.0"),
            "minimum version and bundle are mutually exclusive",
            id="CFG-3",
        ),
        pytest.param(
            "foo a*: 1.0.0\nfoo b: 2.0.0",
            package("foo", channel("b", "2.0.0"), default_channel="a"),
            "channel must contain at least one bundle",
            id="2.6: a configured default that does not survive",
        ),
    ],
)
def test_refusals(tmp_path, text, wanted, message):
    with pytest.raises(InputError, match=message):
        filtered(tmp_path, text, wanted)


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        pytest.param(PRIORITIES, package("foo", "stable"), {"foo stable*": "0.2.0<0.1.0"}, id="A9"),
        pytest.param(MQ, package("ibm-mq", max_version="1.7.0"), {"ibm-mq v1.6*": "1.6.0", "ibm-mq v1.7": "1.7.0"}, id="B4"),
        pytest.param(
            MQ.replace("prio=2: 1.6.0", 'prio=2: 1.6.0 ~">=1.0.0 <1.6.0"').replace("prio=1: 1.7.0", 'prio=3: 1.7.0 ~">=1.0.0 <1.7.0"'),
            package("ibm-mq", max_version="1.7.0"),
            {"ibm-mq v1.6": '1.6.0 ~">=1.0.0 <1.6.0"', "ibm-mq v1.7*": '1.7.0 ~">=1.0.0 <1.7.0"'},
            id="B5",
        ),
        pytest.param(MQ, package("ibm-mq", "v1.7", default_channel="v1.7"), {"ibm-mq v1.7*": "1.7.0"}, id="B6"),
        pytest.param(
            "foo a*: 1.0.0\nfoo b: 2.0.0",
            package("foo", "a", "b", default_channel="b"),
            {"foo a*": "1.0.0", "foo b": "2.0.0"},
            id="2.6: the original wins while it is there",
        ),
    ],
)
def test_default_channels(tmp_path, text, wanted, expected):
    assert catalogs.graph(filtered(tmp_path, text, wanted, skip=True).selection) == expected


def test_full_channels_and_their_default(tmp_path):
    """A8."""
    assert catalogs.graph(filtered(tmp_path, PRIORITIES, package("foo", "stable"), full=True).selection) == {
        "foo stable*": "0.1.0; 0.2.0<0.1.0"
    }


def test_a_full_catalog_is_left_as_it_is(tmp_path):
    selection = filtered(tmp_path, THREE, full=True).selection
    assert {key: len(names) for key, names in catalogs.names(selection).items()} == {
        "etcd clusterwide": 1,
        "etcd stable": 2,
        "foo alpha": 3,
        "foo stable": 2,
    }


# --- dependencies ---------------------------------------------------------------------------

CHAIN = "etcd stable*: 0.9.0; 0.9.1<0.9.0; 0.9.2<0.9.1; 0.9.3<0.9.2; 1.0.0<0.9.3"
USERS = "\nfoo stable*: 0.1.0\nbar stable*: 0.1.0"
NEEDS = {
    "etcd.v0.9.3": [provides("Etcd")],
    "etcd.v1.0.0": [provides("Etcd")],
    "foo.v0.1.0": [needs_package("etcd", "<0.9.2")],
    "bar.v0.1.0": [needs_kind("Etcd")],
}


def chain(skips):
    return CHAIN.replace("1.0.0<0.9.3", f"1.0.0<0.9.3 !{{{skips}}}" if skips else "1.0.0<0.9.3")


@pytest.mark.parametrize(
    ("text", "wanted", "skip", "properties", "expected"),
    [
        pytest.param(
            "foo stable*: 4.9.3\nbar stable*: 4.9.3",
            (),
            False,
            {"foo.v4.9.3": [needs_kind("Bar"), provides("Foo")], "bar.v4.9.3": [needs_kind("Foo"), provides("Bar")]},
            {"bar stable": ["4.9.3"], "foo stable": ["4.9.3"]},
            id="D1",
        ),
        pytest.param(
            "etcd stable*: 0.9.1; 0.9.2<0.9.1\nfoo stable*: 0.1.0",
            (),
            True,
            {"foo.v0.1.0": [needs_package("etcd", "<=0.9.1")]},
            {"etcd stable": ["0.9.2"], "foo stable": ["0.1.0"]},
            id="D2",
        ),
        pytest.param(
            chain("") + USERS,
            (),
            False,
            NEEDS,
            {"bar stable": ["0.1.0"], "etcd stable": ["0.9.1", "0.9.2", "0.9.3", "1.0.0"], "foo stable": ["0.1.0"]},
            id="D3",
        ),
        pytest.param(
            chain("0.9.1,0.9.2,0.9.3") + USERS,
            (),
            False,
            NEEDS,
            {"bar stable": ["0.1.0"], "etcd stable": ["1.0.0"], "foo stable": ["0.1.0"]},
            id="D4",
        ),
        pytest.param(
            chain("0.9.1,0.9.2,0.9.3") + "\netcd alpha: 0.9.2; 0.9.3<0.9.2; 1.0.0<0.9.3" + USERS,
            (package("bar", "stable"),),
            False,
            NEEDS,
            {"bar stable": ["0.1.0"], "etcd stable": ["1.0.0"]},
            id="D5",
        ),
        pytest.param(
            chain("0.9.1,0.9.2,0.9.3") + USERS,
            (package("etcd", channel("stable", "0.9.3")), package("bar", "stable")),
            False,
            NEEDS,
            {"bar stable": ["0.1.0"], "etcd stable": ["0.9.3", "1.0.0"]},
            id="D7",
        ),
    ],
)
def test_dependencies(tmp_path, text, wanted, skip, properties, expected):
    assert catalogs.names(filtered(tmp_path, text, *wanted, skip=skip, properties=properties).selection) == expected


def test_a_dependency_that_the_head_skips_is_told(tmp_path):
    result = filtered(tmp_path, chain("0.9.1,0.9.2,0.9.3") + USERS, properties=NEEDS)
    assert any(
        "etcd.v0.9.1 is required, and left out because etcd.v1.0.0, the head of channel stable, skips it" in text
        for text in result.warnings
    )


def test_three_packages_together(tmp_path):
    """X1."""
    text = BETA + "\n" + BAZ + '\nbar alpha: 0.1.0; 0.2.0<0.1.0 !{0.1.0} ~"<0.2.0"; 1.0.0<0.2.0\nbar stable*: 1.0.0'
    needs = {
        name: [needs_kind("Bar", "v1alpha1"), needs_package("bar", "<0.2.0")]
        for name in ("foo.v0.1.0", "foo.v0.2.0", "foo.v0.3.0", "foo.v0.3.1")
    }
    needs.update({f"bar.v{version}": [provides("Bar", "v1alpha1")] for version in ("0.1.0", "0.2.0", "1.0.0")})
    assert catalogs.names(filtered(tmp_path, text, properties=needs).selection) == {
        "bar alpha": ["0.1.0", "0.2.0", "1.0.0"],
        "bar stable": ["1.0.0"],
        "baz stable": ["1.1.0"],
        "foo beta": ["0.3.1"],
    }


def constraint(**value):
    return {"type": "olm.constraint", "value": value}


@pytest.mark.parametrize(
    "need",
    [
        needs_package("etcd"),
        needs_package("etcd", ">=0.9.0"),
        needs_kind("Etcd"),
        constraint(package={"packageName": "etcd", "versionRange": ">=0.9.0"}),
        constraint(gvk={"group": catalogs.GROUP, "kind": "Etcd", "version": "v1"}),
        constraint(all={"constraints": [{"package": {"packageName": "etcd", "versionRange": "1.x"}}]}),
    ],
)
@pytest.mark.parametrize("habit", ["include", "warn", "ignore"])
def test_dependencies_by_habit(tmp_path, need, habit):
    properties = {"foo.v0.1.0": [need], "etcd.v1.0.0": [provides("Etcd")]}
    result = filtered(tmp_path, "foo a*: 0.1.0\netcd a*: 1.0.0", package("foo"), properties=properties, dependencies=habit)
    assert ("etcd" in result.selection.packages) == (habit == "include")
    assert bool(result.warnings) == (habit == "warn")


@pytest.mark.parametrize(
    "need", [needs_package("nowhere"), needs_package("etcd", ">2.0.0"), needs_kind("Nothing"), needs_package("etcd", "nonsense")]
)
def test_what_nobody_provides_is_told_and_does_no_harm(tmp_path, need):
    result = filtered(tmp_path, "foo a*: 0.1.0\netcd a*: 1.0.0", package("foo"), properties={"foo.v0.1.0": [need]})
    assert catalogs.names(result.selection) == {"foo a": ["0.1.0"]}
    assert len(result.warnings) == 1 and result.warnings[0].startswith("foo.v0.1.0 requires ")


# --- settings that repair -------------------------------------------------------------------


def test_the_bounds_that_keep_one_head_are_named(tmp_path):
    with pytest.raises(InputError) as caught:
        filtered(tmp_path, "c c*: 1.0.0; 1.1.0; 2.0.0 !{1.0.0,1.1.0}", package("c", max_version="1.1.0"))
    assert "Channel c of c: maxVersion: 2.0.0 would keep one head" in caught.value.advice


def test_repair_makes_one_head_that_skips_the_others(tmp_path):
    result = filtered(tmp_path, "c c*: 1.0.0; 1.1.0; 2.0.0 !{1.0.0,1.1.0}", package("c", max_version="1.1.0"), repair=True)
    assert catalogs.graph(result.selection) == {"c c*": "1.0.0; 1.1.0 !{1.0.0}"}
    assert "c.v1.1.0 becomes its only head and skips c.v1.0.0" in " ".join(result.warnings)


def test_repair_chooses_a_default_channel(tmp_path):
    text = MQ.replace(" prio=3", "").replace(" prio=1", "").replace(" prio=2", "")
    result = filtered(tmp_path, text, package("ibm-mq", max_version="1.7.0"), repair=True)
    assert result.selection.packages["ibm-mq"].default_channel == "v1.7"
    assert result.selection.packages["ibm-mq"].document["defaultChannel"] == "v1.7"
    assert result.chosen["ibm-mq"].startswith("repaired")
    assert "Set defaultChannel" in " ".join(result.warnings)


def test_a_lost_default_channel_names_the_setting(tmp_path):
    with pytest.raises(InputError) as caught:
        text = MQ.replace(" prio=3", "").replace(" prio=1", "").replace(" prio=2", "")
        filtered(tmp_path, text, package("ibm-mq", max_version="1.7.0"))
    assert "Set defaultChannel: v1.7 for ibm-mq" in caught.value.advice


def test_unknown_packages_can_be_tolerated(tmp_path):
    result = filtered(tmp_path, BAZ, package("baz"), package("other"), strict=False)
    assert set(result.selection.packages) == {"baz"}
    assert any("other" in text for text in result.warnings)
