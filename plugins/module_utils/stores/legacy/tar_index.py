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
import tarfile
from dataclasses import dataclass
from typing import Dict, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import BoundedTarInfo
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader

# More members than any real archive has; a bound on memory.
_MOST_MEMBERS = 5_000_000
# Documents (metadata, configurations, manifests, links) are read whole up to this size.
DOCUMENT_LIMIT = 256 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A regular file (path of the volume, offset and size of its content) or a symbolic link (its target)."""

    volume: str
    offset: int
    size: int
    target: str = ""


class TarIndex:
    """Names to entries over all volumes.  Raises CorruptContent for what is no whole tar, and for a name in two volumes."""

    def __init__(self, volumes: Sequence[str]) -> None:
        self.entries: Dict[str, Entry] = {}
        for volume in volumes:
            self._add(volume)

    def read(self, name: str) -> bytes:
        """A document's bytes; a link inside the archive is followed once.  Raises NotFound."""
        entry = self.entries.get(name)
        if entry is not None and entry.target:
            entry = self.entries.get(posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.target)))
        if entry is None or entry.target:
            raise NotFound(f"the archive has no {name}")
        if entry.size > DOCUMENT_LIMIT:
            raise Unsupported(f"{name} has {entry.size} bytes", subject=entry.volume)
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
            raise CorruptContent("empty archive file", subject=volume, advice="Carry this file over again.")
        try:
            with tarfile.open(volume, "r:", tarinfo=BoundedTarInfo) as tar:
                last = -1
                for member in tar:
                    # What was read is not looked up again, and would be kept for ever.
                    tar.members = []
                    # A size below zero leads back to where we were.
                    if member.offset <= last or member.size < 0:
                        raise tarfile.ReadError("a member begins before the one that it follows")
                    last = member.offset
                    if member.issparse():
                        raise CorruptContent(f"the member {member.name!r:.200} is stored with holes", subject=volume)
                    if member.isreg() or member.issym():
                        self._enter(volume, member)
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            raise CorruptContent(
                f"the volume cannot be read as tar: {error}", subject=volume, advice="Carry this file over again."
            ) from error
        except OSError as error:
            raise StorageError(f"cannot read the volume: {error.strerror}", subject=volume) from error

    def _enter(self, volume: str, member: tarfile.TarInfo) -> None:
        name = posixpath.normpath(member.name)
        if name.startswith(("/", "..")) or len(self.entries) >= _MOST_MEMBERS:
            raise CorruptContent(f"the member {member.name!r:.200} is not allowed", subject=volume)
        if name in self.entries and self.entries[name].volume != volume:
            raise CorruptContent(
                f"{name} is in {os.path.basename(self.entries[name].volume)} as well: these volumes are not of one set",
                subject=volume,
                advice="Keep one set in a folder.",
            )
        self.entries[name] = Entry(volume, member.offset_data, member.size, member.linkname if member.issym() else "")


def first_name(volume: str) -> str:
    """The name of a volume's first member; empty for what is no tar."""
    if not os.path.isfile(volume):
        return ""
    try:
        with tarfile.open(volume, "r:", tarinfo=BoundedTarInfo) as tar:
            member = tar.next()
            return member.name if member is not None else ""
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError):
        return ""


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
            raise CorruptContent("the volume is truncated", subject=self._entry.volume, advice="Carry this file over again.")
        self._rest -= read
        return read

    def close(self) -> None:
        self._file.close()
