# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Content from the nearest place that has it: mirrors and archives close by first, where it comes from last.

Places give bytes of a digest and nothing else.  What a name means and what is attached to an image is asked where it comes from, and
whoever reads checks the digest; a place that gave wrong bytes is not asked for them again, and one that is gone not for anything.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, MirrorError, NotFound, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


@dataclass(frozen=True)
class Stock:
    """What a place has.  find: the repository of the store that has a digest, None where it has not."""

    store: Store
    find: Callable[[Digest], str | None]


class Place:
    """A place close by.  name: as it was given.  look: opens it; what it raises makes the place one that is gone.

    read: bytes that it gave.  trouble: why it is not asked any more.
    """

    def __init__(self, name: str, look: Callable[[], Stock]) -> None:
        self.name = name
        self.read = 0
        self.trouble = ""
        self._look = look
        self._stock: Stock | None = None
        self._lock = threading.Lock()
        self._doubted: set[Digest] = set()

    def having(self, digest: Digest) -> tuple[Store, str] | None:
        """The store and the repository to read a digest from."""
        with self._lock:
            if self.trouble or digest in self._doubted:
                return None
            if self._stock is None:
                try:
                    self._stock = self._look()
                except Cancelled:
                    raise
                except MirrorError as error:
                    self.trouble = str(error)
                    return None
            found = self._stock.find(digest)
            return None if found is None else (self._stock.store, found)

    def doubt(self, digest: Digest) -> None:
        with self._lock:
            self._doubted.add(digest)

    def blame(self, digest: Digest, error: MirrorError) -> None:
        """It did not give what it should have."""
        self.doubt(digest)
        if isinstance(error, Unreachable):
            self.trouble = self.trouble or str(error)

    def count(self, size: int) -> None:
        with self._lock:
            self.read += size


class Nearest(ReadOnlyStore):
    """places: in the order in which they are asked.  origin: answers for all else."""

    refusal = "content is only read from places close by, never written there"

    def __init__(self, places: Sequence[Place], origin: Store) -> None:
        self.name = origin.name
        self.capabilities = origin.capabilities
        self.places = tuple(places)
        self.read = 0
        self._origin = origin
        self._lock = threading.Lock()

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        digest = Digest.parse(reference) if ":" in reference else None
        for place, store, home in self._having(digest) if digest else ():
            try:
                return store.fetch_manifest(home, reference)
            except Cancelled:
                raise
            except MirrorError as error:
                place.blame(Digest.parse(reference), error)
        return self._origin.fetch_manifest(repository, reference)

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        return self._origin.find_manifest(repository, reference)

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        return _Reader(self, repository, blob, offset)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return self._origin.tags(repository)

    def some_tags(self, repository: str, most: int) -> tuple[tuple[str, ...], bool]:
        return self._origin.some_tags(repository, most)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return self._origin.referrers(repository, digest)

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return self._origin.blobs_present(repository, digests)

    def doubt(self, digest: Digest) -> None:
        for place in self.places:
            place.doubt(digest)
        self._origin.doubt(digest)

    def open_nearest(self, repository: str, blob: Descriptor, offset: int) -> tuple[Place | None, BlobReader]:
        """The reader, and the place that it reads from; None for where it comes from.  Raises what the origin raises."""
        for place, store, home in self._having(blob.digest):
            try:
                return place, store.open_blob(home, blob, offset)
            except Cancelled:
                raise
            except MirrorError as error:
                place.blame(blob.digest, error)
        return None, self._origin.open_blob(repository, blob, offset)

    def count(self, place: Place | None, size: int) -> None:
        if place is not None:
            place.count(size)
            return
        with self._lock:
            self.read += size

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of blobs by the place that gave them; those that came from elsewhere have the empty name."""
        return {name: size for name, size in (*((place.name, place.read) for place in self.places), ("", self.read)) if size}

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(f"Nothing more was read from {place.name}: {place.trouble}" for place in self.places if place.trouble)

    @property
    def requests(self) -> Mapping[str, int]:
        return self._origin.requests

    @property
    def retries(self) -> int:
        return self._origin.retries

    def cancel(self) -> None:
        self._origin.cancel()

    def close(self) -> None:
        self._origin.close()

    def _having(self, digest: Digest) -> Iterator[tuple[Place, Store, str]]:
        for place in self.places:
            found = place.having(digest)
            if found is not None:
                yield (place, *found)


class _Reader(BlobReader):
    """Goes on at the next place where one breaks off: bytes of one digest are the same everywhere."""

    def __init__(self, store: Nearest, repository: str, blob: Descriptor, offset: int) -> None:
        self._store = store
        self._repository = repository
        self._blob = blob
        self._position = offset
        self._place, self._reader = store.open_nearest(repository, blob, offset)

    def readinto(self, buffer: memoryview) -> int:
        while True:
            try:
                size = self._reader.readinto(buffer)
                if not size and self._place is not None and self._position < self._blob.size:
                    raise NotFound(f"it ended after {self._position} of {self._blob.size} bytes", subject=self._blob.digest)
                break
            except Cancelled:
                raise
            except MirrorError as error:
                if self._place is None:
                    raise
                self._place.blame(self._blob.digest, error)
                self._reader.close()
                self._place, self._reader = self._store.open_nearest(self._repository, self._blob, self._position)
        self._position += size
        self._store.count(self._place, size)
        return size

    def close(self) -> None:
        self._reader.close()
