# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What goes into an archive: a plan, less what earlier archives brought (design, section 5; mirroring 4.3).

The archive is described in full before any content arrives: plan and manifests are known, and
content is addressed by digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, Step
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Content, Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.index import REF_NAME
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import is_here
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage

PLAN = "plan.json"
HISTORY = "history.json"
CUSTODY = "custody.json"
LAYOUT = "oci-layout"
INDEX = "index.json"
# Archives know no clock: the same plan gives the same bytes (user-needs G23).
_NO_TIME = 0


@dataclass(frozen=True)
class Packing:
    """An archive to be written.

    contents: its manifest.  documents: the content of all members that are no blobs, by name.
    images: what has to be moved into it, placed under full origin names.
    left_out: digests that earlier archives brought.  history: as it will be once the archive was loaded.
    """

    contents: Contents
    documents: Mapping[str, bytes] = field(repr=False)
    images: tuple[PlacedImage, ...]
    left_out: frozenset[Digest]
    history: History

    @property
    def empty(self) -> bool:
        """Nothing new: no archive is needed."""
        return not self.images and self.history.sequence < self.contents.sequence


def pack(
    plan: Plan,
    shelf: Shelf,
    history: History,
    volume_size: int,
    uid: str,
    signature: str = "",
    extra: Mapping[str, bytes] | None = None,
) -> Packing:
    """Describes the archive of the next sequence.

    history: what the receiving side has; an empty one makes a full set.
    uid: of the history, for its first run.  extra: further documents by member name.
    Raises NotFound when a manifest of the plan is not on the shelf.
    """
    step = history.next(plan, shelf)
    after = history.recorded(step, plan.config, _NO_TIME, uid=uid)
    fresh = {(entry.path, entry.id) for entry in step.fresh}
    images = [image for image in plan.images if (image.destination, image.digest) in fresh]
    follows = history.sequence if history.associations else 0
    if not images and after.sequence < step.sequence:
        # Nothing will be written, so that nothing need be put into words.
        return Packing(Contents(uid, step.sequence, follows, volume_size, signature, ()), {}, (), frozenset(), after)
    blobs, left_out = _split(images, shelf, step)
    planned = files.json_bytes(plan.document())
    documents = {
        PLAN: planned,
        HISTORY: files.json_bytes(after.document()),
        CUSTODY: files.json_bytes(_custody(planned, len(plan.images), step.sequence, history)),
        **(extra or {}),
        LAYOUT: files.json_bytes({"imageLayoutVersion": "1.0.0"}),
        INDEX: files.json_bytes(_index(images, shelf)),
    }
    members = [Content.document(name, content) for name, content in documents.items()]
    members += [Content.blob(digest, size) for digest, size in sorted(blobs.items())]
    contents = Contents(after.uid or uid, step.sequence, follows, volume_size, signature, tuple(members))
    placed = tuple(PlacedImage(image, image.source) for image in images)
    return Packing(contents, documents, placed, frozenset(left_out), after)


def to_pull(packing: Packing, shelf: Shelf) -> tuple[int, frozenset[Digest]]:
    """Bytes of blobs that are read from other hosts for an archive, and all the blobs that it takes.  Manifests were read for the plan."""
    held = {member.digest: member.size for member in packing.contents.members if member.is_blob}
    away, found = set(), set()
    for placed in packing.images:
        blobs = set(shelved(placed.image, shelf).blobs) & set(held)
        found |= blobs
        if not is_here(placed.image.source):
            away |= blobs
    return sum(held[digest] for digest in away), frozenset(found)


def _split(images: list[PlanImage], shelf: Shelf, step: Step) -> tuple[dict[Digest, int], list[Digest]]:
    """Sizes of what the archive holds, and the digests that it leaves out."""
    held: dict[Digest, int] = {}
    left_out: list[Digest] = []
    for image in images:
        for digest, size in shelved(image, shelf).sizes.items():
            if digest in step.blobs:
                held[digest] = size
            else:
                left_out.append(digest)
    return held, left_out


def _index(images: list[PlanImage], shelf: Shelf) -> dict[str, Any]:
    """The layout's index: every image under its full reference name, once for each name."""
    entries = {}
    for image in images:
        name = reference_name(image)
        root = shelved(image, shelf).root
        entries[name, image.digest] = {
            "mediaType": root.media_type,
            "digest": root.digest,
            "size": root.size,
            "annotations": {REF_NAME: name},
        }
    return {"schemaVersion": 2, "manifests": [entries[key] for key in sorted(entries)]}


def reference_name(image: PlanImage) -> str:
    """`host/path:tag`, or `host/path@digest` where there is no tag."""
    name = image.origin.split("@")[0]
    tagged = ":" in name.rsplit("/", 1)[-1]
    if image.subject and image.tags:
        return f"{image.source}:{image.tags[0]}"
    return name if tagged else f"{image.source}@{image.digest}"


def _custody(planned: bytes, images: int, sequence: int, history: History) -> list[dict[str, Any]]:
    """One entry for each hop, with the archive before this one; no clock and no host, so that the same plan gives the same bytes."""
    return [
        {
            "action": "archived",
            "sequence": sequence,
            "plan": Digest.of(planned),
            "images": images,
            "previous": history.runs[-1].archive if history.runs else "",
        }
    ]
