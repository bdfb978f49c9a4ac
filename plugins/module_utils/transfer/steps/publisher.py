# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Publishes manifests and tags in the order in which nobody ever sees something incomplete.

Within an image: instances, the index, the attachments, the tags.  An image with neither
attachments nor a second tag is published with its tag by one request.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, NotFound, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, HELD
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.jobs import Group, Job
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stream import ReadFailed
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.blob_copier import Carrier
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.manifest_repair import Mender, explained

# How often a refused manifest is put again after its blobs were looked after (user-needs G27).
_REPAIRS = 2


class Publisher:
    def __init__(self, run: Run, carrier: Carrier) -> None:
        self._run = run
        self._mender = Mender(run, carrier, self._put_again)
        self._there: set[tuple[str, Digest]] = set()

    def publish(self, group: Group, buffer: memoryview) -> None:
        """All members of a group that did not fail; failures are recorded with their jobs."""
        root = group.root
        if root.failure is not None:
            self.hold(group.attachments)
            return
        try:
            tags = list(root.tags)
            if group.attachments or not tags:
                self._put_all(root, "", buffer)
            else:
                self._put_all(root, tags.pop(0), buffer)
            for attachment in group.attachments:
                self._attach(attachment, buffer)
            for tag in tags:
                self._put(root, self._manifest(root, root.placed.digest), tag, buffer)
        except ReadFailed as failed:
            self._lose(group, failed.error)
        except MirrorError as error:
            self._lose(group, error)
        else:
            self._finish(root)

    def hold(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if job.failure is None:
                self._run.done(job, HELD)

    def _attach(self, job: Job, buffer: memoryview) -> None:
        """A signature that fails is reported, and its image is published all the same."""
        if job.failure is not None:
            return
        try:
            tags = list(job.tags)
            self._put_all(job, tags.pop(0) if tags else "", buffer)
            for tag in tags:
                self._put(job, self._manifest(job, job.placed.digest), tag, buffer)
        except ReadFailed as failed:
            self._run.fail(job, failed.error)
        except MirrorError as error:
            self._run.fail(job, error)
        else:
            self._finish(job)

    def _lose(self, group: Group, error: MirrorError) -> None:
        self._run.fail(group.root, error)
        if group.root.failure is not None:
            self.hold(job for job in group.attachments if job.outcome != COPIED)

    def _finish(self, job: Job) -> None:
        placed = job.placed
        whole = job.content is not None and not job.content.sparse
        self._run.journal.add_image(placed.repository, placed.digest, placed.tags, () if whole else placed.image.platforms)
        self._run.done(job, COPIED)

    def _manifest(self, job: Job, digest: Digest) -> Manifest:
        return self._run.reader.read(job.placed.image.source, digest)

    def _put_all(self, job: Job, tag: str, buffer: memoryview) -> None:
        """Children by digest, then the image's own manifest under its tag (or by digest without one)."""
        if job.content is None:
            # Only a tag is missing: the repository has all the rest.
            digests: Sequence[Digest] = (job.placed.digest,)
        else:
            digests = job.content.manifests
        if job.holds and not tag:
            return
        for digest in digests[:-1]:
            if (job.placed.repository, digest) not in self._there:
                self._put(job, self._manifest(job, digest), "", buffer)
        if tag or (job.placed.repository, job.placed.digest) not in self._there:
            self._put(job, self._manifest(job, job.placed.digest), tag, buffer)

    def _put(self, job: Job, manifest: Manifest, tag: str, buffer: memoryview) -> None:
        repository = job.placed.repository
        repairs = _REPAIRS
        while True:
            self._run.check()
            try:
                self._run.destination.put_manifest(repository, manifest, tag)
                break
            except (RegistryError, NotFound) as error:
                if tag and self._same(repository, tag, manifest.digest):
                    break
                repairs -= 1
                if not self._mend(job, manifest, buffer, repairs, error):
                    raise explained(job, manifest, error) from error
            except MirrorError as error:
                self._run.trouble(error)
                raise
        self._run.success()
        self._there.add((repository, manifest.digest))

    def _mend(self, job: Job, manifest: Manifest, buffer: memoryview, repairs: int, refusal: MirrorError) -> bool:
        """Says whether to try again."""
        if repairs >= 0 and self._mender.repair(job, manifest, buffer, patient=repairs == _REPAIRS - 1):
            return True
        try:
            return self._mender.complete(job, manifest, buffer)
        except (ReadFailed, MirrorError):
            # What could not be had as well is not what the user asked for: the refusal is.
            raise explained(job, manifest, refusal) from refusal

    def _put_again(self, job: Job, digest: Digest, buffer: memoryview) -> None:
        self._there.discard((job.placed.repository, digest))
        self._put(job, self._manifest(job, digest), "", buffer)

    def _same(self, repository: str, tag: str, digest: Digest) -> bool:
        """An immutable tag that names this content already is no failure (other-systems 2.3)."""
        found = self._run.destination.find_manifest(repository, tag)
        return found is not None and found.digest == digest
