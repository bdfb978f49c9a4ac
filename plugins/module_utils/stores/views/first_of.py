# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Several stores read as one, such as the archives of a row of sequences; the first that has something gives it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Callable, TypeVar

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore

_Answer = TypeVar("_Answer")


class Several(ReadOnlyStore):
    """stores: at least one, in the order in which they are asked."""

    refusal = "these stores are only read"

    def __init__(self, stores: Sequence[Store]) -> None:
        self.name = ", ".join(store.name for store in stores)
        self.capabilities = stores[0].capabilities
        self._stores = tuple(stores)

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        return self._first(lambda store: store.fetch_manifest(repository, reference))

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        found = (store.find_manifest(repository, reference) for store in self._stores)
        return next((descriptor for descriptor in found if descriptor is not None), None)

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        return self._first(lambda store: store.open_blob(repository, blob, offset))

    def tags(self, repository: str) -> tuple[str, ...] | None:
        found = [tags for tags in (store.tags(repository) for store in self._stores) if tags is not None]
        return tuple(sorted({tag for tags in found for tag in tags})) if found else None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return tuple({found.digest: found for store in self._stores for found in store.referrers(repository, digest)}.values())

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        wanted = set(digests)
        return {digest for store in self._stores for digest in store.blobs_present(repository, wanted)}

    def close(self) -> None:
        for store in self._stores:
            store.close()

    def _first(self, question: Callable[[Store], _Answer]) -> _Answer:
        """Of the first store that has it; raises NotFound when none has."""
        *others, last = self._stores
        for store in others:
            try:
                return question(store)
            except NotFound:
                continue
        return question(last)
