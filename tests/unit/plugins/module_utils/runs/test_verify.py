# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of drift is found and named; a repair pushes what is missing and nothing else."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import BLOBS, CONTENT, MANIFESTS, Part
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

APP, TOOL, MULTI = "team/app:1", "team/tool:1", "team/multi:1"


@pytest.fixture
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
    source.ledger.clear()
    target.ledger.clear()
    return site


def repository(target, name):
    return target.content.repositories[f"site/{name}"]


def layer_of(built):
    return built.document()["layers"][0]["digest"]


def lose_manifest(target):
    instance = images.multi_arch("multi").children[1]
    del repository(target, "team/multi").manifests[instance.digest]


def lose_tag(target):
    del repository(target, "team/app").tags["1"]


def move_tag(target):
    images.put(images.image("intruder"), target.content, "site/team/app", "1")


def lose_blob(target):
    digest = layer_of(images.image("tool"))
    repository(target, "team/tool").blobs.discard(digest)
    del target.content.blobs[digest]


def corrupt_blob(target):
    digest = layer_of(images.image("tool"))
    target.content.blobs[digest] = b"\x00" + target.content.blobs[digest][1:]


def add_tag(target):
    images.put(images.image("intruder"), target.content, "site/team/app", "theirs")


def uploads(target):
    return target.ledger.count("POST", "upload") + target.ledger.count("PUT", "manifest")


@pytest.mark.parametrize("level", [MANIFESTS, BLOBS, CONTENT])
def test_a_whole_mirror_has_no_findings(site, source, target, level):
    run = site.verify(level=level)
    assert run.found.clean and run.left.clean and not run.changed and run.found.images == 3
    assert len(source.ledger) == 0 and uploads(target) == 0
    with open(run.path, encoding="utf-8") as file:
        assert json.load(file)["clean"] is True


@pytest.mark.parametrize(
    ("damage", "level", "kind", "name", "blobs"),
    [
        (lose_manifest, MANIFESTS, "missing_instance", "team/multi", 0),
        (lose_tag, MANIFESTS, "missing_tag", "team/app", 0),
        (move_tag, MANIFESTS, "moved_tag", "team/app", 0),
        (lose_blob, BLOBS, "missing_blob", "team/tool", 1),
    ],
)
def test_damage_is_found_and_only_that_is_pushed(site, target, source, damage, level, kind, name, blobs):
    damage(target)
    seen = site.verify(level=level)
    assert [(finding.kind, finding.repository) for finding in seen.found.findings] == [(kind, f"site/{name}")]
    assert not seen.changed and uploads(target) == 0
    foreseen = site.verify(APP, TOOL, MULTI, level=level, repair=True, check_mode=True)
    assert foreseen.repaired.count("copied") == 1 and uploads(target) == 0 and not foreseen.left.clean
    source.ledger.clear()
    mended = site.verify(level=level, repair=True)
    assert mended.changed and mended.left.clean and mended.repaired.complete
    assert source.ledger.count("GET", "blob") == mended.repaired.blobs["copied"] == blobs
    # An image's manifests are small and come together; those of other images are not touched.
    assert {exchange.repository for exchange in target.ledger.entries("PUT", "manifest")} == {f"site/{name}"}
    assert site.verify(level=CONTENT).left.clean


@pytest.mark.parametrize(("damage", "kind"), [(corrupt_blob, "corrupt_blob"), (add_tag, "foreign_tag")])
def test_what_a_push_cannot_mend_is_told_and_left(site, target, damage, kind):
    damage(target)
    run = site.verify(level=CONTENT, repair=True)
    assert run.left.counts() == {kind: 1} and not run.changed and uploads(target) == 0


def test_a_kind_that_does_not_matter_is_left_out(site, target):
    add_tag(target)
    assert site.verify(ignore=frozenset(["foreign_tag"])).left.clean


def test_tags_of_earlier_runs_and_of_other_image_sets_are_not_foreign(site, source, target, tmp_path):
    images.put(images.image("app 2"), source.content, "team/app", "2")
    images.put(images.image("app 3"), source.content, "team/app", "3")
    assert site.mirror("team/app:2").result.complete
    assert Site(source.host, target.host, tmp_path / "other").mirror("team/app:3").result.complete
    assert site.verify().found.clean


def test_parts_read_everything_once(site):
    sizes = [site.verify(level=CONTENT, part=Part(number, 3)).found.bytes_read for number in (1, 2, 3)]
    assert sum(sizes) == site.verify(level=CONTENT).found.bytes_read > 0


def test_a_repair_from_the_archives_needs_no_source(site, source, target, tmp_path):
    for names in ((APP,), (APP, TOOL, MULTI)):
        folder = str(tmp_path / "archive")
        os.makedirs(folder, exist_ok=True)
        mirror_to_disk(ToDiskRequest(site.planning(*names), folder, volume_size=GIB), {})
    source.stop()
    lose_blob(target)
    del repository(target, "team/app").tags["1"]
    lose_manifest(target)
    run = site.verify(level=BLOBS, repair=True, archive=str(tmp_path / "archive"))
    assert run.changed and run.left.clean, run.failures
    assert run.repaired.blobs["copied"] == 1
