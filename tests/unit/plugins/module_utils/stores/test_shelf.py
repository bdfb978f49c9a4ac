# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

CONTENT = b'{ "schemaVersion": 2,\n  "config": {"digest": "sha256:' + b"a" * 64 + b'", "size": 2},\n  "layers": []}\n'


def test_bytes_and_media_type_come_back_as_they_were(tmp_path: Any) -> None:
    shelf = Shelf(str(tmp_path / "manifests"))
    manifest = Manifest.parse(CONTENT, "application/vnd.example.artifact+json")
    assert shelf.get(manifest.digest) is None and not shelf.has(manifest.digest)
    shelf.put(manifest)
    found = Shelf(str(tmp_path / "manifests")).get(manifest.digest)
    assert found == manifest and found.content == CONTENT and found.media_type == "application/vnd.example.artifact+json"
    assert shelf.has(manifest.digest)


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: data.replace(b"2", b"3"), lambda data: b"\xff" + data[5:]]
)
def test_damaged_file_counts_as_absent_and_is_replaced(tmp_path: Any, damage: Any) -> None:
    shelf = Shelf(str(tmp_path))
    manifest = Manifest.parse(CONTENT)
    shelf.put(manifest)
    path = tmp_path / "sha256" / manifest.digest.hex
    path.write_bytes(damage(path.read_bytes()))
    found = shelf.get(manifest.digest)
    assert found is None or found.content == CONTENT
    shelf.put(manifest)
    assert shelf.get(manifest.digest) == manifest


def test_nothing_is_left_behind(tmp_path: Any) -> None:
    shelf = Shelf(str(tmp_path))
    manifest = Manifest.parse(CONTENT)
    shelf.put(manifest)
    shelf.put(manifest)
    assert os.listdir(tmp_path / "sha256") == [Digest.of(CONTENT).hex]
