# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Selection inside channels and across them, by the tables of config-and-releases 2.2 and 2.3."""

from __future__ import annotations

import re

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import (
    InvalidVersionFilter,
    NoVersionsFound,
    VersionNotFound,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import channel as channels
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import crossing, selection
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Bounds, Channel, Memory, Rules
from ansible_collections.disconnected.mirror.tests.fakes.graphs import A, B, answer, answers

V = Version.parse
GRAPHS_A = {name: graphs.parse(content) for name, content in answers(A).items()}
V1 = Rules(Generation.V1)


def channel(name, low="", high="", **more):
    return Channel(name, V(low) if low else None, V(high) if high else None, **more)


def select(worked, wanted, architectures=("amd64",), rules=Rules(), memory=Memory()):
    """Selection over one of the worked sets; on architectures after the first, payloads have another suffix."""

    def graph_of(wanted_channel, architecture):
        suffix = "" if architecture == architectures[0] else "-another"
        versions, edges = worked.get(wanted_channel.name, ([], []))
        return graphs.parse(answer(versions, edges, suffix=suffix))

    return selection.select(wanted, architectures, graph_of, rules, memory)


def versions_of(found, architecture="amd64"):
    ordered = [picked.release.version.text for picked in found.picked if picked.architecture == architecture]
    return list(dict.fromkeys(ordered))


ALL = ["4.0.0-0.okd-0", "4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-7", "4.0.0-8"]


@pytest.mark.parametrize(
    ("low", "high", "full", "shortest", "selected"),
    [
        ("", "", False, False, ALL[5:]),
        ("", "", True, False, ALL),
        ("4.0.0-6", "", False, False, ALL[3:]),
        ("4.0.0-6", "", True, False, ALL[3:]),
        ("", "4.0.0-6", False, False, ALL[:4]),
        ("4.0.0-6", "4.0.0-6", False, False, ["4.0.0-6"]),
        ("4.0.0-1", "4.0.0-5", False, False, ["4.0.0-4", "4.0.0-5"]),
        ("4.0.0-4", "4.0.9", False, False, ALL[1:]),
        ("4.0.0-4", "", False, True, ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-8"]),
        ("", "", True, True, ["4.0.0-0.okd-0", "4.0.0-8"]),
        ("", "", False, True, ["4.0.0-8"]),
    ],
)
@pytest.mark.parametrize("generation", list(Generation))
def test_ch10_to_ch12_selection_in_set_a(low, high, full, shortest, selected, generation):
    found = select(A, [channel("stable-4.0", low, high, full=full, shortest_path=shortest)], rules=Rules(generation))
    assert versions_of(found) == selected
    assert not found.failures


def test_ch11_an_absent_bound_is_tolerated_and_told():
    found = select(A, [channel("stable-4.0", "4.0.0-1", "4.0.0-5")])
    assert any("minVersion 4.0.0-1 is not in channel stable-4.0" in text and "4.0.0-4" in text for text in found.warnings)


def test_ch11_a_range_that_holds_nothing_fails_and_names_the_neighbours():
    found = select(A, [channel("stable-4.3", "4.3.0-9", "4.3.0-10")])
    assert [failure.code for failure in found.failures] == ["no_versions_found"]
    assert "4.3.0" in found.failures[0].advice


def test_ch12_an_absent_end_of_a_path_fails():
    found = select(A, [channel("stable-4.0", "4.0.0-1", "4.0.0-5", shortest_path=True)])
    assert found.picked == ()
    assert "VersionNotFound: current version 4.0.0-1" in found.failures[0].message


def test_ch12_no_path_mirrors_both_ends_with_a_warning_and_fails_when_strict():
    wanted = [channel("stable-4.0", full=True, shortest_path=True)]
    found = select(A, wanted)
    assert versions_of(found) == ["4.0.0-0.okd-0", "4.0.0-8"]
    assert any("no update path from 4.0.0-0.okd-0 to 4.0.0-8 in channel stable-4.0" in text for text in found.warnings)
    strict = select(A, wanted, rules=Rules(strict=True))
    assert [failure.code for failure in strict.failures] == ["no_update_path"]


@pytest.mark.parametrize("shortest", [True, False])
def test_e_range_min_above_max(shortest):
    found = select(A, [channel("stable-4.0", "4.0.0-7", "4.0.0-5", shortest_path=shortest)])
    assert found.picked == ()
    assert "minVersion 4.0.0-7 is above maxVersion 4.0.0-5" in found.failures[0].message


@pytest.mark.parametrize(("low", "high"), [("4.9.0", ""), ("", "3.9.0")])
def test_a_single_bound_outside_the_channel_fails_by_name(low, high):
    found = select(A, [channel("stable-4.0", low, high)])
    assert found.picked == ()
    assert (low or high) in found.failures[0].message and found.failures[0].code == "no_versions_found"


def test_e_semver_bad_bounds_are_named():
    with pytest.raises(InputError, match="minVersion '4.x' is not a semantic version") as caught:
        Channel.of(model.Channel(name="stable-4.0", min_version="4.x"))
    assert caught.value.subject == "channel stable-4.0"
    with pytest.raises(InputError, match="Version string empty"):
        Bounds.parse("4.0.0-5", "")


@pytest.mark.parametrize(("type_", "okd"), [("ocp", False), ("okd", True), ("OKD", True)])
def test_v22_type(type_, okd):
    assert Channel.of(model.Channel(name="x", type=type_)).okd is okd


def test_ch10_extremes_and_the_empty_channel():
    assert [str(version) for version in channels.extremes(GRAPHS_A["stable-4.0"], "stable-4.0")] == ["4.0.0-0.okd-0", "4.0.0-8"]
    with pytest.raises(NoVersionsFound, match="NoVersionsFound: no versions found for amd64 in the empty-4.0 channel"):
        channels.extremes(GRAPHS_A["empty-4.0"], "empty-4.0", "amd64")


def test_ch17_one_channel_s_failure_leaves_the_others():
    found = select(A, [channel("stable-4.3"), channel("empty-4.0")])
    assert versions_of(found) == ["4.3.1"]
    assert [failure.subject for failure in found.failures] == ["channel empty-4.0 on amd64"]


def test_ch09_names_that_the_service_refuses():
    for name in ("invalid_channel", "invalid:channel", "Stable-4.1", ""):
        found = select(A, [channel(name)])
        assert [failure.code for failure in found.failures] == ["invalid_input"], name


def test_ch13_order_is_by_architecture_and_version():
    found = select(B, [channel("stable-4.0", "4.0.0-5", "4.0.0-6")], ("s390x", "amd64"))
    assert [(picked.architecture, str(picked.release.version)) for picked in found.picked] == [
        ("amd64", "4.0.0-5"),
        ("amd64", "4.0.0-6"),
        ("s390x", "4.0.0-5"),
        ("s390x", "4.0.0-6"),
    ]


HEADS = {"amd64": ["4.1.0", "4.1.1"], "arm64": ["4.1.0"]}


def test_ch15_heads_are_resolved_on_each_architecture_and_differences_told():
    def graph_of(wanted, architecture):
        return graphs.parse(answer(HEADS[architecture]))

    found = selection.select([Channel("stable-4.1")], ["amd64", "arm64"], graph_of)
    assert [(picked.architecture, str(picked.release.version)) for picked in found.picked] == [("amd64", "4.1.1"), ("arm64", "4.1.0")]
    assert any("differs: 4.1.1 on amd64, 4.1.0 on arm64" in text for text in found.warnings)
    shared = selection.select([Channel("stable-4.1")], ["amd64", "arm64"], graph_of, Rules(shared_bounds=True))
    assert [picked.architecture for picked in shared.picked] == ["amd64"]
    assert [failure.subject for failure in shared.failures] == ["channel stable-4.1 on arm64"]


@pytest.mark.parametrize(
    ("name", "low", "high", "warned"),
    [
        ("eus-4.14", "4.12.1", "4.14.1", True),
        ("eus-4.14", "4.13.1", "4.14.1", False),
        ("stable-4.14", "4.12.1", "4.14.1", False),
        ("eus-4.14", "4.12.1", "", False),
    ],
)
def test_ch19_eus_warning(name, low, high, warned):
    assert bool(channels.eus_warnings(channel(name, low, high))) is warned


def test_ch20_version_filter_applies_to_heads_only():
    graph = graphs.parse(answer(["4.20.12", "4.20.2", "4.20.1", "4.20.0", "4.19.0"]))
    rules = Rules(version_filter=channels.version_filter(r"4\.20\.1\d?"))
    assert [str(version) for version in channels.extremes(graph, "c", "amd64", rules)] == ["4.20.1", "4.20.12"]
    picked = channels.select(graph, Channel("c", full=True), channels.bounds(graph, Channel("c", full=True), rules=rules), rules=rules)[0]
    assert [str(one.release.version) for one in picked] == ["4.20.1", "4.20.2", "4.20.12"]
    with pytest.raises(InvalidVersionFilter, match="InvalidVersionFilter"):
        channels.version_filter("[")
    assert channels.version_filter("") is None


def test_ch30_v1_heads_only_grows_from_what_is_remembered_on_every_architecture():
    memory = Memory(minimum={"stable-4.0": V("4.0.0-6")})
    wanted = [channel("stable-4.0")]
    assert versions_of(select(A, wanted, ("amd64", "arm64"), V1, memory)) == ALL[3:]
    assert versions_of(select(A, wanted, ("amd64", "arm64"), V1, memory), "arm64") == ALL[3:]
    assert versions_of(select(A, wanted, rules=Rules(Generation.V2), memory=memory)) == ALL[5:]


def test_ch30_a_remembered_version_that_is_newer_than_the_head_does_no_harm():
    memory = Memory(minimum={"stable-4.0": V("4.7.0")})
    assert versions_of(select(A, [channel("stable-4.0")], rules=V1, memory=memory)) == ALL[5:]


def test_ch30_previous_ranges_are_joined_semantically_and_never_fail():
    versions = ["4.9.5", "4.9.9", "4.10.1", "4.10.2"]
    content = {"stable-4.10": (versions, [[0, 1], [1, 2], [2, 3]])}
    wanted = [channel("stable-4.10", "4.10.2", "4.10.2", shortest_path=True)]
    memory = Memory(previous={"stable-4.10": Bounds.parse("4.9.5", "4.9.9")})
    assert versions_of(select(content, wanted, rules=V1, memory=memory)) == ["4.9.9", "4.10.1", "4.10.2"]
    vanished = Memory(previous={"stable-4.10": Bounds.parse("4.8.0", "4.8.1")})
    found = select(content, wanted, rules=V1, memory=vanished)
    assert versions_of(found) == ["4.10.2"] and not found.failures
    assert any("4.8.0 to 4.8.1" in text for text in found.warnings)


@pytest.mark.parametrize(("text", "parts"), [("stable-4.1", ("stable", 4, 1)), ("fast-4.2", ("fast", 4, 2)), ("a-b-4.10", ("a-b", 4, 10))])
def test_xc03_channel_names(text, parts):
    name = crossing.Name.parse(text)
    assert (name.prefix, name.major, name.minor) == parts


@pytest.mark.parametrize("text", ["fast:4.2", "fast-4", "stable", "4-stable", "x-4.01"])
def test_xc03_other_names_are_refused(text):
    with pytest.raises(InputError, match=f"invalid channel name {re.escape(text)}"):
        crossing.Name.parse(text)


def walk(source, target, start, end, rules=Rules(), worked=GRAPHS_A):
    return crossing.walk(source, target, V(start), V(end), lambda name: worked.get(name, graphs.Graph()), rules)


@pytest.mark.parametrize(
    ("source", "target", "start", "end", "path", "current"),
    [
        ("stable-4.0", "stable-4.1", "4.0.0-5", "4.1.0-6", ["4.0.0-5", "4.0.0-6", "4.0.0-8", "4.1.0-6"], "4.0.0-5"),
        ("stable-4.0", "stable-4.2", "4.0.0-5", "4.2.0-3", ["4.0.0-5", "4.0.0-6", "4.0.0-8", "4.1.0-6", "4.2.0-3"], "4.0.0-5"),
        ("stable-4.3", "fast-4.3", "4.3.0", "4.3.1", ["4.3.0", "4.3.1"], "4.3.0"),
        ("stable-4.1", "stable-4.2", "4.1.0-6", "4.2.0-2", ["4.1.0-6"], "4.1.0-6"),
        ("stable-4.2", "stable-4.3", "4.2.0-3", "4.3.0", ["4.2.0-3", "4.2.0-5"], "4.2.0-3"),
        ("stable-4.2", "fast-4.3", "4.2.0-3", "4.3.2", ["4.2.0-3", "4.2.0-5", "4.3.0", "4.3.1", "4.3.2"], "4.2.0-3"),
        ("stable-4.3", "fast-4.3", "4.2.0-2", "4.3.2", ["4.3.2"], "4.3.2"),
    ],
)
def test_xc04_walks_on_set_a(source, target, start, end, path, current):
    found = walk(source, target, start, end)
    assert [str(release.version) for release in found.releases] == path
    assert (str(found.current), str(found.requested)) == (current, end)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("4.2.0-9", "4.3.4", "VersionNotFound: current version 4.2.0-9 not found in channel stable-4.2"),
        ("4.2.0-3", "4.3.5", "VersionNotFound: current version 4.3.5 not found in channel stable-4.3"),
    ],
)
def test_xc04_walks_that_fail(start, end, message):
    with pytest.raises(VersionNotFound, match=message):
        walk("stable-4.2", "stable-4.3", start, end)


