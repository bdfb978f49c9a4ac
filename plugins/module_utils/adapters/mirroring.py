# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the parameters of `image_mirror` to a request of the core, and from its result to an outcome."""

from __future__ import annotations

import os
from typing import Any, Dict, Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.planning import plan_request
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.kept import latest_path
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult

STOPPED = "The run was stopped before it was complete. Run it again to go on where it was."

Params = Mapping[str, Any]


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
        values=result_values(result, run.path, request.workspace),
        failures=run.failures,
        warnings=run.warnings,
        problem=problem,
        diff=run.diff,
    )


def result_values(result: TransferResult, path: str, workspace: Workspace) -> Dict[str, Any]:
    """What every run of image_mirror returns.  path: of the document with every image's result."""
    return {
        "complete": result.complete,
        "counts": result.counts(),
        **({"forecast": {"pull": result.ahead.pull, "ship": result.ahead.ship}} if result.ahead is not None else {}),
        "requests": {end: sum(methods.values()) for end, methods in result.requests.items()},
        "duration": round(result.duration, 3),
        "result_path": path,
        "plan_path": latest_path(workspace),
    }


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
