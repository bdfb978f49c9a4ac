# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""mirror_report: the report of a workspace, or the index of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.fleet_page import write_fleet
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report

ARGUMENTS: dict[str, Any] = {"workspace": {"type": "path"}, "fleet": {"type": "path"}}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """mirror_report."""
    if params["fleet"]:
        written = write_fleet(params["fleet"], check_mode)
        return Outcome(
            changed=written.changed, values={"path": written.path, "answers": [], "state": written.state, "hosts": len(written.hosts)}
        )
    found = write_report(Workspace(params["workspace"]), check_mode)
    report = found.report
    return Outcome(changed=found.changed, values={"path": found.path, "answers": report["answers"], "state": report["state"], "hosts": 1})
