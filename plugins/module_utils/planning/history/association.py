# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An image that is at a destination, as histories have it (mirroring 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True, order=True)
class Association:
    """An image that is at the destination (mirroring 4.2).

    name: its origin.  path: repository at the destination, below host and namespace.  id: digest of its manifest.
    manifests: children, for an index.  blobs: config and layers of all of them.  subject: what it is attached to.
    found: it was there before anything of this history was: needed, and not ours to delete.
    tags_known: whether `tags` are all that it was published under; oc-mirror v1 did not record those of releases.
    """

    path: str
    id: str
    name: str
    type: str
    tags: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()
    subject: str = ""
    found: bool = field(default=False, compare=False)
    tags_known: bool = True

    @property
    def key(self) -> tuple[str, str, str]:
        """Repository, digest and name: an image may have lain in several places, and under several names."""
        return (self.path, self.id, self.name)

    @property
    def digests(self) -> frozenset[str]:
        """All content: its manifest, its children, its blobs."""
        return frozenset((self.id, *self.manifests, *self.blobs))

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "name": self.name,
            "path": self.path,
            "id": self.id,
            "type": self.type,
            "tags": list(self.tags),
            "manifests": list(self.manifests),
            "blobs": list(self.blobs),
        }
        if self.subject:
            document["subject"] = self.subject
        if self.found:
            document["found"] = True
        if not self.tags_known:
            document["tags_known"] = False
        return document

    @classmethod
    def parse(cls, shape: Shape) -> Association:
        """Raises InputError."""
        subject = shape.optional("subject", "")
        return cls(
            path=shape.member("path").repository(),
            id=shape.member("id").digest(),
            name=shape.member("name").text(),
            type=shape.member("type").text(),
            tags=tuple(item.tag() for item in shape.member("tags").items()),
            manifests=shape.member("manifests").digests(),
            blobs=shape.member("blobs").digests(),
            subject=subject.digest() if subject.value != "" else "",
            found=shape.optional("found", False).value is not False,
            tags_known=shape.optional("tags_known", True).value is not False,
        )

    @classmethod
    def of(cls, image: PlanImage, shelf: Shelf) -> Association:
        """Raises NotFound when the image's manifests are not on the shelf."""
        content = shelved(image, shelf)
        return cls(
            path=image.destination,
            id=image.digest,
            name=image.origin,
            type=image.type,
            tags=image.tags,
            manifests=tuple(sorted(manifest.digest for manifest in content.manifests if manifest.digest != image.digest)),
            blobs=tuple(sorted(content.blobs)),
            subject=image.subject,
        )
