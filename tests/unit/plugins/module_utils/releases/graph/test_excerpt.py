# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import excerpt
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Picked
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import parse
from ansible_collections.disconnected.mirror.tests.fakes import graphs

VERSIONS = [f"4.{minor}.{patch}" for minor in (12, 13, 14) for patch in range(12)]


def random_graph(chance):
    """Some plain edges, some conditional ones, some of both."""
    versions = chance.sample(VERSIONS, chance.randint(1, len(VERSIONS)))
    pairs = [(a, b) for a in range(len(versions)) for b in range(len(versions)) if a != b and chance.random() < 0.2]
    plain = [pair for pair in pairs if chance.random() < 0.7]
    risky = [(versions[a], versions[b], chance.choice(("Slow", "Broken"))) for a, b in pairs if chance.random() < 0.4]
    return parse(graphs.answer(versions, plain, risky))


def picked(graph, chance):
    return [Picked(release, "amd64", "stable", "", ()) for release in graph.releases if chance.random() < 0.5]


@pytest.mark.parametrize("seed", range(20))
def test_a_plan_keeps_every_update_up_to_the_newest_release(seed):
    chance = random.Random(seed)
    graph = random_graph(chance)
    wanted = picked(graph, chance)
    entry = excerpt.excerpt("amd64", ["stable"], [graph], wanted)
    assert excerpt.checked(Shape(entry)) == entry
    again = excerpt.graph_of(entry)
    newest = max((one.release.version for one in wanted), default=None)
    kept = [release.version for release in graph.ordered() if newest is not None and not newest < release.version]
    assert list(again.versions()) == kept
    for source in kept:
        for target in kept:
            there = again.places[source], again.places[target]
            here = graph.places[source], graph.places[target]
            assert (there[1] in again.successors[there[0]]) == (here[1] in graph.successors[here[0]])
            assert again.risks(*there) == graph.risks(*here)
    assert {v["version"] for v in entry["versions"] if v.get("wanted")} == {str(one.release.version) for one in wanted}


def test_what_is_wanted_stays_where_there_is_too_much(monkeypatch):
    monkeypatch.setattr(excerpt, "MOST_VERSIONS", 3)
    graph = parse(graphs.answer(["4.1.0", "4.1.1", "4.1.2", "4.1.3", "4.1.4"], [[0, 4], [2, 4]]))
    wanted = [Picked(graph.releases[place], "amd64", "stable", "", ()) for place in (0, 4)]
    entry = excerpt.excerpt("amd64", ["stable"], [graph], wanted)
    assert [version["version"] for version in entry["versions"]] == ["4.1.0", "4.1.3", "4.1.4"]
    assert entry["versions"][2]["from"] == "0"


@pytest.mark.parametrize(
    "change",
    [
        {"versions": [{"version": "4.1.0", "from": "0-9"}]},
        {"versions": [{"version": "4.1.0", "from": "1-0"}]},
        {"versions": [{"version": "4.1.0", "from": "0,0"}]},
        {"versions": [{"version": "4.1.0", "from": "-1"}]},
        {"versions": [{"version": "4.1.0", "from": "²"}]},
        {"versions": [{"version": "4.1.0", "from": "0" * 5000}]},
        {"versions": [{"version": "<b>"}]},
        {"versions": [{"version": "4.1.0", "conditional": [{"risks": "x", "from": "0"}]}]},
        {"versions": [{"version": "4.1.0"}] * 1001},
        {"channels": "stable"},
        {"architecture": 5},
    ],
)
def test_what_is_no_excerpt_is_refused(change):
    with pytest.raises(InputError):
        excerpt.checked(Shape({"architecture": "amd64", "channels": [], "versions": [], **change}, "update_graphs[0]"))
