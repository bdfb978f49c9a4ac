# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Brings blobs to their places: each once over the wire, into further repositories by mount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, CorruptContent, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import (
    COPIED,
    FAILED,
    MOUNTED,
    PRESENT,
    BlobDone,
    BlobProgress,
    BlobStarted,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Cargo, Group, Job
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stream import ReadFailed, Stream

# Ranks of the crew's tasks: publishing (0) before mounts before uploads, the largest upload first.
_MOUNT = 1
_UPLOAD = 2

# Progress is told in steps of this many bytes.
_STEP = 1024 * 1024


class Carrier:
    """ready: called, from any worker, when all blobs of a group are there or known to fail."""

    def __init__(self, run: Run, ready: Callable[[Group], None]) -> None:
        self._run = run
        self._ready = ready
        # Where a blob went in this run it certainly is; what was believed before may be wrong.
        self._landed: dict[Digest, str] = {}

    def load(self, cargoes: Iterable[Cargo]) -> list[Cargo]:
        """Notes who waits for what; gives the cargoes that have to be moved."""
        moving = []
        for cargo in cargoes:
            for repository in cargo.homes.intersection(cargo.places):
                del cargo.places[repository]
            for jobs in cargo.places.values():
                for job in jobs:
                    if job.group is not None:
                        job.group.waiting += 1
            if cargo.places:
                moving.append(cargo)
        return moving

    def start(self, cargo: Cargo) -> None:
        """Queues a cargo: by mounts alone where the destination has it somewhere, else one upload and then mounts."""
        if cargo.home:
            self._spread(cargo, list(cargo.places))
        else:
            self._run.crew.add((_UPLOAD, -cargo.blob.size), lambda buffer: self._upload(cargo, buffer))

    def _upload(self, cargo: Cargo, buffer: memoryview) -> None:
        """Into the first repository that takes it; the others follow from there."""
        places = list(cargo.places)
        while places and not self._run.is_set():
            repository = places.pop(0)
            waiting = self._waiting(cargo, repository)
            if waiting:
                try:
                    self._bring(cargo, repository, buffer)
                except ReadFailed as failed:
                    self._lose(cargo, [repository, *places], failed.error)
                    return
                except MirrorError as error:
                    self._lose(cargo, [repository], error)
                    continue
            self._arrive(cargo, repository)
            if waiting:
                self._spread(cargo, places)
                return

    def _spread(self, cargo: Cargo, places: Sequence[str]) -> None:
        self._run.crew.add((_MOUNT, 0), *(self._mount(cargo, repository) for repository in places))

    def _mount(self, cargo: Cargo, repository: str) -> Callable[[memoryview], None]:
        def task(buffer: memoryview) -> None:
            try:
                if self._waiting(cargo, repository):
                    self._bring(cargo, repository, buffer)
            except ReadFailed as failed:
                self._lose(cargo, [repository], failed.error)
            except MirrorError as error:
                self._lose(cargo, [repository], error)
            else:
                self._arrive(cargo, repository)

        return task

    def _waiting(self, cargo: Cargo, repository: str) -> list[Job]:
        """Jobs that still have a use for the blob there."""
        return [job for job in cargo.places[repository] if job.failure is None]

    def _bring(self, cargo: Cargo, repository: str, buffer: memoryview) -> None:
        outcome = self.move(cargo.blob, cargo.sources, repository, cargo.home, buffer)
        self._run.journal.add_blob(cargo.blob.digest, repository)
        self._run.emit(BlobDone(cargo.blob.digest, repository, cargo.blob.size, outcome))

    def _arrive(self, cargo: Cargo, repository: str) -> None:
        finished: dict[int, Group] = {}
        with self._run.lock:
            for job in cargo.places[repository]:
                group = job.group
                if group is not None:
                    group.waiting -= 1
                    if group.waiting == 0:
                        finished[id(group)] = group
        for group in finished.values():
            self._ready(group)

    def _lose(self, cargo: Cargo, places: Iterable[str], error: MirrorError) -> None:
        """The blob cannot be had: exactly the images that need it there fail."""
        if isinstance(error, Cancelled):
            return
        for repository in places:
            self._run.emit(BlobDone(cargo.blob.digest, repository, cargo.blob.size, FAILED))
            for job in self._waiting(cargo, repository):
                self._run.fail(job, error)
            self._arrive(cargo, repository)

    def move(self, blob: Descriptor, sources: Sequence[str], repository: str, mount_from: str, buffer: memoryview) -> str:
        """One blob into one repository; copied, mounted or present.

        mount_from: a repository that should have it; what this run brought is mounted from where it went.
        Raises ReadFailed when no source gives it, Cancelled, and what the destination raises.
        """
        mount_from = self._landed.get(blob.digest, mount_from)
        outcome = self._move(blob, sources, repository, mount_from, buffer)
        self._landed.setdefault(blob.digest, repository)
        return outcome

    def _move(self, blob: Descriptor, sources: Sequence[str], repository: str, mount_from: str, buffer: memoryview) -> str:
        attempts = list(sources)
        # Bytes that were bent on their way may come straight when they are asked for again.
        spare = attempts[:1]
        while True:
            source = attempts.pop(0)
            self._run.check()
            progress = _Progress(self._run, blob)
            try:
                writer = self._run.destination.start_blob(repository, blob, mount_from)
                if writer is None:
                    self._run.success()
                    return MOUNTED if mount_from not in ("", repository) else PRESENT
                self._run.emit(BlobStarted(blob.digest, repository, blob.size))
                Stream(self._run.source, source, blob, buffer, self._run, progress).pour(writer)
                progress.flush()
                self._run.success()
                return COPIED
            except (ReadFailed, MirrorError) as problem:
                progress.take_back()
                error = problem.error if isinstance(problem, ReadFailed) else problem
                if isinstance(error, CorruptContent) and spare:
                    self._run.source.doubt(blob.digest)
                    attempts.append(spare.pop())
                elif not isinstance(problem, ReadFailed):
                    self._run.trouble(problem)
                    raise
                if not attempts:
                    raise


class _Progress:
    """Tells in larger steps what a stream reports in small ones."""

    def __init__(self, run: Run, blob: Descriptor) -> None:
        self._run = run
        self._blob = blob
        self._open = 0
        self._told = 0

    def __call__(self, size: int) -> None:
        self._open += size
        if abs(self._open) >= _STEP:
            self.flush()

    def flush(self) -> None:
        if self._open:
            self._run.emit(BlobProgress(self._blob.digest, self._open))
            self._told += self._open
            self._open = 0

    def take_back(self) -> None:
        """The attempt came to nothing."""
        if self._told:
            self._run.emit(BlobProgress(self._blob.digest, -self._told))
        self._told = self._open = 0
