# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OCI image layouts: names, the only image, writing without halves, hostile content."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import threading

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    InputError,
    NotFound,
    StorageError,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import MAX_SIZE, Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.index import LayoutIndex
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.processes import require


@pytest.fixture
def store(tmp_path):
    return LayoutStore(str(tmp_path / "layout"))


def index_of(store):
    with open(os.path.join(store.path, "index.json"), encoding="utf-8") as file:
        return json.load(file)


def write_index(store, document):
    os.makedirs(store.path, exist_ok=True)
    with open(os.path.join(store.path, "index.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)


def parts(store):
    return [name for _folder, _folders, names in os.walk(store.path) for name in names if name.endswith(".part")]


@pytest.mark.parametrize("kind", [images.OCI, images.DOCKER])
@pytest.mark.parametrize("repository", ["", "quay.io/team/app"])
def test_what_is_pushed_reads_back_by_tag_by_digest_and_as_the_only_image(store, kind, repository):
    built = images.index([images.multi_arch("a", kind=kind), images.image("b", kind=kind)], kind)
    images.push(built, store, repository, "1.0")
    for reference in ("1.0", built.digest, ""):
        assert store.fetch_manifest(repository, reference).content == built.content
        assert store.find_manifest(repository, reference).digest == built.digest
    for each in built.everything():
        assert store.fetch_manifest(repository, each.digest).media_type == each.media_type
        for digest, blob in each.blobs.items():
            assert read_blob(store, repository, Descriptor("", Digest(digest), len(blob)), 1 << 20) == blob
    assert store.tags(repository) == ("1.0",)
    names = [entry["annotations"] for entry in index_of(store)["manifests"]]
    assert names == [{"org.opencontainers.image.ref.name": f"{repository}:1.0" if repository else "1.0"}]
    assert parts(store) == []


def test_a_blob_is_read_from_an_offset_and_its_size_is_checked_before(store):
    built = images.image("a")
    images.push(built, store, "", "1")
    digest, blob = next(iter(built.blobs.items()))
    reader = store.open_blob("", Descriptor("", Digest(digest), len(blob)), 5)
    buffer = bytearray(len(blob))
    assert bytes(buffer[: reader.readinto(memoryview(buffer))]) == blob[5:]
    assert reader.readinto(memoryview(buffer)) == 0
    reader.close()
    reader.close()
    with pytest.raises(CorruptContent, match="bytes where"):
        store.open_blob("", Descriptor("", Digest(digest), len(blob) + 1))


def test_what_is_not_there_is_not_found(store):
    with pytest.raises(NotFound, match="no OCI image layout"):
        store.fetch_manifest("", "1")
    assert (store.tags(""), store.find_manifest("", "1")) == (None, None)
    images.push(images.image("a"), store, "", "1")
    with pytest.raises(NotFound, match="no image named 2.*names are: 1"):
        store.fetch_manifest("", "2")
    with pytest.raises(NotFound):
        store.open_blob("", Descriptor("", Digest.of(b"none"), 4))
    assert store.find_manifest("", Digest.of(b"none")) is None
    assert store.blobs_present("", [Digest.of(b"none"), images.image("a").manifest().blobs[0].digest]) == {
        images.image("a").manifest().blobs[0].digest
    }


def test_a_tag_moves_and_the_old_manifest_stays_by_digest(store):
    first, second = images.image("a"), images.image("b")
    images.push(first, store, "", "1")
    images.push(second, store, "", "1")
    assert store.fetch_manifest("", "1").digest == second.digest
    assert store.fetch_manifest("", first.digest).digest == first.digest
    assert len(index_of(store)["manifests"]) == 1


def test_repositories_keep_their_names_apart(store):
    first, second = images.image("a"), images.image("b")
    images.push(first, store, "quay.io/a/app", "1")
    images.push(second, store, "quay.io/b/app", "1")
    assert store.fetch_manifest("quay.io/a/app", "1").digest == first.digest
    assert store.fetch_manifest("quay.io/b/app", "1").digest == second.digest
    assert store.tags("quay.io/a/app") == ("1",) and store.tags("quay.io/c") == ()


def test_several_images_must_be_named(store):
    for tag in ("1", "2"):
        images.push(images.image(tag), store, "", tag)
    with pytest.raises(InputError, match="holds 2 images.*names are: 1, 2"):
        store.fetch_manifest("", "")


def test_attachments_do_not_make_the_only_image_ambiguous_and_are_found(store):
    app = images.image("app")
    tag, signature = images.attachment(app)
    sbom = images.artifact("sbom", app, "application/spdx+json", annotations={"a": "b"})
    images.push(app, store, "")
    images.push(signature, store, "", tag)
    images.push(sbom, store, "")
    assert store.fetch_manifest("", "").digest == app.digest
    assert store.fetch_manifest("", tag).digest == signature.digest
    found = store.referrers("", app.digest)
    assert [(each.digest, each.artifact_type, each.annotations) for each in found] == [(sbom.digest, "application/spdx+json", {"a": "b"})]


def test_referrers_by_the_tag_of_their_subject_are_found(store):
    app, sbom = images.image("app"), images.artifact("sbom")
    images.push(app, store, "")
    images.push(images.index([sbom]), store, "", f"sha256-{app.digest.hex}")
    assert [each.digest for each in store.referrers("", app.digest)] == [sbom.digest]


def test_an_index_json_that_is_the_images_own_index_is_that_image(store):
    built = images.multi_arch("app")
    images.push(built, store, "", "1")
    write_index(store, built.document())
    manifest = store.fetch_manifest("", "")
    assert manifest.is_index and [child.digest for child in manifest.children] == [child.digest for child in built.children]
    assert store.fetch_manifest("", manifest.digest).content == manifest.content


def test_one_instance_alone_is_the_image_and_not_an_index_of_one(store):
    app = images.image("app")
    images.push(app, store, "", "1")
    write_index(store, {"schemaVersion": 2, "manifests": [app.descriptor()]})
    assert store.fetch_manifest("", "").digest == app.digest


def test_full_names_by_container_engines_are_known(store):
    app = images.image("app")
    images.push(app, store, "", "")
    entry = {**app.descriptor(), "annotations": {"io.containerd.image.name": "quay.io/team/app:7"}}
    write_index(store, {"schemaVersion": 2, "manifests": [entry]})
    assert store.fetch_manifest("quay.io/team/app", "7").digest == app.digest
    assert store.tags("quay.io/team/app") == ("7",)


def test_deleting_keeps_what_others_need(store):
    built, single = images.multi_arch("app"), images.image("single")
    images.push(built, store, "", "list")
    images.push(built.children[0], store, "", "instance")
    images.push(single, store, "", "1")
    store.delete_manifest("", built.children[0].digest)
    assert store.tags("") == ("1", "list")
    assert store.fetch_manifest("", built.children[0].digest)
    store.delete_manifest("", single.digest)
    with pytest.raises(NotFound):
        store.fetch_manifest("", single.digest)
    with pytest.raises(NotFound):
        store.delete_manifest("", single.digest)
    assert store.fetch_manifest("", "list").digest == built.digest


def test_a_second_push_writes_nothing(store):
    built = images.multi_arch("app")
    images.push(built, store, "", "1")

    def state():
        return {
            os.path.join(folder, name): os.stat(os.path.join(folder, name)).st_mtime_ns
            for folder, _folders, names in os.walk(store.path)
            for name in names
        }

    before = state()
    images.push(built, LayoutStore(store.path), "", "1")
    assert state() == before


def test_wrong_bytes_are_refused_and_leave_nothing(store):
    blob = Descriptor("", Digest.of(b"right"), 5)
    for content in (b"wrong", b"rights", b""):
        writer = store.start_blob("", blob)
        writer.write(memoryview(content))
        with pytest.raises(CorruptContent, match="were expected"):
            writer.commit()
    writer = store.start_blob("", blob)
    writer.write(memoryview(b"rig"))
    writer.abort()
    writer.abort()
    assert parts(store) == [] and store.blobs_present("", [blob.digest]) == set()


def test_a_torn_blob_of_an_earlier_crash_is_written_again(store):
    built = images.image("app")
    images.push(built, store, "", "1")
    digest = next(iter(built.blobs))
    path = os.path.join(store.path, "blobs", "sha256", digest.partition(":")[2])
    with open(path, "wb") as file:
        file.write(b"torn")
    images.push(built, store, "", "1")
    with open(path, "rb") as file:
        assert hashlib.sha256(file.read()).hexdigest() == digest.partition(":")[2]


def test_flipped_bits_of_a_manifest_are_found(store):
    built = images.image("app")
    images.push(built, store, "", "1")
    path = os.path.join(store.path, "blobs", "sha256", built.digest.hex)
    with open(path, "r+b") as file:
        file.write(b"[")
    with pytest.raises(CorruptContent):
        store.fetch_manifest("", "1")


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], InputError),
        ({"manifests": {}}, InputError),
        ({"manifests": ["x"]}, InputError),
        ({"manifests": [{"digest": "sha256:../../../etc/passwd", "size": 1}]}, InputError),
        ({"manifests": [{"size": 1}]}, InputError),
        ({"manifests": [{"digest": 7, "annotations": "x"}]}, InputError),
        ({"manifests": []}, NotFound),
        ({}, NotFound),
    ],
)
def test_hostile_indexes_are_refused(store, document, error):
    write_index(store, document)
    with pytest.raises(error):
        store.fetch_manifest("", "")


