# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan keeps of the update graph, so that later steps can draw the ways between the releases that it names.

One entry for each architecture: the versions up to the newest that is wanted, oldest first, each with the places of those that can be
updated to it.  Places are written as ranges (`0-4,7`), since most releases can be updated to from all before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Picked
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release, build, merge

# Twice what the largest channels have; the oldest that are not wanted are left out first.
MOST_VERSIONS = 500


def excerpt(architecture: str, channels: Iterable[str], graphs: Sequence[Graph], picked: Iterable[Picked]) -> dict[str, Any]:
    """The entry of an architecture.  graphs: of all channels that were asked for.  picked: the releases that are wanted there."""
    graph = merge(graphs)
    wanted = {graph.places[one.release.version] for one in picked if one.release.version in graph.places}
    kept = _kept(graph, wanted)
    places = {place: number for number, place in enumerate(kept)}
    return {
        "architecture": architecture,
        "channels": sorted(set(channels)),
        "versions": [_version(graph, place, places, place in wanted) for place in kept],
    }


def _kept(graph: Graph, wanted: set[int]) -> list[int]:
    """Places, oldest first."""
    newest = max((graph.ranks[place] for place in wanted), default=-1)
    others = sorted((p for p in range(len(graph.releases)) if graph.ranks[p] <= newest and p not in wanted), key=graph.ranks.__getitem__)
    room = max(0, MOST_VERSIONS - len(wanted))
    return sorted((*wanted, *others[len(others) - min(room, len(others)) :]), key=graph.ranks.__getitem__)


def _version(graph: Graph, place: int, places: Mapping[int, int], wanted: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"version": str(graph.releases[place].version)}
    plain = [number for source, number in places.items() if place in graph.successors[source]]
    if wanted:
        entry["wanted"] = True
    if plain:
        entry["from"] = ranges(plain)
    conditional: dict[tuple[str, ...], list[int]] = {}
    for source, number in places.items():
        risks = graph.risks(source, place)
        if risks:
            conditional.setdefault(risks, []).append(number)
    if conditional:
        entry["conditional"] = [{"risks": list(risks), "from": ranges(numbers)} for risks, numbers in sorted(conditional.items())]
    return entry


def checked(shape: Shape) -> dict[str, Any]:
    """An entry that a document brought.  Raises InputError."""
    shape.member("architecture").text()
    shape.member("channels").texts()
    versions = shape.member("versions").items()
    if len(versions) > 2 * MOST_VERSIONS:
        shape.refuse(f"has more than {2 * MOST_VERSIONS} versions")
    for entry in versions:
        entry.member("version").text()
        _places(entry.optional("from", ""), len(versions))
        for condition in entry.optional("conditional", []).items():
            condition.member("risks").texts()
            _places(condition.member("from"), len(versions))
    try:
        graph_of(shape.mapping())
    except InputError as error:
        raise InputError(f"{shape.place}: {error.message}") from error
    return shape.mapping()


def graph_of(entry: Mapping[str, Any]) -> Graph:
    """The graph again, without payloads.  Raises InputError."""
    versions = entry["versions"]
    count = len(versions)
    releases = [Release(Version.parse(version["version"]), "") for version in versions]
    edges = [(source, target) for target, version in enumerate(versions) for source in numbers(version.get("from", ""), count)]
    conditional = {
        (source, target): tuple(condition["risks"])
        for target, version in enumerate(versions)
        for condition in version.get("conditional", ())
        for source in numbers(condition["from"], count)
    }
    return build(releases, edges, conditional)


def ranges(found: Iterable[int]) -> str:
    """`0-4,7`"""
    rows: list[list[int]] = []
    for number in sorted(set(found)):
        if rows and rows[-1][1] == number - 1:
            rows[-1][1] = number
        else:
            rows.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in rows)


def numbers(text: str, count: int) -> list[int]:
    """The numbers of `ranges`, all below `count`.  Raises InputError."""
    found: list[int] = []
    for part in text.split(",") if text else ():
        first, _dash, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal() and len(part) < 20 and int(first) <= int(last or first) < count):
            raise InputError(f"{text!r:.100} does not name places of {count} versions")
        found += range(int(first), int(last or first) + 1)
    if len(found) > count:
        raise InputError(f"{text!r:.100} names places twice")
    return found


def _places(shape: Shape, count: int) -> None:
    numbers(shape.text(), count)
