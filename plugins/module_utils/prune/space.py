# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How much a registry can give back once its garbage is collected (user-needs P25)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# Deleting manifests frees nothing by itself.
NOTE = (
    "The registry gives the space back when its garbage is collected (distribution: registry garbage-collect, while nothing is "
    "pushed and without --delete-untagged, which older versions apply to images of an index as well; Quay and Harbor do it by themselves)."
)


def freed(doomed: Sequence[Candidate], needed: AbstractSet[str], shelf: Shelf, destination: Store, parallel: int = 8) -> int:
    """Bytes of manifests and blobs that nothing of ours needs any more, each once.

    needed: digests of all that stays.  Content that others put there as well is not freed, and is not supported here.
    """
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        manifests = list(pool.map(lambda candidate: _manifest(candidate, shelf, destination), doomed))
    sizes: dict[Digest, int] = {}
    for manifest in manifests:
        if manifest is not None:
            sizes[manifest.digest] = manifest.size
            sizes.update((blob.digest, blob.size) for blob in manifest.blobs if not blob.foreign)
    return sum(size for digest, size in sizes.items() if digest not in needed)


def _manifest(candidate: Candidate, shelf: Shelf, destination: Store) -> Manifest | None:
    known = shelf.get(candidate.digest)
    if known is not None:
        return known
    try:
        return destination.fetch_manifest(candidate.repository, candidate.digest)
    except MirrorError:
        return None
