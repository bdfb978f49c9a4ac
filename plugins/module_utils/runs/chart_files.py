# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The chart archives that travel with the images of a plan."""

from __future__ import annotations

import os

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan


def chart_files(plan: Plan, place: Workspace) -> dict[str, bytes]:
    """Their content by name in an archive.  Raises NotFound when planning did not leave them here, StorageError."""
    names = sorted({os.path.basename(str(chart["file"])) for chart in plan.charts if chart.get("file")})
    return {f"charts/{name}": _chart(name, place) for name in names}


def _chart(name: str, place: Workspace) -> bytes:
    path = os.path.join(place.charts, name)
    try:
        return files.read(path)
    except FileNotFoundError:
        advice = "Plan again in this workspace: planning fetches the charts."
        raise NotFound(f"the plan names the chart {name}, and there is no {path}", subject=name, advice=advice) from None