def test_other_versions_pipes_and_giants_are_refused(store):
    app = images.image("app")
    images.push(app, store, "", "1")
    path = os.path.join(store.path, "blobs", "sha256", app.digest.hex)
    os.unlink(path)
    os.mkfifo(path)
    with pytest.raises(CorruptContent, match="not a regular file"):
        store.fetch_manifest("", "1")
    os.unlink(path)
    with open(path, "wb") as file:
        file.truncate(MAX_SIZE + 1)
    with pytest.raises(Unsupported, match="more than"):
        store.fetch_manifest("", "1")
    with open(os.path.join(store.path, "oci-layout"), "w", encoding="utf-8") as file:
        file.write('{"imageLayoutVersion": "2.0.0"}')
    with pytest.raises(Unsupported, match="version '2.0.0'"):
        LayoutStore(store.path).fetch_manifest("", "1")


@pytest.mark.parametrize("reference", ["sha256:../../x", "sha256:" + "A" * 64, "md5:" + "0" * 32, "sha256:abc\0"])
def test_hostile_digests_never_become_paths(store, reference):
    images.push(images.image("app"), store, "", "1")
    with pytest.raises(InputError):
        store.fetch_manifest("", reference)


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="cannot (read|write)"):
        images.push(images.image("app"), LayoutStore(str(tmp_path / "file" / "layout")), "", "1")


