# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where each image of a plan goes at one destination."""

from __future__ import annotations

from typing import List, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Claim, Destination, check_collisions
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed import PlacedImage


def place_images(plan: Plan, destination: Destination) -> Tuple[List[PlacedImage], List[Failure]]:
    """All images with their repositories, and a failure for each whose name registries cannot have.

    Raises InputError when the limit on nested paths makes two images want one tag: nothing good can come of such a run.
    """
    placed: List[PlacedImage] = []
    failures: List[Failure] = []
    for image in plan.images:
        try:
            placed.append(PlacedImage(image, destination.repository(image.destination), image.tags))
        except InputError as error:
            failures.append(Failure.of(error, image.origin, CATEGORIES.get(image.type, "")))
    claims = [Claim(entry.image.destination, entry.tags, entry.digest, entry.image.origin) for entry in placed]
    for collision in check_collisions(claims, destination):
        raise collision
    return placed, failures
