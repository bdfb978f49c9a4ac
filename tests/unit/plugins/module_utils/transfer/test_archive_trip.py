# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a store into archives and from archives into another store, increment by increment."""

from __future__ import annotations

import itertools
import json
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.sequence import follows
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.check import require_sound
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Capabilities
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.archive_over_registry import Completed
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_export import pack
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_import import opened, prove_left_out
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

HOST = "registry.test"


def source():
    store = MemoryStore()
    for name in "abcde":
        store.add_image(f"{HOST}/team/{name}", "1", layers=[b"shared" * 500, name.encode() * 900], config=name.encode())
    amd, arm = (
        store.add_image(f"{HOST}/team/multi", layers=[b"shared" * 500, arch.encode()], config=arch.encode()) for arch in ("amd64", "arm64")
    )
    store.add_index(f"{HOST}/team/multi", [("linux/amd64", amd), ("linux/arm64", arm)], "1")
    return store


class Side:
    """The connected side: a workspace, and the history of what it shipped."""

    def __init__(self, folder, store):
        self.folder, self.store = folder, store
        self.history = History("archive")

    def ship(self, *names):
        mirror = {"additionalImages": [{"name": f"{HOST}/team/{name}"} for name in names]}
        imageset = parse({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror})
        workspace = Workspace(str(self.folder / "workspace"))
        plan = build_plan(imageset, Context(upstream=self.store, workspace=workspace))
        assert plan.failures == ()
        shelf = Shelf(workspace.manifests)
        packing = pack(plan, shelf, self.history, volume_size=1 << 20, uid="test-uid")
        folder = self.folder / f"out{packing.contents.sequence}"
        unfinished = UnfinishedSet(str(folder), packing.contents)
        unfinished.open(packing.documents)
        writer = ArchiveWriter(unfinished, packing.left_out)
        result = transfer(packing.images, Ends(self.store, writer, shelf))
        assert result.complete and writer.missing() == ()
        unfinished.finish()
        self.history = packing.history
        return folder


class Far:
    """The disconnected side: a registry and nothing else."""

    def __init__(self, folder, mounts=True):
        self.registry = MemoryStore()
        self.registry.capabilities = Capabilities(mount=mounts)
        self.folder = folder

    def load(self, folder):
        (found,) = find(str(folder))
        archive = ArchiveReader(found)
        require_sound(archive)
        load = opened(archive)
        memory = RegistryMemory(self.registry, "oc-mirror")
        stored = memory.read(archive.contents.uid)
        current = History.parse(stored).sequence if stored else 0
        if archive.contents.follows and not follows(archive.contents.sequence, current, subject=archive.name):
            return None
        shelf = Shelf(str(self.folder / "shelf"))
        images = [PlacedImage(image, f"ns/{image.destination}", image.tags) for image in load.plan.images]
        forecast = predict(images, Ends(archive, self.registry, shelf))
        missing = [entry.placed for entry in forecast.images if entry.outcome == "copied"]
        journal = Journal(None, "memory")
        found = prove_left_out(archive.name, archive.segments.__contains__, load.history, missing, self.registry, lambda path: f"ns/{path}")
        for digest, repository in found.blobs.items():
            journal.add_blob(digest, repository)
        homes = {**found.blobs, **found.manifests}
        result = transfer(images, Ends(Completed(archive, self.registry, homes), self.registry, shelf, journal))
        assert result.complete, [entry.failure for entry in result.images if entry.failure]
        memory.write(archive.contents.uid, load.history.document())
        return result

    def state(self):
        return {repository: dict(tags) for repository, tags in self.registry.named.items() if repository != "oc-mirror"}


STEPS = (("a:1", "b:1"), ("a:1", "b:1", "c:1", "multi:1"), ("a:1", "c:1", "d:1"), ("a:1", "c:1", "d:1", "e:1"))


@pytest.fixture
def archives(tmp_path):
    side = Side(tmp_path, source())
    return side, [side.ship(*names) for names in STEPS]


def held(folder):
    names = []
    for name in sorted(os.listdir(folder)):
        with tarfile.open(folder / name) as tar:
            names += [member for member in tar.getnames() if member.startswith("blobs/")]
    return set(names)


