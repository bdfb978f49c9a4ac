# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files: what is read is bounded, what is written can be read."""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import Limit


def test_a_pipe_does_not_hold_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="not a regular file"):
        files.read(str(tmp_path / "pipe"))


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(StorageError, match="directory"):
        files.read(str(tmp_path))


def test_a_device_without_end_is_bounded():
    with pytest.raises(StorageError, match="more than the 1000 bytes"):
        files.read("/dev/zero", 1000)
    assert files.read("/dev/null") == b""


def test_size_is_bounded(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert files.read(str(path), 5) == b"12345"
    with pytest.raises(StorageError, match="more than the 4 bytes"):
        files.read(str(path), 4)


def test_what_is_too_large_to_be_read_is_replaced_all_the_same(tmp_path):
    path = tmp_path / "file"
    with open(path, "wb") as file:
        file.truncate(2**40)
    assert files.write(str(path), b"new")
    assert path.read_bytes() == b"new"


def test_a_document_with_half_a_character_is_written(tmp_path):
    path = str(tmp_path / "file.json")
    files.write_json(path, {"name": "a\udcffb"})
    assert b"a\\udcffb" in files.read(path)
    assert files.read_json(path) == {"name": "a\ufffdb"}


def test_a_document_beyond_its_limit(tmp_path):
    path = str(tmp_path / "file.json")
    files.write_json(path, [1, 2, 3])
    with pytest.raises(StorageError, match="is not JSON: it has more than the 2 values"):
        files.read_json(path, Limit(100, 2))
