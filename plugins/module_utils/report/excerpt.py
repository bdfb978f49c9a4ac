# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Lists in a report: their beginning, and how much more there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_LINES = 200


def excerpt(values: Iterable[Any]) -> dict[str, Any]:
    """listed: the first ones.  more: how many are left out.  total: all of them."""
    listed = list(values)
    return {"listed": listed[:MOST_LINES], "more": max(0, len(listed) - MOST_LINES), "total": len(listed)}
