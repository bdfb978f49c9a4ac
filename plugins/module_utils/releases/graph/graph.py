# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The update graph: releases, and the updates between them (config-and-releases 2.1).

An answer of the update service, taken apart once.  Releases are addressed by their place
in `Graph.releases`; edges are kept as successors of each place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import GraphDataInvalid

CHANNELS = "io.openshift.upgrades.graph.release.channels"

# Far above the largest graph served (about 250 releases); a larger answer is a fault.
# Risks of one update; the service names them one by one, and knows some twenty of all updates.
_MOST_RISKS = 100
_UNNAMED = "unnamed"


@dataclass(frozen=True)
class Release:
    """A node.  payload: reference of the release image; channels: where it is published; url: its errata."""

    version: Version
    payload: str
    channels: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True)
class Graph:
    """Releases in the order in which the service gave them, and where each can be updated to.

    successors: for each release the places of its unconditional targets.
    conditional: (from, to) places to the names of the risks that were declared for this update.
    bare: versions that the service names without a payload; they and their edges are left out.
    places: version to place.  ranks: for each place how many releases are older, so that ordering needs no versions.
    """

    releases: tuple[Release, ...] = ()
    successors: tuple[tuple[int, ...], ...] = ()
    conditional: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    bare: tuple[Version, ...] = ()
    places: Mapping[Version, int] = field(default_factory=dict, compare=False, repr=False)
    ranks: tuple[int, ...] = field(default=(), compare=False, repr=False)
    _conditional_successors: Mapping[int, tuple[int, ...]] = field(default_factory=dict, compare=False, repr=False)

    def place(self, version: Version) -> int | None:
        """Where a version is, build metadata ignored; None when it is not in the graph."""
        return self.places.get(version)

    def targets(self, place: int, conditional: bool = False) -> tuple[int, ...]:
        """Places one update further; those over conditional edges too when asked."""
        plain = self.successors[place]
        if not conditional or place not in self._conditional_successors:
            return plain
        return tuple(dict.fromkeys(plain + self._conditional_successors[place]))

    def risks(self, source: int, target: int) -> tuple[str, ...]:
        """Names of the risks of this update when it is a conditional one only; empty for a plain edge."""
        if target in self.successors[source]:
            return ()
        return self.conditional.get((source, target), ())

    def channels(self) -> tuple[str, ...]:
        """Every channel that a release of the graph is published in, sorted."""
        names: frozenset[str] = frozenset(name for release in self.releases for name in release.channels)
        return tuple(sorted(names))

    def versions(self) -> tuple[Version, ...]:
        """All versions, oldest first."""
        return tuple(release.version for release in self.ordered())

    def ordered(self) -> tuple[Release, ...]:
        """All releases, oldest first."""
        return tuple(self.releases[place] for place in sorted(range(len(self.releases)), key=self.ranks.__getitem__))


def build(
    releases: Iterable[Release],
    edges: Iterable[tuple[int, int]],
    conditional: Mapping[tuple[int, int], tuple[str, ...]],
    bare: Iterable[Version] = (),
) -> Graph:
    """A graph from its parts; edges and conditions name places in `releases`."""
    releases = tuple(releases)
    places: dict[Version, int] = {}
    for place, release in enumerate(releases):
        places.setdefault(release.version, place)
    successors: list[list[int]] = [[] for release in releases]
    for source, target in edges:
        successors[source].append(target)
    further: dict[int, list[int]] = {}
    for source, target in conditional:
        further.setdefault(source, []).append(target)
    return Graph(
        releases=releases,
        successors=tuple(tuple(dict.fromkeys(targets)) for targets in successors),
        conditional=dict(conditional),
        bare=tuple(sorted(set(bare))),
        places=places,
        ranks=_ranks(releases),
        _conditional_successors={source: tuple(targets) for source, targets in further.items()},
    )


def _ranks(releases: tuple[Release, ...]) -> tuple[int, ...]:
    ranks = [0] * len(releases)
    for rank, place in enumerate(sorted(range(len(releases)), key=lambda place: releases[place].version.key)):
        ranks[place] = rank
    return tuple(ranks)


