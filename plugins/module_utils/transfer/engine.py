# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The engine: moves what is placed from one store to another (design, section 4).

Surveys the destination, and delivers what is missing there.  Nothing here knows what kind
of stores these are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, ImageResult, Tally, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import (
    COPIED,
    FAILED,
    HELD,
    PENDING,
    PRESENT,
    Broadcast,
    Finished,
    ImageDone,
    Listener,
    Phase,
    ignore,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stop import Stop
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.survey import Survey, Verdict

# Whether a store has a digest.
Holds = Callable[[Digest], bool]
# Asked once, with what was found of the images that the destination lacks and before anything is written: the store to take them from.
Supply = Callable[[Sequence[Verdict]], Store]


def transfer(
    images: Sequence[PlacedImage],
    ends: Ends,
    options: TransferOptions = TransferOptions(),
    listener: Listener = ignore,
    stop: Any = None,
    supply: Supply | None = None,
) -> TransferResult:
    """Makes the destination hold all images; what fails is in the result, image by image.

    stop: anything with `is_set()` (`transfer.stop.Stop`); when set, the run ends within seconds and says `cancelled`.
    supply: see Supply; the source serves where it is None.  What it raises ends the run.
    """
    began = time.monotonic()
    tally = Tally()
    run = Run(ends, options, Broadcast(tally, listener), stop or Stop())
    try:
        verdicts = _survey(run, images)
        present = _present(run, verdicts)
        missing = [verdict for verdict in verdicts.values() if _predicted(verdict, options).outcome == COPIED]
        if supply is not None and missing:
            run.read_from(supply(missing))
        results = _deliver(run, {position: verdict for position, verdict in verdicts.items() if not verdict.present}, present)
    finally:
        run.crew.end()
        run.journal.flush()
    for position, verdict in verdicts.items():
        if verdict.present:
            results[position] = ImageResult(verdict.placed, PRESENT)
    result = _result(run, images, results, began, tally)
    run.journal.close(compact=result.complete and not result.sharded)
    run.emit(Finished(result.complete))
    return result


def predict(
    images: Sequence[PlacedImage],
    ends: Ends,
    options: TransferOptions = TransferOptions(),
    listener: Listener = ignore,
    stop: Any = None,
    supply: Supply | None = None,
    holds: Holds = lambda digest: True,
) -> TransferResult:
    """What `transfer` would do, by reading only: `copied` means would be copied.  The journal should not be writable.

    supply: as for `transfer`.  holds: whether the source has a digest, for archives that leave out what is at the destination already.
    """
    began = time.monotonic()
    run = Run(ends, options, Broadcast(listener), stop or Stop())
    try:
        verdicts = _survey(run, images)
        results = {position: _predicted(verdict, options) for position, verdict in verdicts.items()}
        tally, ahead = _foreseen(run, verdicts, results, supply, holds)
    finally:
        run.crew.end()
    return replace(_result(run, images, results, began, tally), ahead=ahead)


def _foreseen(
    run: Run, verdicts: Mapping[int, Verdict], results: Mapping[int, ImageResult], supply: Supply | None, holds: Holds
) -> tuple[Tally, Ahead]:
    """What would be acknowledged, and the bytes that would move."""
    tally = Tally()
    lacking = {position: verdict for position, verdict in verdicts.items() if results[position].outcome == COPIED}
    if not lacking:
        return tally, Ahead(0, 0)
    if supply is not None:
        run.read_from(supply(list(lacking.values())))
    from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.delivery import Delivery

    found = Delivery(run, lacking, [verdict.placed for verdict in verdicts.values() if verdict.present]).foresee(holds)
    tally.blobs.update(found.blobs)
    tally.size = found.size
    return tally, Ahead(found.pull, found.size + found.manifests)


def _survey(run: Run, images: Sequence[PlacedImage]) -> dict[int, Verdict]:
    run.emit(Phase("survey"))
    return dict(sorted(Survey(run).run(list(images)).items()))


def _present(run: Run, verdicts: Mapping[int, Verdict]) -> list[PlacedImage]:
    """Tells of the images that are there."""
    found = [verdict.placed for verdict in verdicts.values() if verdict.present]
    for placed in found:
        run.journal.add_image(placed.repository, placed.digest, placed.tags, placed.image.platforms)
        run.emit(ImageDone(placed.image.origin, placed.repository, placed.digest, PRESENT, placed.tags))
    return found


def _deliver(run: Run, verdicts: Mapping[int, Verdict], present: list[PlacedImage]) -> dict[int, ImageResult]:
    if not verdicts:
        return {}
    # An unchanged run does without, and starts sooner.
    from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.delivery import Delivery

    delivery = Delivery(run, verdicts, present)
    delivery.work()
    return {
        position: ImageResult(job.placed, job.outcome, job.failure, verdicts[position].moved) for position, job in delivery.jobs.items()
    }


def _predicted(verdict: Verdict, options: TransferOptions) -> ImageResult:
    outcome = FAILED if verdict.failure else PRESENT if verdict.present else COPIED
    if outcome == COPIED and verdict.placed.is_catalog and options.holds(verdict.placed.owners):
        outcome = HELD
    return ImageResult(verdict.placed, outcome, verdict.failure, verdict.moved)


def _result(run: Run, images: Sequence[PlacedImage], results: Mapping[int, ImageResult], began: float, tally: Tally) -> TransferResult:
    entries = tuple(results.get(position) or ImageResult(placed, PENDING) for position, placed in enumerate(images))
    return TransferResult(
        images=entries,
        blobs=dict(tally.blobs),
        size=tally.size,
        retries=run.retries(),
        duration=time.monotonic() - began,
        requests=run.requests(),
        cancelled=run.cancelled and any(entry.outcome == PENDING for entry in entries),
        stopped_by=run.stopped_by,
        sharded=run.options.shard is not None and not run.options.shard.publishes,
        warnings=run.warnings(),
    )
