# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import read_json
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import V1, Site

APP, TOOL, MULTI = "team/app:1", "team/tool:1", "team/multi:1"
# The two images that are given up here are more than half of a small mirror.
ALL = Guards(limits=Limits(percent=100))


@pytest.fixture(scope="module")
def source():
    with FakeRegistry() as registry:
        images.put(images.image("app"), registry.content, "team/app", "1")
        images.put(images.image("tool"), registry.content, "team/tool", "1")
        images.put(images.multi_arch("multi"), registry.content, "team/multi", "1")
        yield registry


@pytest.fixture
def site(source, target, tmp_path):
    site = Site(source.host, target.host, tmp_path / "workspace")
    assert site.mirror(APP, TOOL, MULTI).result.complete
    target.ledger.clear()
    return site


def manifests(target, name):
    repository = target.content.repositories.get(f"site/{name}")
    return set(repository.manifests) if repository else set()


def tree(path):
    found = {}
    for folder, _folders, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                found[file.name] = file.read()
    return found


def state(site):
    """Whether what the list names went, and how much of it did not."""
    listed = read_json(site.workspace.pruning_plan)
    return listed["state"], listed["left"]


def test_what_the_plan_no_longer_names_goes_and_all_else_stays(site, target):
    before = {name: manifests(target, name) for name in ("team/app", "team/tool", "team/multi")}
    run = site.prune(APP, TOOL, guards=ALL)
    assert run.changed and run.failures == ()
    assert {candidate.digest for candidate in run.gone} == before["team/multi"] and len(run.gone) == 3
    assert manifests(target, "team/multi") == set()
    assert (manifests(target, "team/app"), manifests(target, "team/tool")) == (before["team/app"], before["team/tool"])
    assert state(site) == ("carried_out", 0)
    again = site.prune(APP, TOOL, guards=ALL)
    assert not again.changed and again.gone == () and state(site) == ("carried_out", 0)


def test_what_could_not_be_deleted_is_told_by_the_list(site, target):
    target.inject(Fault(endpoint="manifest", method="DELETE", status=405, times=100))
    run = site.prune(APP, TOOL, guards=ALL)
    target.faults.clear()
    assert run.failures and state(site) == ("carried_out", 3)


def test_check_mode_lists_and_touches_nothing_else(site, target):
    before = tree(site.workspace.root)
    run = site.prune(APP, TOOL, check_mode=True, guards=ALL)
    assert run.changed and target.ledger.count("DELETE") == 0
    after = tree(site.workspace.root)
    assert set(after) - set(before) == {site.workspace.pruning_plan} and {name: after[name] for name in before} == before
    listed = json.loads(after[site.workspace.pruning_plan])
    assert listed == {
        "registry": target.host,
        "repositories": [{"name": "site/team/multi", "manifests": sorted(manifests(target, "team/multi"))}],
        "state": "predicted",
        "left": 0,
    }
    assert all("site/team/multi@sha256:" in line for line in run.diff["before"].splitlines()) and run.diff["after"] == ""


def test_a_mirror_run_alone_deletes_nothing(site, target):
    assert site.mirror(APP).result.complete
    assert target.ledger.count("DELETE") == 0 and len(manifests(target, "team/multi")) == 3


def test_more_than_the_limit_is_refused_before_anything_is_deleted(site, target):
    with pytest.raises(InputError, match="max_deletion_percent"):
        site.prune(APP)
    with pytest.raises(InputError, match="max_deletions"):
        site.prune(APP, TOOL, guards=Guards(limits=Limits(count=2)))
    assert target.ledger.count("DELETE") == 0 and state(site) == ("listed", 0)


def test_a_plan_without_images_is_refused(site, target):
    with pytest.raises(InputError, match="names no image at all"):
        site.prune(imageset=site.imageset([]))
    assert target.ledger.count("DELETE") == 0


def test_what_could_not_be_planned_is_not_unwanted(site, target, source):
    source.inject(Fault(endpoint="manifest", repository="team/multi", status=500, times=100))
    try:
        run = site.prune(APP, TOOL, MULTI, guards=ALL)
    finally:
        source.faults.clear()
    assert not run.changed and len(manifests(target, "team/multi")) == 3
    assert "left for now" in run.warnings[0]


def test_what_waits_for_its_successor_stays(site, source, target):
    """The image moved at the source and the new one was planned, but not mirrored yet."""
    old = set(manifests(target, "team/tool"))
    images.put(images.image("tool, again"), source.content, "team/tool", "1")
    try:
        run = site.prune(APP, TOOL, MULTI, guards=ALL)
        assert not run.changed and manifests(target, "team/tool") == old
        foreseen = site.prune(APP, TOOL, MULTI, check_mode=True, after_mirroring=True, guards=ALL)
        assert {candidate.digest for candidate in foreseen.gone} == old and foreseen.warnings == ()
        assert site.mirror(APP, TOOL, MULTI).result.complete
        run = site.prune(APP, TOOL, MULTI, guards=ALL)
    finally:
        images.put(images.image("tool"), source.content, "team/tool", "1")
    assert {candidate.digest for candidate in run.gone} == old and len(manifests(target, "team/tool")) == 1


