# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run leaves for people to read: every image's result, and a line in the log of runs."""

from __future__ import annotations

import time

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Archive, Run
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.changes import identity_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.run_log import keep_run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED


def keep_results(
    workspace: Workspace, plan: Plan, workflow: str, place: str, result: TransferResult, archive: Archive | None = None
) -> str:
    """Writes the document of the last run and notes the run; the document's path.

    place: where the images went.  archive: that was written.  Raises StorageError.
    """
    path = workspace.last_run
    files.write_json(path, result.document())
    note_run(workspace, plan, workflow, place, result, archive)
    return path


def note_run(workspace: Workspace, plan: Plan, workflow: str, place: str, result: TransferResult, archive: Archive | None = None) -> None:
    """For the report's history.  Raises StorageError."""
    run = Run(
        time=int(time.time()),
        workflow=workflow,
        destination=place,
        plan=identity_of(plan),
        state="cancelled" if result.cancelled else "complete" if result.complete else "incomplete",
        changed=result.changed,
        images=len(result.images),
        copied=result.count(COPIED),
        failures=len(result.failures),
        size=result.size,
        duration=result.duration,
        archive=archive,
    )
    keep_run(workspace, run)
