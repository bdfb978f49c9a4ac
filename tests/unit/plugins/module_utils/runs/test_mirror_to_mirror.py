# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from registry to registry: what its result tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import read_json
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        images.put(images.image("app"), registry.content, "team/app", "1")
        yield registry


def test_the_requests_of_both_ends_are_told(source, target, tmp_path):
    site = Site(source.host, target.host, tmp_path)
    site.plan("team/app:1")
    before = len(source.ledger)
    result = site.mirror("team/app:1").result
    assert result.complete and set(result.requests) == {"source", "destination"}
    # Of the source the transfer wants blobs alone; what planning asked is not counted.
    assert set(result.requests["source"]) == {"GET"}
    assert len(images.image("app").all_blobs()) <= result.requests["source"]["GET"] <= len(source.ledger) - before


def test_the_report_tells_what_came_and_what_went(source, target, tmp_path):
    for name in ("other", "third"):
        images.put(images.image(name), source.content, f"team/{name}", "1")
    site = Site(source.host, target.host, tmp_path / "workspace")

    def reported(*names):
        assert site.mirror(*names).result.complete
        found = write_report(site.workspace).report["changes"]
        return found and [found[way]["listed"] for way in ("added", "removed")]

    assert reported("team/app:1", "team/other:1") is None
    assert reported("team/app:1", "team/third:1") == [[f"{source.host}/team/third:1"], [f"{source.host}/team/other:1"]]
    # What one plan changed is not told of another one.
    kept = read_json(site.workspace.run_log)
    assert site.mirror("team/app:1", "team/third:1", check_mode=True).result.complete and read_json(site.workspace.run_log) == kept
    other = Site(source.host, target.host, tmp_path / "other")
    other.plan("team/other:1")
    request = MirrorRequest(site.planning(path=other.workspace.plan), site.destination)
    assert mirror(request, {}).result.complete and write_report(site.workspace).report["changes"] is None


@pytest.mark.parametrize("fault", [Fault(status=503), Fault(reset_at=0), Fault(reset_request_at=10), Fault(status=502, body="html")])
def test_one_fault_while_the_history_is_written_fails_nothing(source, target, tmp_path, fault):
    """Where the configuration keeps it, and at the destination."""
    site = Site(source.host, target.host, tmp_path)
    for repository in ("oc-mirror", "mirror/oc-mirror"):
        target.inject(replace(fault, method="PUT", endpoint="upload", repository=repository))
    run = site.mirror("team/app:1")
    assert run.result.complete and not run.failures and not [text for text in run.warnings if "history" in text]
    assert any(name.endswith("oc-mirror") for name in target.content.repositories)
