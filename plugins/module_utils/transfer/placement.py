# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the images of a plan go at one destination: namespace, and the limit on nested paths (mirroring 2.6)."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Claim, Destination, check_collisions
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage


def place_images(plan: Plan, destination: Destination) -> tuple[tuple[PlacedImage, ...], tuple[Failure, ...]]:
    """The images in the plan's order, and a failure for each that has no place.

    Images that want one tag of one repository once paths are shortened have none, nor have repository names that the
    registry cannot have.
    """
    placed: list[PlacedImage] = []
    failures: list[Failure] = []
    for image in plan.images:
        try:
            placed.append(PlacedImage(image, destination.repository(image.destination), image.tags))
        except InputError as error:
            failures.append(_failure(error, image))
    disputed = _disputed(placed)
    if disputed:
        failures += _collisions(disputed, destination)
        placed = [entry for entry in placed if entry not in disputed]
    return tuple(placed), tuple(failures)


def _disputed(placed: Iterable[PlacedImage]) -> set[PlacedImage]:
    """Images that share a tag with another content."""
    claims: dict[tuple[str, str], list[PlacedImage]] = {}
    for entry in placed:
        for tag in entry.tags:
            claims.setdefault((entry.repository, tag), []).append(entry)
    return {entry for rivals in claims.values() if len({rival.digest for rival in rivals}) > 1 for entry in rivals}


def _collisions(disputed: set[PlacedImage], destination: Destination) -> list[Failure]:
    claims = [Claim(entry.image.destination, entry.tags, entry.digest, entry.image.origin) for entry in disputed]
    images = {entry.image.origin: entry.image for entry in disputed}
    return [_failure(error, images[error.subject]) for error in check_collisions(claims, destination)]


def _failure(error: InputError, image: PlanImage) -> Failure:
    return Failure.of(error, subject=image.origin, category=CATEGORIES.get(image.type, ""), why=image.why)
