# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run leaves for people to read: every image's result, and the value behind the report page."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Optional, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import Diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.changes import changes
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult


def keep_results(
    workspace: Workspace, plan: Plan, shelf: Shelf, workflow: str, place: str, result: TransferResult, failures: Sequence[Failure]
) -> str:
    """Writes the document of the last run, and the report's value when there is something new to report; the document's path.

    place: where the images went, for the report.  Raises StorageError.
    """
    path = workspace.last_run
    document = {**result.document(), "failures": [failure.document() for failure in failures]}
    files.write_json(path, document)
    # What a run that changed nothing could report is what the last one did.
    if result.changed or failures or not os.path.exists(workspace.report):
        now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        files.write_json(workspace.report, summary(plan, shelf, workflow, place, now, document, _changes(workspace, plan)))
    return path


def keep_changes(workspace: Workspace, plan: Plan, difference: Diff) -> None:
    """Writes what a plan changed, for the report of the run that carries it out.  Raises StorageError."""
    files.write_json(workspace.changes, {"plan": _digest(plan), "changes": changes(difference)})


def _changes(workspace: Workspace, plan: Plan) -> Optional[Dict[str, Any]]:
    """Of this very plan; another one's are nobody's business."""
    try:
        kept = files.read_json(workspace.changes)
    except FileNotFoundError:
        return None
    return kept["changes"] if isinstance(kept, dict) and kept.get("plan") == _digest(plan) else None


def _digest(plan: Plan) -> str:
    return Digest.of(files.json_bytes(plan.document()))
