# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Atomic files: a reader sees the old content or the new one, never a half."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError


def read(path: str) -> bytes:
    """The content of a file; raises StorageError, FileNotFoundError when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error


def write(path: str, content: bytes, mode: int = 0o644) -> bool:
    """Writes a file by rename, after fsync; says whether its content is now different.

    A file that already holds `content` is left alone.  Raises StorageError.
    """
    try:
        if read(path) == content:
            return False
    except FileNotFoundError:
        pass
    folder = os.path.dirname(path) or "."
    temporary = ""
    try:
        # Only who writes needs it, and it takes long to load.
        import tempfile

        os.makedirs(folder, exist_ok=True)
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


def json_bytes(document: Any) -> bytes:
    """The one form in which documents are written: sorted keys, indent 1, final newline."""
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")


def write_json(path: str, document: Any, mode: int = 0o644) -> bool:
    """`write` of a document in the stable form of `json_bytes`."""
    return write(path, json_bytes(document), mode)


def read_json(path: str) -> Any:
    """Raises FileNotFoundError, StorageError (unreadable, or not JSON)."""
    try:
        return json.loads(read(path))
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{path} is not JSON: {error}", subject=path) from error
