# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where everything of an archive set lies: a pure function of its manifest.

    volume 000000: manifest.json [manifest.json.sig] volume.json  member member ...
    volume 000001: volume.json  member ...

A member that does not fit the rest of a volume starts the next one; a blob larger than a
whole volume is cut by byte into `<name>.part000`, `<name>.part001` and so on, so that no
volume is larger than the set's `volume_size` (tar's own blocks included).
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import BLOCK, END, header_size, padded

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
VOLUME = "volume.json"
# A signature is filled up with newlines to this size, so that places do not depend on it.
SIGNATURE_SIZE = 16 * 1024
# A cut blob does not start in a rest smaller than this.
_SMALLEST_PART = 64 * 1024
# As many as names have numbers for.
_MOST_VOLUMES = 999_999


@dataclass(frozen=True)
class Segment:
    """One tar member: bytes [start, start+size) of `content`, at byte `offset` of the volume (its header lies before)."""

    name: str
    content: Content
    start: int
    size: int
    volume: int
    offset: int


@dataclass(frozen=True)
class Places:
    """segments: per volume, in order.  sizes: bytes of each volume, end blocks included."""

    segments: tuple[tuple[Segment, ...], ...]
    sizes: tuple[int, ...]

    def by_digest(self) -> dict[Digest, list[Segment]]:
        """The segments of each blob, in byte order."""
        found: dict[Digest, list[Segment]] = {}
        for volume in self.segments:
            for segment in volume:
                if segment.content.is_blob:
                    found.setdefault(segment.content.digest, []).append(segment)
        return found


def volume_name(sequence: int, volume: int) -> str:
    return f"mirror_seq{sequence}_{volume:06d}.tar"


def volume_document(archive_id: str, volume: int, count: int, signature: str) -> bytes:
    """`volume.json`: to which archive a volume belongs, which one it is, of how many, and the digest of the set's signature.

    Always of one size; the signature of an unsigned set is the empty text.
    """
    return files.json_bytes({"archive": archive_id, "volume": f"{volume:06d}", "volumes": f"{count:06d}", "signature": signature})


def signature_content(signature: bytes) -> bytes:
    """A signature as it lies in the volume."""
    return signature.ljust(SIGNATURE_SIZE, b"\n") if signature else b""


def arrange(contents: Contents, most: int = 0) -> Places:
    """most: volumes that there may be, 0 for as many as have names.

    Raises InputError when volumes are too small for the documents, or too many.
    """
    builder = _Builder(contents.volume_size, most or _MOST_VOLUMES)
    encoded = contents.encoded()
    builder.first(Content.document(MANIFEST, encoded))
    if contents.signature:
        builder.first(Content(SIGNATURE, SIGNATURE_SIZE, Digest.of(b"")))
    builder.first(_volume_member())
    for member in contents.members:
        builder.place(member)
    return builder.done()


def _volume_member() -> Content:
    return Content.document(VOLUME, volume_document(Digest.of(b""), 0, 0, Digest.of(b"")))


class _Builder:
    """Fills volumes one after the other."""

    def __init__(self, limit: int, most: int) -> None:
        self.limit = limit
        self.most = most
        self.volumes: list[list[Segment]] = [[]]
        self.used = 0
        self.sizes: list[int] = []

    def first(self, content: Content) -> None:
        """A member that belongs at the head of the first volume."""
        if content.size > self._room(content.name):
            self._too_small(content)
        self._put(content, content.name, 0, content.size)

    def place(self, content: Content) -> None:
        room = self._room(content.name)
        if (
            content.size > room
            and self.used > self._head()
            and (content.size <= self._room(content.name, self._head()) or room < _SMALLEST_PART)
        ):
            self._next()
        if content.size <= self._room(content.name):
            self._put(content, content.name, 0, content.size)
        elif content.is_blob:
            self._cut(content)
        else:
            self._too_small(content)

    def done(self) -> Places:
        self._close()
        return Places(tuple(tuple(volume) for volume in self.volumes), tuple(self.sizes))

    def _cut(self, content: Content) -> None:
        start, part = 0, 0
        while start < content.size:
            name = f"{content.name}.part{part:03d}"
            size = min(content.size - start, self._room(name))
            if size <= 0:
                self._next()
                size = min(content.size - start, self._room(name))
            if size <= 0:
                self._too_small(content)
            self._put(content, name, start, size)
            start, part = start + size, part + 1

    def _room(self, name: str, used: int = -1) -> int:
        """Content bytes that a member can have in this volume (or in one with `used` bytes taken), whole blocks only."""
        used = self.used if used < 0 else used
        return (self.limit - used - header_size(name) - len(END)) // BLOCK * BLOCK

    def _head(self) -> int:
        return BLOCK + padded(_volume_member().size)

    def _put(self, content: Content, name: str, start: int, size: int) -> None:
        offset = self.used + header_size(name)
        self.volumes[-1].append(Segment(name, content, start, size, len(self.volumes) - 1, offset))
        self.used = offset + padded(size)

    def _close(self) -> None:
        self.sizes.append(self.used + len(END))

    def _next(self) -> None:
        self._close()
        # Looked at here, for what an archive claims of itself may be any size.
        if len(self.volumes) >= self.most:
            raise InputError(f"the set needs more than {self.most} volumes", subject="archiveSize", advice="Raise archiveSize.")
        self.volumes.append([])
        self.used = 0
        self._put(_volume_member(), VOLUME, 0, _volume_member().size)

    def _too_small(self, content: Content) -> None:
        raise InputError(
            f"volumes of {self.limit} bytes are too small for {content.name} of {content.size} bytes",
            subject="archiveSize",
            advice="Raise archiveSize.",
        )
