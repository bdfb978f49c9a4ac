# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The runs of a workspace, the last ones, for the report's history."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import MOST_KEPT, Run

SCHEMA = "disconnected.mirror/runs/1"


def read_runs(workspace: Workspace) -> tuple[Run, ...]:
    """Oldest first; none where there is no log, or none that can be read: it is a memory, and nothing is decided by it."""
    try:
        return tuple(Run.of(item) for item in Shape(files.read_json(workspace.run_log)).member("runs").items())
    except (FileNotFoundError, StorageError, InputError):
        return ()


def keep_run(workspace: Workspace, run: Run) -> None:
    """Raises StorageError."""
    kept = (*read_runs(workspace), run)[-MOST_KEPT:]
    files.write_json(workspace.run_log, {"schema": SCHEMA, "runs": [each.document() for each in kept]})
