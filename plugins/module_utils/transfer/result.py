# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What came of a transfer, as values.

The numbers of a run are made here and nowhere else: task results, summary, report, progress and documents tell them on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import (
    COPIED,
    FAILED,
    HELD,
    MOUNTED,
    PENDING,
    PRESENT,
    BlobDone,
)


@dataclass(frozen=True)
class ImageResult:
    """outcome: see `events`.  moved: tags that named something else before, with what."""

    placed: PlacedImage
    outcome: str
    failure: Failure | None = None
    moved: Mapping[str, Digest] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "origin": self.placed.image.origin,
            "type": self.placed.image.type,
            "digest": self.placed.digest,
            "repository": self.placed.repository,
            "tags": list(self.placed.tags),
            "outcome": self.outcome,
        }
        if self.moved:
            document["moved"] = dict(self.moved)
        if self.failure is not None:
            document["failure"] = self.failure.document()
        return document


class Tally:
    """A listener that counts what was acknowledged."""

    def __init__(self) -> None:
        self.blobs = {COPIED: 0, MOUNTED: 0, PRESENT: 0, FAILED: 0}
        self.size = 0

    def __call__(self, event: object) -> None:
        if isinstance(event, BlobDone):
            self.blobs[event.outcome] += 1
            if event.outcome == COPIED:
                self.size += event.size


@dataclass(frozen=True)
class Ahead:
    """What a run would move, bytes.

    pull: to read from other hosts.  ship: to write into an archive, or to send to the registry, manifests and history among it.
    """

    pull: int
    ship: int


@dataclass(frozen=True)
class TransferResult:
    """images: in the order in which they were given.

    blobs: placements by outcome.  size: bytes of blobs that were copied.  duration: seconds.
    requests: for each end (`source`, `destination`) the requests by method, where the store counts them.
    cancelled: the run was stopped.  stopped_by: the failure that stopped it by itself.
    warnings: sentences about what did not go well and harmed nothing.
    ahead: of a prediction: what the run would move.
    left_out: what failed before the transfer: objects that planning could not resolve, images that have no place.
    """

    images: tuple[ImageResult, ...]
    blobs: Mapping[str, int] = field(default_factory=dict)
    size: int = 0
    retries: int = 0
    duration: float = 0.0
    requests: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    cancelled: bool = False
    stopped_by: Failure | None = None
    sharded: bool = False
    warnings: tuple[str, ...] = ()
    left_out: tuple[Failure, ...] = ()
    ahead: Ahead | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Of all that was wanted, first what never came to be transferred."""
        found = [*self.left_out, *(image.failure for image in self.images if image.failure is not None)]
        if self.stopped_by is not None and self.stopped_by not in found:
            found.append(self.stopped_by)
        return tuple(found)

    @property
    def complete(self) -> bool:
        """Whether everything is there that was wanted (of a shard: whether all its blobs are)."""
        if self.cancelled or self.stopped_by is not None or self.left_out:
            return False
        there = {COPIED, PRESENT, PENDING} if self.sharded else {COPIED, PRESENT}
        return all(image.outcome in there for image in self.images)

    @property
    def changed(self) -> bool:
        """Whether the destination acknowledged anything that it did not have."""
        return bool(self.blobs.get(COPIED) or self.blobs.get(MOUNTED)) or any(image.outcome == COPIED for image in self.images)

    def count(self, outcome: str) -> int:
        return sum(image.outcome == outcome for image in self.images)

    def counts(self) -> dict[str, int]:
        """Small numbers for a task's result."""
        return {
            "images_total": len(self.images),
            **{f"images_{outcome}": self.count(outcome) for outcome in (COPIED, PRESENT, FAILED, HELD, PENDING)},
            "left_out": len(self.left_out),
            **{f"blobs_{outcome}": self.blobs.get(outcome, 0) for outcome in (COPIED, MOUNTED, PRESENT, FAILED)},
            "bytes_copied": self.size,
            "retries": self.retries,
        }

    def document(self) -> dict[str, Any]:
        """The whole result, JSON-ready."""
        return {
            "complete": self.complete,
            "changed": self.changed,
            "cancelled": self.cancelled,
            "counts": self.counts(),
            "duration": round(self.duration, 3),
            "requests": {end: dict(methods) for end, methods in self.requests.items()},
            "warnings": list(self.warnings),
            "failures": [failure.document() for failure in self.failures],
            "images": [image.document() for image in self.images],
        }


def joined(results: Sequence[TransferResult]) -> TransferResult:
    """Several transfers in a row as one; of an image that several moved, what the last one did to it, unless an earlier one copied it."""
    images: dict[tuple[str, str, tuple[str, ...]], ImageResult] = {}
    for image in (image for result in results for image in result.images):
        key = (image.placed.repository, image.placed.digest, image.placed.tags)
        if image.outcome != PRESENT or key not in images:
            images[key] = image
    requests: dict[str, dict[str, int]] = {}
    for result in results:
        for end, methods in result.requests.items():
            counted = requests.setdefault(end, {})
            counted.update({method: counted.get(method, 0) + count for method, count in methods.items()})
    return TransferResult(
        images=tuple(images.values()),
        blobs={outcome: sum(result.blobs.get(outcome, 0) for result in results) for outcome in (COPIED, MOUNTED, PRESENT, FAILED)},
        size=sum(result.size for result in results),
        retries=sum(result.retries for result in results),
        duration=sum(result.duration for result in results),
        requests=requests,
        cancelled=any(result.cancelled for result in results),
        stopped_by=next((result.stopped_by for result in results if result.stopped_by is not None), None),
        left_out=tuple(dict.fromkeys(failure for result in results for failure in result.left_out)),
        ahead=_sum([result.ahead for result in results if result.ahead is not None]),
        warnings=tuple(warning for result in results for warning in result.warnings),
    )


def _sum(parts: Sequence[Ahead]) -> Ahead | None:
    return Ahead(sum(part.pull for part in parts), sum(part.ship for part in parts)) if parts else None
