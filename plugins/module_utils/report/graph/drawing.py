# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the nodes and lines of a picture stand: a column for each lane, the oldest at its top.

Names stand to the right of their nodes, lines within a lane to the left; lines to another lane leave behind the name.  In long lanes
nodes that only stand in a row move together and are not named; each says its name when it is pointed at, and is in the table.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import Edge, Node, Picture

# Pixels.
ROW, TIGHT_ROW = 22, 9
RADIUS, TIGHT_RADIUS = 6, 3
TOP, LEFT, RIGHT = 44, 46, 16
# Between the names of a lane and the nodes of the next.
ALLEY = 64
LETTER = 7.3
# Lanes of more nodes are drawn tight.
LONG = 16
_MOST_BULGE = 36


@dataclass(frozen=True)
class Spot:
    node: Node
    x: float
    y: float
    named: bool = True

    @property
    def exit(self) -> float:
        """From where lines to other lanes leave."""
        return self.x + 13 + len(self.node.name) * LETTER if self.named else self.x

    @property
    def radius(self) -> int:
        return RADIUS if self.named else TIGHT_RADIUS


@dataclass(frozen=True)
class Line:
    """path: of SVG."""

    edge: Edge
    path: str


@dataclass(frozen=True)
class Drawing:
    """lanes: their names with the x of their nodes.  gaps: paths of SVG."""

    width: int
    height: int
    lanes: tuple[tuple[str, float], ...]
    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    gaps: tuple[str, ...]


def draw(picture: Picture) -> Drawing:
    columns: dict[str, list[int]] = {lane: [] for lane in picture.lanes}
    for place, node in enumerate(picture.nodes):
        columns[node.lane].append(place)
    busy = _busy(picture)
    spots: dict[int, Spot] = {}
    lanes: list[tuple[str, float]] = []
    x = float(LEFT)
    for lane, places in columns.items():
        lanes.append((lane, x))
        spots.update(_column(picture, places, x, busy))
        longest = max(len(lane) + 2, *(len(picture.nodes[place].name) for place in places if spots[place].named), 6)
        x += longest * LETTER + 14 + ALLEY
    height = max((spot.y for spot in spots.values()), default=0) + ROW
    ordered = tuple(spots[place] for place in range(len(picture.nodes)))
    lines = tuple(Line(edge, _line(ordered[edge.source], ordered[edge.target], edge.kind)) for edge in picture.edges)
    gaps = tuple(_line(ordered[source], ordered[target], "gap") for source, target in picture.gaps)
    return Drawing(int(x - ALLEY + RIGHT), int(height), tuple(lanes), ordered, lines, gaps)


def _busy(picture: Picture) -> set[int]:
    """Nodes that are more than a place in a row."""
    found = {place for place, node in enumerate(picture.nodes) if node.head or node.state != "mirrored"}
    found.update(place for gap in picture.gaps for place in gap)
    touched: Counter[int] = Counter()
    for edge in picture.edges:
        touched.update((edge.source, edge.target))
        if edge.on_path:
            found.update((edge.source, edge.target))
    found.update(place for place, count in touched.items() if count > 4)
    return found


def _column(picture: Picture, places: list[int], x: float, busy: set[int]) -> dict[int, Spot]:
    tight = len(places) > LONG
    spots: dict[int, Spot] = {}
    y = float(TOP)
    before = True
    for at, place in enumerate(places):
        named = not tight or place in busy or at in (0, len(places) - 1)
        if at:
            y += ROW if named or before else TIGHT_ROW
        if named and not before:
            y += TIGHT_ROW - ROW + 6
        spots[place] = Spot(picture.nodes[place], x, y, named)
        before = named
    return spots


def _line(source: Spot, target: Spot, kind: str) -> str:
    if source.x != target.x:
        start = source.exit if source.x < target.x else source.x
        middle = (start + target.x) / 2
        return f"M{start:.0f} {source.y:.0f}C{middle:.0f} {source.y:.0f} {middle:.0f} {target.y:.0f} {target.x:.0f} {target.y:.0f}"
    distance = abs(target.y - source.y)
    if distance <= ROW and kind != "gap":
        return f"M{source.x:.0f} {source.y:.0f}V{target.y:.0f}"
    bulge = source.x - min(_MOST_BULGE, 8 + distance / 6)
    return f"M{source.x:.0f} {source.y:.0f}C{bulge:.0f} {source.y:.0f} {bulge:.0f} {target.y:.0f} {target.x:.0f} {target.y:.0f}"
