# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the bytes of a plan are, by source, kind, operator and architecture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import Forecast, Share, forecast, top
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

MOST_SHARES = 12


def sizes(plan: Plan, shelf: Shelf) -> dict[str, Any]:
    """shared: whether parts of one kind share content or images, so that they sum up to more than the whole."""
    sums = _forecast(plan, shelf)
    if sums is None:
        # Without manifests only the sum over images is known, in which shared layers count often.
        return {"total": sum(image.size for image in plan.images), "exact": False, "parts": []}
    parts = (
        ("by source", sums.by_source),
        ("by type", sums.by_category),
        ("by operator", sums.by_operator),
        ("by architecture", sums.by_architecture),
    )
    return {"total": sums.store, "exact": True, "parts": [_part(name, shares, sums) for name, shares in parts if shares]}


def _forecast(plan: Plan, shelf: Shelf) -> Forecast | None:
    try:
        return forecast(plan, shelf)
    except NotFound:
        return None


def _part(name: str, shares: Mapping[str, Share], sums: Forecast) -> dict[str, Any]:
    return {
        "name": name,
        "shares": [_share(each, share, sums.store) for each, share in top(dict(shares), MOST_SHARES)],
        "more": max(0, len(shares) - MOST_SHARES),
        "shared": sum(share.size for share in shares.values()) > sums.store or sum(s.images for s in shares.values()) > sums.images,
    }


def _share(name: str, share: Share, total: int) -> dict[str, Any]:
    return {
        "name": name,
        "images": share.images,
        "size": share.size,
        "marginal": share.marginal,
        "percent": round(100 * share.size / total, 1) if total else 0.0,
    }
