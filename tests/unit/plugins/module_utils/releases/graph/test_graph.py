# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The update graph as a value (config-and-releases 2.1)."""

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import GraphDataInvalid, VersionNotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import channel as channels
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import graph as graphs
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.tests.fakes.graphs import A, answer, answers


def test_ch07_nodes_edges_and_conditional_edges_are_read():
    content = answer(
        ["4.1.0", "4.1.1", "4.1.2"], [[0, 1]], [("4.1.1", "4.1.2", "Boom"), ("4.1.0", "9.9.9", "Gone")], channels="stable-4.1, fast-4.1"
    )
    graph = graphs.parse(content)
    assert [str(version) for version in graph.versions()] == ["4.1.0", "4.1.1", "4.1.2"]
    assert graph.channels() == ("fast-4.1", "stable-4.1")
    assert graph.targets(0) == (1,)
    assert graph.targets(1) == ()
    assert graph.targets(1, conditional=True) == (2,)
    assert graph.risks(1, 2) == ("Boom",)
    assert graph.risks(0, 1) == ()
    assert len(graph.conditional) == 1


def test_ch07_a_condition_without_named_risks_is_still_one():
    for risks in ([], [{}], None):
        document = json.loads(answer(["4.1.0", "4.1.1"], [], [("4.1.0", "4.1.1", "Boom")]))
        document["conditionalEdges"][0]["risks"] = risks
        graph = graphs.parse(json.dumps(document).encode())
        assert graph.risks(0, 1) == ("unnamed",) and graph.targets(0) == ()


def test_ch08_versions_are_ordered_as_semantic_versions():
    graph = graphs.parse(answers(A)["stable-4.0"])
    assert [str(version) for version in graph.versions()] == ["4.0.0-0.okd-0", "4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-7", "4.0.0-8"]


def test_ch08_build_metadata_does_not_count():
    graph = graphs.parse(answer(["4.1.0+multi"]))
    assert graph.place(Version.parse("4.1.0")) == 0


@pytest.mark.parametrize("version", ["v4.0.0-0.1", "4-0-0+0.1", "4.0", "", None, 4, "4.0.0-01", "04.0.0"])
def test_ch08_other_versions_are_refused(version):
    content = json.dumps({"nodes": [{"version": version, "payload": "a/b:c"}], "edges": []}).encode()
    with pytest.raises(GraphDataInvalid, match=r"nodes\[0\]"):
        graphs.parse(content)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<html>", "not JSON"),
        (b"[" * 100000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"nodes": {}}', "nodes"),
        (b'{"nodes": [{"version": "4.1.0", "payload": 7}]}', "payload"),
        (b'{"nodes": [7]}', "payload"),
        (b'{"nodes": [{"version": "4.1.0", "payload": "a/b:c"}], "edges": [[0]]}', r"edges\[0\]"),
        (b'{"nodes": [{"version": "4.1.0", "payload": "a/b:c"}], "edges": [[0, 1]]}', r"edges\[0\]"),
        (b'{"nodes": [{"version": "4.1.0", "payload": "a/b:c"}], "edges": [[-1, 0]]}', r"edges\[0\]"),
        (b'{"nodes": [{"version": "4.1.0", "payload": "a/b:c"}], "edges": [[true, 0]]}', r"edges\[0\]"),
        (b'{"nodes": [{"version": "4.1.0", "payload": "a/b:c"}], "edges": [7]}', r"edges\[0\]"),
        (b'{"nodes": [], "conditionalEdges": [{"edges": [7]}]}', r"conditionalEdges\[0\]"),
        (b'{"nodes": [], "conditionalEdges": [7]}', r"conditionalEdges\[0\]"),
    ],
    ids=range(13),
)
def test_malformed_graphs_are_refused(content, named):
    with pytest.raises(GraphDataInvalid, match=named):
        graphs.parse(content, "here")


