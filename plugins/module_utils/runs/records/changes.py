# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan changed against the one before it: kept by planning for the report of the run that carries the plan out."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import Diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.changes import changes


def keep_changes(workspace: Workspace, plan: Plan, difference: Diff) -> None:
    """Raises StorageError."""
    files.write_json(workspace.changes, {"plan": identity_of(plan), "changes": changes(difference)})


def kept_changes(workspace: Workspace, plan: Plan) -> dict[str, Any] | None:
    """Of this very plan (`report.changes`); None where another one was kept, or none.  Raises StorageError."""
    try:
        kept = files.read_json(workspace.changes)
    except FileNotFoundError:
        return None
    return kept["changes"] if isinstance(kept, dict) and kept.get("plan") == identity_of(plan) else None


def identity_of(plan: Plan) -> str:
    """The digest of its document."""
    return Digest.of(files.json_bytes(plan.document()))
