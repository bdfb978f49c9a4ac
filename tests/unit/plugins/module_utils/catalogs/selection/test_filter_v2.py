# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vectors of v2's filter (operator-catalogs 3.8): J, T and W by fixtures of our own, S, C; pinned versions."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filter_v2, filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog, Package, PackageChannel
from ansible_collections.disconnected.mirror.tests.fakes import catalogs

JAEGER = "jaeger-product stable*: " + "; ".join(
    (
        'j1[1.30.2] ~">=1.13.0 <1.30.2"',
        'j2[1.34.1-5]<j1 ~">=1.13.0 <1.34.1-5"',
        'j3[1.42.0-5] ~">=1.13.0 <1.42.0-5"',
        'j4[1.42.0-5+0.1687199951.p]<j2 !{j3} ~">=1.13.0 <1.42.0-5"',
        'j5[1.47.1-5]<j4 ~">=1.13.0 <1.47.1-5"',
        'j6[1.51.0-1]<j5 ~">=1.13.0 <1.51.0-1"',
    )
)
BETA = "foo beta*: 0.1.0; 0.2.0<0.1.0 !{0.1.1,0.1.2}; 0.3.0<0.2.0; 0.3.1<0.2.0 !{0.3.0}"
BAZ = 'baz stable*: 1.0.0 ~"<1.0.0"; 1.0.1<1.0.0 !{1.0.0} ~"<1.0.0"; 1.1.0<1.0.0 !{1.0.1}'
# Shaped like the two packages of the reference's own tests: patched builds that skip what they patch.
SCALE = """
    3scale-operator threescale-2.11: s0[0.8.0]; s0p[0.8.0+0.1634606167.p] !{s0}; s1[0.8.1]<s0p; s2[0.8.2]<s1; s3[0.8.3]<s2; \
        s3a[0.8.3+0.1645735250.p]<s2 !{s3}; s3b[0.8.3+0.1646619125.p]<s2 !{s3,s3a}; \
        s4[0.8.4]<s3b; s4p[0.8.4+0.1655690146.p]<s3b !{s4}
    3scale-operator threescale-2.12: s4p[0.8.4+0.1655690146.p]; s9[0.9.1]<s4p; s9p[0.9.1+0.1664967752.p]<s4p !{s9}
    3scale-operator threescale-mas*: s10[0.10.0-mas]; s11[0.11.0-mas]<s10
"""
WORK = (
    "devworkspace-operator fast*: w16[0.16.0]; w16p[0.16.0+0.1666668361.p] !{w16}; w17[0.17.0]<w16p; w18[0.18.1]<w17; "
    "w18p[0.18.1+0.1675929565.p]<w17 !{w18}; w19[0.19.1]<w18p; w19p[0.19.1+0.1682321189.p]<w18p !{w19}"
)
ALL = "\n".join((SCALE.strip(), WORK, JAEGER))


def package(name, *channels, minimum="", maximum="", default=""):
    listed = tuple(PackageChannel(name=each) if isinstance(each, str) else each for each in channels)
    return Package(name=name, channels=listed, min_version=minimum, max_version=maximum, default_channel=default)


def channel(name, minimum="", maximum=""):
    return PackageChannel(name=name, min_version=minimum, max_version=maximum)


def filtered(folder, text, *packages, full=False, properties=None, more=(), **options):
    catalog = catalogs.catalog(folder, text, properties, more)
    return filtering.apply(catalog, Catalog(catalog="c", full=full, packages=packages), Generation.V2, Options(**options))


def selected(folder, text, *packages, full=False, more=(), **options):
    """Without the proof that the result can be served: some vectors are of catalogs that never could."""
    catalog = catalogs.catalog(folder, text, more=more)
    return filter_v2.select(catalog, Catalog(catalog="c", full=full, packages=packages), Options(**options))


