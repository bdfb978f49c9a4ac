# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Paths through an update graph (config-and-releases CH-12, user-needs P16 and B09)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import VersionNotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release


@dataclass(frozen=True)
class Step:
    """One update.  risks: names of the declared risks when only a conditional edge carries it."""

    source: Release
    target: Release
    risks: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why a cluster can take this step, as a sentence's end."""
        if self.risks:
            return f"conditional update, declared risks: {', '.join(self.risks)}"
        return "recommended update"


@dataclass(frozen=True)
class Gap:
    """Why there is no path: how far one gets, and from where the end is reached.

    furthest: the newest release that can be reached, with the path to it.
    earliest: the oldest release from which the end can be reached, with the path from it.
    conditional: the path that exists when conditional edges count; empty when there is none.
    """

    furthest: tuple[Release, ...]
    earliest: tuple[Release, ...]
    conditional: tuple[Step, ...]


def shortest(graph: Graph, start: Version, end: Version, conditional: bool = False, channel: str = "") -> tuple[Release, ...]:
    """The path with the fewest updates, both ends included; empty when there is none.

    Ties go to the path that was found first when newer neighbours are visited first.
    Raises VersionNotFound when one of the ends is not in the graph.
    """
    places = _ends(graph, start, end, channel)
    found = _search(*places, lambda place: _newest_first(graph, graph.targets(place, conditional)))
    return tuple(graph.releases[place] for place in found)


def steps(graph: Graph, path: tuple[Release, ...]) -> tuple[Step, ...]:
    """The updates between the releases of a path of this graph."""
    places = [graph.places[release.version] for release in path]
    return tuple(
        Step(graph.releases[source], graph.releases[target], graph.risks(source, target)) for source, target in zip(places, places[1:])
    )


def gap(graph: Graph, start: Version, end: Version, conditional: bool = False, channel: str = "") -> Gap:
    """What exists where `shortest` finds nothing.  Raises VersionNotFound."""
    first, last = _ends(graph, start, end, channel)
    forward = _reached(first, lambda place: graph.targets(place, conditional))
    furthest = max((place for place in forward if graph.ranks[place] <= graph.ranks[last]), key=graph.ranks.__getitem__, default=first)
    sources = _reversed(graph, conditional)
    backward = _reached(last, lambda place: sources[place])
    earliest = min((place for place in backward if graph.ranks[place] >= graph.ranks[first]), key=graph.ranks.__getitem__, default=last)
    over_conditions = () if conditional else shortest(graph, start, end, True)
    return Gap(
        furthest=shortest(graph, start, graph.releases[furthest].version, conditional),
        earliest=shortest(graph, graph.releases[earliest].version, end, conditional),
        conditional=steps(graph, over_conditions),
    )


def text(path: tuple[Release, ...]) -> str:
    """`4.12.28 > 4.13.37 > 4.14.16`"""
    return " > ".join(release.version.text for release in path)


def explain(graph: Graph, start: Version, end: Version, conditional: bool = False, channel: str = "") -> str:
    """One sentence or more on why there is no path, with the missing step and the nearest paths.  Raises VersionNotFound."""
    found = gap(graph, start, end, conditional, channel)
    where = f" in channel {channel}" if channel else ""
    message = f"no update path from {start} to {end}{where}:"
    furthest, earliest = found.furthest[-1].version, found.earliest[0].version
    message += (
        f" updates lead from {start} no further than {furthest}" if furthest != start else f" no update leads from {start} towards {end}"
    )
    if len(found.furthest) > 2:
        message += f" ({text(found.furthest)})"
    message += f", and {end} is reached only from {earliest} on" if earliest != end else f", and nothing leads to {end}"
    message += f" ({text(found.earliest)})." if len(found.earliest) > 2 else "."
    message += f" The missing step is {furthest} to {earliest}."
    if found.conditional:
        message += f" A path exists when conditional updates count: {text(tuple(step.source for step in found.conditional))} > {end}."
        names = sorted({risk for step in found.conditional for risk in step.risks})
        message += f" Their declared risks: {', '.join(names)}."
    return message


def _ends(graph: Graph, start: Version, end: Version, channel: str) -> tuple[int, int]:
    return _place(graph, "current", start, channel), _place(graph, "requested", end, channel)


def _place(graph: Graph, what: str, version: Version, channel: str) -> int:
    place = graph.place(version)
    if place is None:
        where = f"in channel {channel}" if channel else "in the graph"
        raise VersionNotFound(f"{what} version {version} not found {where}", advice=nearest(graph, version))
    return place


def nearest(graph: Graph, version: Version) -> str:
    """What is known of an absent version: that it has no payload, and the versions around it."""
    known = graph.versions()
    below = [candidate for candidate in known if candidate < version][-2:]
    above = [candidate for candidate in known if candidate > version][:2]
    found = (
        f"The nearest versions there are {', '.join(str(candidate) for candidate in below + above)}." if known else "The graph is empty."
    )
    return f"The update graph names no release image for {version}. {found}" if version in graph.bare else found


def _newest_first(graph: Graph, places: tuple[int, ...]) -> list[int]:
    return sorted(places, key=graph.ranks.__getitem__, reverse=True)


def _search(first: int, last: int, neighbours: Callable[[int], list[int]]) -> list[int]:
    """Breadth first; the places from first to last, or none."""
    came_from: dict[int, int | None] = {first: None}
    queue = deque((first,))
    while queue and last not in came_from:
        place = queue.popleft()
        for target in neighbours(place):
            if target not in came_from:
                came_from[target] = place
                queue.append(target)
    if last not in came_from:
        return []
    found: list[int] = []
    step: int | None = last
    while step is not None:
        found.append(step)
        step = came_from[step]
    return found[::-1]


def _reached(first: int, neighbours: Callable[[int], tuple[int, ...]]) -> dict[int, None]:
    seen: dict[int, None] = {first: None}
    queue = deque((first,))
    while queue:
        for target in neighbours(queue.popleft()):
            if target not in seen:
                seen[target] = None
                queue.append(target)
    return seen


def _reversed(graph: Graph, conditional: bool) -> tuple[tuple[int, ...], ...]:
    sources: list[list[int]] = [[] for release in graph.releases]
    for place in range(len(graph.releases)):
        for target in graph.targets(place, conditional):
            sources[target].append(place)
    return tuple(tuple(entry) for entry in sources)
