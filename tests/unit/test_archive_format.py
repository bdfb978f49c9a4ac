# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/dev/archive_format.md is enough to read an archive: a reader that follows the page and uses nothing of ours."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile

import pytest

from ansible_collections.disconnected.mirror.tests.unit.plugins.module_utils.stores.archive import sets

BLOCK = 512


def read_set(folder: str) -> tuple[dict[str, object], dict[str, bytes]]:
    """The manifest of the only set of a folder, and its members by name, each compared with its digest."""
    members: dict[str, bytes] = {}
    manifest, archive_id = {}, ""
    for number, name in enumerate(sorted(os.listdir(folder))):
        path = os.path.join(folder, name)
        with tarfile.open(path) as tar:
            entries = [(entry.name, tar.extractfile(entry).read()) for entry in tar]
        if number == 0:
            assert entries[0][0] == "manifest.json"
            encoded = entries.pop(0)[1]
            manifest, archive_id = json.loads(encoded), "sha256:" + hashlib.sha256(encoded).hexdigest()
            assert (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode() == encoded
            signature = entries.pop(0)[1] if manifest["signature"] else b""
        kind, content = entries.pop(0)
        assert kind == "volume.json"
        assert json.loads(content) == {
            "archive": archive_id,
            "volume": f"{number:06d}",
            "volumes": f"{len(os.listdir(folder)):06d}",
            "signature": "sha256:" + hashlib.sha256(signature).hexdigest(),
        }
        assert name == f"mirror_seq{manifest['sequence']}_{number:06d}.tar"
        assert os.path.getsize(path) <= manifest["volume_size"] and os.path.getsize(path) % BLOCK == 0
        for member, content in entries:
            whole = member.partition(".part")[0] if member.startswith("blobs/") else member
            members[whole] = members.get(whole, b"") + content
    assert list(members) == [name for name, _size, _digest in manifest["members"]]
    for name, size, digest in manifest["members"]:
        algorithm, _colon, value = digest.partition(":")
        assert len(members[name]) == size and hashlib.new(algorithm, members[name]).hexdigest() == value
    return manifest, members


@pytest.mark.parametrize("volume_size", [1 << 30, 300 * 1024, 80 * 1024])
@pytest.mark.parametrize("signature", ["", "ssh"])
def test_a_reader_that_follows_the_page_reads_the_set(tmp_path, volume_size, signature):
    content = sets.blobs(7, [10, 70_000, 400_000, 0, 512, 150_001])
    sets.write_set(tmp_path, content, signed=b"signed\n" if signature else b"", volume_size=volume_size, signature=signature)
    manifest, members = read_set(str(tmp_path))
    assert manifest["schema"] == "disconnected.mirror/archive/1" and manifest["signature"] == signature
    assert sorted(hashlib.sha256(blob).hexdigest() for blob in set(content)) == sorted(
        name.rpartition("/")[2] for name in members if name.startswith("blobs/")
    )
    assert json.loads(members["index.json"])["schemaVersion"] == 2
    assert (len(os.listdir(tmp_path)) > 1) == (volume_size < 1 << 30)
