# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Graphs and charts as SVG in a page."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.drawing import Drawing, Line, Spot, draw
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import CONDITIONAL, Picture
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element

_KINDS = {"update": "update", "conditional": "conditional update", "skips": "skipped"}
BAR, GAP, HEIGHT = 18, 6, 72


def graph(picture: Picture, name: str) -> Element:
    """name: what it shows, for those who do not see it."""
    drawing = draw(picture)
    body = [
        *(element("text", lane, x=f"{x - 8:.0f}", y="18", class_="lane") for lane, x in drawing.lanes),
        *(_line(drawing, line) for line in drawing.lines),
        *(element("path", element("title", "a step is missing here"), d=path, class_="gap") for path in drawing.gaps),
        *(_node(spot) for spot in drawing.spots),
    ]
    width, height = drawing.width, drawing.height
    svg = element(
        "svg",
        element("title", name),
        body,
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        role="img",
        class_="graph",
        aria_label=name,
    )
    return element("div", svg, class_="scroll", tabindex=0, role="region", aria_label=f"{name}, can be scrolled")


def _line(drawing: Drawing, line: Line) -> Element:
    edge = line.edge
    source, target = (drawing.spots[end].node.name for end in (edge.source, edge.target))
    title = f"{source} → {target}: {_KINDS[edge.kind]}"
    if edge.kind == CONDITIONAL:
        title += f", declared risks: {', '.join(edge.risks)}"
    classes = f"edge {edge.kind}{' way' if edge.on_path else ''}"
    return element("path", element("title", title), d=line.path, class_=classes)


def _node(spot: Spot) -> Element:
    node = spot.node
    said = {"mirrored": "mirrored", "absent": "not mirrored", "failed": "wanted, and not mirrored"}[node.state]
    circle = element("circle", cx=f"{spot.x:.0f}", cy=f"{spot.y:.1f}", r=spot.radius, class_=f"node {node.state}")
    title = element("title", f"{node.name}: {said}")
    name = element("text", node.name, x=f"{spot.x + 11:.0f}", y=f"{spot.y + 4:.1f}", class_=node.state) if spot.named else None
    return element("g", title, circle, name)


def bars(values: Sequence[tuple[float, str, str]], name: str) -> Element:
    """A small chart.  values: height, what it says when it is pointed at, and its class."""
    most = max((value for value, _title, _class in values), default=0) or 1
    width = len(values) * (BAR + GAP) + GAP
    body = []
    for at, (value, title, kind) in enumerate(values):
        height = max(2.0, HEIGHT * value / most)
        shape = element(
            "rect",
            element("title", title),
            x=GAP + at * (BAR + GAP),
            y=f"{HEIGHT - height + 2:.1f}",
            class_=f"bar {kind}",
            width=BAR,
            height=f"{height:.1f}",
        )
        body.append(shape)
    return element(
        "svg",
        element("title", name),
        body,
        width=width,
        height=HEIGHT + 4,
        viewBox=f"0 0 {width} {HEIGHT + 4}",
        role="img",
        class_="bars",
        aria_label=name,
    )


def share(percent: float) -> Element:
    """A bar of a hundred; what is more is drawn as a hundred."""
    width = f"{min(max(percent, 0.0), 100.0):.1f}"
    body = [element("rect", width=100, height=6, rx=3, class_="track"), element("rect", width=width, height=6, rx=3, class_="bar")]
    return element("svg", body, viewBox="0 0 100 6", preserveAspectRatio="none", class_="share", aria_hidden="true")
