# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A graph that is to be drawn: what stands in it, before anybody knows where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# What a version is to the mirror: in it; known, and not in it; wanted, and not to be had.
MIRRORED, ABSENT, FAILED = "mirrored", "absent", "failed"
# What a line is: an update without conditions, one with declared risks, what a bundle skips.
UPDATE, CONDITIONAL, SKIPS = "update", "conditional", "skips"


@dataclass(frozen=True)
class Node:
    """lane: the column that it stands in, such as `4.16`.  head: it is named in any case."""

    name: str
    lane: str
    state: str = MIRRORED
    head: bool = False


@dataclass(frozen=True)
class Edge:
    """From the place of an older node to that of a newer one.  risks: names of those declared.  on_path: a part of the way."""

    source: int
    target: int
    kind: str = UPDATE
    risks: tuple[str, ...] = ()
    on_path: bool = False


@dataclass(frozen=True)
class Picture:
    """nodes: oldest first in each lane.  gaps: places between which a step is missing: no edges.  folded: edges that are not drawn."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()
    folded: int = 0

    @property
    def lanes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(node.lane for node in self.nodes))


def without_detours(edges: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """The edges that no way over others stands for; those that lead back are all kept.

    Nodes are numbers in their order.  Whoever can get from one node to another can do so over what is kept.
    """
    ahead: dict[int, list[int]] = {}
    kept: set[tuple[int, int]] = set()
    for source, target in set(edges):
        if source < target:
            ahead.setdefault(source, []).append(target)
        elif source > target:
            kept.add((source, target))
    beyond = reached(ahead)
    for source, targets in ahead.items():
        over = 0
        for target in targets:
            over |= beyond.get(target, 0)
        kept.update((source, target) for target in targets if not over >> target & 1)
    return kept


def reached(ahead: dict[int, list[int]]) -> dict[int, int]:
    """For each node with edges all that it leads to, a bit for each; all edges lead to greater numbers."""
    found: dict[int, int] = {}
    for source in sorted(ahead, reverse=True):
        bits = 0
        for target in ahead[source]:
            bits |= 1 << target | found.get(target, 0)
        found[source] = bits
    return found
