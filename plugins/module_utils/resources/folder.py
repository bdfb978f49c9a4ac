# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A folder of generated files: written when they differ, removed when no longer wanted, and only our own.

What was written is listed in an index beside it, so that a file that somebody else put there is never touched.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files

# `oc apply -f` of a folder takes every file with the ending of JSON or YAML, hidden ones too: this one has none.
INDEX = ".disconnected-mirror"
_FORMER = ".disconnected-mirror.json"


@dataclass(frozen=True)
class Change:
    """What a file was and is to be; None where it is not there."""

    path: str
    before: bytes | None
    after: bytes | None

    @property
    def changed(self) -> bool:
        return self.before != self.after


def compare(folder: str, wanted: Mapping[str, bytes]) -> list[Change]:
    """Every wanted file, then those that an earlier run wrote and nobody wants any more; sorted by path.  Writes nothing.

    wanted: content by file name.  Raises InputError for a name that is not one, StorageError.
    """
    for name in wanted:
        if not _is_name(name):
            raise InputError(f"{name!r:.200} is not a file name")
    changes = [
        Change(os.path.join(folder, name), _content(os.path.join(folder, name)), content) for name, content in sorted(wanted.items())
    ]
    stale = sorted(set(_listed(folder)) - set(wanted))
    for name in stale:
        path = os.path.join(folder, name)
        before = _content(path)
        if before is not None:
            changes.append(Change(path, before, None))
    return changes


def apply(folder: str, wanted: Mapping[str, bytes]) -> list[tuple[str, bool]]:
    """Makes the folder hold what is wanted; returns each path with whether it changed, removed files included.

    Raises StorageError, InputError.
    """
    changes = compare(folder, wanted)
    if not changes and not os.path.isdir(folder):
        return []
    names = sorted(wanted)
    earlier = set(_listed(folder))
    # Until all is done, both old and new files are ours: a run that is interrupted loses track of none.
    _write_index(folder, sorted(earlier.union(names)))
    for change in changes:
        if change.after is not None:
            files.write(change.path, change.after)
        else:
            _remove(change.path)
    _write_index(folder, names)
    _remove(os.path.join(folder, _FORMER))
    return [(change.path, change.changed) for change in changes]


def _write_index(folder: str, names: list[str]) -> None:
    if names or os.path.exists(os.path.join(folder, INDEX)):
        files.write_json(os.path.join(folder, INDEX), {"files": names})


def _listed(folder: str) -> list[str]:
    """What the index names; nothing that leads out of the folder."""
    document = next(filter(None, (_index(os.path.join(folder, name)) for name in (INDEX, _FORMER))), None)
    names = document.get("files") if isinstance(document, dict) else None
    return [name for name in names if isinstance(name, str) and _is_name(name)] if isinstance(names, list) else []


def _index(path: str) -> Any:
    try:
        return files.read_json(path)
    except FileNotFoundError:
        return None


def _is_name(name: str) -> bool:
    return bool(name) and name == os.path.basename(name) and name not in (".", "..", INDEX, _FORMER) and "\x00" not in name


def _content(path: str) -> bytes | None:
    try:
        return files.read(path)
    except FileNotFoundError:
        return None


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}", subject=path) from error
