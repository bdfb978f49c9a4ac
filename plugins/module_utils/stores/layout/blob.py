# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files of an OCI layout: read from an offset, written under another name and renamed when they are right."""

from __future__ import annotations

import contextlib
import os
import stat

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter


def open_file(path: str, size: int, subject: str) -> int:
    """A descriptor for reading.  Raises NotFound, CorruptContent (another size, no regular file), StorageError.

    size: bytes that it must have; -1 for any.
    """
    try:
        # What comes from outside may be a pipe, which must not hold us up.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"there is no file {path}", subject=subject) from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=subject) from error
    found = os.fstat(handle)
    if stat.S_ISREG(found.st_mode) and size in (-1, found.st_size):
        return handle
    os.close(handle)
    if not stat.S_ISREG(found.st_mode):
        raise CorruptContent(f"{path} is not a regular file", subject=subject)
    raise CorruptContent(f"{path} has {found.st_size} bytes where {size} were expected", subject=subject)


def read_file(path: str, limit: int, subject: str) -> bytes:
    """A whole small file; raises as `open_file` does, and Unsupported when it has more than `limit` bytes."""
    with os.fdopen(open_file(path, -1, subject), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Unsupported(f"{path} has more than the {limit} bytes that are accepted", subject=subject)
    return content


class FileReader(BlobReader):
    """Owns the descriptor."""

    def __init__(self, handle: int, offset: int) -> None:
        self._handle = handle
        self._offset = offset

    def readinto(self, buffer: memoryview) -> int:
        try:
            read = os.preadv(self._handle, [buffer], self._offset)
        except OSError as error:
            raise StorageError(f"cannot read on: {error.strerror}") from error
        self._offset += read
        return read

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class FileWriter(BlobWriter):
    """Writes `.<name>.<random>.part` beside the file; `commit` verifies and renames."""

    hashes = True

    def __init__(self, path: str, blob: Descriptor) -> None:
        self._path = path
        self._blob = blob
        self._hasher = blob.digest.hasher()
        self._size = 0
        folder, name = os.path.split(path)
        try:
            files.make_folder(folder)
            self._part = os.path.join(folder, f".{name[:12]}.{os.urandom(8).hex()}.part")
            handle = files.create(self._part)
        except OSError as error:
            raise self._failed(error) from error
        self._file = os.fdopen(handle, "wb", 0)

    def write(self, chunk: memoryview) -> None:
        self._hasher.update(chunk)
        self._size += len(chunk)
        left = chunk
        try:
            while len(left):
                left = left[self._file.write(left) :]
        except OSError as error:
            self.abort()
            raise self._failed(error) from error

    def commit(self) -> None:
        if self._size != self._blob.size or self._hasher.hexdigest() != self._blob.digest.hex:
            self.abort()
            raise CorruptContent(
                f"the content has {self._size} bytes and digest {self._blob.digest.algorithm}:{self._hasher.hexdigest()}"
                f" where {self._blob.size} bytes and {self._blob.digest} were expected",
                subject=str(self._blob.digest),
            )
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._part, self._path)
        except OSError as error:
            self.abort()
            raise self._failed(error) from error
        self._part = ""

    def resume(self) -> int:
        """A file is never interrupted: what was written is there."""
        return self._size

    def abort(self) -> None:
        self._file.close()
        part, self._part = self._part, ""
        if part:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(part)

    def _failed(self, error: OSError) -> StorageError:
        subject = str(self._blob.digest)
        return StorageError(
            f"cannot write {self._path}: {error.strerror}", subject=subject, advice="Make sure that there is enough free space."
        )
