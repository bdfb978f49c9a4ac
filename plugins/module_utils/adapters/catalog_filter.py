# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""catalog_filter: an operator catalog, filtered."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.catalogs import (
    FILTERS,
    PACKAGES,
    filter_options,
    package_entry,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.catalog import (
    FilterRequest,
    filter_catalog,
)

# Elements of a list in a result; the totals tell how many there are.
MAX_ELEMENTS = 1000

ARGUMENTS: dict[str, Any] = {
    **REGISTRY,
    "catalog": {"type": "str", "required": True},
    "api_version": {"type": "str", "choices": [generation.value for generation in Generation], "default": Generation.V2.value},
    "packages": PACKAGES,
    "full": {"type": "bool", "default": False},
    "additive": {"type": "bool", "default": False},
    "dest": {"type": "str"},
    "workspace": {"type": "path"},
    **FILTERS,
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """catalog_filter."""
    request = FilterRequest(
        catalog=params["catalog"],
        workspace=_workspace(params),
        connections=connections(params),
        parallel=params["parallel_images"],
        generation=Generation(params["api_version"]),
        packages=tuple(package_entry(package) for package in params["packages"]),
        full=params["full"],
        options=replace(filter_options(params), additive=params["additive"]),
        dest=params["dest"] or "",
    )
    run = filter_catalog(request, os.environ, check_mode)
    values = {
        "packages": run.packages,
        "bundles": run.bundles[:MAX_ELEMENTS],
        "bundles_total": len(run.bundles),
        "related_images": run.related_images[:MAX_ELEMENTS],
        "related_images_total": len(run.related_images),
        "filter_warnings": list(run.warnings[:MAX_ELEMENTS]),
        "digest": run.digest,
    }
    return Outcome(changed=run.changed, values=values, warnings=run.warnings)


def _workspace(params: Mapping[str, Any]) -> Workspace | None:
    return Workspace(params["workspace"]) if params["workspace"] else None
