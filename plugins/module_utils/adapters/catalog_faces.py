# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the parameters of `catalog_filter` and `catalog_info` to requests of the core, and from the answers to outcomes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Dict, Mapping, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments import connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.catalog_arguments import (
    FILTERS,
    PACKAGES,
    filter_options,
    package_entry,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.catalog import (
    FilterRequest,
    InfoRequest,
    filter_catalog,
    look_into_catalog,
    published_catalogs,
)

# Elements of a list in a result; the totals tell how many there are.
MAX_ELEMENTS = 1000

CATALOG_FILTER: Dict[str, Any] = {
    "catalog": {"type": "str", "required": True},
    "api_version": {"type": "str", "choices": [generation.value for generation in Generation], "default": Generation.V2.value},
    "packages": PACKAGES,
    "full": {"type": "bool", "default": False},
    "additive": {"type": "bool", "default": False},
    "dest": {"type": "str"},
    "workspace": {"type": "path"},
    **FILTERS,
}

CATALOG_INFO: Dict[str, Any] = {
    "catalog": {"type": "str"},
    "package": {"type": "str"},
    "channel": {"type": "str"},
    "sizes": {"type": "bool", "default": False},
    "openshift_version": {"type": "str"},
    "since": {"type": "str"},
    "workspace": {"type": "path"},
}


def filter_one(params: Mapping[str, Any], check_mode: bool) -> Outcome:
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


def look(params: Mapping[str, Any]) -> Outcome:
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


def _workspace(params: Mapping[str, Any]) -> Optional[Workspace]:
    return Workspace(params["workspace"]) if params["workspace"] else None
