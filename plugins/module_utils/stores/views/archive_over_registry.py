# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An archive together with what its destination has already, as one source.

What an archive leaves out normally gets into further repositories by mounting.  Registries
that do not mount get it this way: it is read back from where it lies (mirroring 4.6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


class Completed(ReadOnlyStore):
    """Reads from `archive`; what it lacks from `registry`, in the repositories that `homes` names by digest."""

    def __init__(self, archive: Store, registry: Store, homes: Mapping[str, str]) -> None:
        self.name = archive.name
        self.capabilities = archive.capabilities
        self._archive = archive
        self._registry = registry
        self._homes = homes

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        try:
            return self._archive.fetch_manifest(repository, reference)
        except NotFound:
            home = self._homes.get(reference)
            if home is None:
                raise
            return self._registry.fetch_manifest(home, reference)

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        return self._archive.find_manifest(repository, reference)

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        try:
            return self._archive.open_blob(repository, blob, offset)
        except NotFound:
            home = self._homes.get(blob.digest)
            if home is None:
                raise
            return self._registry.open_blob(home, blob, offset)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return self._archive.tags(repository)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return self._archive.referrers(repository, digest)

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return self._archive.blobs_present(repository, digests)
