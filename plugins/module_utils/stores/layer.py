# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A layer's members, read as they stream by: its digest verified, what it unpacks to bounded (user-needs G15, G16)."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import Any, Iterator, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

CHUNK = 256 * 1024
# A layer may unpack to so many times its size, and to this much in any case; no real one comes near.
MAX_RATIO = 100
ALWAYS_ALLOWED = 256 * 1024 * 1024
MAX_UNPACKED = 16 * 1024**3
MAX_MEMBERS = 2_000_000

_MAX_WINDOW = 128 * 1024 * 1024
_MAX_HEADER = 1024 * 1024
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


class BoundedTarInfo(tarfile.TarInfo):
    """Refuses extended headers of a size that nobody needs, before they are read into memory."""

    @classmethod
    def frombuf(cls, buf: bytes, encoding: str, errors: str) -> Any:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _EXTENDED and not 0 <= member.size <= _MAX_HEADER:
            raise tarfile.ReadError("an extended header is too large")
        return member


class _Packed(io.RawIOBase):
    """A blob as a file that hashes what it gives out."""

    def __init__(self, store: Store, repository: str, blob: Descriptor) -> None:
        super().__init__()
        self._blob = blob
        self._subject = f"{repository}@{blob.digest}"
        self._hasher = blob.digest.hasher()
        self.count = 0
        self._reader = store.open_blob(repository, blob)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = self._reader.readinto(view)
        self._hasher.update(view[:count])
        self.count += count
        if self.count > self._blob.size:
            raise CorruptContent(f"the layer has more than the {self._blob.size} bytes that it should have", subject=self._subject)
        return count

    def finish(self) -> None:
        """Reads what is left, so that the digest vouches for what was taken.  Raises CorruptContent."""
        buffer = memoryview(bytearray(CHUNK))
        while self.readinto(buffer):
            pass
        if self.count != self._blob.size or self._hasher.hexdigest() != self._blob.digest.hex:
            raise CorruptContent("the layer does not have the digest and size that name it", subject=self._subject)

    def close(self) -> None:
        self._reader.close()
        super().close()


class _Unpacked:
    """What comes out of a layer, counted against what went in."""

    def __init__(self, source: Any, packed: _Packed, subject: str) -> None:
        self._source = source
        self._packed = packed
        self._subject = subject
        self._count = 0

    def read(self, size: int) -> bytes:
        content = self._source.read(size)
        self._count += len(content)
        if self._count > min(MAX_UNPACKED, max(ALWAYS_ALLOWED, MAX_RATIO * self._packed.count)):
            raise Unsupported(
                f"the layer unpacks to more than {MAX_RATIO} times its size",
                subject=self._subject,
                advice="No real layer does; ask its publisher.",
            )
        return content


class _Zstd:
    """A zstd stream whose faults are those of a tar archive."""

    def __init__(self, reader: Any, fault: Any) -> None:
        self._reader = reader
        self._fault = fault

    def read(self, size: int) -> bytes:
        try:
            return self._reader.read(size)
        except self._fault as error:
            raise tarfile.ReadError(str(error)) from error


def _decompressed(packed: io.BufferedReader, subject: str) -> Any:
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
            "the layer is compressed with zstd, which this host cannot unpack",
            subject=subject,
            advice="Install the Python package zstandard.",
        ) from error
    reader = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).stream_reader(packed, read_across_frames=True, closefd=False)
    return _Zstd(reader, zstandard.ZstdError)


def plain_name(name: str) -> str:
    """A member's name without a leading `./` or `/`; raises InputError when it leads out of the layer."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts or "\x00" in name:
        raise InputError(f"a member of the layer is named {name!r:.200}, which leads out of it")
    return "/".join(parts)


class Layer:
    """One layer, open for one pass.  Use as a context manager; leaving it without an error verifies the digest."""

    def __init__(self, store: Store, repository: str, blob: Descriptor) -> None:
        self._subject = f"{repository}@{blob.digest}"
        self._blob = _Packed(store, repository, blob)
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
        """Each member's plain name, its header, and a function that opens the header for reading.

        Raises CorruptContent (not a layer), InputError (a name that leads out of it), Unsupported (it unpacks without end).
        """
        source = _Unpacked(_decompressed(self._packed, self._subject), self._blob, self._subject)
        try:
            with tarfile.open(fileobj=source, mode="r|", tarinfo=BoundedTarInfo, bufsize=CHUNK) as archive:
                count = 0
                for member in archive:
                    # What was read is not looked up again, and would be kept for ever.
                    archive.members = []
                    count += 1
                    if count > MAX_MEMBERS:
                        raise Unsupported(f"the layer has more than {MAX_MEMBERS} members", subject=self._subject)
                    yield plain_name(member.name), member, archive.extractfile
        except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError, ValueError, OverflowError) as error:
            raise CorruptContent(f"the layer is not a tar archive: {error}", subject=self._subject) from error
        except MirrorError as error:
            error.subject = error.subject or self._subject
            raise
