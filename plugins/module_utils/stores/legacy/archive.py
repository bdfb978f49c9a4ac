# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the archives of both generations of the oc-mirror plugin have in common as stores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import EntryReader, TarIndex
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Capabilities
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


class LegacyArchive(ReadOnlyStore):
    """Read-only; repositories are the paths under which the archive files them (no host)."""

    def __init__(self, name: str, index: TarIndex) -> None:
        self.name = name
        self.index = index
        self.capabilities = Capabilities(tags=True, delete=False, referrers=False)

    @abstractmethod
    def blob_name(self, digest: Digest) -> str:
        """The member that holds a blob."""

    @abstractmethod
    def manifest_name(self, repository: str, reference: str) -> str:
        """The member that holds a manifest.  Raises NotFound."""

    def holds(self, digest: Digest) -> bool:
        """Whether a blob or a manifest is in it."""
        return self.blob_name(digest) in self.index.entries

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        digest = Digest.parse(reference) if ":" in reference else None
        return Manifest.parse(
            self.index.read(self.manifest_name(repository, reference)), digest=digest, subject=f"{repository} {reference}"
        )

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        entry = self.index.entries.get(self.blob_name(blob.digest))
        if entry is None:
            raise NotFound(f"{self.name} does not hold the blob {blob.digest}", subject=repository)
        return EntryReader(entry, offset)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return ()

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if self.holds(digest)}