@pytest.mark.parametrize(
    ("minimum", "maximum", "expected"),
    [
        pytest.param("", "", ["j6"], id="J1"),
        pytest.param("1.47.1-5", "", ["j5", "j6"], id="J2"),
        pytest.param("1.34.1-5", "1.42.0-5", ["j2", "j3", "j4"], id="J3"),
        pytest.param("1.30.2", "", ["j1"], id="J5"),
        pytest.param("", "1.42.0", ["j1"], id="J6"),
        pytest.param("", "1.42.0-5", ["j1", "j2", "j3", "j4"], id="J7"),
        pytest.param("", "1.47.1-5", ["j1", "j2", "j3", "j4", "j5"], id="J8"),
        pytest.param("1.30.2", "1.51.0-1", ["j1", "j2", "j3", "j4", "j5", "j6"], id="J9"),
        pytest.param("1.34.1-5", "1.51.0", ["j2", "j3", "j4", "j5", "j6"], id="lower-bound"),
        pytest.param("1.51.0-1", "", ["j6"], id="J10"),
    ],
)
def test_prereleases_pass_the_gate_only_with_a_prerelease_bound(tmp_path, minimum, maximum, expected):
    result = filtered(tmp_path, JAEGER, package("jaeger-product", channel("stable", minimum, maximum)))
    assert catalogs.names(result.selection) == {"jaeger-product stable": expected}


def test_the_gate_can_empty_the_default_channel(tmp_path):
    """J4."""
    with pytest.raises(
        InputError, match='package "jaeger-product" channel "stable" has version range ">=1.47.1" that results in an empty channel'
    ):
        filtered(tmp_path, JAEGER, package("jaeger-product", channel("stable", "1.47.1")))


def test_the_gate_can_be_lifted(tmp_path):
    result = filtered(tmp_path, JAEGER, package("jaeger-product", channel("stable", "1.30.2")), prereleases=True)
    assert len(result.selection.packages["jaeger-product"].bundles) == 6


@pytest.mark.parametrize(
    ("wanted", "full", "expected"),
    [
        pytest.param((), False, {"s4p", "s9p", "s11", "w19p", "j6"}, id="T1"),
        pytest.param(
            (package("3scale-operator"), package("devworkspace-operator"), package("jaeger-product")),
            False,
            {"s4p", "s9p", "s11", "w19p", "j6"},
            id="T3",
        ),
        pytest.param((package("3scale-operator"),), False, {"s4p", "s9p", "s11"}, id="T5"),
        pytest.param((package("3scale-operator"), package("jaeger-product")), False, {"s4p", "s9p", "s11", "j6"}, id="T6"),
        pytest.param((package("devworkspace-operator", minimum="0.18.1"),), False, {"w18", "w18p", "w19", "w19p"}, id="T7"),
        pytest.param((package("devworkspace-operator", maximum="0.18.1"),), False, {"w16", "w16p", "w17", "w18", "w18p"}, id="T8"),
        pytest.param((package("devworkspace-operator", minimum="0.16.0", maximum="0.17.0"),), False, {"w16", "w16p", "w17"}, id="T9"),
        pytest.param((package("3scale-operator", minimum="0.10.0-mas"),), False, {"s10", "s11"}, id="T10"),
        pytest.param(
            (package("3scale-operator", channel("threescale-2.11", "0.8.3"), default="threescale-2.11"),),
            False,
            {"s3", "s3a", "s3b", "s4", "s4p"},
            id="T11",
        ),
        pytest.param(
            (package("3scale-operator", channel("threescale-2.11", "", "0.8.2"), default="threescale-2.11"),),
            False,
            {"s0", "s0p", "s1", "s2"},
            id="T12",
        ),
        pytest.param(
            (package("3scale-operator", channel("threescale-2.11", "0.8.1", "0.8.3"), default="threescale-2.11"),),
            False,
            {"s1", "s2", "s3", "s3a", "s3b"},
            id="T13",
        ),
        pytest.param(
            (
                package("3scale-operator", "threescale-2.11", default="threescale-2.11"),
                package("devworkspace-operator", "fast", default="fast"),
            ),
            False,
            {"s4p", "w19p"},
            id="T14",
        ),
        pytest.param((package("3scale-operator", "threescale-2.11", "threescale-mas"),), False, {"s4p", "s11"}, id="T15"),
        pytest.param((package("3scale-operator", "threescale-2.12", default="threescale-2.12"),), False, {"s9p"}, id="T16"),
        pytest.param((package("3scale-operator", "threescale-2.12", default="threescale-2.12"),), True, {"s4p", "s9", "s9p"}, id="T17"),
        pytest.param(
            (package("3scale-operator", "threescale-mas", channel("threescale-2.11", "", "0.8.0+0.1634606167.p")),),
            False,
            {"s11", "s0", "s0p"},
            id="T18",
        ),
        pytest.param((package("chocolate-factory-operator", minimum="0.8.0", maximum="0.8.1"),), False, set(), id="T22"),
    ],
)
def test_selections(tmp_path, wanted, full, expected):
    selection = filtered(tmp_path, ALL, *wanted, full=full).selection
    assert {name for kept in selection.packages.values() for name in kept.bundles} == expected


