# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the mirror brings to clusters: updates of releases, operators, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.channels import channels
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.updates import Updates
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page import picture
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.parts import (
    Column,
    cell,
    code,
    files,
    fold,
    more,
    plural,
    section,
    table,
)

Report = Mapping[str, Any]
# Pictures of operators in one page; the channels of the others are lists.
MOST_PICTURES = 200
_OPEN = 60


def updates(report: Report, graphs: Sequence[Updates]) -> Element | None:
    if not report["releases"]:
        return None
    listed = [element("li", _channel(channel)) for channel in report["releases"]]
    found: list[Element] = [element("ul", listed, class_="plain")]
    if not graphs:
        found.append(
            element(
                "p",
                "There is no picture of the updates: the plan was made by an older version, or by a release image alone.",
                class_="soft",
            )
        )
    for same in _alike(report["updates"], graphs):
        found += _graph(*same)
    return section("updates", "Releases and updates", found, long=True)


def _channel(channel: Mapping[str, Any]) -> str:
    versions = [version["version"] for version in channel["versions"]]
    place = " · ".join(text for text in (channel["channel"], channel["architecture"]) if text)
    signed = sum(version["signed"] for version in channel["versions"])
    shown = ", ".join(versions) if len(versions) <= 8 else f"{', '.join(versions[:3])} … {', '.join(versions[-3:])}"
    return f"{place or 'release'}: {plural(len(versions), 'release')} ({shown}), {signed} with a verified signature"


def _alike(ways: Sequence[Mapping[str, Any]], graphs: Sequence[Updates]) -> list[tuple[str, Mapping[str, Any], Updates]]:
    """Architectures whose pictures are the same are drawn once."""
    found: list[tuple[list[str], Mapping[str, Any], Updates]] = []
    for way, graph in zip(ways, graphs):
        same = next((one for one in found if (one[2].picture, one[2].channels) == (graph.picture, graph.channels)), None)
        if same is not None:
            same[0].append(graph.architecture)
        else:
            found.append(([graph.architecture], way, graph))
    return [(", ".join(names), way, graph) for names, way, graph in found]


def _graph(architectures: str, way: Mapping[str, Any], graph: Updates) -> list[Element]:
    title = f"{', '.join(way['channels'])} · {architectures}"
    name = f"Update graph of {title}"
    folded = (
        f"{plural(way['folded'], 'more update')} between these releases: lines that only shorten a way are not drawn. "
        if way["folded"]
        else ""
    )
    drawn = [picture.graph(graph.picture, name), _legend(), element("p", f"{folded}All of them are in the table.", class_="soft")]
    return [element("h3", title), *_sentences(way), *drawn, fold("Which release can be updated to which", _table(way, title))]


def _sentences(way: Mapping[str, Any]) -> list[Element]:
    found = []
    if way["way"]:
        steps = [way["way"][0]["from"], *(step["to"] for step in way["way"])]
        risks = sorted({risk for step in way["way"] for risk in step["risks"]})
        over = f" Some of it only with declared risks: {', '.join(risks)}." if risks else ""
        found.append(element("p", "The shortest way: ", element("b", " → ".join(steps)), f", {plural(len(way['way']), 'update')}.{over}"))
    if way["missing"]:
        first, last = way["missing"]
        bridge = f" Mirrored as well, {', '.join(way['bridge'])} would lead over it." if way["bridge"] else " The update graph has none."
        text = f"A step is missing: no mirrored update leads from {first} to {last}.{bridge}"
        found.append(element("p", element("span", "✕", class_="mark bad", aria_hidden="true"), text))
    if way["failed"]:
        found.append(
            element(
                "p", element("span", "✕", class_="mark bad", aria_hidden="true"), f"Wanted, and not mirrored: {', '.join(way['failed'])}."
            )
        )
    if way["versions"] and way["versions"][0]["not_mirrored"]:
        first = way["versions"][0]
        others = plural(len(first["not_mirrored"]), "older release")
        text = f"{others} that the mirror does not have can be updated to {first['version']}: clusters on them can begin there."
        found.append(element("p", text))
    return found


