# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan that failed never costs the last complete one, and what is planned once is not planned again."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import Target, plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import kept_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import V1, Site

NAMES = ("team/app:1", "team/app:2", "team/tool:1")


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        for name in NAMES:
            repository, _colon, tag = name.partition(":")
            images.put(images.image(name), registry.content, repository, tag)
        yield registry


@pytest.fixture
def site(source, target, tmp_path):
    return Site(source.host, target.host, tmp_path / "workspace")


def outage(source):
    """The source has lost everything; what it had."""
    before = dict(source.content.repositories)
    source.content.repositories.clear()
    return before


def test_an_outage_leaves_the_last_complete_plan_as_it_was(site, source):
    assert site.mirror(*NAMES).result.complete
    good = files.read(site.workspace.plan)
    had = outage(source)
    failed = site.plan(*NAMES)
    assert failed.changed and not failed.complete and len(failed.plan.failures) == 3
    assert files.read(site.workspace.plan) == good
    assert len(files.read_json(site.workspace.incomplete_plan)["failures"]) == 3
    assert not site.plan(*NAMES).changed

    # What the mirror holds was looked at, and is what the last complete plan says.
    verified = site.verify()
    assert verified.left.clean and verified.left.images == 3 and not verified.failures
    locked = site.plan(*NAMES, locked=True)
    assert locked.complete and not locked.plan.failures and not os.path.exists(site.workspace.incomplete_plan)
    assert files.read(site.workspace.plan) == good

    assert not site.plan(*NAMES).complete
    source.content.repositories.update(had)
    again = site.plan(*NAMES)
    assert again.complete and again.changed and again.difference.empty and not os.path.exists(site.workspace.incomplete_plan)


def test_nothing_is_called_whole_that_no_plan_ever_knew(site, source):
    assert site.mirror(NAMES[0]).result.complete
    assert not site.plan(NAMES[0], "team/gone:1").complete
    verified = site.verify()
    assert verified.left.images == 1 and [failure.subject for failure in verified.failures] == [f"{source.host}/team/gone:1"]


def test_the_latest_plan_is_carried_out_however_incomplete_and_an_allowed_failure_does_not_count(site, source):
    run = site.mirror(*NAMES, "team/gone:1")
    assert run.result.count(COPIED) == 3 and len(run.failures) == 1
    assert not os.path.exists(site.workspace.plan)
    assert site.plan(*NAMES, "team/gone:1", allow_failures=("*/team/gone:*",)).complete
    assert len(kept_plan(site.workspace).images) == 3
    outage(source)
    # Whatever may fail: a plan of nothing is no good plan.
    assert not site.plan(*NAMES, allow_failures=("*",)).complete and len(kept_plan(site.workspace).images) == 3


def test_what_clusters_need_stays_in_an_outage(site, source):
    site.plan(*NAMES)
    request = ResourcesRequest(site.planning(), site.destination)
    before = write_cluster_resources(request, {})
    outage(source)
    site.plan(*NAMES)
    assert before.changed and not write_cluster_resources(request, {}).changed


def asked(registry):
    return Counter(entry.method for entry in registry.ledger.entries())


def test_a_run_that_planned_for_itself_asks_by_head_the_next_time(site, source):
    def run():
        source.ledger.clear()
        assert mirror(MirrorRequest(site.planning(*NAMES), site.destination), {}).result.complete
        return asked(source)

    assert run()["GET"] >= 3
    again = run()
    assert again["HEAD"] == 3 and not again["GET"]
    assert len(kept_plan(site.workspace).images) == 3


@pytest.mark.parametrize("version", [V1, "v2alpha1"])
def test_the_steps_of_a_check_plan_once(source, target, tmp_path, version):
    site = Site(source.host, target.host, tmp_path / "workspace", version=version)
    # One at a time, for what a registry can is found out as often as several ask it first.
    site.plan(*NAMES, parallel=1)
    planned = sum(asked(source).values())
    fresh = Site(source.host, target.host, tmp_path / "other", version=version)
    fresh.workspace = replace(fresh.workspace, stand_in=str(tmp_path / "check"))
    source.ledger.clear()
    run = plan_imageset(fresh.planning(*NAMES, parallel=1), {}, True, Target(str(fresh.destination)))
    assert run.changed and run.complete
    foreseen = mirror(MirrorRequest(fresh.planning(), fresh.destination), {}, True)
    assert foreseen.result.count(COPIED) == 3
    assert write_cluster_resources(ResourcesRequest(fresh.planning(), fresh.destination), {}, True).changed
    prune(PruneRequest(fresh.planning(), fresh.destination, after_mirroring=True), {}, True)
    assert sum(asked(source).values()) == planned
    assert not os.path.exists(fresh.workspace.root)


def test_only_an_empty_directory_stands_in(site, tmp_path):
    for place, words in ((site.workspace.root, "cannot replace itself"), (str(tmp_path), "no check has left")):
        site.plan(*NAMES)
        broken = replace(site.planning(*NAMES), workspace=Workspace(site.workspace.root, place))
        with pytest.raises(InputError, match=words):
            plan_imageset(broken, {}, True)
