# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An archive of oc-mirror v2, and behind it the registry that earlier archives were loaded into.

Such an archive leaves out what earlier ones brought, manifests among it, and has all tags
nevertheless.  What a tag means is read from the archive, its content from wherever it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v2 import V2Archive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


class WithMirror(ReadOnlyStore):
    """place: the registry's repository for one of the archive."""

    def __init__(self, archive: V2Archive, registry: Store, place: Callable[[str], str]) -> None:
        self.name = archive.name
        self.capabilities = archive.capabilities
        self._archive = archive
        self._registry = registry
        self._place = place

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        digest = self._archive.resolve(repository, reference)
        try:
            return self._archive.fetch_manifest(repository, digest)
        except NotFound as error:
            for place in self._archive.places(digest, repository):
                try:
                    return self._registry.fetch_manifest(self._place(place), digest)
                except NotFound:
                    continue
            raise error

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        try:
            return self._archive.open_blob(repository, blob, offset)
        except NotFound as error:
            for place in self._archive.places(blob.digest, repository):
                try:
                    return self._registry.open_blob(self._place(place), blob, offset)
                except NotFound:
                    continue
            raise error

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return self._archive.tags(repository)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return ()

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        wanted = set(digests)
        found = self._archive.blobs_present(repository, wanted)
        for digest in sorted(wanted - found):
            places = map(self._place, self._archive.places(digest, repository))
            found |= next(filter(None, (self._registry.blobs_present(place, [digest]) for place in places)), set())
        return found
