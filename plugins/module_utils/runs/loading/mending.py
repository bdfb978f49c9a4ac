# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Archives that were loaded before, once more: for what the registry lost of them."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import FoundArchive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.first_of import Several
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_import import where_from
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.mending import Held, Mended, mend, survey
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, FAILED


@dataclass(frozen=True)
class MendedRun:
    """sequences: of archives that gave something, or would.  result: the images that got something back."""

    sequences: tuple[int, ...]
    result: TransferResult

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.result.failures


class Mending:
    """archives: of one history.  record: what the registry has of it by its own account."""

    def __init__(self, archives: Sequence[FoundArchive], record: History, registry: Store, destination: Destination, parallel: int) -> None:
        self._archives = archives
        self._record = record
        self._registry = registry
        self._destination = destination
        self._parallel = parallel
        sizes: dict[Digest, int] = {digest: size for archive in archives for digest, size in archive.sizes.items()}
        self._held = Held(Several([archive.store for archive in archives]), sizes)
        # What other repositories cannot have was never there.
        entries = [entry for entry in record.associations if destination.fits(entry.path)]
        self._entries = entries
        self._lost = survey(entries, self._held, registry, destination.repository, parallel)

    def foresee(self) -> MendedRun:
        return self._told([Mended(lost) for lost in self._lost])

    def run(self, stop: Any) -> MendedRun:
        """Raises Cancelled, and what the registry raises."""
        return self._told(mend(self._lost, self._held, self._registry, self._parallel, stop))

    def _told(self, mended: Sequence[Mended]) -> MendedRun:
        brought = {digest for each in mended for digest in each.lost.digests}
        images = tuple(image for each in mended for image in self._images(each))
        sequences = sorted(archive.sequence for archive in self._archives if brought & set(archive.sizes))
        blobs = sum(len(each.lost.blobs) for each in mended)
        return MendedRun(tuple(sequences), TransferResult(images, {COPIED: blobs}, size=sum(each.size for each in mended)))

    def _images(self, mended: Mended) -> list[ImageResult]:
        """The images of a repository that got something back."""
        return [
            self._image(entry, mended.lost.repository, mended.left & entry_digests(entry))
            for entry in self._entries
            if self._destination.repository(entry.path) == mended.lost.repository and entry_digests(entry) & mended.lost.digests
        ]

    def _image(self, entry: Association, repository: str, left: AbstractSet[Digest]) -> ImageResult:
        image = PlanImage(entry.type, entry.name, "", Digest(entry.id), "", 0, entry.path, entry.tags, subject=entry.subject)
        placed = PlacedImage(image, repository, entry.tags)
        if not left:
            return ImageResult(placed, COPIED)
        told = where_from(left, self._record.runs)
        failure = Failure(
            code="incompatible",
            message=f"the registry still lacks {told.what} of it, {told.where}",
            subject=entry.name,
            category=placed.category,
            advice=f"{told.advice}; what these archives hold of it is there again.",
        )
        return ImageResult(placed, FAILED, failure)


def entry_digests(entry: Association) -> set[Digest]:
    return {Digest(digest) for digest in entry.digests}
