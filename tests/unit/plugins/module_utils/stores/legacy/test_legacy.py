# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import media_type
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v1 import V1Archive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v2 import V2Archive

LAYER, CONFIG = b"layer" * 3000, b'{"os": "linux"}'
MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": media_type.OCI_MANIFEST,
        "config": {"mediaType": media_type.OCI_CONFIG, "digest": Digest.of(CONFIG), "size": len(CONFIG)},
        "layers": [{"mediaType": media_type.OCI_LAYER_GZIP, "digest": Digest.of(LAYER), "size": len(LAYER)}],
    }
).encode()
ID = Digest.of(MANIFEST)


def write_tar(path, members):
    """members: (name, bytes) for files, (name, text) for symbolic links."""
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
    return str(path)


def metadata(**changes):
    association = {
        "name": f"registry.example.com/test/hello@{ID}",
        "path": "test/hello",
        "id": ID,
        "tagSymlink": "v0.0.1",
        "type": "generic",
        "layerDigests": [Digest.of(LAYER), Digest.of(CONFIG)],
    }
    document = {
        "apiVersion": "mirror.openshift.io/v1alpha2",
        "kind": "Metadata",
        "uid": "1b4f0e98-51bb-4ba1-9b4e-123456789abc",
        "singleUse": False,
        "pastMirror": {"timestamp": 1660000000, "sequence": 2, "mirror": {}, "associations": [association]},
        "pastAssociations": [association],
    }
    document.update(changes)
    return json.dumps(document).encode()


def v1_members():
    first = [("publish/.metadata.json", metadata()), ("v2/test/hello/manifests/" + ID, MANIFEST), ("v2/test/hello/manifests/v0.0.1", ID)]
    return first, [("blobs/" + Digest.of(LAYER), LAYER), ("blobs/" + Digest.of(CONFIG), CONFIG)]


def read(store, blob, offset=0):
    reader = store.open_blob("test/hello", Descriptor("x", Digest.of(blob), len(blob)), offset)
    buffer, out = memoryview(bytearray(1000)), b""
    while True:
        count = reader.readinto(buffer)
        if not count:
            reader.close()
            return out
        out += bytes(buffer[:count])


def test_v1_archive_is_read_in_place_by_tag_and_digest(tmp_path):
    first, second = v1_members()
    volumes = [write_tar(tmp_path / "mirror_seq2_000000.tar", first), write_tar(tmp_path / "mirror_seq2_000001.tar", second)]
    store = V1Archive(volumes)
    assert (store.metadata.sequence, store.metadata.current[0].tag) == (2, "v0.0.1")
    assert store.tags("test/hello") == ("v0.0.1",)
    assert store.tags("test/other") is None
    for reference in ("v0.0.1", ID):
        assert store.fetch_manifest("test/hello", reference).content == MANIFEST
    assert read(store, LAYER, 7) == LAYER[7:]
    with pytest.raises(NotFound):
        store.fetch_manifest("test/hello", "v9")
    with pytest.raises(NotFound):
        read(store, b"absent")


def test_v1_volumes_must_be_one_whole_sequence(tmp_path):
    first, second = v1_members()
    part0 = write_tar(tmp_path / "mirror_seq2_000000.tar", first)
    part2 = write_tar(tmp_path / "mirror_seq2_000002.tar", second)
    other = write_tar(tmp_path / "mirror_seq3_000000.tar", first)
    with pytest.raises(CorruptContent, match="mirror_seq2_000001.tar is missing"):
        V1Archive([part0, part2])
    with pytest.raises(CorruptContent, match="not of one sequence"):
        V1Archive([part0, other])


def v2_members():
    root = "docker/registry/v2"

    def blob(content):
        digest = Digest.of(content)
        return (f"{root}/blobs/sha256/{digest.hex[:2]}/{digest.hex}/data", content)

    link = (f"{root}/repositories/test/hello/_manifests/tags/v0.0.1/current/link", ID.encode())
    return [link, blob(MANIFEST), blob(LAYER)], [blob(CONFIG), ("working-dir/x", b""), ("isc_2026-01-01T00:00:00Z", b"kind: x\n")]


def test_v2_archive_is_read_in_place_by_tag_and_digest(tmp_path):
    first, second = v2_members()
    store = V2Archive([write_tar(tmp_path / "mirror_000001.tar", first), write_tar(tmp_path / "mirror_000002.tar", second)])
    assert store.configuration == b"kind: x\n"
    assert store.repositories == ("test/hello",)
    assert store.fetch_manifest("test/hello", "v0.0.1").digest == ID
    assert read(store, LAYER) == LAYER
    assert store.blobs_present("any", [Digest.of(CONFIG), Digest.of(b"x")]) == {Digest.of(CONFIG)}


def test_v2_missing_and_empty_parts_are_named(tmp_path):
    first, _second = v2_members()
    part2 = write_tar(tmp_path / "mirror_000002.tar", first)
    with pytest.raises(CorruptContent, match="mirror_000001.tar is missing"):
        V2Archive([part2])
    (tmp_path / "mirror_000001.tar").write_bytes(b"")
    with pytest.raises(CorruptContent, match="empty archive file"):
        V2Archive([str(tmp_path / "mirror_000001.tar"), part2])


@pytest.mark.parametrize("name", ["../escape", "/absolute", "a/../../b"])
def test_members_outside_the_archive_are_refused(tmp_path, name):
    with pytest.raises(CorruptContent, match="not allowed"):
        V2Archive([write_tar(tmp_path / "mirror_000001.tar", [(name, b"x")])])


def test_links_never_lead_out_of_the_archive(tmp_path):
    first, second = v1_members()
    outside = first[:2] + [("v2/test/hello/manifests/v0.0.1", "../../../../../../etc/passwd")]
    store = V1Archive([write_tar(tmp_path / "mirror_seq2_000000.tar", outside + second)])
    with pytest.raises(NotFound):
        store.fetch_manifest("test/hello", "v0.0.1")


def test_truncated_volumes_are_told(tmp_path):
    first, second = v1_members()
    path = write_tar(tmp_path / "mirror_seq2_000000.tar", first + second)
    os.truncate(path, os.path.getsize(path) // 2)
    with pytest.raises(MirrorError):
        read(V1Archive([path]), LAYER)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": "Other"}, Incompatible),
        ({"apiVersion": "mirror.openshift.io/v1alpha1"}, Incompatible),
        ({"pastAssociations": [{"name": "x", "id": ID}]}, CorruptContent),
        ({"pastAssociations": [{"name": "x", "id": "sha256:../../x", "layerDigests": [ID]}]}, CorruptContent),
        ({"pastAssociations": 7}, CorruptContent),
        ({"pastMirror": []}, None),
        ({"pastMirror": "text"}, CorruptContent),
    ],
)
def test_metadata_is_checked(changes, error):
    if error is None:
        assert Metadata.decode(metadata(**changes), "m").sequence == 0
    else:
        with pytest.raises(error):
            Metadata.decode(metadata(**changes), "m")
    with pytest.raises(CorruptContent):
        Metadata.decode(b"{", "m")


def test_what_v1_left_behind_a_document_that_became_shorter_is_not_read():
    """v1 writes its file without shortening it: the end of the longer document before stays in it."""
    before, now = metadata(uid="a" * 400 + "\u00e9" * 40), metadata()
    for rest in (before[len(now) :], b"\xa9" + before[len(now) + 1 :], b"  \n"):
        assert Metadata.decode(now + rest, "m") == Metadata.decode(now, "m")
    with pytest.raises(CorruptContent, match="the metadata is not JSON"):
        Metadata.decode(now[:-1], "m")
