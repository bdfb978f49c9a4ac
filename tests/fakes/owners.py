# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of other users, whoever runs the tests: root gives them away, anybody else is told that they are another user's.

give(monkeypatch, tmp_path / "planted")
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

OTHER = 54321


def give(monkeypatch: pytest.MonkeyPatch, path: Any) -> None:
    """From now on a file, a folder or a link itself belongs to OTHER."""
    if os.geteuid() == 0:
        os.lchown(path, OTHER, OTHER)
        return
    given = os.lstat(path)
    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, _told(getattr(os, name), given))


def _told(ask: Any, given: os.stat_result) -> Any:
    def told(*arguments: Any, **options: Any) -> Any:
        found = ask(*arguments, **options)
        if (found.st_dev, found.st_ino) != (given.st_dev, given.st_ino):
            return found
        fields = {field: getattr(found, field) for field in dir(found) if field.startswith("st_")}
        return SimpleNamespace(**{**fields, "st_uid": OTHER, "st_gid": OTHER})

    return told
