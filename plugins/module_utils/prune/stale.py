# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan gives up of what is remembered at a destination, and what it keeps (mirroring 5.2; user-needs P05)."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, is_decided
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True)
class Marked:
    """gone: images that the plan no longer names.  kept: images that it names, as they are at the destination.

    undecided: images that it does not name and that stay for now, because planning failed in their part of the
        configuration, or because what takes their place has not arrived.
    """

    gone: tuple[Association, ...]
    kept: tuple[Association, ...]
    undecided: tuple[Association, ...] = ()


def mark(history: History, plan: Plan, shelf: Shelf, arrived: bool = False) -> Marked:
    """arrived: take it that everything the plan names is at the destination, as after a mirroring run that is yet to come.

    Raises InputError for a plan without images, NotFound when an image's manifests are known nowhere.

    An image set that names nothing more likely lost its content than became unwanted as a whole.
    """
    if not plan.images and history.associations:
        raise InputError(
            "the plan names no image at all, so that everything would be pruned",
            advice="Check what is missing from the configuration. To empty a mirror on purpose, list its images with the playbook delete.",
        )
    named = {(image.destination, image.digest, image.origin) for image in plan.images}
    known = {entry.key for entry in history.associations}
    awaited = {(path, name) for path, digest, name in named if not arrived and (path, digest, name) not in known}
    gone: list[Association] = []
    undecided: list[Association] = []
    for entry in history.associations:
        if entry.key not in named and not entry.found:
            waits = (entry.path, entry.name) in awaited or not is_decided(entry, plan)
            (undecided if waits else gone).append(entry)
    kept = kept_images(plan.images, history, shelf)
    return Marked(tuple(gone), (*kept, *undecided), tuple(undecided))


def kept_images(images: tuple[PlanImage, ...], history: History, shelf: Shelf) -> tuple[Association, ...]:
    """What planned images need at the destination: from the workspace's manifests, or as it was recorded.

    Raises NotFound when neither is there: then nobody knows what an index among them needs.
    """
    recorded: dict[tuple[str, str], Association] = {(entry.path, entry.id): entry for entry in history.associations}
    kept: list[Association] = []
    for image in images:
        try:
            kept.append(Association.of(image, shelf))
        except NotFound:
            entry = recorded.get((image.destination, image.digest))
            if entry is None:
                raise
            kept.append(entry)
    return tuple(kept)