@pytest.mark.parametrize("wanted", [(), (package("3scale-operator"), package("devworkspace-operator"), package("jaeger-product"))])
def test_full(tmp_path, wanted):
    """T2, T4."""
    selection = filtered(tmp_path, ALL, *wanted, full=True).selection
    assert sum(len(kept.bundles) for kept in selection.packages.values()) == 13 + 7 + 6
    assert sum(len(kept.channels) for kept in selection.packages.values()) == 5


@pytest.mark.parametrize(
    ("wanted", "full", "message"),
    [
        pytest.param(
            package("3scale-operator", channel("threescale-2.11", "1.2.3"), minimum="0.8.0", maximum="0.8.1"), False, "exclusive", id="T20"
        ),
        pytest.param(
            package("3scale-operator", minimum="0.8.0", maximum="0.8.1"), True, "Full: true cannot be mixed with versionRange", id="T21"
        ),
        pytest.param(
            package("3scale-operator", minimum="77.77.77", maximum="77.77.77"),
            False,
            "failed to filter catalog: error finding specific bundle: specific version 77.77.77 not found in bundles",
            id="T23",
        ),
        pytest.param(
            package("3scale-operator", minimum="0.9.0", maximum="0.8.0"), False, "results in an empty channel", id="minimum above maximum"
        ),
        pytest.param(
            package("3scale-operator", "threescale-2.12"),
            False,
            'the default channel "threescale-mas" was filtered out, a new default',
            id="S3",
        ),
        pytest.param(
            package("3scale-operator", "threescale-2.12", default="threescale-2.11"),
            False,
            'specified default channel override "threescale-2.11" does not exist in the filtered output',
            id="S5",
        ),
        pytest.param(package("3scale-operator", minimum=">100.0.0"), False, "error parsing version range", id="S8"),
        pytest.param(
            package("3scale-operator", "threescale-mas", channel("threescale-2.12", "5.0.0"), default="threescale-2.12"),
            False,
            'channel "threescale-2.12" has version range ">=5.0.0" that results in an empty channel',
            id="F-6: an override whose range matches nothing",
        ),
    ],
)
def test_refusals(tmp_path, wanted, full, message):
    with pytest.raises(InputError, match=message):
        filtered(tmp_path, ALL, wanted, full=full)


