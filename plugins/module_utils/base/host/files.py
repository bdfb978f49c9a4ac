# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Atomic files: a reader sees the old content or the new one, never a half."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError

# Of folders that are made here; the umask takes more away.
FOLDER_MODE = 0o755


def read(path: str, size: int = limits.RECORD.size) -> bytes:
    """The content of a file of at most `size` bytes; raises StorageError, FileNotFoundError when there is none.

    A pipe or a socket in the place of a file is refused, for it could hold us up for ever.
    """
    try:
        with open(path, "rb", opener=_open) as file:
            content = file.read(size + 1) or b""
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error
    if len(content) > size:
        raise StorageError(f"{path} has more than the {size} bytes that are accepted", subject=path)
    return content


def _open(path: str, flags: int) -> int:
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode) or stat.S_ISCHR(mode) or stat.S_ISDIR(mode):
        return handle
    os.close(handle)
    raise OSError(0, "it is not a regular file")


def write(path: str, content: bytes, mode: int = 0o644) -> bool:
    """Writes a file by rename, after fsync; says whether its content is now different.

    A file that already holds `content` is left alone.  Raises StorageError.
    """
    try:
        if os.path.getsize(path) == len(content) and read(path, len(content)) == content:
            return False
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error
    folder = os.path.dirname(path) or "."
    temporary = ""
    try:
        # Only who writes needs it, and it takes long to load.
        import tempfile

        make_folder(folder)
        handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error
    return True


def make_folder(path: str) -> None:
    """Makes a folder and those above it, which nobody else can write to, whatever the umask.

    What is there already is looked at: a link or a folder that another user put into our way is not followed, since it leads
    what we write to where that user wants it.  Raises OSError, StorageError.
    """
    above = os.path.dirname(path)
    if above and above != path and not os.path.isdir(path):
        make_folder(above)
    try:
        os.mkdir(path or ".", FOLDER_MODE)
    except FileExistsError:
        pass
    check_folder(path)


def check_folder(path: str) -> None:
    """Raises StorageError when another user put a part of this path there.

    A part counts as ours when it is our own, root's, or of the owner of the folder that it lies in.
    """
    ours = {os.geteuid(), 0}
    here = os.sep if os.path.isabs(path) else os.curdir
    for name in filter(None, path.split(os.sep)):
        owner = os.stat(here).st_uid
        here = os.path.join(here, name)
        found = os.lstat(here)
        if found.st_uid not in (*ours, owner):
            what = "link" if stat.S_ISLNK(found.st_mode) else "folder"
            raise StorageError(
                f"the {what} {here} belongs to another user (uid {found.st_uid})",
                subject=path,
                advice="Remove it, give it to the user who runs this, or choose another place.",
            )


def json_bytes(document: Any) -> bytes:
    """The one form in which documents are written: sorted keys, indent 1, final newline.

    File names and foreign texts may have halves of characters, which UTF-8 has not: they are written as JSON's own escapes.
    """
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def write_json(path: str, document: Any, mode: int = 0o644) -> bool:
    """`write` of a document in the stable form of `json_bytes`."""
    return write(path, json_bytes(document), mode)


def read_json(path: str, limit: limits.Limit = limits.RECORD) -> Any:
    """Raises FileNotFoundError, StorageError (unreadable, not JSON, or too large)."""
    try:
        return json_values.parse(read(path, limit.size), limit)
    except ValueError as error:
        raise StorageError(f"{path} is not JSON: {error}", subject=path) from error
