# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the parts of one transfer share: both ends, the options, and what happened so far."""

from __future__ import annotations

import threading
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    Failure,
    MirrorError,
    StorageError,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.content import ManifestReader
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import FAILED, ImageDone, ImageFailed, Listener, Tick
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Job
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.worker_pool import Crew


class Run:
    """emit: where events go.  stop: anything with `is_set()`.

    The run stops by itself when a category of `options.stop_on` fails, or when the destination
    as a whole seems gone: as many times in a row as there are workers, not one request succeeded.
    """

    def __init__(self, ends: Ends, options: TransferOptions, emit: Listener, stop: Any) -> None:
        self.source = ends.source
        self.destination = ends.destination
        self._shelf = ends.shelf
        self.reader = ManifestReader(ends.source, ends.shelf)
        self.options = options
        self.journal = ends.journal or Journal(None, ends.destination.name)
        self.emit = emit
        self.stopped_by: Failure | None = None
        self._asked = stop
        self._troubles = 0
        self._warnings: list[str] = []
        self._before = {"source": dict(ends.source.requests), "destination": dict(ends.destination.requests)}
        self._retried = ends.source.retries + ends.destination.retries
        self.lock = threading.Lock()
        self.crew = Crew(options.parallel, options.buffer, self, lambda: emit(Tick()), self._interrupt)

    def read_from(self, source: Store) -> None:
        """Takes the content from another store; not to be called while blobs are on their way."""
        self.source = source
        self.reader = ManifestReader(source, self._shelf)

    def is_set(self) -> bool:
        """Whether to stop, for whatever reason (the run is its own stop)."""
        return self.stopped_by is not None or self._asked.is_set()

    @property
    def cancelled(self) -> bool:
        return bool(self._asked.is_set())

    def requests(self) -> dict[str, dict[str, int]]:
        """Requests of this run at each end, by method; ends that count none are left out."""
        counted = {}
        for end, store in (("source", self.source), ("destination", self.destination)):
            before = self._before[end]
            counted[end] = {
                method: count - before.get(method, 0) for method, count in store.requests.items() if count > before.get(method, 0)
            }
        return {end: methods for end, methods in counted.items() if methods}

    def retries(self) -> int:
        return self.source.retries + self.destination.retries - self._retried

    def warnings(self) -> tuple[str, ...]:
        """What was done otherwise than asked, and what could not be kept for the next run."""
        return (*self._warnings, *(problem for problem in (self.journal.problem, self.reader.problem) if problem))

    def warn(self, text: str) -> None:
        with self.lock:
            self._warnings.append(text)

    def _interrupt(self) -> None:
        """Nobody waits for a retry any more."""
        if self.cancelled:
            self.source.cancel()
            self.destination.cancel()

    def check(self) -> None:
        """Raises Cancelled when the run has to stop; called before anything is written."""
        if self.is_set():
            raise Cancelled(str(getattr(self._asked, "reason", "")) or "the run was stopped")

    def fail(self, job: Job, error: MirrorError) -> None:
        """Records a job's first failure; a stop is not a failure."""
        if isinstance(error, Cancelled):
            return
        self.fail_with(job, Failure.of(error, job.placed.image.origin, job.placed.category, job.placed.image.why))

    def fail_with(self, job: Job, failure: Failure) -> None:
        with self.lock:
            if job.failure is not None:
                return
            job.failure = failure
        self.emit(ImageFailed(failure))
        self.done(job, FAILED)
        if failure.category in self.options.stop_on:
            self.stopped_by = self.stopped_by or failure

    def done(self, job: Job, outcome: str) -> None:
        job.outcome = outcome
        placed = job.placed
        self.emit(ImageDone(placed.image.origin, placed.repository, placed.digest, outcome, placed.tags))

    def trouble(self, error: MirrorError) -> None:
        """The destination failed; when it does nothing but fail, there is no use in going on."""
        if isinstance(error, (Unreachable, StorageError)):
            with self.lock:
                self._troubles += 1
                if self._troubles >= max(self.options.parallel, 3) and self.stopped_by is None:
                    self.stopped_by = Failure.of(error, self.destination.name)

    def success(self) -> None:
        self._troubles = 0