TWO = "pkg1 ch1*: b1<b0\npkg1 ch2: b3<b2"


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        pytest.param(TWO, package("pkg1"), {"pkg1 ch1*": "b1<b0", "pkg1 ch2": "b3<b2"}, id="S2"),
        pytest.param(TWO, package("pkg1", "ch2", default="ch2"), {"pkg1 ch2*": "b3<b2"}, id="S4"),
        pytest.param(
            TWO, package("pkg1", "ch1", "ch2", default="ch2"), {"pkg1 ch1": "b1<b0", "pkg1 ch2*": "b3<b2"}, id="3.5: the override wins"
        ),
        pytest.param(
            "pkg1 ch: b2[2.0.0] !{b1}; b1[1.0.0]", package("pkg1", minimum="1.0.0", maximum="1.9.0"), {"pkg1 ch": "b1; b2 !{b1}"}, id="S10"
        ),
    ],
)
def test_synthetic_catalogs(tmp_path, text, wanted, expected):
    assert catalogs.graph(selected(tmp_path, text, wanted).selection) == expected


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        pytest.param("pkg1 ch1*: b1<b0; b0", package("pkg1", channel("ch1", "100.0.0")), "results in an empty channel", id="S6"),
        pytest.param("pkg1 ch1*: b1<b0; b0<b1", package("pkg1", channel("ch1", "1.0.0")), "no channel heads found", id="S7"),
    ],
)
def test_synthetic_refusals(tmp_path, text, wanted, message):
    with pytest.raises(InputError, match=message):
        selected(tmp_path, text, wanted)


def test_deprecations_and_other_documents(tmp_path):
    """S9."""
    references = [
        ("olm.package", ""),
        ("olm.channel", "ch1"),
        ("olm.channel", "ch2"),
        ("olm.bundle", "b1"),
        ("olm.bundle", "b2"),
        ("olm.bundle", "b4"),
    ]
    entries = [{"reference": {"schema": schema, **({"name": name} if name else {})}, "message": "old"} for schema, name in references]
    more = [
        {"schema": "olm.deprecations", "package": "pkg1", "entries": entries},
        {"schema": "custom.without.package", "value": 1},
        {"schema": "custom.of.package", "package": "pkg1", "value": 2},
        {"schema": "custom.of.other", "package": "pkg2", "value": 3},
    ]
    selection = selected(tmp_path, "pkg1 ch1: b2<b1 !{b0}; b1\npkg1 ch2: b5<b4 !{b3}; b4", package("pkg1", "ch1"), more=more).selection
    assert catalogs.graph(selection) == {"pkg1 ch1": "b2<b1 !{b0}"}
    kept = selection.packages["pkg1"]
    assert list(kept.bundles) == ["b2"]
    assert [entry["reference"] for entry in kept.deprecations[0]["entries"]] == [
        {"schema": "olm.package"},
        {"schema": "olm.channel", "name": "ch1"},
        {"schema": "olm.bundle", "name": "b2"},
    ]
    assert [document["schema"] for document in kept.others] == ["custom.of.package"]
    assert [document["schema"] for document in selection.others] == ["custom.without.package"]


