# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import tempfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe


def test_it_is_private_and_gone_afterwards():
    with temporary_folder() as folder:
        assert os.stat(folder).st_mode & 0o777 == 0o700
    assert not os.path.exists(folder)


@pytest.mark.parametrize("name", [None, "inside"])
def test_a_full_disk_is_a_sentence(name):
    with pytest.raises(StorageError, match="cannot use a temporary directory: full.*TMPDIR"):
        with temporary_folder() as folder:
            raise OSError(errno.ENOSPC, "full", name and os.path.join(folder, name))
    assert not os.path.exists(folder)


def test_what_is_wrong_elsewhere_is_not_blamed_on_it():
    with pytest.raises(PermissionError), temporary_folder():
        raise PermissionError(errno.EACCES, "no", "/elsewhere")


def test_no_place_for_one_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="cannot use a temporary directory"):
        describe(str(tmp_path))
