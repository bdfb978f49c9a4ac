# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What one image consists of, read from the shelf or, once, from the source."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import instances
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage


@dataclass(frozen=True)
class Content:
    """manifests: digests in order of publication, the image's own last.  blobs: each once, what is not to be copied left out.

    sparse: some instance of an index stays behind.
    """

    manifests: tuple[Digest, ...]
    blobs: tuple[Descriptor, ...]
    sparse: bool = False


class ManifestReader:
    """Gives manifests by digest; what had to be fetched is put on the shelf.

    problem: a sentence, when the shelf does not take it.
    """

    def __init__(self, source: Store, shelf: Shelf) -> None:
        self._source = source
        self._shelf = shelf
        self.problem = ""

    def read(self, repository: str, digest: Digest) -> Manifest:
        """Raises what the source raises; the digest is verified."""
        manifest = self._kept(digest)
        if manifest is None:
            manifest = self._source.fetch_manifest(repository, digest)
            try:
                self._shelf.put(manifest)
            except StorageError as error:
                self.problem = str(error)
        return manifest

    def _kept(self, digest: Digest) -> Manifest | None:
        try:
            return self._shelf.get(digest)
        except StorageError as error:
            self.problem = str(error)
            return None

    def content(self, placed: PlacedImage, every_instance: bool = False) -> Content:
        """Of the wanted instances, or of all.

        Raises MirrorError: NotFound names a missing instance, InputError the platforms that match nothing."""
        image = placed.image
        root = self.read(image.source, image.digest)

        def fetch(child: Descriptor) -> Manifest:
            try:
                return self.read(image.source, child.digest)
            except NotFound as error:
                raise NotFound(
                    f"the index names the manifest {child.digest} ({child.platform or 'no platform'}), which the source does not have",
                    subject=image.origin,
                    host=error.host,
                    status=error.status,
                    advice="Choose instances that exist with platforms, or have the source completed.",
                ) from error

        platforms = () if every_instance else tuple(Platform.parse(text) for text in image.platforms)
        return content_of(instances.manifests(root, platforms, fetch, placed.field, image.origin))

    def shelved(self, placed: PlacedImage) -> Content | None:
        """The content as far as the shelf alone knows it; None when something is missing there."""
        found = []
        waiting = [placed.digest]
        while waiting:
            manifest = self._kept(waiting.pop())
            if manifest is None:
                return None
            found.append(manifest)
            waiting.extend(child.digest for child in manifest.children if self._shelf.has(child.digest))
        return content_of(tuple(reversed(found)))


def content_of(manifests: tuple[Manifest, ...]) -> Content:
    """The content that some manifests make up; layers that registries are not supposed to distribute are none of it."""
    blobs: dict[Digest, Descriptor] = {}
    for manifest in manifests:
        for blob in manifest.blobs:
            if not blob.foreign:
                blobs.setdefault(blob.digest, blob)
    taken = {manifest.digest for manifest in manifests}
    sparse = any(child.digest not in taken for manifest in manifests for child in manifest.children)
    return Content(tuple(manifest.digest for manifest in manifests), tuple(blobs.values()), sparse)
