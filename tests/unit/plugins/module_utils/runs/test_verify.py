# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of drift is found and named; a repair pushes what is missing and nothing else."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import read_json
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import at_destination
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import BLOBS, CONTENT, MANIFESTS, Part
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
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


def corrupt_manifest(target):
    found = repository(target, "team/tool")
    digest = found.tags["1"]
    media_type, content = found.manifests[digest]
    found.manifests[digest] = (media_type, content.replace(b"schemaVersion", b"SchemaVersion"))


def test_what_a_push_cannot_mend_is_told_and_left(site, target):
    add_tag(target)
    run = site.verify(level=CONTENT, repair=True)
    assert run.left.counts() == {"foreign_tag": 1} and not run.changed and uploads(target) == 0


@pytest.mark.parametrize("damage", [corrupt_blob, corrupt_manifest])
def test_what_is_corrupt_is_written_over_and_read_again(site, target, damage):
    damage(target)
    digest = layer_of(images.image("tool"))
    run = site.verify(level=CONTENT, repair=True)
    assert run.changed and run.left.clean and run.replaced == ()
    assert images.image("tool").blobs[digest] == target.content.blobs[digest]
    if damage is corrupt_blob:
        assert sum(entry.path.endswith(digest) for entry in target.ledger.entries("GET", "blob")) == 2


@pytest.mark.parametrize(("damage", "kind"), [(corrupt_blob, "corrupt_blob"), (corrupt_manifest, "corrupt_manifest")])
def test_a_registry_that_keeps_its_bytes_is_never_called_whole(site, target, damage, kind):
    target.content.keeps = True
    damage(target)
    run = site.verify(level=CONTENT, repair=True)
    assert set(run.left.counts()) == {kind} and not run.left.clean and not run.changed
    told = [finding.message for finding in run.left.findings if finding.name.startswith("sha256:")]
    assert all("docker/registry/v2/blobs/sha256/" in message and "replace_corrupt" in message for message in told)


@pytest.mark.parametrize("damage", [corrupt_blob, corrupt_manifest])
def test_on_request_what_is_corrupt_is_removed_before_it_is_written(site, target, damage):
    """Whoever else has a tag on the same manifest has it afterwards, too."""
    target.content.keeps = True
    found = repository(target, "team/tool")
    found.tags["theirs"] = found.tags["1"]
    before = target.content.snapshot()
    damage(target)
    ignored = frozenset(["foreign_tag"])
    foreseen = site.verify(APP, TOOL, MULTI, level=CONTENT, repair=True, replace_corrupt=True, check_mode=True, ignore=ignored)
    assert foreseen.changed and target.ledger.count("DELETE") == 0
    done = site.verify(level=CONTENT, repair=True, replace_corrupt=True, ignore=ignored)
    assert done.left.clean and done.changed and done.replaced == foreseen.replaced and not done.failures
    kinds = [line.split()[0] for line in done.replaced]
    assert kinds == (["manifest", "blob"] if damage is corrupt_blob else ["manifest"])
    assert target.content.snapshot() == before and site.verify(level=CONTENT, ignore=ignored).left.clean


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
    assert read_json(site.workspace.verification)["part"] == {"number": 3, "count": 3}
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


@pytest.mark.parametrize("damage", ["lost", "other bytes"])
def test_the_list_of_what_refers_to_an_image_is_made_again(target, tmp_path, damage):
    """Registries without a list of their own keep it under a tag, which is nobody's image."""
    with FakeRegistry(dialects.ZOT) as source:
        app = images.image("app")
        images.put(app, source.content, "team/app", "1")
        images.put(images.artifact("sbom", app), source.content, "team/app")
        site = Site(source.host, target.host, tmp_path / "workspace")
        assert site.mirror(APP).result.complete
        target.content.keeps = True
        found = repository(target, "team/app")
        tag = f"sha256-{app.digest.hex}"
        if damage == "lost":
            del found.tags[tag]
        else:
            media_type, content = found.manifests[found.tags[tag]]
            found.manifests[found.tags[tag]] = (media_type, content.replace(b"schemaVersion", b"SchemaVersion"))
        seen = site.verify()
        assert set(seen.found.counts()) == {"missing_referrer" if damage == "lost" else "corrupt_manifest"}
        assert site.verify(APP, repair=True, check_mode=True).changed
        mended = site.verify(repair=True)
        assert mended.changed and mended.left.clean and mended.mended == 1 and site.verify().found.clean


def test_what_a_repair_brought_is_recorded_here_and_at_the_registry(site, source, target):
    """A run that failed for one image, and a repair that brought it: archives and pruning count on it."""
    built = images.image("late")
    images.put(built, source.content, "team/late", "1")
    layer = source.content.blobs.pop(layer_of(built))
    assert site.mirror("team/app:1", "team/late:1").result.count("failed") == 1
    before = site.history()
    assert "team/late" not in {entry.path for entry in before.associations}
    source.content.blobs[layer_of(built)] = layer
    run = site.verify(repair=True)
    assert run.left.clean and run.changed
    after = site.history()
    assert {entry.path for entry in after.associations} >= {"team/app", "team/late"} and after.sequence == before.sequence
    assert at_destination(site.registry, site.destination).read(after.uid) == after.document()


def test_nothing_is_called_clean_that_was_not_looked_at(site, source):
    site.mirror("team/app:1")
    other = Site(source.host, site.destination.host, f"{site.workspace.root}-other")
    other.plan("team/gone:1")
    other.verify()
    found = read_json(other.workspace.verification)
    assert found["images"] == 0 and found["clean"] is False
    assert [failure["subject"] for failure in found["failures"]] == [f"{source.host}/team/gone:1"]