@pytest.mark.parametrize(
    ("version", "name", "blocked"),
    [("4.0.0-5", "stable-4.1", False), ("4.3.0", "fast-4.3", False), ("4.1.0-6", "stable-4.2", False), ("4.2.0-3", "stable-4.3", True)],
)
def test_xc05_blocked_means_absent_from_the_next_channel(version, name, blocked):
    assert (GRAPHS_A[name].place(V(version)) is None) is blocked


def test_xc06_a_higher_source_minor_is_taken_as_the_same_minor():
    assert [str(release.version) for release in walk("fast-4.3", "stable-4.2", "4.1.0-6", "4.2.0-5").releases] == [
        "4.1.0-6",
        "4.2.0-3",
        "4.2.0-5",
    ]


def test_xc06_a_major_change_is_tried_where_minors_end():
    worked = {
        "stable-4.22": graphs.parse(answer(["4.22.0", "4.22.1"], [[0, 1]])),
        "stable-5.0": graphs.parse(answer(["4.22.1", "5.0.0"], [[0, 1]])),
    }
    found = walk("stable-4.22", "stable-5.0", "4.22.0", "5.0.0", worked=worked)
    assert [str(release.version) for release in found.releases] == ["4.22.0", "4.22.1", "5.0.0"]


def test_xc04_v1_eus_channels_step_over_odd_minors():
    worked = {
        "eus-4.12": graphs.parse(answer(["4.12.1"])),
        "eus-4.13": graphs.Graph(),
        "eus-4.14": graphs.parse(answer(["4.12.1", "4.13.1", "4.14.1"], [[0, 1], [1, 2]])),
    }
    found = walk("eus-4.12", "eus-4.14", "4.12.1", "4.14.1", V1, worked)
    assert [str(release.version) for release in found.releases] == ["4.12.1", "4.13.1", "4.14.1"]
    with pytest.raises(NoVersionsFound):
        walk("eus-4.12", "eus-4.14", "4.12.1", "4.14.1", Rules(Generation.V2), worked)