def test_another_process_change_is_seen(store):
    first, second = images.image("a"), images.image("b")
    images.push(first, store, "", "1")
    assert store.fetch_manifest("", "1").digest == first.digest
    images.push(second, LayoutStore(store.path), "", "1")
    assert store.fetch_manifest("", "1").digest == second.digest


def test_threads_write_together(store):
    built = [images.multi_arch(f"app {number}") for number in range(6)]
    threads = [threading.Thread(target=images.push, args=(each, store, "", f"v{n}")) for n, each in enumerate(built)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.fetch_manifest("", f"v{number}").digest for number in range(6)] == [each.digest for each in built]
    assert len(index_of(store)["manifests"]) == 6 and parts(store) == []


def test_what_waits_to_be_saved_is_written_once_and_found_before(store, monkeypatch):
    for number in range(2):
        images.push(images.image(f"app {number}"), store, "", f"v{number}")
    index = LayoutIndex(store.path)
    real, writes = files.write, []
    monkeypatch.setattr(files, "write", lambda path, content, mode=0o644: writes.append(path) or real(path, content, mode))
    for number in range(2, 5):
        index.put({"digest": Digest.of(b"%d" % number), "size": 1}, f"v{number}", [])
        assert index.named("", f"v{number}")["size"] == 1
    index.save()
    index.save()
    assert len(writes) == 1 and LayoutIndex(store.path).tags("") == ("v0", "v1", "v2", "v3", "v4")


def test_a_list_that_could_not_be_saved_is_saved_by_the_next_one(store, monkeypatch):
    images.push(images.image("app 0"), store, "", "v0")
    index = LayoutIndex(store.path)

    def no_room(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        index.put({"digest": Digest.of(b"1"), "size": 1}, "v1", [])
        with pytest.raises(StorageError, match="No space left"):
            index.save()
    assert LayoutIndex(store.path).tags("") == ("v0",) and parts(store) == []
    index.put({"digest": Digest.of(b"2"), "size": 1}, "v2", [])
    index.save()
    assert LayoutIndex(store.path).tags("") == ("v0", "v1", "v2")


def test_a_real_client_reads_what_is_written_and_the_other_way_round(store, tmp_path):
    skopeo = require("skopeo")
    built = images.multi_arch("app")
    images.push(built, store, "", "1.0")
    copy = ["copy", "--all", f"oci:{store.path}:1.0", f"oci:{tmp_path}/copy:2.0"]
    subprocess.run([skopeo, "--insecure-policy", *copy], check=True, capture_output=True, timeout=300)
    other = LayoutStore(str(tmp_path / "copy"))
    assert other.fetch_manifest("", "2.0").content == built.content
    assert other.fetch_manifest("", "").digest == built.digest
    assert other.blobs_present("", [Digest(digest) for digest in built.all_blobs()]) == set(built.all_blobs())