def test_tags_of_others_and_protected_images_survive_and_are_told(site, target):
    images.put(images.image("theirs"), target.content, "site/team/multi", "theirs")
    target.content.create("site/team/tool").tags["pinned"] = next(iter(manifests(target, "team/tool")))
    run = site.prune(APP, guards=Guards(protect=("multi",), limits=Limits(percent=100)))
    assert not run.changed and target.ledger.count("DELETE") == 0
    assert {spared.reason for spared in run.judgement.spared} == {"protected by multi", "the tag site/team/tool:pinned needs it"}
    # They are looked at again next time.
    assert site.prune(APP, guards=ALL).changed


def test_another_image_set_at_the_same_place_keeps_its_images(site, target, source, tmp_path):
    other = Site(source.host, target.host, tmp_path / "other")
    assert other.mirror(MULTI).result.complete
    run = site.prune(APP, TOOL, guards=ALL)
    assert not run.changed and len(manifests(target, "team/multi")) == 3


def test_a_tag_that_outlives_its_image_set_is_still_known_as_ours(source, target, tmp_path):
    """Two names of one content: the first is given up while the second needs the content, then the second."""
    images.put(images.image("app"), source.content, "team/app", "2")
    site = Site(source.host, target.host, tmp_path / "workspace")
    assert site.mirror(APP, "team/app:2", TOOL).result.complete
    assert not site.prune("team/app:2", TOOL, guards=ALL).changed
    assert not site.prune("team/app:2", TOOL, guards=ALL).changed
    run = site.prune(TOOL, guards=ALL)
    assert run.changed and manifests(target, "team/app") == set() and run.judgement.spared == ()


def test_plans_to_keep_are_heeded(site, target, source, tmp_path):
    other = Site(source.host, target.host, tmp_path / "other")
    other.plan(MULTI)
    run = site.prune(APP, TOOL, guards=Guards(keep_plans=(other.workspace.plan,), limits=Limits(percent=100)))
    assert not run.changed and len(manifests(target, "team/multi")) == 3


def test_a_registry_that_does_not_delete_is_told_in_words_and_asked_again_next_time(source, tmp_path):
    with FakeRegistry(dialect=dialects.DISTRIBUTION_NO_DELETE) as target:
        site = Site(source.host, target.host, tmp_path / "workspace")
        assert site.mirror(APP, TOOL, MULTI).result.complete
        for _turn in range(2):
            run = site.prune(APP, TOOL, guards=ALL)
            assert not run.changed and [failure.code for failure in run.failures] == ["unsupported"]
            assert "storage.delete.enabled" in run.failures[0].advice
        assert target.ledger.count("DELETE") == 2


def test_what_was_deleted_is_mirrored_again_when_it_is_wanted_again(site, target):
    before = manifests(target, "team/multi")
    assert site.prune(APP, TOOL, guards=ALL).changed
    assert site.mirror(APP, TOOL, MULTI).result.complete
    assert manifests(target, "team/multi") == before


def test_only_image_sets_of_the_first_generation_prune_by_themselves(source, target, tmp_path):
    for version, deletes in ((V1, True), ("v2alpha1", False)):
        site = Site(source.host, target.host, tmp_path / version, version, version=version)
        assert site.mirror(APP, MULTI).result.complete
        assert site.prune(APP, only_v1=True, guards=ALL).changed is deletes


def test_the_space_is_what_only_the_deleted_images_had(site, source):
    run = site.prune(APP, TOOL, guards=ALL)
    multi = images.multi_arch("multi")
    expected = sum(len(each.content) for each in multi.everything()) + sum(len(blob) for blob in multi.all_blobs().values())
    assert run.freed == expected


def test_the_far_side_prunes_by_the_plan_of_the_last_archive(source, target, tmp_path):
    near = Site(source.host, target.host, tmp_path / "near", version=V1)
    far = Site(source.host, target.host, tmp_path / "far")
    images.put(images.image("more"), source.content, "team/more", "1")
    folders = [str(tmp_path / name) for name in ("first", "second")]
    for folder, names in zip(folders, ((APP, TOOL, MULTI), (APP, TOOL, "team/more:1"))):
        os.makedirs(folder)
        assert mirror_to_disk(ToDiskRequest(near.planning(*names), folder), {}).archive_id
    load(far, folders[0])
    request = PruneRequest(far.planning(archive=folders[1]), far.destination, only_v1=True, guards=ALL)
    foreseen = prune(request, {}, check_mode=True)
    assert {candidate.repository for candidate in foreseen.gone} == {"site/team/multi"} and target.ledger.count("DELETE") == 0
    load(far, folders[1])
    done = prune(PruneRequest(far.planning(), far.destination, only_v1=True, guards=ALL), {})
    assert done.gone == foreseen.gone and manifests(target, "team/multi") == set()
    # The registry's own record forgets them too, and goes on to take what follows.
    assert load(far, folders[1]).complete and not prune(PruneRequest(far.planning(), far.destination, guards=ALL), {}).changed


def load(site, folder):
    run = disk_to_mirror(FromDiskRequest(site.planning(archive=folder), site.destination), {})
    assert run.complete
    return run


def test_nothing_is_remembered_so_nothing_is_deleted(source, target, tmp_path):
    images.put(images.image("theirs"), target.content, "site/team/app", "1")
    run = Site(source.host, target.host, tmp_path / "new").prune(TOOL, guards=ALL)
    assert not run.changed and run.judgement.doomed == () and target.ledger.count("DELETE") == 0
