# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the parameters of a module to a request of the core, and from its result to an outcome."""

from __future__ import annotations

import fnmatch
import os
from typing import Any, List, Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.module.answers import difference_values, explanation_values, forecast_values
from ansible_collections.disconnected.mirror.plugins.module_utils.module.arguments import connections
from ansible_collections.disconnected.mirror.plugins.module_utils.module.catalog_arguments import catalog_options
from ansible_collections.disconnected.mirror.plugins.module_utils.module.chart_arguments import chart_options
from ansible_collections.disconnected.mirror.plugins.module_utils.module.outcome import Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.module.release_arguments import release_options
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.generate import ResourceOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import PlanRequest, plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard, TransferOptions

# Paths in a result; the folder has all of them.
MAX_FILES = 100
STOPPED = "The run was stopped before it was complete. Run it again to go on where it was."

Params = Mapping[str, Any]


def plan(params: Params, check_mode: bool) -> Outcome:
    """imageset_plan."""
    request = plan_request(params)
    place = str(Destination.parse(params["destination"])) if params["destination"] else ""
    run = plan_imageset(request, os.environ, check_mode, place, params["explain"])
    document = run.plan
    return Outcome(
        changed=run.changed,
        values={
            "plan_path": request.workspace.plan,
            "images": len(document.images),
            "bytes": run.forecast.store,
            "releases": len(document.releases),
            "catalogs": len(document.catalogs),
            "charts": len(document.charts),
            "forecast": forecast_values(run.forecast),
            "difference": difference_values(run.difference),
            "explanations": [explanation_values(explanation) for explanation in run.explanations],
        },
        failures=document.failures,
        warnings=document.warnings,
        problem=problem_of(not_allowed(document.failures, params["allow_failures"]), "The plan"),
        diff=run.diff,
    )


def mirror_images(params: Params, check_mode: bool) -> Outcome:
    """image_mirror."""
    request = mirror_request(params)
    run = mirror(request, os.environ, check_mode)
    result = run.result
    problem = problem_of(not_allowed(run.failures, params["allow_failures"]), "The mirror")
    if result.cancelled:
        problem = STOPPED
    return Outcome(
        changed=result.changed,
        values={
            "complete": result.complete and not run.failures,
            "counts": result.counts(),
            "requests": {end: sum(methods.values()) for end, methods in result.requests.items()},
            "duration": round(result.duration, 3),
            "result_path": run.path,
            "plan_path": request.workspace.plan if os.path.exists(request.workspace.plan) else "",
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=problem,
        diff=run.diff,
    )


def write_resources(params: Params, check_mode: bool) -> Outcome:
    """cluster_resources."""
    request = ResourcesRequest(
        planning=plan_request(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        plan=params["plan"] or "",
        folder=params["dest"] or "",
        options=ResourceOptions(tuple(params["mirror_sets"]), params["scope"] or "", params["signature_layout"] or ""),
    )
    run = write_cluster_resources(request, os.environ, check_mode)
    values = {"directory": request.place, "mapping_path": request.workspace.mapping, "files": run.files[:MAX_FILES], "files_total": len(run.files)}
    return Outcome(changed=run.changed, values=values, warnings=run.warnings, diff=run.diff)


def plan_request(params: Params) -> PlanRequest:
    return PlanRequest(
        workspace=Workspace(params["workspace"]),
        config=params["config"] or "",
        imageset=params["imageset"],
        connections=connections(params),
        signatures=params["signatures"],
        options={**release_options(params), **catalog_options(params), **chart_options(params)},
        locked=params.get("locked", False),
        parallel=params["parallel_images"],
    )


def mirror_request(params: Params) -> MirrorRequest:
    return MirrorRequest(
        planning=plan_request(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        plan=params["plan"] or "",
        options=transfer_options(params),
    )


def transfer_options(params: Params) -> TransferOptions:
    shard = params["shard"]
    return TransferOptions(
        level=params["check"],
        parallel=params["parallel_layers"],
        stop_on=frozenset(params["stop_on"]),
        tag_moves=params["tag_moves"],
        shard=Shard(shard["index"], shard["count"]) if shard else None,
    )


def not_allowed(failures: Sequence[Failure], patterns: Sequence[str]) -> List[Failure]:
    """The failures whose object no pattern of `allow_failures` matches."""
    return [failure for failure in failures if not any(fnmatch.fnmatchcase(failure.subject, pattern) for pattern in patterns)]