def test_xc06_v1_eus_to_an_odd_minor_ends_at_the_target():
    worked = {"eus-4.12": graphs.parse(answer(["4.12.1"])), "stable-4.13": graphs.parse(answer(["4.12.1", "4.13.1"], [[0, 1]]))}
    assert [str(release.version) for release in walk("eus-4.12", "stable-4.13", "4.12.1", "4.13.1", V1, worked).releases] == [
        "4.12.1",
        "4.13.1",
    ]


ENDS = [channel("test-channel"), channel("another")]


def test_xc02_first_and_last_channel():
    found = crossing.ends(ENDS, {"test-channel": Bounds.parse("4.0.0-5", "4.0.0-5"), "another": Bounds.parse("4.0.0-6", "4.0.0-6")})
    assert [end.name for end in found] == ["test-channel", "another"]
    with pytest.raises(InputError, match="no previous release"):
        crossing.ends([], {})


def test_xc02_ties_prefer_the_last_channel_and_then_the_order_of_the_file():
    tied = {"test-channel": Bounds.parse("4.0.0", "4.0.0"), "another": Bounds.parse("4.0.0", "4.2.0")}
    assert [end.name for end in crossing.ends(ENDS, tied)] == ["another", "another"]
    both = {"test-channel": Bounds.parse("4.0.0", "4.2.0"), "another": Bounds.parse("4.0.0", "4.2.0")}
    assert [end.name for end in crossing.ends(ENDS, both)] == ["test-channel", "test-channel"]


