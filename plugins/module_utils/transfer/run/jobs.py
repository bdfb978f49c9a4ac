# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The work of a transfer as plain values: unique blobs, where each has to go, and who waits for it."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.content import Content
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import PENDING

# Repositories of the source that are tried for one blob.
MAX_SOURCES = 4


class Job:
    """One image on its way.  content: None until it was read."""

    __slots__ = ("placed", "tags", "content", "failure", "outcome", "group", "holds")

    def __init__(self, placed: PlacedImage, tags: tuple[str, ...], holds: bool) -> None:
        self.placed = placed
        self.tags = tags
        self.holds = holds
        self.content: Content | None = None
        self.failure: Failure | None = None
        self.outcome = PENDING
        self.group: Group | None = None


class Group:
    """An image and its attachments: published together, the tags of the image last (user-needs G02).

    waiting: how many blobs still have to arrive in its repository.
    """

    __slots__ = ("root", "attachments", "waiting")

    def __init__(self, root: Job) -> None:
        self.root = root
        self.attachments: list[Job] = []
        self.waiting = 0

    @property
    def members(self) -> list[Job]:
        return [self.root, *self.attachments]

    @property
    def is_catalog(self) -> bool:
        return self.root.placed.is_catalog


class Cargo:
    """A unique blob.

    sources: repositories of the source that should have it.
    places: repositories of the destination that need it, with the jobs that wait there.
    homes: repositories of the destination that have it, as far as was known before.  home: the one to mount from.
    """

    __slots__ = ("blob", "sources", "places", "homes", "home")

    def __init__(self, blob: Descriptor) -> None:
        self.blob = blob
        self.sources: list[str] = []
        self.places: dict[str, list[Job]] = {}
        self.homes: set[str] = set()
        self.home = ""

    def add_homes(self, repositories: Iterable[str]) -> None:
        self.homes.update(repositories)
        self.home = self.home or min(self.homes, default="")


def groups(jobs: Iterable[Job]) -> list[Group]:
    """Each attachment joins the image that its subject belongs to, when that is under way to the same repository."""
    jobs = list(jobs)
    homes: dict[tuple[str, str], Job] = {}
    for job in jobs:
        for digest in job.content.manifests if job.content else (job.placed.digest,):
            homes.setdefault((job.placed.repository, digest), job)
    made: list[Group] = []
    for job in jobs:
        root = _root(job, homes)
        if root.group is None:
            root.group = Group(root)
            made.append(root.group)
        if job is not root:
            job.group = root.group
            root.group.attachments.append(job)
    return made


def _root(job: Job, homes: dict[tuple[str, str], Job]) -> Job:
    """Follows subjects upwards (a signature of an SBOM of an image)."""
    seen: set[int] = set()
    while job.placed.image.subject and id(job) not in seen:
        seen.add(id(job))
        above = homes.get((job.placed.repository, job.placed.image.subject))
        if above is None:
            break
        job = above
    return job


def cargoes(jobs: Iterable[Job]) -> list[Cargo]:
    """The unique blobs of jobs whose content is known, largest first."""
    found: dict[Digest, Cargo] = {}
    for job in jobs:
        if job.content is None:
            continue
        for blob in job.content.blobs:
            cargo = found.get(blob.digest)
            if cargo is None:
                cargo = found[blob.digest] = Cargo(blob)
            if len(cargo.sources) < MAX_SOURCES and job.placed.image.source not in cargo.sources:
                cargo.sources.append(job.placed.image.source)
            cargo.places.setdefault(job.placed.repository, []).append(job)
    return sorted(found.values(), key=lambda cargo: (-cargo.blob.size, cargo.blob.digest))


def shard_of(all_cargoes: Iterable[Cargo], count: int) -> list[int]:
    """For each cargo, the shard that moves it: largest first to the least loaded (design, section 7).

    Depends on the cargoes only, so that every host comes to the same answer.
    """
    loads = [0] * count
    chosen: list[int] = []
    for cargo in all_cargoes:
        shard = loads.index(min(loads))
        # A request costs about as much as 256 KiB of a blob, so that many small ones are spread as well.
        loads[shard] += cargo.blob.size + 256 * 1024 * len(cargo.places)
        chosen.append(shard)
    return chosen
