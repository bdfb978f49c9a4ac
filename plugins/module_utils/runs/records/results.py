# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a run leaves for people to read: every image's result, and the value behind the report page."""

from __future__ import annotations

import os
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.summary import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.changes import kept_changes
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult


def keep_results(workspace: Workspace, plan: Plan, shelf: Shelf, workflow: str, place: str, result: TransferResult) -> str:
    """Writes the document of the last run, and the report's value when there is something new to report; the document's path.

    place: where the images went, for the report.  Raises StorageError.
    """
    path = workspace.last_run
    document = result.document()
    files.write_json(path, document)
    # What a run that changed nothing could report is what the last one did.
    if result.changed or result.failures or not os.path.exists(workspace.report):
        now = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        files.write_json(workspace.report, summary(plan, shelf, workflow, place, now, document, kept_changes(workspace, plan)))
    return path
