# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The delivery: does what the survey found missing.

    read contents > carry blobs, publish images > publish catalogs

The work is that of unique blobs, not of images; an image is published as soon as its
blobs are there, catalogs after all else.  A run that finds nothing missing needs none of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import BUNDLE, RELATED
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import is_here
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, MOUNTED, Phase, Started
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Cargo, Group, Job, cargoes, groups
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.blob_copier import Carrier
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.publisher import Publisher
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.sharing import Sharing
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.survey import Verdict

# Ranks of the crew's tasks, before those of the carrier.
_PUBLISH = (0, 0)
_READ = (1, 0)


@dataclass(frozen=True)
class Foresight:
    """blobs: placements by outcome.  size, manifests: bytes of blobs and of manifests to send.  pull: bytes to read from other hosts."""

    blobs: dict[str, int]
    size: int
    pull: int
    manifests: int


class Delivery:
    """verdicts: of the images that are not there, by position.  present: the images that are."""

    def __init__(self, run: Run, verdicts: Mapping[int, Verdict], present: list[PlacedImage]) -> None:
        self._run = run
        self._present = present
        self._carrier = Carrier(run, self._group_ready)
        self._publisher = Publisher(run, self._carrier)
        self.jobs: dict[int, Job] = {}
        for position, verdict in verdicts.items():
            job = self.jobs[position] = Job(verdict.placed, verdict.missing, verdict.holds)
            if verdict.failure is not None:
                run.fail_with(job, verdict.failure)

    def work(self) -> None:
        """Leaves outcome and failure with each job."""
        all_groups, cargo = self._lading()
        self._run.emit(Phase("copy"))
        shard = self._run.options.shard
        if shard is None:
            self._find_homes(cargo)
        elif shard.publishes:
            cargo = self._sharing(shard).brought(cargo)
        else:
            self._carry_shard(self._sharing(shard).mine(cargo))
            return
        moving = self._load(cargo)
        for group in all_groups:
            if group.waiting == 0:
                self._group_ready(group)
        self._carry(moving)
        self._publish_catalogs(all_groups)

    def foresee(self, holds: Callable[[Digest], bool]) -> Foresight:
        """What `work` would move, by reading manifests only.  holds: whether the source has a digest; what it has not is there."""
        all_groups, cargo = self._lading()
        shard = self._run.options.shard
        if shard is not None:
            # Whoever publishes moves nothing.
            cargo = [] if shard.publishes else self._sharing(shard).mine(cargo)
            all_groups = all_groups if shard.publishes else []
        self._find_homes(cargo)
        moving = [entry for entry in cargo if holds(entry.blob.digest) and set(entry.places) - entry.homes]
        copied = [entry for entry in moving if not entry.home]
        places = sum(len(set(entry.places) - entry.homes) for entry in moving)
        away = [entry for entry in copied if not all(is_here(source) for source in entry.sources)]
        return Foresight(
            blobs={COPIED: len(copied), MOUNTED: places - len(copied)},
            size=sum(entry.blob.size for entry in copied),
            pull=sum(entry.blob.size for entry in away),
            manifests=self._manifests(all_groups),
        )

    def _manifests(self, all_groups: list[Group]) -> int:
        """Bytes of manifests that are put: children once for each repository, an image's own once for each of its tags."""
        children: dict[tuple[str, Digest], int] = {}
        total = 0
        for group in all_groups:
            for job in group.members:
                if job.failure is not None:
                    continue
                named = job.content.manifests if job.content is not None else (job.placed.digest,)
                sizes = {digest: self._run.reader.read(job.placed.image.source, digest).size for digest in named}
                first = job is group.root and bool(group.attachments) and bool(job.tags) and job.content is not None
                total += sizes.pop(job.placed.digest) * (max(1, len(job.tags)) + first)
                children.update({(job.placed.repository, digest): size for digest, size in sizes.items()})
        return total + sum(children.values())

    def _lading(self) -> tuple[list[Group], list[Cargo]]:
        """Reads what the images consist of."""
        self._run.emit(Phase("read"))
        self._run.crew.add(_READ, *(self._read(job) for job in self.jobs.values() if job.failure is None and not job.holds))
        self._run.crew.drain()
        return groups(self.jobs.values()), cargoes(job for job in self.jobs.values() if job.failure is None)

    def _read(self, job: Job) -> Callable[[memoryview], None]:
        def task(_buffer: memoryview) -> None:
            try:
                job.content = self._run.reader.content(job.placed)
            except MirrorError as error:
                self._run.fail(job, error)

        return task

    def _sharing(self, shard: Shard) -> Sharing:
        return Sharing(self._run, shard, [*self._present, *(job.placed for job in self.jobs.values())])

    def _carry_shard(self, mine: list[Cargo]) -> None:
        """Only this host's blobs; a last run publishes."""
        for job in self.jobs.values():
            job.group = None
        self._find_homes(mine)
        self._carry(self._load(mine))

    def _load(self, cargo: list[Cargo]) -> list[Cargo]:
        """What has to be moved."""
        moving = self._carrier.load(cargo)
        self._run.emit(Started(len(self._present) + len(self.jobs), len(moving), sum(entry.blob.size for entry in moving)))
        return moving

    def _carry(self, moving: list[Cargo]) -> None:
        for entry in moving:
            self._carrier.start(entry)
        self._run.crew.drain()

    def _find_homes(self, cargo: list[Cargo]) -> None:
        """Where blobs are at the destination, as far as journal and shelf know without a request."""
        wanted = {entry.blob.digest: entry for entry in cargo}
        for entry in cargo:
            entry.add_homes(self._run.journal.places(entry.blob.digest))
        for placed in self._present:
            content = self._run.reader.shelved(placed)
            for blob in content.blobs if content else ():
                known = wanted.get(blob.digest)
                if known is not None:
                    known.add_homes((placed.repository,))
        for entry in cargo:
            entry.home = entry.home or self._run.journal.hinted(entry.blob.digest)

    def _group_ready(self, group: Group) -> None:
        if group.is_catalog:
            return
        self._run.crew.add(_PUBLISH, lambda buffer: self._publisher.publish(group, buffer))

    def _publish_catalogs(self, all_groups: list[Group]) -> None:
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
        if self._run.options.holds(owners):
            return True
        for job in self.jobs.values():
            if job.placed.image.type in (BUNDLE, RELATED) and job.outcome != COPIED:
                wanted_by = job.placed.owners
                if not owners or not wanted_by or owners & wanted_by:
                    return True
        return False
