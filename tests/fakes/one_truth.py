# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that a run leaves tells the same numbers: summary, last-run.json, report.json, report.html and status.json.

Every play of the tests is looked at (`playbook.play`).
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from typing import Any

OUTCOMES = ("copied", "present", "failed", "held", "pending")
_SUMMARY = re.compile(r"(\d+) images?: (\d+) copied, (\d+) were there, (\d+) failed,([^\"]*)")


def require_one_truth(workspace: str, text: str, began: float) -> None:
    """workspace: of the run.  text: what it printed.  began: seconds since 1970; what was not written since is of another run."""
    last = _written(os.path.join(workspace, "last-run.json"), began)
    if last is None:
        return
    counts = last["counts"]
    by_outcome = Counter(image["outcome"] for image in last["images"])
    assert counts["images_total"] == len(last["images"]) == sum(by_outcome.values())
    assert {outcome: counts[f"images_{outcome}"] for outcome in OUTCOMES} == {outcome: by_outcome[outcome] for outcome in OUTCOMES}
    told = sum("failure" in image for image in last["images"]) + counts["left_out"]
    assert told <= len(last["failures"]) <= told + 1
    assert all(("failure" in image) == (image["outcome"] == "failed") for image in last["images"])
    if last["complete"]:
        assert not last["failures"] and not last["cancelled"] and not by_outcome["failed"] + by_outcome["held"]
    _same_progress(_written(os.path.join(workspace, "status.json"), began), last)
    _same_report(workspace, began, last)
    _same_summary(text, counts)


def _same_progress(status: dict[str, Any] | None, last: dict[str, Any]) -> None:
    if status is None or status["phase"] not in ("complete", "incomplete"):
        return
    counts = last["counts"]
    done = counts["images_total"] - counts["images_pending"]
    assert status["images"] == {"done": done, "total": counts["images_total"], "failed": counts["images_failed"]}
    assert (status["phase"] == "complete") == last["complete"]


def _same_report(workspace: str, began: float, last: dict[str, Any]) -> None:
    report = _written(os.path.join(workspace, "results", "report.json"), began)
    if report is None:
        return
    counts = last["counts"]
    if report["run"] is None or not last["images"]:
        return
    assert report["run"]["counts"] == counts and report["counts"]["failures"] == len(last["failures"])
    assert report["counts"]["images"] == report["images"]["total"]
    signed = report["signatures"]
    assert signed["signed"] + signed["unsigned"]["total"] + signed["built"] + signed["attachments"] == report["counts"]["images"]
    assert report["failures"]["total"] == len(last["failures"])
    assert (report["state"] == "complete") == last["complete"]
    outcomes = {(image["origin"], image["digest"], tuple(image["tags"])): image["outcome"] for image in last["images"]}
    for image in report["images"]["listed"]:
        assert image["outcome"] == outcomes.get((image["origin"], image["digest"], tuple(image["tags"])), "")
    changes = report["changes"] or {}
    assert not set((changes.get("added") or {}).get("listed", ())) & set((changes.get("removed") or {}).get("listed", ()))
    path = os.path.join(workspace, "results", "report.html")
    if os.path.exists(path) and os.path.getmtime(path) >= began:
        with open(path, encoding="utf-8") as file:
            page = file.read()
        assert f"Images: {report['counts']['images']}<" in page and f"Of the {report['counts']['images']} image" in page
        assert not re.search(r"\b1 (images|failures|releases)\b", page)


def _same_summary(text: str, counts: dict[str, int]) -> None:
    for total, copied, present, failed, more in _SUMMARY.findall(text):
        assert (int(total), int(copied), int(present), int(failed)) == tuple(
            counts[f"images_{name}"] for name in ("total", "copied", "present", "failed")
        )
        left_out = re.search(r"(\d+) could not be planned", more)
        assert int(left_out.group(1) if left_out else 0) == counts["left_out"]


def _written(path: str, began: float) -> dict[str, Any] | None:
    if not os.path.exists(path) or os.path.getmtime(path) < began:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)
