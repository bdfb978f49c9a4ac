# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A blob as a file of the host, which a later run goes on with where this one ended."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import Any, BinaryIO, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_STEP = 1024 * 1024


def download(store: Store, repository: str, blob: Descriptor, target: str, told: Callable[[int], Any]) -> None:
    """Puts a blob into the place of whatever is at `target`, once all of its bytes have its digest.

    What came before a break is kept beside it, and goes when the digest is another one.
    told: called with the number of further bytes (negative when those that were there are no use).
    Raises CorruptContent, StorageError, and what reading raises.
    """
    partial = os.path.join(os.path.dirname(target), f".{blob.digest.hex}.part")
    try:
        files.make_folder(os.path.dirname(target))
        with os.fdopen(files.extend(partial), "r+b") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise StorageError(f"{partial} is not a regular file", subject=partial)
            _fill(file, store, repository, blob, told)
        os.replace(partial, target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}", subject=target) from error
    except CorruptContent:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def _fill(file: BinaryIO, store: Store, repository: str, blob: Descriptor, told: Callable[[int], Any]) -> None:
    kept = _kept(file, blob.size)
    told(kept)
    found = _read(file, store, repository, blob, kept, told)
    if kept and found != blob.digest.hex:
        # What an earlier run left may be what is wrong.
        told(-blob.size)
        found = _read(file, store, repository, blob, 0, told)
    if found != blob.digest.hex:
        raise CorruptContent(f"what was read has the checksum {found}, and not {blob.digest.hex}", subject=repository.partition(" ")[0])
    file.flush()
    os.fsync(file.fileno())


def _kept(file: BinaryIO, most: int) -> int:
    """Bytes that are there; none where there are too many."""
    size = os.fstat(file.fileno()).st_size
    return size if size <= most else 0


def _read(file: BinaryIO, store: Store, repository: str, blob: Descriptor, kept: int, told: Callable[[int], Any]) -> str:
    """The checksum of the whole, after the rest of it was read; where nothing is left to read, no request is made."""
    file.truncate(kept)
    file.seek(0)
    found = hashlib.sha256()
    for piece in iter(lambda: file.read(_STEP), b""):
        found.update(piece)
    if kept < blob.size:
        with contextlib.closing(store.open_blob(repository, blob, kept)) as reader:
            buffer = memoryview(bytearray(_STEP))
            size = reader.readinto(buffer)
            while size:
                found.update(buffer[:size])
                file.write(buffer[:size])
                told(size)
                size = reader.readinto(buffer)
    return found.hexdigest()
