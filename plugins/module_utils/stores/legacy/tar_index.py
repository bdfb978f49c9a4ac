# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where each file of some tar volumes lies, so that content is read in place.

Archives of the oc-mirror plugin carry no checksums and no list of their members; the
headers are read once, seeking over the content.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import FILE, LINK, Member, Seekable, TarFault, TarWalk


class Entry(NamedTuple):
    """A regular file (path of the volume, offset and size of its content) or a symbolic link (its target)."""

    volume: str
    offset: int
    size: int
    target: str = ""


class TarIndex:
    """Names to entries over all volumes.  Raises CorruptContent for what is no whole tar, and for a name in two volumes."""

    def __init__(self, volumes: Sequence[str]) -> None:
        self.entries: dict[str, Entry] = {}
        self._names = 0
        for volume in volumes:
            self._add(volume)

    def read(self, name: str, size: int = limits.DOCUMENT.size) -> bytes:
        """A document's bytes; a link inside the archive is followed once.  Raises NotFound, Unsupported (more than `size` bytes)."""
        entry = self.entries.get(name)
        if entry is not None and entry.target:
            entry = self.entries.get(posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.target)))
        if entry is None or entry.target:
            raise NotFound(f"the archive has no {name}")
        if entry.size > size:
            raise Unsupported(f"{name} has {entry.size} bytes, more than the {size} that are accepted", subject=entry.volume)
        reader = EntryReader(entry, 0)
        try:
            content = bytearray(entry.size)
            view, position = memoryview(content), 0
            while position < entry.size:
                position += reader.readinto(view[position:])
            return bytes(content)
        finally:
            reader.close()

    def _add(self, volume: str) -> None:
        if not os.path.isfile(volume) or os.path.getsize(volume) == 0:
            raise CorruptContent("empty archive file", subject=volume, advice="Transfer this file again.")
        try:
            with _walked(volume) as members:
                for member in members:
                    if member.sparse:
                        raise TarFault(f"the member {member.name!r:.200} is stored with holes")
                    if member.kind in (FILE, LINK):
                        self._enter(volume, member)
        except TarFault as error:
            raise CorruptContent(
                f"the volume cannot be read as tar: {error}", subject=volume, advice="Transfer this file again."
            ) from error

    def _enter(self, volume: str, member: Member) -> None:
        name = posixpath.normpath(member.name)
        self._names += len(name) + len(member.target)
        if name.startswith(("/", "..")):
            raise CorruptContent(f"the member {member.name!r:.200} is not allowed", subject=volume)
        if len(self.entries) >= limits.ARCHIVE_MEMBERS or self._names > limits.ARCHIVE_NAMES:
            raise Unsupported(f"the archive has more than the {limits.ARCHIVE_MEMBERS} members that are accepted", subject=volume)
        if name in self.entries and self.entries[name].volume != volume:
            raise CorruptContent(
                f"{name} is in {os.path.basename(self.entries[name].volume)} as well: these volumes are not of one set",
                subject=volume,
                advice="Keep one set in a folder.",
            )
        self.entries[name] = Entry(volume, member.offset, member.size, member.target if member.kind == LINK else "")


def first_name(volume: str) -> str:
    """The name of a volume's first member; empty for what is no tar."""
    if not os.path.isfile(volume):
        return ""
    try:
        with _walked(volume) as members:
            return next((member.name for member in members), "")
    except (TarFault, StorageError):
        return ""


@contextmanager
def _walked(volume: str) -> Iterator[Iterator[Member]]:
    """The members of a volume.  Raises StorageError, and with the members TarFault."""
    try:
        with open(volume, "rb") as file:
            yield iter(TarWalk(Seekable(file, os.fstat(file.fileno()).st_size), whole=True))
    except OSError as error:
        raise StorageError(f"cannot read the volume: {error.strerror}", subject=volume) from error


class EntryReader(BlobReader):
    """Bytes of one entry from an offset on."""

    def __init__(self, entry: Entry, offset: int) -> None:
        self._entry = entry
        self._rest = max(0, entry.size - offset)
        try:
            self._file = open(entry.volume, "rb", buffering=0)
            self._file.seek(entry.offset + offset)
        except OSError as error:
            raise StorageError(f"cannot read the volume: {error.strerror}", subject=entry.volume) from error

    def readinto(self, buffer: memoryview) -> int:
        if not self._rest:
            return 0
        read = self._file.readinto(buffer[: min(len(buffer), self._rest)]) or 0
        if read == 0:
            raise CorruptContent("the volume is truncated", subject=self._entry.volume, advice="Transfer this file again.")
        self._rest -= read
        return read

    def close(self) -> None:
        self._file.close()