def parse(content: bytes, subject: str = "") -> Graph:
    """From the JSON answer of the update service.  Raises GraphDataInvalid."""
    try:
        document = json_values.parse(content, limits.GRAPH)
    except ValueError as error:
        raise GraphDataInvalid(f"the update graph is not JSON that is read here: {error}", subject=subject) from error
    if not isinstance(document, dict):
        raise GraphDataInvalid("the update graph is not a JSON object", subject=subject)
    nodes = _list(document, "nodes", limits.RELEASES, subject)
    named = [_release(node, place, subject) for place, node in enumerate(nodes)]
    edges = _edges(_list(document, "edges", limits.EDGES, subject), len(named), subject)
    releases = [release for release in named if release.payload]
    if len(releases) < len(named):
        kept = {place: number for number, place in enumerate(place for place, release in enumerate(named) if release.payload)}
        edges = [(kept[source], kept[target]) for source, target in edges if source in kept and target in kept]
    places = {release.version.text: place for place, release in enumerate(releases)}
    conditions = _conditions(_list(document, "conditionalEdges", limits.EDGES, subject), places, subject)
    return build(releases, edges, conditions, (release.version for release in named if not release.payload))


def _list(document: dict[str, Any], name: str, limit: int, subject: str) -> list[Any]:
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > limit:
        raise GraphDataInvalid(f"{name} of the update graph is not a list of at most {limit} entries", subject=subject)
    return value


def _release(node: Any, place: int, subject: str) -> Release:
    """A node; its payload is empty where it has none."""
    payload = node.get("payload") if isinstance(node, dict) else 0
    if not isinstance(payload, (str, type(None))):
        raise GraphDataInvalid(f"nodes[{place}] of the update graph is not a release with a payload", subject=subject)
    try:
        version = Version.parse(node.get("version"))
    except InputError as error:
        raise GraphDataInvalid(f"nodes[{place}] of the update graph: {error.message}", subject=subject) from error
    metadata = node.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    channels = tuple(name.strip() for name in str(metadata.get(CHANNELS) or "").split(",") if name.strip())
    return Release(version, payload or "", channels, str(metadata.get("url") or ""))


def _edges(edges: list[Any], count: int, subject: str) -> list[tuple[int, int]]:
    for place, edge in enumerate(edges):
        try:
            source, target = edge
            # True and False are no numbers of nodes.
            numbers = isinstance(source, int) and isinstance(target, int) and not isinstance(source, bool) and not isinstance(target, bool)
            good = numbers and 0 <= source < count and 0 <= target < count
        except (TypeError, ValueError):
            good = False
        if not good:
            raise GraphDataInvalid(f"edges[{place}] of the update graph is not a pair of node numbers below {count}", subject=subject)
    return edges


def _conditions(groups: list[Any], places: Mapping[str, int], subject: str) -> dict[tuple[int, int], tuple[str, ...]]:
    """Edges between releases that the graph does not hold are dropped, as the service drops them itself."""
    conditions: dict[tuple[int, int], tuple[str, ...]] = {}
    for number, group in enumerate(groups):
        try:
            names = tuple(str(risk.get("name") or _UNNAMED) for risk in group.get("risks") or ()) or (_UNNAMED,)
            pairs = [(edge["from"], edge["to"]) for edge in group["edges"]]
            for source, target in pairs:
                if source in places and target in places:
                    pair = (places[source], places[target])
                    known = conditions.get(pair)
                    conditions[pair] = names if known is None else tuple(dict.fromkeys(known + names))
                    if len(conditions[pair]) > _MOST_RISKS:
                        raise KeyError("risks")
        except (AttributeError, KeyError, TypeError) as error:
            raise GraphDataInvalid(f"conditionalEdges[{number}] of the update graph is malformed", subject=subject) from error
        if len(conditions) > limits.EDGES:
            raise GraphDataInvalid(f"the update graph has more than {limits.EDGES} conditional edges", subject=subject)
    return conditions


def merge(graphs: Iterable[Graph]) -> Graph:
    """The union of several channels' graphs, by version; a plain edge in one of them makes it plain."""
    releases: dict[Version, Release] = {}
    edges: dict[tuple[Version, Version], None] = {}
    conditional: dict[tuple[Version, Version], tuple[str, ...]] = {}
    bare: list[Version] = []
    for graph in graphs:
        bare += graph.bare
        for place, release in enumerate(graph.releases):
            releases.setdefault(release.version, release)
            for target in graph.successors[place]:
                edges[(release.version, graph.releases[target].version)] = None
        for (source, target), risks in graph.conditional.items():
            conditional.setdefault((graph.releases[source].version, graph.releases[target].version), risks)
    places = {version: place for place, version in enumerate(releases)}
    return build(
        releases.values(),
        ((places[source], places[target]) for source, target in edges),
        {(places[source], places[target]): risks for (source, target), risks in conditional.items()},
        (version for version in bare if version not in places),
    )
