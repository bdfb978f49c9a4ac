# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths in update graphs (config-and-releases CH-12; user-needs P16)."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import VersionNotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.tests.fakes.graphs import A, answer, answers

V = Version.parse
STABLE = graphs.parse(answers(A)["stable-4.0"])


@pytest.mark.parametrize(
    ("start", "end", "path"),
    [
        ("4.0.0-4", "4.0.0-5", "4.0.0-4 > 4.0.0-5"),
        ("4.0.0-4", "4.0.0-8", "4.0.0-4 > 4.0.0-5 > 4.0.0-6 > 4.0.0-8"),
        ("4.0.0-4", "4.0.0-4", "4.0.0-4"),
        ("4.0.0-4", "4.0.0-0.okd-0", ""),
    ],
)
def test_ch12_shortest_path_in_set_a(start, end, path):
    assert paths.text(paths.shortest(STABLE, V(start), V(end), channel="stable-4.0")) == path


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("4.0.0-3", "4.0.0-5", "VersionNotFound: current version 4.0.0-3 not found in channel stable-4.0"),
        ("4.0.0-5", "4.0.0-9", "VersionNotFound: requested version 4.0.0-9 not found in channel stable-4.0"),
    ],
)
def test_ch12_an_absent_end_is_named_with_its_neighbours(start, end, message):
    with pytest.raises(VersionNotFound, match=message) as caught:
        paths.shortest(STABLE, V(start), V(end), channel="stable-4.0")
    assert "nearest versions" in caught.value.advice


def test_ch12_ties_go_to_the_newer_hop():
    graph = graphs.parse(answer(["4.1.0", "4.1.1", "4.1.2", "4.1.3"], [[0, 1], [0, 2], [1, 3], [2, 3]]))
    assert paths.text(paths.shortest(graph, V("4.1.0"), V("4.1.3"))) == "4.1.0 > 4.1.2 > 4.1.3"


def test_ch07_conditional_edges_count_only_when_asked():
    graph = graphs.parse(answer(["4.1.0", "4.1.1", "4.2.0"], [[0, 1]], [("4.1.1", "4.2.0", "Boom")]))
    assert paths.shortest(graph, V("4.1.0"), V("4.2.0")) == ()
    found = paths.shortest(graph, V("4.1.0"), V("4.2.0"), conditional=True)
    assert [step.reason for step in paths.steps(graph, found)] == ["recommended update", "conditional update, declared risks: Boom"]


def test_an_absent_path_is_explained_with_the_missing_step_and_the_conditional_way():
    graph = graphs.parse(
        answer(["4.1.0", "4.1.1", "4.1.2", "4.2.0", "4.2.1", "4.2.2"], [[0, 1], [1, 2], [3, 4], [4, 5]], [("4.1.2", "4.2.0", "Boom")])
    )
    message = paths.explain(graph, V("4.1.0"), V("4.2.2"), channel="stable-4.2")
    assert "no update path from 4.1.0 to 4.2.2 in channel stable-4.2" in message
    assert "4.1.0 > 4.1.1 > 4.1.2" in message and "4.2.0 > 4.2.1 > 4.2.2" in message
    assert "The missing step is 4.1.2 to 4.2.0." in message
    assert "A path exists when conditional updates count" in message and "Boom" in message


def test_an_absent_path_between_lonely_releases_is_explained():
    graph = graphs.parse(answer(["4.1.0", "4.2.0"]))
    assert paths.explain(graph, V("4.1.0"), V("4.2.0")) == (
        "no update path from 4.1.0 to 4.2.0: no update leads from 4.1.0 towards 4.2.0, and nothing leads to 4.2.0."
        " The missing step is 4.1.0 to 4.2.0."
    )


@st.composite
def random_graphs(draw):
    count = draw(st.integers(2, 14))
    numbers = st.integers(0, count - 1)
    edges = draw(st.lists(st.tuples(numbers, numbers), max_size=40))
    conditional = draw(st.lists(st.tuples(numbers, numbers), max_size=10))
    return count, edges, conditional, draw(numbers), draw(numbers), draw(st.booleans())


@settings(max_examples=500, deadline=None, derandomize=True)
@given(random_graphs())
def test_a_path_is_a_path_and_none_is_shorter(drawn):
    count, edges, conditional, start, end, count_conditional = drawn
    versions = [f"4.{number}.0" for number in range(count)]
    risks = [(versions[source], versions[target], "Risk") for source, target in conditional]
    graph = graphs.parse(answer(versions, edges, risks))
    other = networkx.DiGraph(edges + (conditional if count_conditional else []))
    other.add_nodes_from(range(count))
    found = paths.shortest(graph, V(versions[start]), V(versions[end]), count_conditional)
    places = [graph.places[release.version] for release in found]
    if not networkx.has_path(other, start, end):
        assert found == ()
        gap = paths.gap(graph, V(versions[start]), V(versions[end]), count_conditional)
        full = networkx.DiGraph(edges + conditional)
        full.add_nodes_from(range(count))
        assert bool(gap.conditional) == (not count_conditional and networkx.has_path(full, start, end))
        assert gap.furthest[0].version == V(versions[start]) and gap.earliest[-1].version == V(versions[end])
        return
    assert (places[0], places[-1]) == (start, end)
    assert all(other.has_edge(*pair) for pair in zip(places, places[1:]))
    assert len(places) - 1 == networkx.shortest_path_length(other, start, end)
