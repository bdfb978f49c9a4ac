# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What belongs to one image: its manifests and blobs, for the instances that are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import instances
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True)
class Content:
    """The manifests of one image, each once, the root last."""

    manifests: tuple[Manifest, ...]

    @property
    def root(self) -> Manifest:
        return self.manifests[-1]

    @property
    def blobs(self) -> dict[Digest, Descriptor]:
        """Config and layers by digest.  Foreign layers are not among them: registries do not hold them."""
        return {blob.digest: blob for manifest in self.manifests for blob in manifest.blobs if not blob.foreign}

    @property
    def sizes(self) -> dict[Digest, int]:
        """Bytes of every manifest and blob."""
        sizes = {digest: blob.size for digest, blob in self.blobs.items()}
        sizes.update((manifest.digest, manifest.size) for manifest in self.manifests)
        return sizes

    @property
    def instances(self) -> tuple[tuple[str, str], ...]:
        """Digest and platform of what an index leads to, sorted (`PlanImage.instances`)."""
        names = {child.digest: str(child.platform or "") for manifest in self.manifests for child in manifest.children}
        return tuple(sorted((manifest.digest, names.get(manifest.digest, "")) for manifest in self.manifests[:-1]))

    @property
    def size(self) -> int:
        """Bytes of all of them, each once."""
        return sum(self.sizes.values())


def content_of(root: Manifest, platforms: Sequence[Platform], fetch: Callable[[Digest], Manifest], subject: str = "") -> Content:
    """Follows an index to the wanted instances (`imageset.instances`, which says what is raised).

    fetch: gives the manifest with a digest; its errors pass through.
    """
    return Content(instances.manifests(root, platforms, lambda child: fetch(child.digest), subject=subject))


def shelved(image: PlanImage, shelf: Shelf) -> Content:
    """The content of a planned image, from the shelf alone.  Raises NotFound when a manifest is not kept there."""

    def fetch(digest: Digest) -> Manifest:
        manifest = shelf.get(digest)
        if manifest is None:
            raise NotFound(
                f"the workspace does not hold the manifest {digest}",
                subject=image.origin,
                advice="Make the plan again with this workspace.",
            )
        return manifest

    return content_of(fetch(image.digest), [Platform.parse(text) for text in image.platforms], fetch, image.origin)
