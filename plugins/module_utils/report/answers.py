# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The three questions that a report is opened for: is it right, what is new, what do I do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import age, counted
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import Records
from ansible_collections.disconnected.mirror.plugins.module_utils.report.steps import Step

GOOD, WARN, BAD = "good", "warn", "bad"


def answers(records: Records, state: str, failures: int, verified: Mapping[str, Any] | None, todo: Sequence[Step]) -> list[dict[str, Any]]:
    """In their order; each with a verdict, one sentence, and sentences of detail."""
    return [_right(records, state, failures, verified), _new(records), _next(todo)]


def _answer(question: str, verdict: str, text: str, details: Sequence[str] = ()) -> dict[str, Any]:
    return {"question": question, "verdict": verdict, "text": text, "details": list(details)}


def _right(records: Records, state: str, failures: int, verified: Mapping[str, Any] | None) -> dict[str, Any]:
    question = "Is it right?"
    run = records.run
    details = [_verified(verified)] if run is not None and run.workflow != "mirror_to_disk" else []
    images = counted(len(records.plan.images), "image")
    if state == "planned":
        return _answer(question, WARN, f"Not mirrored yet: {images} planned.")
    if state == "cancelled":
        return _answer(question, BAD, "No: the run was stopped before its end.", details)
    if state == "incomplete":
        return _answer(question, BAD, f"No: {counted(failures, 'failure')}. {_arrived(records)}", details)
    if verified is not None and not verified["clean"]:
        what = counted(verified["findings"], "difference") if verified["findings"] else "not all could be looked at"
        return _answer(question, BAD, f"No: the last verification says {what}.", details)
    if records.planned_anew:
        return _answer(question, WARN, "Of the plan before: a newer one has not been carried out yet.", details)
    what = (
        _carried(run)
        if run is not None and run.workflow == "mirror_to_disk"
        else f"Yes: {_all(len(records.plan.images))} of the plan {'is' if len(records.plan.images) == 1 else 'are'} in the mirror."
    )
    return _answer(question, GOOD, what, details)


def _all(number: int) -> str:
    return "the image" if number == 1 else f"all of the {number} images"


def _carried(run: Run) -> str:
    return (
        f"Yes: the archive has {_all(run.images)} that {'is' if run.images == 1 else 'are'} new."
        if run.archive
        else "Yes: nothing is new since the last archive."
    )


def _arrived(records: Records) -> str:
    counts = (records.result or {}).get("counts") or {}
    there = counts.get("images_copied", 0) + counts.get("images_present", 0)
    return f"{there} of {counted(counts.get('images_total', 0), 'image')} of this run are there." if counts else ""


def _verified(verified: Mapping[str, Any] | None) -> str:
    if verified is None:
        return "Never verified: this is by the run's own account."
    if not verified["clean"]:
        return f"Verified {verified['age']}, with findings."
    late = " That was before this run." if verified["before_run"] else ""
    return f"Verified {verified['age']} ({verified['level']}): no difference.{late}"


def _new(records: Records) -> dict[str, Any]:
    question = "What is new?"
    run = records.run
    if run is None:
        return _answer(question, WARN, "Nothing yet.")
    if not run.changed:
        last = next((each for each in reversed(records.runs) if each.changed), None)
        details = [f"The last change came {age(records.now - last.time)}."] if last is not None else []
        if run.state != "complete":
            return _answer(question, WARN, "Nothing arrived in this run.", details)
        return _answer(question, GOOD, "Nothing: this run found everything in place.", details)
    changes = records.changes
    if changes is None:
        return _answer(question, GOOD, f"{counted(run.copied, 'image')} copied; there is no plan before this one to compare with.")
    parts = [
        f"{way} {counted(changes[what][side]['total'], noun)}"
        for what, noun in (("releases", "release"), ("packages", "operator bundle"))
        for way, side in (("+", "added"), ("−", "removed"))
        if changes[what][side]["total"]
    ]
    parts += [f"{sign} {counted(changes[side]['total'], noun)}" for sign, side, noun in _IMAGES if changes[side]["total"]]
    return _answer(question, GOOD, f"{', '.join(parts)}." if parts else f"{counted(run.copied, 'image')} copied, the plan is as it was.")


_IMAGES = (("+", "added", "image"), ("−", "removed", "image"), ("↻", "moved", "tag"))


def _next(todo: Sequence[Step]) -> dict[str, Any]:
    due = [step for step in todo if step.due]
    if not due:
        return _answer("What do I do now?", GOOD, "Nothing.")
    verdict = BAD if due[0].kind == "run" else WARN
    return _answer("What do I do now?", verdict, f"{due[0].title}.", [f"Then: {step.title}." for step in due[1:]])
