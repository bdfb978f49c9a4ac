# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Members of an image's layers, read as they stream by: nothing is unpacked to disk (2.5, PL-20)."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import Any, Iterator, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

CHUNK = 256 * 1024
# A layer that unpacks to more than this is not a release's.
MAX_UNPACKED = 8 * 1024**3
_MAX_WINDOW = 128 * 1024 * 1024
# What a header of a tar member may announce of itself (long names, extended attributes).
_MAX_HEADER = 1024 * 1024
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class BoundedTarInfo(tarfile.TarInfo):
    """Refuses extended headers of a size that nobody needs, before they are read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> Any:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _EXTENDED and member.size > _MAX_HEADER:
            raise tarfile.ReadError("an extended header is too large")
        return member


class _Blob(io.RawIOBase):
    """A blob as a file that hashes what it gives out."""

    def __init__(self, store: Store, repository: str, blob: Descriptor) -> None:
        super().__init__()
        self._blob = blob
        self._subject = f"{repository}@{blob.digest}"
        self._hasher = blob.digest.hasher()
        self._read = 0
        self._reader = store.open_blob(repository, blob)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = self._reader.readinto(view)
        self._hasher.update(view[:count])
        self._read += count
        if self._read > self._blob.size:
            raise CorruptContent(f"the layer has more than the {self._blob.size} bytes that it should have", subject=self._subject)
        return count

    def finish(self) -> None:
        """Reads what is left without unpacking it, so that the digest vouches for what was taken.  Raises CorruptContent."""
        buffer = memoryview(bytearray(CHUNK))
        while self.readinto(buffer):
            pass
        if self._read != self._blob.size or self._hasher.hexdigest() != self._blob.digest.hex:
            raise CorruptContent("the layer does not have the digest and size that name it", subject=self._subject)

    def close(self) -> None:
        self._reader.close()
        super().close()


class _Bounded:
    """Counts what a layer unpacks to."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._total = 0

    def read(self, size: int) -> bytes:
        content = self._source.read(size)
        self._total += len(content)
        if self._total > MAX_UNPACKED:
            raise tarfile.ReadError(f"it unpacks to more than {MAX_UNPACKED} bytes")
        return content


def _unpacked(packed: io.BufferedReader, subject: str) -> Any:
    """By the first bytes, since media types of layers are not always right."""
    head = packed.peek(4)[:4]
    if head[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=packed, mode="rb")
    if head == b"\x28\xb5\x2f\xfd":
        return _zstd(packed, subject)
    return packed


def _zstd(packed: io.BufferedReader, subject: str) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise Unsupported(
            "the layer is compressed with zstd, which this host cannot unpack", subject=subject, advice="Install the Python package zstandard."
        ) from error
    reader = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).stream_reader(packed, read_across_frames=True, closefd=False)
    return _Zstd(reader, zstandard.ZstdError)


class _Zstd:
    def __init__(self, reader: Any, error: Any) -> None:
        self._reader = reader
        self._error = error

    def read(self, size: int) -> bytes:
        try:
            return self._reader.read(size)
        except self._error as error:
            raise tarfile.ReadError(str(error)) from error


def _plain(name: str) -> str:
    while name.startswith(("./", "/")):
        name = name[name.index("/") + 1 :]
    return name


class Layer:
    """One layer, open for one pass.  Use as a context manager; leaving it without an error verifies the digest."""

    def __init__(self, store: Store, repository: str, blob: Descriptor) -> None:
        self._subject = f"{repository}@{blob.digest}"
        self._blob = _Blob(store, repository, blob)
        self._packed = io.BufferedReader(self._blob, CHUNK)

    def __enter__(self) -> "Layer":
        return self

    def __exit__(self, kind: Any, *_error: object) -> None:
        try:
            if kind is None:
                self._blob.finish()
        finally:
            self._packed.close()

    def members(self) -> Iterator[Tuple[str, tarfile.TarInfo, Any]]:
        """Each member's name without `./`, its header, and a function that opens the header for reading.

        Raises CorruptContent for what is not a layer.
        """
        source = _unpacked(self._packed, self._subject)
        try:
            with tarfile.open(fileobj=_Bounded(source), mode="r|", tarinfo=BoundedTarInfo) as archive:
                for member in archive:
                    yield _plain(member.name), member, archive.extractfile
        except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, OverflowError) as error:
            raise CorruptContent(f"the layer is not a tar archive: {error}", subject=self._subject) from error