@pytest.mark.parametrize("mounts", [True, False])
def test_each_archive_holds_only_what_is_new_and_loads_without_the_source(tmp_path, archives, mounts):
    side, folders = archives
    contents = [held(folder) for folder in folders]
    for first, second in itertools.combinations(contents, 2):
        assert not first & second
    far = Far(tmp_path, mounts)
    for folder in folders:
        far.load(folder)
    for name in "abcde":
        repository = f"{HOST}/team/{name}"
        assert far.registry.named[f"ns/team/{name}"] == side.store.named[repository]
        for digest in far.registry.named[f"ns/team/{name}"].values():
            manifest = far.registry.fetch_manifest(f"ns/team/{name}", digest)
            assert far.registry.blobs_present(f"ns/team/{name}", [blob.digest for blob in manifest.blobs]) == {
                blob.digest for blob in manifest.blobs
            }
    assert len(far.registry.manifests["ns/team/multi"]) == 3


def test_loading_again_changes_nothing(tmp_path, archives):
    far = Far(tmp_path)
    far.load(archives[1][0])
    before = far.state()
    again = far.load(archives[1][0])
    assert not again.changed and far.state() == before
    far.load(archives[1][1])
    assert far.load(archives[1][1]) is None


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_every_order_ends_the_same_or_is_refused_before_the_first_push(tmp_path, archives, order):
    far, expected = Far(tmp_path), Far(tmp_path / "expected")
    for folder in archives[1]:
        expected.load(folder)
    for number in order:
        before = len([call for call in far.registry.calls if call[0] in ("start_blob", "put_manifest")])
        try:
            far.load(archives[1][number])
        except Incompatible as error:
            assert "mirror_seq" in str(error) or "older" in str(error)
            assert len([call for call in far.registry.calls if call[0] in ("start_blob", "put_manifest")]) == before
    for folder in archives[1]:
        try:
            far.load(folder)
        except Incompatible as error:
            assert "older" in str(error)
    assert far.state() == expected.state()


def test_what_an_earlier_archive_shipped_is_proved_and_named(tmp_path, archives):
    far = Far(tmp_path)
    far.load(archives[1][0])
    shared = next(iter(far.registry.blobs["ns/team/a"]))
    for repository in far.registry.blobs:
        if repository.startswith("ns/"):
            far.registry.blobs[repository].clear()
    pushes = len([call for call in far.registry.calls if call[0] == "put_manifest"])
    with pytest.raises(Incompatible, match="shipped in mirror_seq1"):
        far.load(archives[1][1])
    assert shared and len([call for call in far.registry.calls if call[0] == "put_manifest"]) == pushes


def test_the_layout_is_readable_by_others_after_extraction(tmp_path, archives):
    with tarfile.open(archives[1][1] / "mirror_seq2_000000.tar") as tar:
        tar.extractall(tmp_path / "layout")
    index = json.loads((tmp_path / "layout" / "index.json").read_text())
    names = {entry["annotations"]["org.opencontainers.image.ref.name"] for entry in index["manifests"]}
    assert names == {f"{HOST}/team/c:1", f"{HOST}/team/multi:1"}
    for entry in index["manifests"]:
        assert (tmp_path / "layout" / "blobs" / "sha256" / entry["digest"].split(":")[1]).stat().st_size == entry["size"]


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    folders = [Side(tmp_path / name, source()).ship("a:1", "multi:1") for name in ("one", "two")]
    for name in os.listdir(folders[0]):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_a_registry_that_holds_something_else_under_the_tag_is_not_overwritten_blindly(tmp_path):
    registry = MemoryStore()
    registry.add_image("oc-mirror", "history-test-uid", layers=[b"x"])
    with pytest.raises(Incompatible, match="is not a history"):
        RegistryMemory(registry, "oc-mirror").read("test-uid")
    memory = RegistryMemory(registry, "oc-mirror")
    assert memory.write("other", {"a": 1}) and not memory.write("other", {"a": 1})
    assert memory.read("other") == {"a": 1} and memory.read("absent") is None
