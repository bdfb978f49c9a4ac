# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The engine: moves what is placed from one store to another (design, section 4).

    survey > read contents > carry blobs, publish images > publish catalogs

The work is that of unique blobs, not of images; an image is published as soon as its
blobs are there, catalogs after all else.  Nothing here knows what kind of stores these are.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, RELATED
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.carrier import Carrier
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.events import (
    COPIED,
    FAILED,
    PENDING,
    PRESENT,
    Broadcast,
    Finished,
    ImageDone,
    ImageFailed,
    Listener,
    Phase,
    Started,
    ignore,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.publisher import Publisher
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, Tally, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.stop import Stop
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.survey import Survey, Verdict
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.work import Cargo, Group, Job, cargoes, groups, shard_of

_READ = (1, 0)
_PUBLISH = (0, 0)


def transfer(
    images: Sequence[PlacedImage],
    source: Store,
    destination: Store,
    shelf: Shelf,
    options: TransferOptions = TransferOptions(),
    journal: Optional[Journal] = None,
    listener: Listener = ignore,
    stop: Any = None,
) -> TransferResult:
    """Makes the destination hold all images; what fails is in the result, image by image.

    stop: anything with `is_set()` (`transfer.stop.Stop`); when set, the run ends within seconds and says `cancelled`.
    Raises StorageError when journal or shelf cannot be written.
    """
    tally = Tally()
    run = Run(source, destination, shelf, options, journal or Journal(None, destination.name), Broadcast(tally, listener), stop or Stop())
    return _Transfer(run, images, tally).run()


def predict(
    images: Sequence[PlacedImage],
    source: Store,
    destination: Store,
    shelf: Shelf,
    options: TransferOptions = TransferOptions(),
    journal: Optional[Journal] = None,
    listener: Listener = ignore,
    stop: Any = None,
) -> TransferResult:
    """What `transfer` would do, by reading only: `copied` means would be copied.  The journal should not be writable."""
    run = Run(source, destination, shelf, options, journal or Journal(None, destination.name), Broadcast(listener), stop or Stop())
    began = time.monotonic()
    try:
        verdicts = _survey(run, images)
    finally:
        run.crew.end()
    results = []
    for position, placed in enumerate(images):
        verdict = verdicts.get(position)
        if verdict is None:
            results.append(ImageResult(placed, PENDING))
        elif verdict.failure is not None:
            results.append(ImageResult(placed, FAILED, verdict.failure, verdict.moved))
        else:
            results.append(ImageResult(placed, PRESENT if verdict.present else COPIED, None, verdict.moved))
    return TransferResult(
        images=tuple(results),
        retries=run.retries(),
        duration=time.monotonic() - began,
        requests=run.requests(),
        cancelled=run.cancelled and any(entry.outcome == PENDING for entry in results),
        stopped_by=run.stopped_by,
    )


def _survey(run: Run, images: Sequence[PlacedImage]) -> Dict[int, Verdict]:
    run.emit(Phase("survey"))
    return Survey(run).run(list(images))


class _Transfer:
    """One run, from the survey to the result."""

    def __init__(self, run: Run, images: Sequence[PlacedImage], tally: Tally) -> None:
        self._run = run
        self._images = list(images)
        self._tally = tally
        self._jobs: Dict[int, Job] = {}
        self._catalogs: List[Group] = []
        self._carrier = Carrier(run, self._group_ready)
        self._publisher = Publisher(run, self._carrier)

    def run(self) -> TransferResult:
        began = time.monotonic()
        try:
            verdicts = _survey(self._run, self._images)
            present = self._sort_out(verdicts)
            if self._jobs:
                self._work(present)
        finally:
            self._run.crew.end()
            self._run.journal.flush()
        result = self._result(verdicts, time.monotonic() - began)
        self._run.journal.close(compact=result.complete and not result.sharded)
        self._run.emit(Finished(result.complete))
        return result

    def _sort_out(self, verdicts: Dict[int, Verdict]) -> List[PlacedImage]:
        """Makes jobs of what has to be done; gives the images that are there."""
        present = []
        for position, verdict in sorted(verdicts.items()):
            placed = verdict.placed
            if verdict.present:
                present.append(placed)
                self._run.journal.add_image(placed.repository, placed.digest, placed.tags, placed.image.platforms)
                self._run.emit(ImageDone(placed.image.origin, placed.repository, placed.digest, PRESENT, placed.tags))
                continue
            job = self._jobs[position] = Job(placed, verdict.missing, verdict.holds)
            if verdict.failure is not None:
                self._run.fail_with(job, verdict.failure)
        return present

    def _work(self, present: List[PlacedImage]) -> None:
        self._run.emit(Phase("read"))
        for job in self._jobs.values():
            if job.failure is None and not job.holds:
                self._run.crew.add(_READ, self._read(job))
        self._run.crew.drain()
        jobs = [job for job in self._jobs.values() if job.failure is None]
        all_groups = groups(self._jobs.values())
        cargo = cargoes(jobs)
        self._run.emit(Phase("copy"))
        if self._run.options.shard is not None:
            self._carry_shard(cargo)
            return
        self._find_homes(cargo, present)
        moving = self._load(cargo)
        for group in all_groups:
            if group.waiting == 0:
                self._group_ready(group)
        self._carry(moving)
        self._publish_catalogs(all_groups)

    def _read(self, job: Job) -> Callable[[memoryview], None]:
        def task(_buffer: memoryview) -> None:
            try:
                job.content = self._run.reader.content(job.placed, self._run.options.foreign_layers)
            except MirrorError as error:
                self._run.fail(job, error)

        return task

    def _carry_shard(self, cargo: List[Cargo]) -> None:
        """Only this shard's blobs; a last run without a shard publishes."""
        shard = self._run.options.shard
        if shard is None:
            return
        mine = [entry for entry, number in zip(cargo, shard_of(cargo, shard.count)) if number == shard.index]
        for job in self._jobs.values():
            job.group = None
        self._find_homes(mine, [])
        self._carry(self._load(mine))

    def _load(self, cargo: List[Cargo]) -> List[Cargo]:
        """What has to be moved."""
        moving = self._carrier.load(cargo)
        self._run.emit(Started(len(self._images), len(moving), sum(entry.blob.size for entry in moving)))
        return moving

    def _carry(self, moving: List[Cargo]) -> None:
        for entry in moving:
            self._carrier.start(entry)
        self._run.crew.drain()

    def _find_homes(self, cargo: List[Cargo], present: List[PlacedImage]) -> None:
        """Where blobs are at the destination, as far as journal and shelf know without a request."""
        wanted = {entry.blob.digest: entry for entry in cargo}
        for entry in cargo:
            entry.homes.extend(sorted(self._run.journal.places(entry.blob.digest)))
        for placed in present:
            content = self._run.reader.shelved(placed)
            for blob in content.blobs if content else ():
                known = wanted.get(blob.digest)
                if known is not None and placed.repository not in known.homes:
                    known.homes.append(placed.repository)

    def _group_ready(self, group: Group) -> None:
        if group.is_catalog:
            return
        self._run.crew.add(_PUBLISH, lambda buffer: self._publisher.publish(group, buffer))

    def _publish_catalogs(self, all_groups: List[Group]) -> None:
        """A catalog's tag moves only when all that it names is there (user-needs G03)."""
        self._run.emit(Phase("catalogs"))
        for group in all_groups:
            if not group.is_catalog or self._run.is_set():
                continue
            if group.root.failure is None and self._lacks(group):
                self._publisher.hold(group.members)
            else:
                self._run.crew.add(_PUBLISH, self._publish_task(group))
        self._run.crew.drain()

    def _publish_task(self, group: Group) -> Callable[[memoryview], None]:
        return lambda buffer: self._publisher.publish(group, buffer)

    def _lacks(self, group: Group) -> bool:
        """Whether an image that the catalog names did not arrive.

        An image belongs to a catalog when the same entry of the configuration wants both; one that names no entry counts for all.
        """
        owners = group.root.placed.owners
        for job in self._jobs.values():
            if job.placed.image.type in (BUNDLE, RELATED) and job.outcome != COPIED:
                wanted_by = job.placed.owners
                if not owners or not wanted_by or owners & wanted_by:
                    return True
        return False

    def _result(self, verdicts: Dict[int, Verdict], duration: float) -> TransferResult:
        results = []
        for position, placed in enumerate(self._images):
            verdict = verdicts.get(position)
            job = self._jobs.get(position)
            moved = verdict.moved if verdict else {}
            if job is not None:
                results.append(ImageResult(placed, job.outcome, job.failure, moved))
            else:
                results.append(ImageResult(placed, PRESENT if verdict and verdict.present else PENDING))
        return TransferResult(
            images=tuple(results),
            blobs=dict(self._tally.blobs),
            size=self._tally.size,
            retries=self._run.retries(),
            duration=duration,
            requests=self._run.requests(),
            cancelled=self._run.cancelled and any(entry.outcome == PENDING for entry in results),
            stopped_by=self._run.stopped_by,
            sharded=self._run.options.shard is not None,
        )
