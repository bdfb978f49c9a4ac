# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A plan's own answers as small return values: how much, what is new, and why."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import Diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.explain import Explanation
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import Forecast, Share, top

# Entries of each list; plan.json has all of them.
MAX_LISTED = 10


def forecast_values(forecast: Forecast) -> dict[str, Any]:
    return {
        "pull": forecast.pull,
        "ship": forecast.ship,
        "store": forecast.store,
        "blobs": forecast.blobs,
        "by_source": _shares(forecast.by_source),
        "by_category": _shares(forecast.by_category),
        "by_operator": _shares(forecast.by_operator),
        "by_architecture": _shares(forecast.by_architecture),
    }


def difference_values(difference: Diff, first: bool) -> dict[str, Any]:
    """first: there was no plan before, so that there is nothing to compare with."""
    lists = {
        "releases_added": difference.releases[0],
        "releases_removed": difference.releases[1],
        "packages_added": difference.packages[0],
        "packages_removed": difference.packages[1],
    }
    return {
        "first": first,
        "empty": difference.empty,
        "images_added": len(difference.added),
        "images_removed": len(difference.removed),
        "images_moved": len(difference.moved),
        **{name: list(lines[:MAX_LISTED]) for name, lines in lists.items()},
        **{f"{name}_total": len(lines) for name, lines in lists.items()},
        "bytes_added": difference.bytes_added,
        "bytes_removed": difference.bytes_removed,
    }


def explanation_values(explanation: Explanation) -> dict[str, Any]:
    return {
        "question": explanation.question,
        "present": explanation.present,
        "verdict": explanation.verdict,
        "images": [image.origin for image in explanation.images[:MAX_LISTED]],
        "chains": [list(chain) for chain in explanation.chains[:MAX_LISTED]],
        "text": list(explanation.text[:MAX_LISTED]),
    }


def _shares(shares: dict[str, Share]) -> list[dict[str, Any]]:
    """The largest first."""
    return [
        {"name": name, "images": share.images, "bytes": share.size, "marginal_bytes": share.marginal}
        for name, share in top(shares, MAX_LISTED)
    ]