@pytest.mark.parametrize(
    ("text", "minimum", "maximum", "expected", "outside"),
    [
        pytest.param("foo c: 1.0.0", "1.0.0", "1.9.9", ["1.0.0"], [], id="C1"),
        pytest.param("foo c: 2.0.0", "1.0.0", "1.9.9", None, [], id="C2"),
        pytest.param("foo c: 1.1.0<1.0.0; 1.0.0<0.1.0; 0.1.0", "1.0.0", "1.9.9", ["1.0.0", "1.1.0"], [], id="C3"),
        pytest.param("foo c: 2.0.0<1.1.0; 1.1.0<1.0.0; 1.0.0", "1.0.0", "1.9.9", ["1.0.0", "1.1.0"], [], id="C4"),
        pytest.param("foo c: 2.0.0<1.1.0; 1.1.0<1.0.0; 1.0.0<0.1.0; 0.1.0", "1.0.0", "1.9.9", ["1.0.0", "1.1.0"], [], id="C5"),
        pytest.param("foo c: 2.0.0 !{1.0.0}; 1.0.0", "1.0.0", "1.9.9", ["1.0.0", "2.0.0"], ["2.0.0"], id="C6"),
        pytest.param("foo c: 2.0.0<1.1.1 !{1.1.0}; 1.1.1; 1.1.0", "1.0.0", "1.9.9", ["1.1.0", "1.1.1", "2.0.0"], ["2.0.0"], id="C7"),
        pytest.param(
            "foo c: 1.1.0<2.0.0; 2.0.0<1.0.0; 1.0.0<0.1.0; 0.1.0", "1.0.0", "1.9.9", ["1.0.0", "1.1.0", "2.0.0"], ["2.0.0"], id="C8"
        ),
        pytest.param("foo c: none<1.1.1 !{1.1.0}; 1.1.1; 1.1.0", "1.0.0", "1.9.9", ["1.1.0", "1.1.1", "none"], ["unversioned"], id="C9"),
        pytest.param(
            "foo c: 1.1.3<1.1.2 !{1.1.0}; 1.1.2<1.1.1 !{1.1.0}; 1.1.1 !{1.1.0}; 1.1.0", "1.1.0", "1.1.1", ["1.1.0", "1.1.1"], [], id="C10"
        ),
        pytest.param(
            "foo c: 1.1.0<none; none<1.0.0; 1.0.0<0.1.0; 0.1.0", "1.0.0", "1.9.9", ["1.0.0", "1.1.0", "none"], ["unversioned"], id="C11"
        ),
        pytest.param(BETA, "0.2.0", "", ["0.2.0", "0.3.0", "0.3.1"], [], id="C12"),
        pytest.param(BETA, "0.2.0", "0.3.0", ["0.2.0", "0.3.0", "0.3.1"], ["0.3.1"], id="C13"),
        pytest.param(BETA, "", "0.3.0", ["0.1.0", "0.2.0", "0.3.0", "0.3.1"], ["0.3.1"], id="C14"),
        pytest.param(BETA, "0.1.0", "0.2.0", ["0.1.0", "0.2.0"], [], id="C15"),
        pytest.param("foo c: 0.1.0; 0.2.0<0.1.0 !{0.1.0}; 1.0.0<0.2.0", "", "0.1.0", ["0.1.0"], [], id="C16"),
        pytest.param(BAZ.replace("baz", "foo"), "1.0.1", "", ["1.0.1", "1.1.0"], [], id="C17"),
        pytest.param(BAZ.replace("baz", "foo"), "1.0.0", "1.0.1", ["1.0.0", "1.0.1", "1.1.0"], ["1.1.0"], id="C18"),
        pytest.param(BAZ.replace("baz", "foo"), "", "1.0.0", ["1.0.0"], [], id="C19"),
        pytest.param(BETA, "0.3.1", "0.3.1", ["0.3.1"], [], id="PIN-1 head"),
        pytest.param(BETA, "0.3.0", "0.3.0", ["0.3.0"], [], id="PIN-1 reachable only as a skip"),
    ],
)
def test_ranges_inside_a_channel(tmp_path, text, minimum, maximum, expected, outside):
    text = text.replace("foo c:", "foo c*:")
    if expected is None:
        with pytest.raises(InputError, match="empty channel"):
            selected(tmp_path, text, package("foo", minimum=minimum, maximum=maximum))
        return
    result = selected(tmp_path, text, package("foo", minimum=minimum, maximum=maximum))
    assert list(catalogs.names(result.selection).values()) == [expected]
    assert len(result.warnings) == len(outside)
    assert all(word in text for word, text in zip(outside, result.warnings))


def test_a_chain_that_ends_with_what_another_channel_has_is_kept_down_to_it(tmp_path):
    """A virtual tail counts (3.4): what lies between it and the head stays, in the range or not."""
    text = "foo alpha*: a[3.3.0]\nfoo beta: c[10.2.0]<b; b[0.1.0-rc.1]<a"
    found = selected(tmp_path, text, package("foo", minimum="3.3.0", maximum="10.2.0")).selection.packages["foo"]
    assert {name: set(channel.names) for name, channel in found.channels.items()} == {"alpha": {"a"}, "beta": {"c", "b"}}


