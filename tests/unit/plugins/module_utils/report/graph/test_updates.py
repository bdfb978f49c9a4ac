# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every update that is drawn is in the graph, every release that is mirrored is drawn, and no way is lost."""

from __future__ import annotations

import glob
import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import excerpt, path
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Picked
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.drawing import RADIUS, draw
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import ABSENT, CONDITIONAL, FAILED, MIRRORED
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.updates import MOST_EDGES, updates
from ansible_collections.disconnected.mirror.tests.fakes import graphs
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA

VERSIONS = [f"4.{minor}.{patch}" for minor in (12, 13, 14) for patch in range(10)]


def random_graph(chance):
    versions = chance.sample(VERSIONS, chance.randint(2, len(VERSIONS)))
    dense, backwards = chance.choice((0.05, 0.15, 0.5)), chance.choice((0, 0, 0.02))
    pairs = [(a, b) for a in range(len(versions)) for b in range(len(versions)) if a != b]
    ahead = [(a, b) for a, b in pairs if Version.parse(versions[a]) < Version.parse(versions[b]) and chance.random() < dense]
    ahead += [(a, b) for a, b in pairs if chance.random() < backwards]
    plain = [pair for pair in ahead if chance.random() < 0.6]
    risky = [(versions[a], versions[b], chance.choice(("Slow", "Broken"))) for a, b in ahead if chance.random() < 0.4]
    return parse(graphs.answer(versions, plain, risky))


def seen(graph, wanted, mirrored):
    picked = [Picked(release, "amd64", "stable", "", ()) for release in graph.releases if str(release.version) in wanted]
    return updates(excerpt.excerpt("amd64", ["stable"], [graph], picked), mirrored)


def require_true(found, graph, wanted, mirrored):
    """What a picture may say of a graph."""
    nodes = found.picture.nodes
    names = [node.name for node in nodes]
    assert len(set(names)) == len(names) and mirrored <= set(names)
    assert {node.name for node in nodes if node.state == MIRRORED} == mirrored
    assert {node.name for node in nodes if node.state == FAILED} == wanted - mirrored
    assert {node.name for node in nodes if node.state == ABSENT} <= set(found.bridge)
    for edge in found.picture.edges:
        source, target = (graph.places[Version.parse(nodes[end].name)] for end in (edge.source, edge.target))
        assert target in graph.targets(source, True)
        assert edge.risks == graph.risks(source, target)
        assert (edge.kind == CONDITIONAL) == bool(edge.risks)
    way = [(str(step.source.version), str(step.target.version)) for step in found.way]
    assert way == [pair for pair in zip([a for a, _b in way], [b for _a, b in way]) if pair in {ends(found, e) for e in on_path(found)}]
    assert len(on_path(found)) == len(way)
    shown = inside(graph, {node.name for node in nodes})
    drawn = {ends(found, edge) for edge in found.picture.edges}
    assert found.picture.folded == len(shown) - len(drawn) and drawn <= shown
    if len(drawn) < MOST_EDGES:
        assert closure(drawn, names) == closure(shown, names)
    gap(found, graph, mirrored)


def ends(found, edge):
    return found.picture.nodes[edge.source].name, found.picture.nodes[edge.target].name


def on_path(found):
    return [edge for edge in found.picture.edges if edge.on_path]


def inside(graph, names):
    """All updates between some versions, conditions or not."""
    kept = {place for place, release in enumerate(graph.releases) if str(release.version) in names}
    pairs = [(source, target) for source in kept for target in graph.targets(source, True) if target in kept and source != target]
    return {(str(graph.releases[source].version), str(graph.releases[target].version)) for source, target in pairs}


def closure(pairs, names):
    """From where one gets where."""
    ahead = {name: {target for source, target in pairs if source == name} for name in names}
    found = set()
    for name in names:
        waiting = list(ahead[name])
        while waiting:
            target = waiting.pop()
            if (name, target) not in found:
                found.add((name, target))
                waiting += ahead[target]
    return found


def gap(found, graph, mirrored):
    """A step is missing exactly where no way leads over mirrored releases; what is named as a bridge is one."""
    ordered = [version for version in map(str, graph.versions()) if version in mirrored]
    leads = len(ordered) > 1 and (ordered[0], ordered[-1]) in closure(inside(graph, mirrored), ordered)
    assert bool(found.way) == leads and (found.missing is None) == (leads or len(ordered) < 2)
    if found.missing:
        assert set(found.missing) <= mirrored and len(found.picture.gaps) == 1
        assert found.missing not in inside(graph, mirrored)
        steps = [found.missing[0], *found.bridge, found.missing[1]]
        if found.bridge:
            assert mirrored.isdisjoint(found.bridge[:1]) or len(found.bridge) > 1
            assert all(pair in inside(graph, set(steps)) for pair in zip(steps, steps[1:]))


