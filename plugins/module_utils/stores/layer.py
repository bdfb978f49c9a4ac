# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A layer's members, read as they stream by: its digest verified, what it unpacks to bounded (user-needs G15, G16)."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.gunzip import Gunzip
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import Member, Stream, TarWalk

CHUNK = 256 * 1024


class _Packed(io.RawIOBase):
    """A blob as a file that hashes what it gives out."""

    def __init__(self, reader: BlobReader, blob: Descriptor, subject: str) -> None:
        super().__init__()
        self._reader = reader
        self._blob = blob
        self._subject = subject
        self._hasher = blob.digest.hasher()
        self.count = 0

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
        content: bytes = self._source.read(size)
        self._count += len(content)
        if self._count > min(limits.UNPACKED, max(limits.UNPACKED_ALWAYS, limits.RATIO * self._packed.count)):
            raise Unsupported(
                f"the layer unpacks to more than {limits.RATIO} times its size",
                subject=self._subject,
                advice="No real layer does; ask its publisher.",
            )
        return content


class _Zstd:
    """A zstd stream whose faults are errors of values."""

    def __init__(self, reader: Any, fault: Any) -> None:
        self._reader = reader
        self._fault = fault

    def read(self, size: int) -> bytes:
        try:
            content: bytes = self._reader.read(size)
        except self._fault as error:
            raise ValueError(str(error)) from error
        return content


def _decompressed(packed: io.BufferedReader[_Packed], subject: str) -> Any:
    """By the first bytes, since media types of layers are not always right."""
    head = packed.peek(4)[:4]
    if head[:2] == b"\x1f\x8b":
        return Gunzip(packed)
    if head == b"\x28\xb5\x2f\xfd":
        return _zstd(packed, subject)
    return packed


def _zstd(packed: io.BufferedReader[_Packed], subject: str) -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise Unsupported(
            "the layer is compressed with zstd, which this host cannot unpack",
            subject=subject,
            advice="Install the Python package zstandard.",
        ) from error
    reader = zstandard.ZstdDecompressor(max_window_size=limits.ZSTD_WINDOW).stream_reader(packed, read_across_frames=True, closefd=False)
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
        self._blob = _Packed(store.open_blob(repository, blob), blob, self._subject)
        self._packed = io.BufferedReader(self._blob, CHUNK)

    def __enter__(self) -> Layer:
        return self

    def __exit__(self, kind: Any, *_error: object) -> None:
        try:
            if kind is None:
                self._blob.finish()
        finally:
            self._packed.close()

    def members(self) -> Iterator[tuple[str, Member, Content]]:
        """Each member's plain name, its header, and what reads its content as long as the next one was not asked for.

        Raises CorruptContent (not a layer), InputError (a name that leads out of it), Unsupported (it unpacks without end);
        reading the content raises the same.
        """
        walk = TarWalk(Stream(_Unpacked(_decompressed(self._packed, self._subject), self._blob, self._subject)))
        members, content, count = iter(walk), Content(walk, self._subject), 0
        while True:
            with _told(self._subject):
                member = next(members, None)
                if member is None:
                    return
                name = plain_name(member.name)
                count += 1
                if count > limits.LAYER_MEMBERS:
                    raise Unsupported(f"the layer has more than {limits.LAYER_MEMBERS} members")
            yield name, member, content


class Content:
    """The content of the member at hand."""

    def __init__(self, walk: TarWalk, subject: str) -> None:
        self._walk = walk
        self._subject = subject

    def read(self, size: int = -1) -> bytes:
        """All that is left of it, or up to `size` bytes."""
        with _told(self._subject):
            return self._walk.read(size)


@contextmanager
def _told(subject: str) -> Iterator[None]:
    """What a damaged layer raises, wherever it is read, as an error of the layer."""
    try:
        yield
    except (zlib.error, EOFError, ValueError) as error:
        raise CorruptContent(f"the layer is not a tar archive: {error}", subject=subject) from error
    except MirrorError as error:
        error.subject = error.subject or subject
        raise


def file_of(store: Store, repository: str, blob: Descriptor, name: str, size: int) -> bytes | None:
    """The content of a file of a layer, None when it has no such file.

    Raises what `Layer` raises, Unsupported (the file has more than `size` bytes).
    """
    with Layer(store, repository, blob) as layer:
        for found, member, content in layer.members():
            if found == name and member.is_file:
                if member.size > size:
                    raise Unsupported(f"{name} has {member.size} bytes, more than the {size} that are accepted")
                return content.read()
    return None
