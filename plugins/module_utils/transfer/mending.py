# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Bringing back what a destination lost of what it had, from archives that were loaded before.

What it should have is told by its own record; the archives give content by digest and nothing else.  So any of them may be
taken at any time: no tag moves, nothing that later archives brought is undone, and what one of them lacks another one brings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stream import ReadFailed, Stream

_BLOB = "application/octet-stream"
_BUFFER = 512 * 1024


@dataclass(frozen=True)
class Held:
    """What archives hold.  source: finds a digest under any repository.  sizes: bytes of each digest."""

    source: Store
    sizes: dict[Digest, int]


@dataclass(frozen=True)
class Lost:
    """What one repository lacks: blobs and manifests that the archives hold, and tags that name nothing there.

    children: the instances that each index should have there.
    """

    repository: str
    blobs: frozenset[Digest] = frozenset()
    manifests: frozenset[Digest] = frozenset()
    tags: tuple[tuple[str, Digest], ...] = ()
    children: Mapping[Digest, frozenset[Digest]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.blobs or self.manifests or self.tags)

    @property
    def digests(self) -> frozenset[Digest]:
        return self.blobs | self.manifests | {digest for _tag, digest in self.tags}


@dataclass(frozen=True)
class Mended:
    """One repository after it was mended.  size: bytes of blobs that went there.  left: digests that it still lacks."""

    lost: Lost
    size: int = 0
    left: frozenset[Digest] = frozenset()


def survey(record: Sequence[Association], held: Held, destination: Store, place: Callable[[str], str], parallel: int) -> list[Lost]:
    """What the destination lacks of its record, as far as the archives could help.  Raises what the destination raises."""
    repositories: dict[str, list[Association]] = {}
    for entry in record:
        if any(digest in held.sizes for digest in entry.digests):
            repositories.setdefault(place(entry.path), []).append(entry)

    def look(repository: str) -> Lost:
        return _lost(repository, repositories[repository], held, destination)

    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        return [lost for lost in pool.map(look, sorted(repositories)) if lost]


def _lost(repository: str, entries: Sequence[Association], held: Held, destination: Store) -> Lost:
    def lacks(reference: str) -> bool:
        return destination.find_manifest(repository, reference) is None

    blobs = {Digest(digest) for entry in entries for digest in entry.blobs if digest in held.sizes}
    manifests = {Digest(digest) for entry in entries for digest in (entry.id, *entry.manifests) if digest in held.sizes}
    tags = {(tag, Digest(entry.id)) for entry in entries if entry.id in held.sizes for tag in entry.tags}
    return Lost(
        repository,
        frozenset(blobs - destination.blobs_present(repository, blobs)),
        frozenset(digest for digest in manifests if lacks(digest)),
        tuple(sorted(named for named in tags if lacks(named[0]))),
        {Digest(entry.id): frozenset(map(Digest, entry.manifests)) for entry in entries if entry.manifests},
    )


def mend(lost: Sequence[Lost], held: Held, destination: Store, parallel: int, stop: Any) -> list[Mended]:
    """Brings what can be brought, repository by repository.  Raises Cancelled, and what the destination raises."""
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        return list(pool.map(lambda each: _Mending(each, held, destination, stop).mended(), lost))


class _Mending:
    """One repository: blobs, then what refers to them, then what names that."""

    def __init__(self, lost: Lost, held: Held, destination: Store, stop: Any) -> None:
        self._lost = lost
        self._held = held
        self._destination = destination
        self._stop = stop
        self._left: set[Digest] = set()

    def mended(self) -> Mended:
        size = 0
        for digest in sorted(self._lost.blobs):
            self._bring(Descriptor(_BLOB, digest, self._held.sizes[digest]))
            size += self._held.sizes[digest]
        manifests = {digest: self._held.source.fetch_manifest("", digest) for digest in self._lost.manifests}
        for digest, manifest in sorted(manifests.items(), key=lambda item: item[1].is_index):
            self._publish(digest, manifest)
        for tag, digest in self._lost.tags:
            if self._is_there(digest):
                self._publish(digest, self._held.source.fetch_manifest("", digest), tag)
        return Mended(self._lost, size, frozenset(self._left))

    def _bring(self, blob: Descriptor) -> None:
        if self._stop.is_set():
            raise Cancelled("the run was stopped", subject=blob.digest)
        writer = self._destination.start_blob(self._lost.repository, blob)
        if writer is None:
            return
        try:
            Stream(self._held.source, "", blob, memoryview(bytearray(_BUFFER)), self._stop, lambda size: None).pour(writer)
        except ReadFailed as failed:
            raise failed.error from failed

    def _publish(self, digest: Digest, manifest: Manifest, tag: str = "") -> None:
        """Only with all that it refers to, whatever the registry would take."""
        needed = {blob.digest for blob in manifest.blobs if not blob.foreign}
        lacking = needed - self._destination.blobs_present(self._lost.repository, needed)
        lacking |= {child for child in self._lost.children.get(digest, ()) if not self._is_there(child)}
        if lacking:
            self._left |= {digest, *lacking}
        else:
            self._destination.put_manifest(self._lost.repository, manifest, tag)

    def _is_there(self, digest: Digest) -> bool:
        return self._destination.find_manifest(self._lost.repository, digest) is not None
