# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Every image of a plan as a line for people: what it is, where it went, why it is there, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage

# A page that opens at once; the table beside it has all.
MOST_IMAGES = 5000
_MOST_REASONS = 3
ATTACHMENT = "attachment"


def images(plan: Plan, result: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The largest first.  result: of the last run; empty outcomes where it did not come to an image."""
    outcomes = {(entry["origin"], entry["digest"], tuple(entry["tags"])): entry["outcome"] for entry in (result or {}).get("images") or ()}
    ordered = sorted(plan.images, key=lambda image: (-image.size, image.origin, image.destination, image.tags))
    return [_image(image, outcomes) for image in ordered]


def listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """As the page has them: the first in `listed`, how many there are besides in `more`, and all in `total`."""
    return {"listed": rows[:MOST_IMAGES], "more": max(0, len(rows) - MOST_IMAGES), "total": len(rows)}


def _image(image: PlanImage, outcomes: Mapping[Any, str]) -> dict[str, Any]:
    reasons = [" > ".join(chain) for chain in image.why]
    more = len(reasons) - _MOST_REASONS
    return {
        "origin": image.origin,
        "destination": image.destination,
        "tags": list(image.tags),
        "digest": image.digest,
        "size": image.size,
        "kind": ATTACHMENT if image.subject else CATEGORIES.get(image.type, image.type),
        "platforms": list(image.platforms),
        "why": [*reasons[:_MOST_REASONS], *([f"and {more} more"] if more > 0 else [])],
        "outcome": outcomes.get((image.origin, image.digest, image.tags), ""),
    }
