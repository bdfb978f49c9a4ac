# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Atomic files: a reader sees the old content or the new one, never a half."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError

# Of folders that are made here; the umask takes more away.
FOLDER_MODE = 0o755
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


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
    try:
        make_folder(os.path.dirname(path) or ".")
        put(path, content, mode)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error
    return True


def put(path: str, content: bytes, mode: int = 0o644, sync: bool = True) -> None:
    """Puts a file into the place of whatever has its name, a link included.

    mode: less what the umask takes away.  sync: wait for the disk.  Raises OSError.
    """
    temporary = os.path.join(os.path.dirname(path), f".{os.urandom(8).hex()}.part")
    try:
        with os.fdopen(create(temporary, mode), "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        raise


def create(path: str, mode: int = 0o644) -> int:
    """A new file to write to, which nobody can have put there, as a link least of all.  Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def extend(path: str, flags: int = 0, mode: int = 0o644) -> int:
    """A file to write on in, made where there is none; a link is not followed.  flags: more of `os.open`.  Raises OSError."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, mode)


def make_folder(path: str) -> None:
    """Makes a folder and those above it, which nobody else can write to, whatever the umask.

    What is there already is looked at (`check_folder`).  Raises OSError, StorageError.
    """
    above = os.path.dirname(path)
    if above and above != path and not os.path.isdir(path):
        make_folder(above)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path or ".", FOLDER_MODE)
    check_folder(path)


def check_folder(path: str) -> None:
    """Raises StorageError when another user put a part of this path there: it leads what we write to where that user wants it.

    A link has to be our own or root's; a folder, too, or of the owner of the folder it lies in, where others can write to that one.
    """
    ours = {os.geteuid(), 0}
    here = os.sep if os.path.isabs(path) else os.curdir
    for name in filter(None, path.split(os.sep)):
        above = os.stat(here)
        here = os.path.join(here, name)
        found = os.lstat(here)
        link = stat.S_ISLNK(found.st_mode)
        if found.st_uid in ours or not link and (found.st_uid == above.st_uid or not above.st_mode & _OTHERS_WRITE):
            continue
        raise StorageError(
            f"the {'link' if link else 'folder'} {here} belongs to another user (uid {found.st_uid})",
            subject=path,
            advice="Remove it, give it to the user who runs this, or choose another place.",
        )


def check_private(path: str) -> None:
    """Raises StorageError when everybody can change what lies in a folder."""
    if os.path.isdir(path) and os.stat(path).st_mode & stat.S_IWOTH:
        raise StorageError(
            f"everybody can write to {path}",
            subject=path,
            advice="Remove write permission for others (chmod o-w), or choose a directory below it.",
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
