# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a cluster gets from one version to another with what is mirrored (user-needs B09)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.components import release_tag


@dataclass(frozen=True)
class Reach:
    """path: the way that lacks the fewest releases, among those the shortest; empty when there is none at all.

    missing: its releases that are not held, or not whole.  message: why the end cannot be reached, empty when it can.
    incomplete: what releases lack that are held in part, all that were looked at on the search for a way.
    """

    path: tuple[Release, ...] = ()
    missing: tuple[Version, ...] = ()
    message: str = ""
    incomplete: Mapping[Version, tuple[str, ...]] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        return bool(self.path) and not self.missing


def _whole(release: Release) -> tuple[str, ...]:
    return ()


def reach(
    graph: Graph,
    start: Version,
    end: Version,
    held: AbstractSet[Version],
    conditional: bool = False,
    lacks: Callable[[Release], tuple[str, ...]] = _whole,
) -> Reach:
    """The cluster runs `start` already, so only what it updates to must be held.  Raises VersionNotFound.

    lacks: sentences about what a release that is held lacks, none for a whole one; asked once for each release on the way.
    """
    if graph.place(start) is None or graph.place(end) is None:
        paths.shortest(graph, start, end, conditional)
    incomplete: dict[Version, tuple[str, ...]] = {}
    looked: set[Version] = set()
    while True:
        path = _path(graph, start, end, held - incomplete.keys(), conditional)
        new = [release for release in path[1:] if release.version in held and release.version not in looked]
        if not new:
            return _reached(graph, path, (start, end, conditional), held, incomplete)
        looked.update(release.version for release in new)
        incomplete.update((release.version, found) for release in new if (found := lacks(release)))


def _path(graph: Graph, start: Version, end: Version, held: AbstractSet[Version], conditional: bool) -> tuple[Release, ...]:
    return tuple(graph.releases[place] for place in _cheapest(graph, graph.places[start], graph.places[end], held, conditional))


def _reached(
    graph: Graph,
    path: tuple[Release, ...],
    ends: tuple[Version, Version, bool],
    held: AbstractSet[Version],
    incomplete: Mapping[Version, tuple[str, ...]],
) -> Reach:
    start, end, conditional = ends
    if not path:
        return Reach(message=paths.explain(graph, start, end, conditional))
    missing = tuple(release.version for release in path[1:] if release.version not in held or release.version in incomplete)
    if not missing:
        return Reach(path, incomplete=incomplete)
    names = ", ".join(f"{version}{_in_part(incomplete.get(version, ()))}" for version in missing)
    message = f"{end} is not reached from {start} with the available releases; on the path {paths.text(path)} this is missing: {names}."
    return Reach(path, missing, message, incomplete)


def _in_part(lacks: tuple[str, ...]) -> str:
    more = f", and {len(lacks) - 1} more like this" if len(lacks) > 1 else ""
    return f" (held in part: {lacks[0]}{more})" if lacks else ""


def _cheapest(graph: Graph, first: int, last: int, held: AbstractSet[Version], conditional: bool) -> list[int]:
    """Dijkstra: fewest missing releases, then fewest updates; ties go to newer releases."""
    best: dict[int, tuple[int, int]] = {first: (0, 0)}
    came_from: dict[int, int] = {}
    lacking = [release.version not in held for release in graph.releases]
    queue = [(0, 0, 0, first)]
    while queue:
        lacks, hops, _rank, place = heapq.heappop(queue)
        if place == last:
            break
        if (lacks, hops) > best[place]:
            continue
        for target in graph.targets(place, conditional):
            cost = (lacks + lacking[target], hops + 1)
            if target not in best or cost < best[target]:
                best[target] = cost
                came_from[target] = place
                heapq.heappush(queue, (*cost, -graph.ranks[target], target))
    if last not in best:
        return []
    found = [last]
    while found[-1] != first:
        found.append(came_from[found[-1]])
    return found[::-1]


def held_by_plan(releases: Iterable[Mapping[str, Any]], architecture: str) -> frozenset[Version]:
    """The versions that a plan's `releases` mirror for an architecture."""
    return _versions(str(entry.get("version")) for entry in releases if entry.get("architecture") == architecture)


def lost_by_plan(
    releases: Iterable[Mapping[str, Any]], failures: Iterable[Failure], version: Version, architecture: str
) -> tuple[str, ...]:
    """What a plan could not resolve of a release that it mirrors."""
    tags = {entry.get("tag") for entry in releases if entry.get("architecture") == architecture and entry.get("version") == str(version)}
    return tuple(f"{failure.subject}: {failure.message}" for failure in failures if failure.links & tags)


def held_by_tags(tags: Iterable[str], architecture: str) -> frozenset[Version]:
    """The versions that the tags of a mirror's repository of releases name for an architecture."""
    suffix = release_tag("0", architecture)[1:]
    return _versions(tag[: -len(suffix)] for tag in tags if tag.endswith(suffix))


def _versions(texts: Iterable[str]) -> frozenset[Version]:
    found = set()
    for text in texts:
        try:
            found.add(Version.parse(text))
        except InputError:
            # A release without version, or a tag that somebody else made.
            continue
    return frozenset(found)
