# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is read first: the three answers, the numbers, what to do, what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.element import Element, element
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.parts import (
    MARKS,
    code,
    command,
    fold,
    more,
    plural,
    section,
    soft,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.words import duration, size

Report = Mapping[str, Any]


def answers(report: Report) -> Element:
    return element("div", [_answer(at, answer) for at, answer in enumerate(report["answers"])], class_="answers")


def _answer(at: int, answer: Mapping[str, Any]) -> Element:
    verdict = str(answer["verdict"]) if answer["verdict"] in MARKS else "warn"
    told = element("p", element("span", MARKS[verdict], class_="mark", aria_hidden="true"), str(answer["text"]), class_="told")
    details = [element("p", str(text), class_="soft") for text in answer["details"]]
    title = element("h2", str(answer["question"]), id=f"answer-{at}")
    return element("section", title, told, details, class_=verdict, aria_labelledby=f"answer-{at}")


def numbers(report: Report) -> Element:
    counts, sizes = report["counts"], report["sizes"]
    attached = counts["attachments"]
    images = f"{_noun(counts['images'], 'image')} in the plan"
    found = [
        (counts["images"], f"{images}, {plural(attached, 'attachment')} among them" if attached else images),
        (size(sizes["total"]), "of unique content" if sizes["exact"] else "at most"),
        (counts["releases"], f"{_noun(counts['releases'], 'release')}, {counts['signed_releases']} with a verified signature"),
        (counts["packages"], f"{_noun(counts['packages'], 'operator')} in {plural(counts['catalogs'], 'catalog')}"),
        (counts["charts"], _noun(counts["charts"], "Helm chart")),
    ]
    # What the image set does not have is no number.
    found = [*(pair for pair in found if pair[0]), (counts["failures"], _noun(counts["failures"], "failure"))]
    pairs = [element("div", element("dt", pair[1]), element("dd", str(pair[0]))) for pair in found]
    return section("numbers", "In numbers", element("dl", pairs, class_="numbers"), _run(report))


def _noun(number: int, noun: str) -> str:
    """As it stands below its number."""
    return noun if number == 1 else f"{noun}s"


def _run(report: Report) -> Element | None:
    run = report["run"]
    if run is None:
        return None
    counts = {name: int(value) for name, value in run["counts"].items() if isinstance(value, int)}
    parts = [
        f"{counts.get('images_copied', 0)} copied",
        f"{counts.get('images_present', 0)} were there",
        f"{counts.get('images_failed', 0)} failed",
    ]
    parts += [f"{counts[key]} {text}" for key, text in _RARE if counts.get(key)]
    moved = f"{size(counts.get('bytes_copied', 0))} in {duration(run['duration'])}"
    requests = " and ".join(f"{sum(methods.values())} requests to the {end}" for end, methods in sorted(run["requests"].items()))
    text = f"The last run, {run['time']} ({run['age']}): {plural(counts.get('images_total', 0), 'image')}, {', '.join(parts)}; {moved}"
    return element("p", f"{text}{'; ' + requests if requests else ''}.", class_="soft")


_RARE = (("images_held", "held back"), ("images_pending", "not reached"), ("left_out", "could not be planned"), ("retries", "retries"))


def todo(report: Report) -> Element | None:
    steps = [_step(step) for step in report["steps"]]
    if not steps:
        return None
    note = element(
        "p", "Commands are for the mirror host; options of registries (TLS, credentials) come from your inventory.", class_="soft"
    )
    return section("todo", "What to do", note, element("ol", steps, class_="steps"))


def _step(step: Mapping[str, Any]) -> Element:
    mark = element("span", "now", class_="mark warn") if step["due"] else None
    files = [_file(file) for file in step["files"]]
    listed = (
        fold(plural(len(files), "file"), element("ul", files, class_="plain"), opened=step["kind"] == "carry", printed=True)
        if files
        else None
    )
    commands = [command(str(line)) for line in step["commands"]]
    return element("li", mark, element("b", str(step["title"])), element("p", str(step["text"])), listed, commands)


def _file(file: Mapping[str, Any]) -> Element:
    checksum = [element("br"), element("small", "SHA-256 ", code(str(file["checksum"])))] if file["checksum"] else []
    return element("li", code(str(file["name"])), soft(f" {size(file['size'])}"), checksum)


def failures(report: Report) -> Element | None:
    found = report["failures"]
    if not found["total"]:
        return None
    groups = [_group(group) for group in found["groups"]]
    return section("failures", f"Failures: {found['total']}", groups, long=True)


def _group(group: Mapping[str, Any]) -> Element:
    items = [_failure(failure) for failure in group["listed"]]
    place, _comma, code_ = str(group["guide"]).partition(", ")
    advice = element("p", f"{group['advice']} ", soft(f"In the guide: {place}, "), code(code_))
    heading = element("h3", f"{group['title']}: {group['total']}")
    told = sum(1 + failure.get("more", 0) for failure in group["listed"])
    left = more(group["total"] - told, " in the table of failures")
    return element(
        "div",
        heading,
        advice,
        fold("Which ones", element("ul", items, class_="plain"), left, opened=len(items) <= 5, printed=True),
        class_="problem",
    )


def _failure(failure: Mapping[str, Any]) -> Element:
    wanted = [str(text) for text in failure.get("wanted_by") or ()][:3]
    reasons = element("small", f"wanted by {'; '.join(wanted)}") if wanted else None
    advice = element("small", str(failure["advice"])) if failure.get("advice") else None
    others = f" and {failure['more']} more, for the same reason" if failure.get("more") else ""
    return element(
        "li",
        code(str(failure.get("subject") or "")),
        others,
        element("br"),
        str(failure.get("message") or ""),
        advice,
        reasons,
    )
