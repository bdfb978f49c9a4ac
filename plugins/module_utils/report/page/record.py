# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is looked up: images, changes, sizes, signatures, earlier runs, the last verification, warnings."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.report.page import picture
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.parts import (
    Column,
    cell,
    code,
    files,
    fold,
    more,
    names,
    plural,
    section,
    table,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.words import duration, size

Report = Mapping[str, Any]
# Longer tables are opened by those who want them, so that the page opens at once.
_OPEN = 40


def images(report: Report) -> Element | None:
    found = report["images"]
    if not found["listed"]:
        return None
    columns = [
        Column("image", "wide"),
        Column("destination", "wide"),
        Column("kind", choose=True),
        Column("size", "number"),
        Column("outcome", choose=True),
    ]
    listed = table("Images", columns, [_image(image) for image in found["listed"]])
    note = element("p", "Sizes count shared layers for each image.", class_="soft")
    body = fold(f"{plural(len(found['listed']), 'image')}, the largest first", listed, opened=found["total"] <= _OPEN)
    return section(
        "images",
        f"Images: {found['total']}",
        note,
        body,
        more(found["more"], ", which the table beside this page has"),
        files("images"),
        long=True,
    )


def _image(image: Mapping[str, Any]) -> Sequence[Element]:
    tags = f":{', '.join(image['tags'])}" if image["tags"] else ""
    platforms = element("small", ", ".join(image["platforms"])) if image["platforms"] else None
    return (
        cell(code(image["origin"]), element("small", "; ".join(image["why"])), kind="wide"),
        cell(code(f"{image['destination']}{tags}"), platforms, kind="wide"),
        cell(image["kind"]),
        cell(size(image["size"]), kind="number", value=image["size"]),
        cell(image["outcome"], kind=image["outcome"]),
    )


def changes(report: Report) -> Element | None:
    found = report["changes"]
    if not found:
        return None
    listed = [
        names(title, part, sign)
        for title, part, sign in (
            ("Releases added", found["releases"]["added"], "+"),
            ("Releases removed", found["releases"]["removed"], "−"),
            ("Operator bundles added", found["packages"]["added"], "+"),
            ("Operator bundles removed", found["packages"]["removed"], "−"),
            ("Images added", found["added"], "+"),
            ("Images removed", found["removed"], "−"),
            ("Tags moved", found["moved"], "↻"),
        )
    ]
    kept = [part for part in listed if part is not None]
    if not kept:
        return None
    total = element(
        "p", f"{size(found['bytes_added'])} came and {size(found['bytes_removed'])} went, each blob counted once.", class_="soft"
    )
    return section("changes", "What changed since the plan before", total, kept, long=True)


def sizes(report: Report) -> Element | None:
    parts = [_part(part) for part in report["sizes"]["parts"]]
    return section("sizes", "Where the bytes are", element("div", parts, class_="parts")) if parts else None


def _part(part: Mapping[str, Any]) -> Element:
    items = []
    for share in part["shares"]:
        numbers = f"{size(share['size'])}, {share['percent']:.1f} %, {plural(share['images'], 'image')}"
        name = element("div", element("span", share["name"]), element("span", numbers), class_="name")
        only = element("small", f"{size(share['marginal'])} by it alone") if share["marginal"] != share["size"] else None
        items.append(element("li", name, picture.share(share["percent"]), only))
    text = "Content that several share counts for each of them, so the shares make more than 100 %." if part["shared"] else ""
    return element(
        "div",
        element("h3", str(part["name"]).capitalize()),
        element("ul", items, class_="plain"),
        more(part["more"]),
        element("p", text, class_="soft") if text else None,
    )


def signatures(report: Report) -> Element:
    found, counts = report["signatures"], report["counts"]
    unsigned = found["unsigned"]["total"]
    parts = [f"{found['signed']} signed", f"{unsigned} without a signature"]
    parts += [f"{found['built']} built here"] if found["built"] else []
    parts += [f"{found['attachments']} signatures and other attachments"] if found["attachments"] else []
    text = f"Of the {plural(counts['images'], 'image')}: {', '.join(parts)}."
    verified = f"The signatures of {counts['signed_releases']} of {plural(counts['releases'], 'release')} were verified"
    releases = f"{verified}; they stand for all images of those releases."
    return section(
        "signatures",
        "Signatures",
        element("p", text),
        element("p", releases) if counts["releases"] else None,
        names("Images without a signature", found["unsigned"], "·"),
    )


def verification(report: Report) -> Element | None:
    found = report["verification"]
    if found is None:
        return None
    counts = ", ".join(f"{number} {kind.replace('_', ' ')}" for kind, number in sorted(found["counts"].items()))
    looked = f"{plural(found['images'], 'image')} and {plural(found['blobs'], 'blob')} at level {found['level']}"
    said = "no difference" if found["clean"] else counts or "not all could be looked at"
    ignored = f"; ignored: {', '.join(kind.replace('_', ' ') for kind in found['ignored'])}" if found["ignored"] else ""
    mark = element("span", "✓" if found["clean"] else "✕", class_=f"mark {'good' if found['clean'] else 'bad'}", aria_hidden="true")
    return section(
        "verification", "The last verification", element("p", mark, f"{found['time']} ({found['age']}): {looked}, {said}{ignored}.")
    )


def history(report: Report) -> Element | None:
    runs = report["history"]
    if not runs:
        return None
    figures = [
        _figure("Bytes copied", [(run["size"], f"{_moment(run)}: {size(run['size'])}", _kind(run)) for run in runs]),
        _figure("Duration", [(run["duration"], f"{_moment(run)}: {duration(run['duration'] / 1000)}", _kind(run)) for run in runs]),
    ]
    columns = [
        Column("time"),
        Column("workflow"),
        Column("state"),
        Column("images", "number"),
        Column("copied", "number"),
        Column("failures", "number"),
        Column("bytes", "number"),
        Column("duration", "number"),
    ]
    listed = table("Runs", columns, [_row(run) for run in reversed(runs)], data=False)
    return section(
        "history",
        "The last run" if len(runs) == 1 else f"The last {len(runs)} runs",
        element("div", figures, class_="charts"),
        fold("As a table", listed),
        files("runs"),
    )


def _figure(name: str, values: Sequence[tuple[float, str, str]]) -> Element:
    return element("figure", picture.bars(values, f"{name} of each run, the last one on the right"), element("figcaption", name))


def _moment(run: Mapping[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run["time"]))


def _kind(run: Mapping[str, Any]) -> str:
    return "bad" if run["state"] != "complete" else "" if run["changed"] else "idle"


def _row(run: Mapping[str, Any]) -> Sequence[Element]:
    numbers = [cell(str(run[name]), kind="number") for name in ("images", "copied", "failures")]
    state = run["state"] if run["changed"] or run["state"] != "complete" else "unchanged"
    return (
        cell(_moment(run)),
        cell(run["workflow"].replace("_", " ")),
        cell(state),
        *numbers,
        cell(size(run["size"]), kind="number"),
        cell(duration(run["duration"] / 1000), kind="number"),
    )


def warnings(report: Report) -> Element | None:
    found = report["warnings"]
    notes = [element("p", text, class_="note") for text in found["listed"]]
    return section("warnings", f"Warnings: {found['total']}", notes, more(found["more"]), long=True) if notes else None