def _table(way: Mapping[str, Any], title: str) -> Element:
    columns = [
        Column("release"),
        Column("updates from", "wide"),
        Column("only with declared risks", "wide"),
        Column("from releases that are not mirrored", "wide"),
    ]
    rows = [
        (
            cell(version["version"]),
            cell(", ".join(version["from"])),
            cell("; ".join(f"{source} ({', '.join(risks)})" for source, risks in version["conditional"].items())),
            cell(", ".join(version["not_mirrored"])),
        )
        for version in way["versions"]
    ]
    return table(f"Updates of {title}", columns, rows, data=False)


def _legend() -> Element:
    def sample(kind: str, text: str) -> Element:
        line = element("line", x1=2, y1=6, x2=28, y2=6, class_=kind)
        return element("span", element("svg", line, width=30, height=12, aria_hidden="true"), text)

    def dot(kind: str, text: str) -> Element:
        return element(
            "span", element("svg", element("circle", cx=6, cy=6, r=5, class_=f"node {kind}"), width=12, height=12, aria_hidden="true"), text
        )

    return element(
        "p",
        dot("mirrored", "mirrored"),
        dot("absent", "not mirrored"),
        sample("edge way", "the shortest way"),
        sample("edge", "update"),
        sample("edge conditional", "update with declared risks"),
        sample("gap", "missing step"),
        class_="legend",
    )


def operators(report: Report) -> list[Element]:
    left = MOST_PICTURES
    found = []
    for at, catalog in enumerate(report["catalogs"]):
        rows = []
        for package in catalog["packages"]:
            drawn = channels(package) if left else None
            left -= drawn is not None
            rows.append(_package(package, picture.graph(drawn, f"Channels of {package['name']}") if drawn else None))
        columns = [Column("operator"), Column("default channel"), Column("bundles", "number"), Column("channels, and why", "wide")]
        listed = table(f"Operators of {catalog['catalog']}", columns, rows)
        title = f"Operators: {catalog['total']}"
        body = fold(plural(len(rows), "operator"), listed, opened=len(rows) <= _OPEN)
        where = element("p", code(catalog["catalog"]), " ", element("small", catalog["digest"]))
        found.append(
            section(f"operators-{at}" if at else "operators", title, where, body, more(catalog["more"]), files("operators"), long=True)
        )
    return found


def _package(package: Mapping[str, Any], drawn: Element | None) -> Sequence[Element]:
    listed = [element("li", _channel_of(channel)) for channel in package["channels"]]
    replaced = [element("small", text) for channel in package["channels"] for text in _replaced(channel)]
    reason = element("p", package["default_channel_reason"], class_="soft") if package["default_channel_reason"] else None
    more_of = fold("What replaces and skips what", *replaced) if replaced else None
    channels_ = element("ul", listed, class_="plain")
    body = fold(plural(len(listed), "channel"), element("p", package["wanted"]), reason, channels_, drawn, more_of)
    return (
        cell(element("b", package["name"])),
        cell(package["default_channel"]),
        cell(str(package["bundles"]), kind="number", value=package["bundles"]),
        cell(body, kind="wide"),
    )


def _channel_of(channel: Mapping[str, Any]) -> list[Element]:
    kept = f"{channel['kept']} of {channel['of']} bundles" if channel["of"] != channel["kept"] else plural(channel["kept"], "bundle")
    found = [element("span", element("b", channel["name"]), f": head {channel['head']}, {kept}")]
    return [*found, *(element("small", f"{name}: {', '.join(reasons)}") for name, reasons in channel["required"].items())]


def _replaced(channel: Mapping[str, Any]) -> list[str]:
    """A line for each bundle that replaces or skips any."""
    found = []
    for update in channel.get("updates") or ():
        below = [f"replaces {update['replaces']}" if update.get("replaces") else ""]
        below += [f"skips {', '.join(update['skips'][:10])}{' …' if len(update['skips']) > 10 else ''}" if update.get("skips") else ""]
        below += [f"skips the range {update['skip_range']}" if update.get("skip_range") else ""]
        found.append(f"{channel['name']}, {update['name']}: {', '.join(filter(None, below))}")
    return found


def charts(report: Report) -> Element | None:
    items = [
        element("li", str(chart.get("name") or ""), " ", element("span", str(chart.get("version") or ""), class_="soft"))
        for chart in report["charts"]
    ]
    return section("charts", f"Charts: {len(items)}", element("ul", items, class_="plain")) if items else None