CROSSED = ["4.0.0-5", "4.0.0-6", "4.0.0-7", "4.0.0-8", "4.1.0-6"]


@pytest.mark.parametrize(
    ("wanted", "architectures", "selected"),
    [
        ([channel("stable-4.1", "4.0.0-4", "4.1.0-6")], 1, ["4.0.0-4", *CROSSED]),
        ([channel("stable-4.1", "4.0.0-4", "4.1.0-6", shortest_path=True)], 1, ["4.0.0-4", "4.0.0-6", "4.1.0-6"]),
        ([channel("stable-4.0", "4.0.0-5", "4.0.0-6")], 2, ["4.0.0-5", "4.0.0-6"]),
        ([channel("stable-4.0", "4.0.0-5", "4.0.0-6"), channel("stable-4.1", "4.0.0-6", "4.1.0-6")], 2, CROSSED),
    ],
)
def test_planning_vectors_on_set_b(wanted, architectures, selected):
    names = ("amd64", "arm64")[:architectures]
    found = select(B, wanted, names)
    for architecture in names:
        assert versions_of(found, architecture) == selected
    assert len({picked.release.payload for picked in found.picked}) == len(selected) * architectures
    assert not found.failures


def test_xc01_channels_of_okd_count_and_take_no_part():
    def graph_of(wanted, architecture):
        assert not wanted.okd or wanted.name == "okd"
        return graphs.parse(answers(B)["stable-4.1"] if not wanted.okd else answer(["4.1.0-0.okd-1"], suffix="-okd"))

    wanted = [channel("stable-4.1", "4.0.0-4", "4.1.0-6", shortest_path=True), channel("okd", okd=True)]
    found = selection.select(wanted, ["amd64"], graph_of)
    assert versions_of(found) == ["4.0.0-4", "4.0.0-6", "4.1.0-0.okd-1", "4.1.0-6"]
    only_okd = selection.select([channel("okd", okd=True), channel("okd", okd=True)], ["amd64"], graph_of)
    assert versions_of(only_okd) == ["4.1.0-0.okd-1"]


