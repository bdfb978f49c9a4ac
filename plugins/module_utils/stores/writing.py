# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Writing a blob whole, from memory, a file or another store; an upload that breaks is taken up again (user-needs P01)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobWriter, Store, WriteInterrupted

_CHUNK = 1024 * 1024

# The bytes from an offset on, piece by piece.
Pieces = Callable[[int], Iterator[memoryview]]


def write_blob(store: Store, repository: str, blob: Descriptor, content: bytes) -> None:
    """Raises what the store raises, after its own retries."""
    write_file(store, repository, blob, io.BytesIO(content))


def write_file(store: Store, repository: str, blob: Descriptor, file: Any) -> None:
    """file: can be read and sought.  Raises what the store raises, after its own retries."""

    def pieces(offset: int) -> Iterator[memoryview]:
        file.seek(offset)
        return map(memoryview, iter(lambda: file.read(_CHUNK), b""))

    _write(store.start_blob(repository, blob), pieces)


def copy_blob(source: Store, repository: str, target: Store, target_repository: str, blob: Descriptor) -> None:
    """Takes a blob over, to a target that compares it with its digest.  Raises what the stores raise, after their own retries."""

    def pieces(offset: int) -> Iterator[memoryview]:
        reader = source.open_blob(repository, blob, offset)
        buffer = memoryview(bytearray(_CHUNK))
        try:
            for count in iter(lambda: reader.readinto(buffer), 0):
                yield buffer[:count]
        finally:
            reader.close()

    _write(target.start_blob(target_repository, blob), pieces)


def _write(writer: BlobWriter | None, pieces: Pieces) -> None:
    """writer: None when the store has the blob; it says where to go on after a break, and raises when there is no use in it."""
    if writer is None:
        return
    try:
        offset = 0
        while not _pour(writer, pieces(offset)):
            offset = writer.resume()
    except BaseException:
        writer.abort()
        raise


def _pour(writer: BlobWriter, pieces: Iterator[memoryview]) -> bool:
    """False when the write broke."""
    try:
        for piece in pieces:
            writer.write(piece)
        writer.commit()
        return True
    except WriteInterrupted:
        return False