@pytest.mark.parametrize("seed", range(200))
def test_a_picture_says_what_the_graph_says(seed):
    chance = random.Random(seed)
    graph = random_graph(chance)
    names = list(map(str, graph.versions()))
    wanted = set(chance.sample(names, chance.randint(1, len(names))))
    mirrored = {name for name in wanted if chance.random() < 0.9}
    # What earlier runs wanted is there as well.
    older = names[: max(map(names.index, wanted)) + 1]
    mirrored.update(chance.sample(older, min(2, len(older))))
    found = seen(graph, wanted, mirrored)
    known = {str(release.version) for release in found.graph.releases}
    assert wanted <= known
    require_true(found, graph, wanted, mirrored)
    require_placed(found)


def require_placed(found):
    """Nodes stand in the picture and not on each other, and lines begin and end at them."""
    drawing = draw(found.picture)
    places = [(spot.x, spot.y) for spot in drawing.spots]
    assert len(set(places)) == len(places)
    assert all(0 < x < drawing.width and 0 < y <= drawing.height for x, y in places)
    for line in drawing.lines:
        source, target = drawing.spots[line.edge.source], drawing.spots[line.edge.target]
        starts = (f"M{x:.0f} {source.y:.0f}" for x in (source.x, source.exit))
        assert line.path.startswith(tuple(starts))
        assert line.path.endswith(f"{target.y:.0f}")
    columns = {}
    for spot in drawing.spots:
        columns.setdefault(spot.x, []).append(spot)
    for column in columns.values():
        for above, below in zip(column, column[1:]):
            assert below.y - above.y >= (2 * RADIUS if above.named and below.named else above.radius + below.radius)


@pytest.mark.needs_data
@pytest.mark.parametrize("name", sorted(glob.glob(os.path.join(SHARED_DATA, "cincinnati", "*", "*-*-*.json"))))
def test_real_graphs(name):
    with open(name, "rb") as file:
        content = file.read()
    graph = parse(content)
    names = set(map(str, graph.versions()))
    for mirrored in (names, set(sorted(names)[::7]), {str(graph.versions()[-1])}):
        found = seen(graph, mirrored, mirrored)
        require_true(found, graph, mirrored, mirrored)
        require_placed(found)


def test_lines_that_only_shorten_a_way_are_not_drawn():
    """Ten releases with all 45 updates: nine lines, and the way."""
    names = [f"4.1.{patch}" for patch in range(10)]
    graph = parse(graphs.answer(names, [[a, b] for a in range(10) for b in range(a + 1, 10)]))
    found = seen(graph, set(names), set(names))
    assert len(found.picture.edges) == 10 and found.picture.folded == 35 and len(on_path(found)) == 1


def test_a_way_without_conditions_goes_before_a_shorter_one():
    graph = parse(graphs.answer(["4.1.0", "4.1.1", "4.1.2"], [[0, 1], [1, 2]], [("4.1.0", "4.1.2", "Slow")]))
    found = seen(graph, {"4.1.0", "4.1.1", "4.1.2"}, {"4.1.0", "4.1.1", "4.1.2"})
    assert path.text(tuple(step.target for step in found.way)) == "4.1.1 > 4.1.2" and not found.risks
    assert found.picture.folded == 1
    found = seen(graph, {"4.1.0", "4.1.2"}, {"4.1.0", "4.1.2"})
    assert found.risks == ("Slow",) and [edge.kind for edge in found.picture.edges] == [CONDITIONAL]


def test_the_missing_step_and_what_would_lead_over_it_are_named():
    graph = parse(graphs.answer(["4.1.0", "4.1.1", "4.2.0", "4.2.1"], [[0, 1], [1, 2], [2, 3]]))
    found = seen(graph, {"4.1.0", "4.2.1"}, {"4.1.0", "4.2.1"})
    assert found.missing == ("4.1.0", "4.2.1") and found.bridge == ("4.1.1", "4.2.0") and not found.way
    assert [node.state for node in found.picture.nodes] == [MIRRORED, ABSENT, ABSENT, MIRRORED]


def test_a_release_that_no_graph_knows_is_drawn():
    graph = parse(graphs.answer(["4.1.0"]))
    found = seen(graph, {"4.1.0"}, {"4.1.0", "4.9.9"})
    assert [node.name for node in found.picture.nodes] == ["4.1.0", "4.9.9"] and found.missing == ("4.1.0", "4.9.9")
