# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The report of a workspace: a page, its value, and its tables, made of what runs left there."""

from __future__ import annotations

import glob
import os
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report import contents, images
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.report.page.page import page
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import File, Records
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import SCHEMA, summary
from ansible_collections.disconnected.mirror.plugins.module_utils.report.tables import tables
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.changes import identity_of, kept_changes
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import latest_path, latest_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.run_log import read_runs
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.working_place import working_place
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult

# What is told by every run anew, though the mirror is the same.
_PASSING = ("generated", "answers", "steps", "run", "history", "verification", "pruning", "images")


@dataclass(frozen=True)
class ReportRun:
    """changed: whether the report says, or would say, something else of the mirror; that another run was noted is no change.

    path: of the page.  report: its value.
    """

    changed: bool
    path: str
    report: dict[str, Any]


def write_report(workspace: Workspace, check_mode: bool = False) -> ReportRun:
    """Writes what the workspace knows; in check mode says whether that would be something else.

    Raises InputError (nothing was planned), Locked, StorageError, Incompatible.
    """
    if not latest_path(workspace) and not read_runs(workspace):
        raise InputError("nothing was planned in this workspace", subject=workspace.root, advice="Plan or mirror first.")
    with working_place(workspace, "mirror_report", check_mode):
        records = gathered(workspace)
        graphs = contents.update_graphs(records.plan)
        report = summary(records, graphs)
        changed = _differs(workspace, report)
        if not check_mode:
            files.write(workspace.report_page, page(report, graphs).encode("utf-8", "backslashreplace"))
            for name, content in tables(report, images.images(records.plan, records.result), records.failures).items():
                files.write(os.path.join(workspace.report_tables, name), content)
            files.write_json(workspace.report, report)
        return ReportRun(changed, workspace.report_page, report)


def gathered(workspace: Workspace) -> Records:
    """Raises InputError, StorageError, Incompatible."""
    # A run may have ended before anything was planned.
    plan = latest_plan(workspace) or Plan()
    runs, identity = read_runs(workspace), identity_of(plan)
    return Records(
        plan=plan,
        shelf=Shelf(workspace.manifests),
        now=int(time.time()),
        root=workspace.root,
        identity=identity,
        runs=runs,
        result=_result(workspace, plan, runs),
        # Of this plan; the last run may have carried out another one.
        changes=kept_changes(workspace, plan) if not runs or runs[-1].plan == identity else None,
        verification=_document(workspace.verification),
        verified=_time(workspace.verification),
        pruning=_document(workspace.pruning_plan),
        pruned=_time(workspace.pruning_plan),
        resources=_files(workspace.cluster_resources),
        pins=tuple(sorted(map(os.path.basename, glob.glob(os.path.join(glob.escape(workspace.results), "isc_pinned_*.yaml"))))),
    )


def _result(workspace: Workspace, plan: Plan, runs: tuple[Run, ...]) -> Any:
    """Of the last run; one that found nothing to write left no document of its own."""
    if runs and runs[-1].problem is not None:
        return TransferResult((), left_out=(runs[-1].problem,)).document()
    if runs and not runs[-1].changed and not runs[-1].images:
        return TransferResult((), left_out=plan.failures).document()
    return _document(workspace.last_run) if runs else None


def _document(path: str) -> Any:
    try:
        return files.read_json(path)
    except FileNotFoundError:
        return None


def _time(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def _files(folder: str) -> tuple[File, ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(
                sorted(
                    (_file(entry) for entry in entries if entry.is_file() and not entry.name.startswith(".")), key=lambda file: file.name
                )
            )
    except FileNotFoundError:
        return ()


def _file(entry: os.DirEntry[str]) -> File:
    found = entry.stat()
    return File(entry.name, found.st_size, found.st_mtime)


def _differs(workspace: Workspace, report: dict[str, Any]) -> bool:
    before = _document(workspace.report)
    if not isinstance(before, dict) or before.get("schema") != SCHEMA or not os.path.exists(workspace.report_page):
        return True
    return any(before.get(name) != value for name, value in report.items() if name not in _PASSING)
