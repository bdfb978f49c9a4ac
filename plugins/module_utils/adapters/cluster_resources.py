# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the parameters of `cluster_resources` to a request of the core, and from its result to an outcome."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import DESTINATION, PLANNING, plan_source
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.generate import ResourceOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report

ARGUMENTS: dict[str, Any] = {
    **PLANNING,
    **DESTINATION,
    "plan": {"type": "path"},
    "archive": {"type": "str"},
    **TRUSTED,
    "dest": {"type": "path"},
    "mirror_sets": {"type": "list", "elements": "str", "choices": ["idms", "itms", "icsp"], "default": []},
    "scope": {"type": "str", "choices": ["repository", "namespace", "host"]},
    "signature_layout": {"type": "str", "choices": ["single", "per_release"]},
    "pinned_pools": {"type": "list", "elements": "str", "default": []},
    "pinned_images": {"type": "list", "elements": "str", "choices": ["release", "operator"], "default": ["release"]},
    "mapping_instances": {"type": "bool", "default": False},
    "report": {"type": "bool", "default": False},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """cluster_resources."""
    request = ResourcesRequest(
        planning=plan_source(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        folder=params["dest"] or "",
        options=ResourceOptions(
            mirror_sets=tuple(params["mirror_sets"]),
            scope=params["scope"] or "",
            signature_layout=params["signature_layout"] or "",
            pools=tuple(params["pinned_pools"]),
            pinned=tuple(params["pinned_images"]),
        ),
        instances=params["mapping_instances"],
    )
    run = write_cluster_resources(request, os.environ, check_mode)
    values = {
        "directory": request.place,
        "mapping_path": request.workspace.mapping,
        "files": run.files[:MAX_FILES],
        "files_total": len(run.files),
    }
    outcome = Outcome(changed=run.changed, values=values, warnings=run.warnings, diff=run.diff)
    return _reported(outcome, request.workspace) if params["report"] and not check_mode else outcome


def _reported(outcome: Outcome, workspace: Workspace) -> Outcome:
    """The resources are there, whether or not a page about them can be written.  What a page says of a mirror is no change of it."""
    try:
        report = write_report(workspace)
    except MirrorError as error:
        return replace(outcome, warnings=(*outcome.warnings, f"The report could not be written: {error}"))
    return replace(outcome, values={**outcome.values, "report": report.path})
