# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One plan on several hosts: which blobs are whose, and what all of them brought.

Who moves a blob depends on the whole plan alone, not on what the destination lacks: the share of a host is the same when it is run
again after others, or after what is whole was published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, MirrorError, NotFound, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Cargo, Job, cargoes, shard_of
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run

_ASK = (0, 0)


class Sharing:
    """images: all of the plan, whether they are there or not."""

    def __init__(self, run: Run, shard: Shard, images: Iterable[PlacedImage]) -> None:
        self._run = run
        self._shard = shard
        self._host = run.destination.name.partition("://")[2]
        self._numbers = self._divided([Job(placed, (), False) for placed in images])
        self._lacking: Counter[int] = Counter()

    def mine(self, missing: Iterable[Cargo]) -> list[Cargo]:
        """What this host has to move."""
        return [cargo for cargo in missing if self._number(cargo) == self._shard.index]

    def brought(self, missing: list[Cargo]) -> list[Cargo]:
        """What is at the destination, with its homes, so that at most mounts are left to do.

        No journal is believed, for others wrote what is there.  What is nowhere fails exactly the images that need it.
        """
        self._run.crew.add(_ASK, *(self._look(cargo, repository) for cargo in missing for repository in cargo.places))
        self._run.crew.drain()
        for cargo in missing:
            if not cargo.home and not self._run.is_set():
                self._lose(cargo)
        for number, count in sorted(self._lacking.items()):
            what = "layer or configuration is" if count == 1 else "layers and configurations are"
            self._run.warn(f"{count} {what} missing at the registry of shard {number} of {self._shard.count}. Run its host again.")
        return [cargo for cargo in missing if cargo.home]

    def _divided(self, jobs: list[Job]) -> dict[Digest, int]:
        self._run.crew.add(_ASK, *(self._read(job) for job in jobs))
        self._run.crew.drain()
        every = cargoes(jobs)
        return {cargo.blob.digest: number for cargo, number in zip(every, shard_of(every, self._shard.count))}

    def _read(self, job: Job) -> Callable[[memoryview], None]:
        def task(_buffer: memoryview) -> None:
            try:
                job.content = self._run.reader.content(job.placed)
            except Cancelled:
                return
            except MirrorError:
                # Whoever has to move it says so.
                return

        return task

    def _number(self, cargo: Cargo) -> int:
        return self._numbers.get(cargo.blob.digest, 0)

    def _look(self, cargo: Cargo, repository: str) -> Callable[[memoryview], None]:
        def task(_buffer: memoryview) -> None:
            try:
                if self._run.destination.blobs_present(repository, {cargo.blob.digest}):
                    with self._run.lock:
                        cargo.add_homes((repository,))
                self._run.success()
            except NotFound:
                return
            except MirrorError as error:
                self._run.trouble(error)
                for job in cargo.places[repository]:
                    self._run.fail(job, error)

        return task

    def _lose(self, cargo: Cargo) -> None:
        number = self._number(cargo)
        self._lacking[number] += 1
        error = RegistryError(
            f"the blob {cargo.blob.digest} ({cargo.blob.size} bytes) of shard {number} of {self._shard.count} is not at the registry",
            host=self._host,
            advice="Run the host of that shard again, or another one with all shards, and then publish.",
        )
        for jobs in cargo.places.values():
            for job in jobs:
                self._run.fail(job, error)
