# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends before it has results has its end as its report."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.run_log import keep_run, read_runs
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report

PLACE = "docker://mirror.example.com/ocp"


@pytest.fixture
def workspace(tmp_path):
    return Workspace(str(tmp_path / "workspace"))


def fail(workspace, check_mode=False, before=lambda: None):
    with pytest.raises(Unreachable):
        with reported(workspace, "mirror_to_mirror", PLACE, check_mode):
            before()
            raise Unreachable("no answer", subject="mirror.example.com", advice="Start it.", host="mirror.example.com")


def test_the_reason_is_the_report(workspace):
    fail(workspace)
    report = write_report(workspace).report
    assert (report["state"], report["destination"], report["workflow"]) == ("incomplete", PLACE, "mirror_to_mirror")
    (group,) = report["failures"]["groups"]
    assert [(failure["message"], failure["advice"]) for failure in group["listed"]] == [("no answer", "Start it.")]
    assert not os.path.exists(workspace.last_run)


def test_each_end_is_noted_once_and_not_after_what_the_run_noted_itself(workspace):
    fail(workspace)
    fail(workspace)
    assert [run.problem.code for run in read_runs(workspace)] == ["unreachable", "unreachable"]
    noted = Run(1, "mirror_to_mirror", PLACE, "p", "incomplete", True)
    fail(workspace, before=lambda: keep_run(workspace, noted))
    assert read_runs(workspace)[-1] == noted and len(read_runs(workspace)) == 3


def test_check_mode_leaves_nothing_and_what_cannot_be_written_hides_nothing(workspace, tmp_path):
    fail(workspace, check_mode=True)
    assert not os.path.exists(workspace.root)
    (tmp_path / "file").write_text("")
    fail(Workspace(str(tmp_path / "file")))


def test_a_run_that_succeeds_reports_by_itself(workspace):
    with reported(workspace, "mirror_to_mirror", PLACE, False):
        pass
    assert not os.path.exists(workspace.root)
