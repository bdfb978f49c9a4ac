# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""catalog_info: questions to operator catalogs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.catalog import (
    InfoRequest,
    look_into_catalog,
    published_catalogs,
)

# Elements of a list in a result; the totals tell how many there are.
MAX_ELEMENTS = 1000

ARGUMENTS: dict[str, Any] = {
    **REGISTRY,
    "catalog": {"type": "str"},
    "package": {"type": "str"},
    "channel": {"type": "str"},
    "sizes": {"type": "bool", "default": False},
    "openshift_version": {"type": "str"},
    "since": {"type": "str"},
    "workspace": {"type": "path"},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """catalog_info."""
    request = InfoRequest(
        catalog=params["catalog"] or "",
        workspace=_workspace(params),
        connections=connections(params),
        parallel=params["parallel_images"],
        package=params["package"] or "",
        channel=params["channel"] or "",
        sizes=params["sizes"],
        openshift=params["openshift_version"] or "",
        since=params["since"] or "",
    )
    if request.openshift:
        return Outcome(changed=False, values={"catalogs": published_catalogs(request, os.environ)})
    values = look_into_catalog(request, os.environ)
    if "updates" in values:
        values = {"updates": values["updates"][:MAX_ELEMENTS], "updates_total": len(values["updates"])}
    return Outcome(changed=False, values=values)


def _workspace(params: Mapping[str, Any]) -> Workspace | None:
    return Workspace(params["workspace"]) if params["workspace"] else None