def test_no_nodes_is_an_empty_graph():
    assert graphs.parse(b'{"version": 1, "nodes": null}').releases == ()


def test_merged_graphs_keep_all_edges_and_prefer_plain_ones():
    one = graphs.parse(answer(["4.1.0", "4.1.1"], [], [("4.1.0", "4.1.1", "Boom")]))
    two = graphs.parse(answer(["4.1.1", "4.1.0", "4.2.0"], [[1, 0], [0, 2]]))
    merged = graphs.merge((one, two))
    found = paths.shortest(merged, Version.parse("4.1.0"), Version.parse("4.2.0"))
    assert paths.text(found) == "4.1.0 > 4.1.1 > 4.2.0"
    assert [step.risks for step in paths.steps(merged, found)] == [(), ()]


def test_a_graph_of_ten_thousand_releases_and_half_a_million_edges_has_its_path():
    count = 10_000
    versions = [f"4.{number // 100}.{number % 100}" for number in range(count)]
    edges = [(source, min(source + 1 + (step * 7) % 300, count - 1)) for source in range(count) for step in range(50)]
    content = answer(versions, edges)
    graph = graphs.parse(content)
    found = paths.shortest(graph, Version.parse("4.0.0"), Version.parse("4.99.99"))
    assert found[0].version.text == "4.0.0" and found[-1].version.text == "4.99.99"


def without_payload(*bare, versions=("4.1.0", "4.1.1", "4.1.2", "4.1.3"), edges=((0, 1), (1, 2), (0, 2), (2, 3))):
    document = json.loads(answer(list(versions), [list(edge) for edge in edges], [("4.1.1", "4.1.3", "Boom")]))
    for node in document["nodes"]:
        if node["version"] in bare:
            node["payload"] = "" if node["version"] < "4.1.2" else None
    return graphs.parse(json.dumps(document).encode())


@pytest.mark.parametrize("bare", [("4.1.1",), ("4.1.3",)])
def test_a_node_without_a_payload_goes_with_its_edges_and_the_rest_stands(bare):
    graph = without_payload(*bare)
    kept = [version for version in ("4.1.0", "4.1.1", "4.1.2", "4.1.3") if version not in bare]
    assert [str(version) for version in graph.versions()] == kept and [str(version) for version in graph.bare] == list(bare)
    steps = {
        (str(graph.releases[place].version), str(graph.releases[to].version)) for place in range(3) for to in graph.targets(place, True)
    }
    assert steps == {
        step for step in (("4.1.0", "4.1.1"), ("4.1.1", "4.1.2"), ("4.1.0", "4.1.2"), ("4.1.2", "4.1.3")) if not {*step} & {*bare}
    }
    # Another channel may have it whole.
    assert graphs.merge([graph, graphs.parse(answer(list(bare)))]).bare == ()


def test_a_release_without_a_payload_is_told_where_it_is_picked():
    graph = without_payload("4.1.1", "4.1.3")
    version = Version.parse
    picked, warnings = channels.select(graph, channels.Channel("stable-4.1"), channels.bounds(graph, channels.Channel("stable-4.1")))
    assert (
        [str(each.release.version) for each in picked] == ["4.1.2"] and len(warnings) == 1 and "4.1.3 of channel stable-4.1" in warnings[0]
    )
    ranged = channels.Channel("stable-4.1", version("4.1.0"), version("4.1.2"))
    picked, warnings = channels.select(graph, ranged, channels.bounds(graph, ranged))
    assert [str(each.release.version) for each in picked] == ["4.1.0", "4.1.2"] and ["4.1.1" in text for text in warnings] == [True]
    with pytest.raises(VersionNotFound) as error:
        paths.shortest(graph, version("4.1.0"), version("4.1.3"))
    assert "names no release image for 4.1.3" in error.value.advice
    whole = channels.Channel("stable-4.1", version("4.1.2"), version("4.1.2"))
    assert channels.select(graph, whole, channels.bounds(graph, whole))[1] == []