def cross(worked, *wanted):
    bounds = {one.name: Bounds(one.minimum, one.maximum) for one in wanted}
    picked = crossing.cross(wanted, bounds, "amd64", lambda name: graphs.parse(answers(worked)[name]), Rules())[0]
    return sorted(one.release.version for one in picked)


def test_cross_channel_vectors_on_set_b():
    found = cross(B, channel("stable-4.0", "4.0.0-5", "4.0.0-6"), channel("stable-4.1", "4.0.0-6", "4.1.0-6"))
    assert [str(version) for version in found] == CROSSED
    found = cross(B, channel("stable-4.1", "4.0.0-5", "4.1.0-6"), channel("fast-4.1", "4.0.0-6", "4.1.1"))
    assert [str(version) for version in found] == ["4.0.0-5", "4.1.1"]


def test_xc06_a_failing_way_between_channels_is_a_warning_and_fails_when_strict():
    wanted = [channel("stable-4.3", "4.3.0", "4.3.1"), channel("unnamed", "4.0.0", "4.9.0")]
    worked = dict(A, unnamed=(["4.0.0", "4.9.0"], []))
    found = select(worked, wanted)
    assert versions_of(found) == ["4.0.0", "4.3.0", "4.3.1", "4.9.0"] and not found.failures
    assert found.warnings
    assert [failure.code for failure in select(worked, wanted, rules=Rules(strict=True)).failures] == ["no_update_path"]