def test_a_pinned_version_drops_the_channels_without_it(tmp_path):
    text = "foo a*: 1.0.0; 2.0.0<1.0.0\nfoo b: 2.0.0; 3.0.0<2.0.0"
    with pytest.raises(InputError, match="empty channel"):
        filtered(tmp_path / "1", text, package("foo", minimum="3.0.0", maximum="3.0.0"))
    result = filtered(tmp_path / "2", text, package("foo", minimum="3.0.0", maximum="3.0.0", default="b"))
    assert catalogs.graph(result.selection) == {"foo b*": "3.0.0<2.0.0"}
    repaired = filtered(tmp_path / "3", text, package("foo", minimum="3.0.0", maximum="3.0.0"), repair=True)
    assert catalogs.graph(repaired.selection) == {"foo b*": "3.0.0<2.0.0"}


def test_what_matches_nothing_is_told(tmp_path):
    result = filtered(tmp_path, BETA, package("foo", "beta", "gamma"), package("nowhere"))
    assert list(result.warnings) == ["Package foo has no channel gamma; it has beta.", f"Package nowhere is not in the catalog {tmp_path}."]
    with pytest.raises(InputError, match="nothing of these packages is left: nowhere"):
        filtered(tmp_path, BETA, package("foo"), package("nowhere"), strict=True)


def test_repair_chooses_a_default_channel(tmp_path):
    result = filtered(tmp_path, ALL, package("3scale-operator", "threescale-2.12", "threescale-2.11"), repair=True)
    assert result.selection.packages["3scale-operator"].default_channel == "threescale-2.12"
    assert "Set defaultChannel" in result.warnings[0]


@pytest.mark.parametrize(
    ("habit", "included", "told"), [("", False, True), ("warn", False, True), ("include", True, False), ("ignore", False, False)]
)
def test_dependencies_by_habit(tmp_path, habit, included, told):
    properties = {"foo.v0.1.0": [catalogs.needs_package("etcd", ">=1.0.0")]}
    result = filtered(tmp_path, "foo a*: 0.1.0\netcd a*: 1.0.0", package("foo"), properties=properties, dependencies=habit)
    assert ("etcd" in result.selection.packages) == included
    assert bool(result.warnings) == told


@pytest.mark.parametrize(
    "text",
    ["foo a*: 1.0.0; 1.1.0<1.0.0; 1.2.0<1.1.0 !{1.1.0}", 'foo a*: 1.0.0 ~"<v1.0.0"; 1.1.0<1.0.0'],
    ids=["hidden entries", "skipRange"],
)
def test_what_a_publisher_does_is_told_and_not_refused(tmp_path, text):
    """Some versions of opm serve it; the filter changes nothing about it."""
    result = filtered(tmp_path, text, package("foo"), full=True)
    assert len(result.selection.packages["foo"].bundles) == len(text.split(";"))
    assert any("Package foo is as its publisher made it" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("pin", "expected"),
    [
        pytest.param("1.0.0", ["1.0.0"], id="its very text goes first"),
        pytest.param("1.0.0+42.p", ["one"], id="text with build metadata"),
        pytest.param("1", ["1.0.0", "one"], id="lenient, both of this precedence"),
        pytest.param("v0.3.1", ["0.3.1"], id="with a v"),
        pytest.param("0.3", ["old"], id="without patch"),
        pytest.param("0.3.0", ["old"], id="build metadata does not count"),
    ],
)
def test_a_pinned_version_is_found_by_text_or_by_precedence(tmp_path, pin, expected):
    text = "foo beta*: old[0.3.0+7]; 0.3.1<old; 1.0.0<0.3.1; one[1.0.0+42.p]<0.3.1 !{foo.v1.0.0}; 2.0.0<one"
    result = filtered(tmp_path, text, package("foo", channel("beta", pin, pin)))
    assert catalogs.names(result.selection) == {"foo beta": sorted(expected)}
