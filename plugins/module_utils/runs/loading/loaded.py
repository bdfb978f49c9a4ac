# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The history of a destination once an archive was loaded: what the archive says of itself is not believed (user-needs G09).

Ours, and so to be pruned one day, is what the registry's or this workspace's own record says, and what this load brought.
Whatever else the plan names was found there: it is needed, and never deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import FoundArchive
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.begun import Begun
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

# A path of the plan and a digest.
Place = tuple[str, str]


def kept_history(workspace: Workspace, destination: Destination, uid: str) -> History | None:
    """What this workspace remembers of the destination, as far as it is of the same history."""
    history = History.load(workspace, str(destination))
    return history if history.uid == uid else None


def loaded_history(archive: FoundArchive, known: Sequence[History | None], begun: Begun, shelf: Shelf) -> History:
    """known: the records of before, the one that counts most first.  begun: what was not there before the load."""
    recorded = {(entry.path, entry.id): entry for history in reversed(known) if history is not None for entry in history.associations}
    claimed = {(entry.path, entry.id): entry for entry in archive.history.associations}
    named = [_entry(image, recorded, claimed, begun, shelf) for image in archive.plan.images]
    places = {(entry.path, entry.id) for entry in named}
    # What the archive no longer names is still there until it is pruned.
    lingering = [entry for place, entry in recorded.items() if place not in places and not entry.found]
    *before, last = archive.history.runs
    runs = (*before, replace(last, archive=archive.archive_id))
    return replace(archive.history, runs=runs, associations=tuple(sorted({entry.key: entry for entry in (*named, *lingering)}.values())))


def _entry(
    image: PlanImage, recorded: dict[Place, Association], claimed: dict[Place, Association], begun: Begun, shelf: Shelf
) -> Association:
    place = (image.destination, str(image.digest))
    before = recorded.get(place)
    content = before or _content(image, claimed.get(place), shelf)
    written = begun.named.get(place, set()) | set(before.tags if before is not None else ())
    return replace(
        content,
        name=image.origin,
        type=image.type,
        subject=image.subject,
        tags=tuple(tag for tag in image.tags if tag in written),
        found=place not in begun.brought and (before is None or before.found),
    )


def _content(image: PlanImage, claimed: Association | None, shelf: Shelf) -> Association:
    """From the manifests themselves; for what was not looked into as the archive tells, which only protects."""
    try:
        return Association.of(image, shelf)
    except NotFound:
        return claimed or Association(image.destination, image.digest, image.origin, image.type, image.tags)