def test_xc06_an_empty_look_ahead_channel_does_not_hide_a_path():
    worked = {
        "stable-4.1": (["4.1.0", "4.1.1"], [[0, 1]]),
        "stable-4.2": ([], []),
        "stable-4.3": (["4.1.0", "4.2.7", "4.3.0"], [[0, 1], [1, 2]]),
    }
    found = select(worked, [channel("stable-4.1", "4.1.0", "4.1.0"), channel("stable-4.3", "4.3.0", "4.3.0")])
    assert versions_of(found) == ["4.1.0", "4.2.7", "4.3.0"]
    assert not found.failures


def test_e_channel_names_without_minor_matter_only_between_channels():
    worked = {"okd": (["4.1.0"], []), "candidate": (["4.2.0"], [])}
    alone = select(worked, [channel("okd")])
    assert versions_of(alone) == ["4.1.0"] and not alone.warnings
    both = select(worked, [channel("okd"), channel("candidate")])
    assert any("invalid channel name" in text for text in both.warnings)


def test_ch18_nothing_found_is_a_failure():
    found = select(A, [channel("nowhere-4.0")])
    assert found.failures and found.picked == ()


def test_a_graph_that_cannot_be_fetched_fails_its_channel_alone():
    def graph_of(wanted, architecture):
        if wanted.name == "stable-4.9":
            raise MirrorError("the service is away")
        return GRAPHS_A["stable-4.3"]

    found = selection.select([Channel("stable-4.3"), Channel("stable-4.9")], ["amd64"], graph_of)
    assert versions_of(found) == ["4.3.1"]
    assert [failure.message for failure in found.failures] == ["the service is away"]


@st.composite
def channel_pairs(draw):
    count = draw(st.integers(2, 8))
    numbers = st.integers(0, count - 1)
    edges = [pair for pair in draw(st.lists(st.tuples(numbers, numbers), max_size=25)) if pair[0] < pair[1]]
    return count, edges, draw(numbers), draw(numbers)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(channel_pairs())
def test_p16_a_path_is_in_the_plan_whenever_there_is_one(drawn):
    """Releases of 4.1 and 4.2; the lower channel knows those of 4.1, the upper one all."""
    count, edges, one, two = drawn
    start, end = min(one, two), max(one, two)
    half = max(count // 2, 1)
    versions = [f"4.{1 if number < half else 2}.{number}" for number in range(count)]
    lower = [pair for pair in edges if pair[1] < half]
    worked = {"stable-4.1": (versions[:half], lower), "stable-4.2": (versions, edges)}
    source = "stable-4.1" if start < half else "stable-4.2"
    wanted = {source: channel(source, versions[start], versions[start]), "stable-4.2": channel("stable-4.2", versions[end], versions[end])}
    if len(wanted) == 1:
        wanted = {"stable-4.2": channel("stable-4.2", versions[start], versions[end], shortest_path=True)}
    found = select(worked, list(wanted.values()))
    held = {versions.index(version) for version in versions_of(found)}
    other = networkx.DiGraph(edges)
    other.add_nodes_from(range(count))
    assert {start, end} <= held
    if networkx.has_path(other, start, end):
        assert networkx.has_path(other.subgraph(held), start, end)
    else:
        assert found.warnings
