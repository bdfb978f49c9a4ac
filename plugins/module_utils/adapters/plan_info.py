# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""plan_info: questions to plans, results and archives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED, trusted_keys
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan_info import DOCUMENTS, PLAN, Question, answer, path_of

ARGUMENTS: dict[str, Any] = {
    "document": {"type": "str", "choices": list(DOCUMENTS), "default": PLAN},
    "workspace": {"type": "path"},
    "path": {"type": "str"},
    "query": {"type": "str"},
    "max_bytes": {"type": "int", "default": 256 * 1024},
    **TRUSTED,
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """plan_info."""
    if params["max_bytes"] <= 0:
        raise InputError("max_bytes must be above 0", subject="max_bytes")
    path = params["path"] or ""
    question = Question(
        document=params["document"],
        workspace=Workspace(params["workspace"]) if params["workspace"] else None,
        path=directory_of(path) if path else "",
        query=params["query"] or "",
        most=params["max_bytes"],
        trusted=trusted_keys(params["archive_trusted_keys"]),
    )
    return Outcome(changed=False, values={"answer": answer(question), "path": path_of(question)})
