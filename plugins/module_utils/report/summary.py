# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The value behind the report page: everything worth knowing about a mirror after a run, bounded in size (user-needs B11).

All numbers of the page are here, so that they agree; `report.page` writes them down and computes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import age
from ansible_collections.disconnected.mirror.plugins.module_utils.report import contents, failures, images, sizes
from ansible_collections.disconnected.mirror.plugins.module_utils.report.answers import answers
from ansible_collections.disconnected.mirror.plugins.module_utils.report.excerpt import excerpt
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.updates import Updates
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import MOST_SHOWN, outline
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import Records
from ansible_collections.disconnected.mirror.plugins.module_utils.report.signed_images import Signed, signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.report.steps import TO_DISK, pruning, steps

SCHEMA = "disconnected.mirror/report/2"


def summary(records: Records, graphs: Sequence[Updates]) -> dict[str, Any]:
    """The JSON value of a report.  graphs: of the plan (`contents.update_graphs`)."""
    plan, result = records.plan, records.result
    failed = records.failures
    state = _state(failed, result)
    signed = signatures(plan, records.shelf)
    verified = verification(records)
    todo = steps(records, verified)
    rows = images.images(plan, result)
    return {
        "schema": SCHEMA,
        "workflow": records.run.workflow if records.run else "",
        "destination": records.run.destination if records.run else "",
        "workspace": records.root,
        "generated": moment(records.now),
        "state": state,
        "answers": answers(records, state, len(failed), verified, todo),
        "steps": [step.document() for step in todo],
        "counts": _counts(records, signed, len(failed)),
        "run": _run(records),
        "sizes": sizes.sizes(plan, records.shelf),
        "releases": contents.releases(plan),
        "updates": contents.ways(graphs),
        "catalogs": contents.catalogs(plan),
        "charts": [dict(chart) for chart in plan.charts],
        "signatures": {
            "signed": signed.signed,
            "unsigned": excerpt(signed.unsigned),
            "built": signed.built,
            "attachments": signed.attachments,
        },
        "images": images.listed(rows),
        "failures": failures.grouped(failed),
        "warnings": excerpt(plan.warnings),
        "changes": records.changes,
        "verification": verified,
        "pruning": {**pruning(records.pruning), "time": moment(records.pruned)} if records.pruning is not None else None,
        "history": [outline(run).document() for run in records.runs[-MOST_SHOWN:]],
    }


def _state(failed: Sequence[object], result: Mapping[str, Any] | None) -> str:
    """planned, complete, incomplete or cancelled."""
    if result is None:
        return "incomplete" if failed else "planned"
    if result.get("cancelled"):
        return "cancelled"
    return "complete" if result.get("complete") and not failed else "incomplete"


def _counts(records: Records, signed: Signed, failed: int) -> dict[str, int]:
    """images: of the plan, attachments among them; the run counts its own."""
    plan = records.plan
    return {
        "images": len(plan.images),
        "attachments": signed.attachments,
        "releases": len(plan.releases),
        "signed_releases": sum(bool(release.get("signatures")) for release in plan.releases),
        "packages": sum(len(catalog.get("packages") or ()) for catalog in plan.catalogs),
        "catalogs": len(plan.catalogs),
        "charts": len(plan.charts),
        "failures": failed,
        "warnings": len(plan.warnings),
    }


def _run(records: Records) -> dict[str, Any] | None:
    run, result = records.run, records.result
    if run is None or result is None:
        return None
    return {
        "time": moment(run.time),
        "age": age(records.now - run.time),
        "changed": run.changed,
        "duration": run.duration,
        "counts": dict(result.get("counts") or {}),
        "requests": {end: dict(methods) for end, methods in (result.get("requests") or {}).items()},
    }


def verification(records: Records) -> dict[str, Any] | None:
    """What the last one said, and how old it is; None where there was none of this mirror."""
    found, run = records.verification, records.run
    if not isinstance(found, dict) or (run is not None and run.workflow != TO_DISK and found.get("destination") != run.destination):
        return None
    return {
        "clean": found.get("clean") is True,
        "complete": found.get("complete") is True,
        "level": _level(found),
        "ignored": [str(kind) for kind in found.get("ignored") or ()],
        "images": _number(found.get("images")),
        "blobs": _number(found.get("blobs")),
        "findings": len(found.get("findings") or ()),
        "counts": {str(kind): _number(count) for kind, count in (found.get("counts") or {}).items()},
        "time": moment(records.verified),
        "age": age(records.now - records.verified),
        "before_run": run is not None and run.changed and records.verified < run.began,
    }


def _level(found: Mapping[str, Any]) -> str:
    """With the part of the content that was read, where that was not all of it."""
    level, part = str(found.get("level") or ""), found.get("part")
    count = _number(part.get("count")) if isinstance(part, dict) else 1
    return f"{level}, part {_number(part['number'])} of {count}" if part and count > 1 else level


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
