# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The releases of one architecture and the ways between them, from what the plan keeps of the update graph.

Every release that is mirrored is drawn.  Of the updates between them those are drawn that no other way stands for, and those of the way
from the oldest to the newest; all others are in the table beside the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.excerpt import graph_of
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release, build
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.path import Step
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import (
    ABSENT,
    CONDITIONAL,
    FAILED,
    MIRRORED,
    UPDATE,
    Edge,
    Node,
    Picture,
    reached,
    without_detours,
)

# Lines that a picture can have and still be read.
MOST_EDGES = 600


@dataclass(frozen=True)
class Updates:
    """graph: all that is known.  mirrored: places in it, oldest first.

    way: the updates from the oldest to the newest mirrored release, over mirrored ones only; empty where there is none.
    missing: names of the two releases between which a step is missing.  bridge: releases that would lead over it and are not mirrored.
    """

    architecture: str
    channels: tuple[str, ...]
    graph: Graph
    mirrored: tuple[int, ...]
    picture: Picture
    way: tuple[Step, ...] = ()
    missing: tuple[str, str] | None = None
    bridge: tuple[str, ...] = ()

    @property
    def risks(self) -> tuple[str, ...]:
        """Of the way."""
        return tuple(dict.fromkeys(risk for step in self.way for risk in step.risks))

    def sources(self, place: int) -> tuple[list[int], list[int]]:
        """Places of mirrored releases, and of others, that can be updated to this one, conditions or not; oldest first."""
        inside: list[int] = []
        outside: list[int] = []
        for source in sorted(range(len(self.graph.releases)), key=self.graph.ranks.__getitem__):
            if place in self.graph.targets(source, True):
                (inside if source in self.mirrored else outside).append(source)
        return inside, outside


def updates(entry: Mapping[str, Any], mirrored: AbstractSet[str]) -> Updates:
    """entry: of the plan's `update_graphs`.  mirrored: versions in the plan on this architecture.  Raises InputError."""
    whole = _with(graph_of(entry), mirrored)
    wanted = {str(version["version"]) for version in entry["versions"] if version.get("wanted")}
    there = [place for place, release in enumerate(whole.releases) if str(release.version) in mirrored]
    there.sort(key=whole.ranks.__getitem__)
    way, missing, bridge = _way(whole, there)
    shown = {*there, *(whole.places[version] for version in bridge)}
    shown |= {place for place, release in enumerate(whole.releases) if str(release.version) in wanted}
    order = sorted(shown, key=lambda place: (_lane(whole, place), whole.ranks[place]))
    nodes = tuple(
        Node(str(whole.releases[place].version), _lane_name(whole, place), _state(whole, place, mirrored, wanted), _is_end(there, place))
        for place in order
    )
    edges, folded = _edges(whole, order, way)
    places = {place: number for number, place in enumerate(order)}
    gaps = ((places[whole.places[missing[0]]], places[whole.places[missing[1]]]),) if missing else ()
    named = (str(missing[0]), str(missing[1])) if missing else None
    picture = Picture(nodes, edges, gaps, folded)
    channels = tuple(str(name) for name in entry["channels"])
    return Updates(str(entry["architecture"]), channels, whole, tuple(there), picture, way, named, tuple(map(str, bridge)))


def _with(graph: Graph, versions: AbstractSet[str]) -> Graph:
    """What is mirrored is drawn, even where the graph does not know it."""
    known = {str(release.version) for release in graph.releases}
    missing = [Release(Version.parse(version), "") for version in sorted(versions - known)]
    if not missing:
        return graph
    edges = [(source, target) for source, targets in enumerate(graph.successors) for target in targets]
    return build((*graph.releases, *missing), edges, graph.conditional)


def _lane_name(graph: Graph, place: int) -> str:
    major, minor = _lane(graph, place)
    return f"{major}.{minor}"


def _lane(graph: Graph, place: int) -> tuple[int, int]:
    version = graph.releases[place].version
    return version.major, version.minor


def _state(graph: Graph, place: int, mirrored: AbstractSet[str], wanted: AbstractSet[str]) -> str:
    version = str(graph.releases[place].version)
    return MIRRORED if version in mirrored else FAILED if version in wanted else ABSENT


def _is_end(there: list[int], place: int) -> bool:
    return bool(there) and place in (there[0], there[-1])


def _way(whole: Graph, there: list[int]) -> tuple[tuple[Step, ...], tuple[Version, Version] | None, tuple[Version, ...]]:
    """The way over mirrored releases, without conditions where there is one; else the missing step, and what would lead over it."""
    if len(there) < 2:
        return (), None, ()
    inside = _only(whole, there)
    first, last = whole.releases[there[0]].version, whole.releases[there[-1]].version
    for conditional in (False, True):
        found = paths.shortest(inside, first, last, conditional)
        if found:
            return paths.steps(inside, found), None, ()
    gap = paths.gap(inside, first, last, True)
    missing = (gap.furthest[-1].version, gap.earliest[0].version)
    around = paths.shortest(whole, *missing) or paths.shortest(whole, *missing, conditional=True)
    return (), missing, tuple(release.version for release in around[1:-1])


def _only(whole: Graph, there: list[int]) -> Graph:
    """The part of a graph between some of its releases."""
    number = {place: at for at, place in enumerate(there)}
    edges = [(number[source], number[target]) for source in there for target in whole.successors[source] if target in number]
    conditional = {(number[s], number[t]): risks for (s, t), risks in whole.conditional.items() if s in number and t in number}
    return build([whole.releases[place] for place in there], edges, conditional)


def _edges(whole: Graph, order: list[int], way: tuple[Step, ...]) -> tuple[tuple[Edge, ...], int]:
    """What is drawn between the releases that are, and how much is not.  order: places as they are drawn."""
    ranked = sorted(order, key=whole.ranks.__getitem__)
    number = {place: at for at, place in enumerate(ranked)}
    plain = {(number[s], number[t]) for s in ranked for t in whole.successors[s] if t in number and s != t}
    over = {(number[s], number[t]): risks for (s, t), risks in whole.conditional.items() if s in number and t in number and s != t}
    over = {pair: risks for pair, risks in over.items() if pair not in plain}
    path = {(number[whole.places[step.source.version]], number[whole.places[step.target.version]]) for step in way}
    chosen = [*sorted(path), *(pair for pair in sorted(_drawn(plain, set(over))) if pair not in path)][:MOST_EDGES]
    drawn = {place: at for at, place in enumerate(order)}
    edges = tuple(
        Edge(drawn[ranked[s]], drawn[ranked[t]], *((UPDATE, ()) if (s, t) in plain else (CONDITIONAL, over[s, t])), (s, t) in path)
        for s, t in chosen
    )
    return edges, len(plain) + len(over) - len(edges)


def _drawn(plain: set[tuple[int, int]], over: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Updates without conditions that none others stand for; conditional ones only where there is no other way."""
    ahead: dict[int, list[int]] = {}
    for source, target in plain:
        if source < target:
            ahead.setdefault(source, []).append(target)
    known = reached(ahead)
    needed = {(source, target) for source, target in over if source > target or not known.get(source, 0) >> target & 1}
    return without_detours(plain) | (without_detours(plain | needed) & needed)
