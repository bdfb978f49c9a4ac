# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a workspace, by the module, after real runs."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import mirror_report
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import read_json, write_json
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import MOST_KEPT
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site


@pytest.fixture
def site(tmp_path):
    with FakeRegistry() as source, FakeRegistry() as target:
        for name in ("app", "other"):
            images.put(images.image(name), source.content, f"team/{name}", "1")
        yield Site(source.host, target.host, tmp_path / "workspace")


def report(path="", check_mode=False, fleet=""):
    return mirror_report.run({"workspace": str(path) or None, "fleet": str(fleet) or None}, check_mode)


def test_the_report_changes_with_the_mirror_and_not_with_every_run(site):
    root = site.workspace.root
    site.mirror("team/app:1")
    assert report(root, check_mode=True).changed and not os.path.exists(site.workspace.report_page)
    first = report(root)
    assert first.changed and first.values["state"] == "complete" and first.values["path"] == site.workspace.report_page
    assert [answer["verdict"] for answer in first.values["answers"]] == ["good", "good", "warn"]
    assert not report(root).changed and not report(root, check_mode=True).changed
    site.mirror("team/app:1")
    again = report(root)
    assert not again.changed and again.values["answers"][1]["text"] == "Nothing: this run found everything in place."
    assert [run["changed"] for run in read_json(site.workspace.report)["history"]] == [True, False]
    site.mirror("team/app:1", "team/other:1", "team/gone:1")
    failed = report(root)
    assert failed.changed and failed.values["state"] == "incomplete" and failed.values["answers"][0]["verdict"] == "bad"
    assert "1 failure" in failed.values["answers"][0]["text"]


def test_the_tables_lie_beside_it(site):
    site.mirror("team/app:1")
    report(site.workspace.root)
    names = {f"{name}.{kind}" for name in ("images", "operators", "releases", "failures", "runs") for kind in ("csv", "json")}
    assert set(os.listdir(site.workspace.report_tables)) == names
    (row,) = read_json(os.path.join(site.workspace.report_tables, "images.json"))
    assert row["origin"].endswith("team/app:1") and row["outcome"] == "copied"


def test_only_resources_are_listed_as_files_to_apply(site):
    site.mirror("team/app:1")
    write_cluster_resources(ResourcesRequest(site.planning(), site.destination), {})
    report(site.workspace.root)
    apply = next(step for step in read_json(site.workspace.report)["steps"] if step["kind"] == "apply")
    assert [each["name"] for each in apply["files"]] == ["itms-oc-mirror.yaml"]


def test_a_plan_that_waits_is_told(site):
    site.plan("team/app:1")
    planned = report(site.workspace.root)
    assert planned.values["state"] == "planned" and planned.values["answers"][0]["verdict"] == "warn"
    site.mirror("team/app:1")
    site.plan("team/app:1", "team/other:1")
    assert "has not been carried out" in report(site.workspace.root).values["answers"][0]["text"]


def test_nothing_was_planned(tmp_path):
    with pytest.raises(InputError, match="nothing was planned"):
        report(tmp_path)


def test_a_log_of_runs_that_cannot_be_read_costs_its_memory_only(site):
    site.mirror("team/app:1")
    for content in ({"runs": 5}, [], {"runs": [{"time": -1}]}):
        write_json(site.workspace.run_log, content)
        site.mirror("team/app:1")
        assert len(write_report(site.workspace).report["history"]) == 1
    kept = read_json(site.workspace.run_log)
    write_json(site.workspace.run_log, {**kept, "runs": kept["runs"] * (MOST_KEPT + 5)})
    site.mirror("team/app:1")
    assert len(read_json(site.workspace.run_log)["runs"]) == MOST_KEPT
    assert len(write_report(site.workspace).report["history"]) == 20


def test_an_index_over_many_hosts(site, tmp_path):
    site.mirror("team/app:1")
    report(site.workspace.root)
    value = read_json(site.workspace.report)
    fleet = tmp_path / "fleet"
    write_json(str(fleet / "east" / "report.json"), value)
    write_json(str(fleet / "west <b>" / "report.json"), {**value, "state": "incomplete"})
    found = report(fleet=fleet)
    assert found.changed and found.values["hosts"] == 2 and found.values["state"] == "incomplete"
    assert not report(fleet=fleet).changed
    (fleet / "north").mkdir()
    (fleet / "north" / "report.json").write_text('{"schema": 1}')
    (fleet / "empty").mkdir()
    assert report(fleet=fleet, check_mode=True).changed
    assert report(fleet=fleet).values["hosts"] == 3
    text = (fleet / "fleet.html").read_text()
    assert text.index("north/report.html") < text.index("east/report.html") < text.index("west%20%3Cb%3E/report.html")
    assert "Its report cannot be read" in text and "<b>" not in text and "1 of 3 mirrors needs attention" in text
    assert text.count("Yes: the image of the plan is in the mirror.") == 2


def test_no_report_was_fetched(tmp_path):
    with pytest.raises(InputError, match="there is no HOST/report.json"):
        report(fleet=tmp_path / "nowhere")


def test_the_workspace_of_a_report_is_only_read(site):
    site.mirror("team/app:1")
    before = {path: os.stat(path).st_mtime_ns for path in _paths(site.workspace)}
    report(site.workspace.root, check_mode=True)
    assert {path: os.stat(path).st_mtime_ns for path in _paths(site.workspace)} == before


def _paths(workspace: Workspace):
    return [os.path.join(folder, name) for folder, _folders, names in os.walk(workspace.root) for name in names]


def test_what_ended_a_run_before_it_came_to_an_image_is_its_report(site):
    with FakeRegistry() as gone:
        nowhere = Site(gone.host, gone.host, site.workspace.root)
    with pytest.raises(Unreachable):
        nowhere.mirror("team/app:1")
    found = report(site.workspace.root)
    assert found.values["state"] == "incomplete" and found.values["answers"][2]["text"] == "Correct what failed, and run again."
    (group,) = read_json(site.workspace.report)["failures"]["groups"]
    assert group["code"] == "unreachable" and nowhere.source in group["listed"][0]["message"]
    site.mirror("team/app:1")
    assert report(site.workspace.root).values["state"] == "complete"
