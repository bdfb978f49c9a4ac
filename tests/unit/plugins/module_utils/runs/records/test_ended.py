# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that ends before it has results has its end as its report."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported

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
    with open(workspace.report, encoding="utf-8") as file:
        report = json.load(file)
    assert (report["state"], report["destination"], report["workflow"]) == ("incomplete", PLACE, "mirror_to_mirror")
    assert [(failure["message"], failure["advice"]) for failure in report["failures"]["listed"]] == [("no answer", "Start it.")]
    assert not os.path.exists(workspace.last_run)


def test_an_older_report_is_replaced_and_one_of_this_run_is_not(workspace):
    fail(workspace)
    files.write_json(workspace.report, {"of": "an earlier run"})
    os.utime(workspace.report, (1, 1))
    fail(workspace)
    assert "of" not in json.loads(files.read(workspace.report))
    fail(workspace, before=lambda: files.write_json(workspace.report, {"of": "this run"}))
    assert json.loads(files.read(workspace.report)) == {"of": "this run"}


def test_check_mode_leaves_nothing_and_what_cannot_be_written_hides_nothing(workspace, tmp_path):
    fail(workspace, check_mode=True)
    assert not os.path.exists(workspace.root)
    (tmp_path / "file").write_text("")
    fail(Workspace(str(tmp_path / "file")))


def test_a_run_that_succeeds_reports_by_itself(workspace):
    with reported(workspace, "mirror_to_mirror", PLACE, False):
        pass
    assert not os.path.exists(workspace.root)
