# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What can be done when a destination refuses a manifest: bring what it lost, or what it insists on."""

from __future__ import annotations

import time
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.content import Content
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import BlobDone
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Job
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.blob_copier import Carrier

# How long a destination may take to see what it acknowledged (seconds).
_SETTLE = 1.0

Put = Callable[[Job, Digest, memoryview], None]


class Mender:
    """put: publishes one more manifest of a job, by digest."""

    def __init__(self, run: Run, carrier: Carrier, put: Put) -> None:
        self._run = run
        self._carrier = carrier
        self._put = put

    def repair(self, job: Job, manifest: Manifest, buffer: memoryview, patient: bool) -> bool:
        """Brings what the destination has lost since it acknowledged it (user-needs G27); says whether to try again.

        patient: with nothing lost, give it a moment.
        """
        repository = job.placed.repository
        if job.content is None:
            job.content = self._run.reader.content(job.placed)
        lost = self._lost_blobs(repository, [blob for blob in manifest.blobs if not blob.foreign])
        self._run.journal.forget_blobs(repository, [blob.digest for blob in lost])
        self._bring(job, lost, buffer)
        children = self._lost_children(job.content, repository, manifest)
        for digest in children:
            self._put(job, digest, buffer)
        if lost or children:
            return True
        if patient:
            time.sleep(_SETTLE)
        return patient

    def complete(self, job: Job, manifest: Manifest, buffer: memoryview) -> bool:
        """For a destination that takes no sparse index: brings the instances that were to stay behind (user-needs P23)."""
        before = job.content
        if before is None or not before.sparse or not manifest.is_index:
            return False
        whole = self._run.reader.content(job.placed, every_instance=True)
        there = {blob.digest for blob in before.blobs}
        further = [blob for blob in whole.blobs if blob.digest not in there]
        self._bring(job, further, buffer)
        for digest in whole.manifests[:-1]:
            if digest not in before.manifests:
                self._put(job, digest, buffer)
        job.content = whole
        size = sum(blob.size for blob in further)
        self._run.warn(
            f"{job.placed}: the destination accepts an index only with all of its instances, so all were copied ({size} bytes more)."
        )
        return True

    def _bring(self, job: Job, blobs: list[Descriptor], buffer: memoryview) -> None:
        for blob in blobs:
            outcome = self._carrier.move(blob, [job.placed.image.source], job.placed.repository, "", buffer)
            self._run.emit(BlobDone(blob.digest, job.placed.repository, blob.size, outcome))

    def _lost_blobs(self, repository: str, blobs: list[Descriptor]) -> list[Descriptor]:
        there = self._run.destination.blobs_present(repository, [blob.digest for blob in blobs]) if blobs else set()
        return [blob for blob in blobs if blob.digest not in there]

    def _lost_children(self, content: Content, repository: str, manifest: Manifest) -> list[Digest]:
        chosen = [child.digest for child in manifest.children if child.digest in content.manifests]
        return [digest for digest in chosen if self._run.destination.find_manifest(repository, digest) is None]


def explained(job: Job, manifest: Manifest, error: MirrorError) -> MirrorError:
    """The same error, with what a sparse index has to do with it."""
    if job.content is None or not job.content.sparse or not manifest.is_index:
        return error
    return type(error)(
        f"the destination does not accept an index without all of its instances: {error.message}",
        subject=error.subject,
        host=error.host,
        status=error.status,
        attempts=error.attempts,
        advice="Let it accept sparse indexes (distribution: validation.manifests.indexes.platforms), or mirror all platforms.",
    )
