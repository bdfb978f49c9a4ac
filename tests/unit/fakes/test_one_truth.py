# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of what runs leave finds each contradiction."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import read_json, write_json
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.one_truth import require_one_truth
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site


@pytest.fixture
def site(tmp_path):
    with FakeRegistry() as source, FakeRegistry() as target:
        images.put(images.image("app"), source.content, "team/app", "1")
        site = Site(source.host, target.host, tmp_path / "workspace")
        site.mirror("team/app:1", "team/gone:1")
        write_report(site.workspace)
        yield site


SUMMARY = "1 image: 1 copied, 0 were there, 0 failed, 1 could not be planned, 0 manifests pruned"


def test_a_run_tells_one_truth(site):
    assert read_json(site.workspace.last_run)["complete"] is False
    require_one_truth(site.workspace.root, SUMMARY, 0)


@pytest.mark.parametrize(
    "name, member, value",
    [
        ("last-run.json", "complete", True),
        ("last-run.json", "failures", []),
        ("status.json", "images", {"done": 33, "total": 29, "failed": 0}),
        ("status.json", "phase", "complete"),
        ("results/report.json", "state", "complete"),
        ("results/report.json", "counts", {"images": 2, "failures": 1}),
        ("results/report.json", "run", {"counts": {}}),
    ],
)
def test_contradictions_are_found(site, name, member, value):
    path = os.path.join(site.workspace.root, name)
    document = read_json(path)
    assert document[member] != value
    write_json(path, json.loads(json.dumps({**document, member: value})))
    with pytest.raises(AssertionError):
        require_one_truth(site.workspace.root, SUMMARY, 0)


def test_a_summary_that_says_something_else_is_found(site):
    with pytest.raises(AssertionError):
        require_one_truth(site.workspace.root, SUMMARY.replace("0 failed", "1 failed"), 0)
