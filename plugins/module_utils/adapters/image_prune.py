# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""image_prune: pruning by a plan, a list for review, deleting from the list."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.clusters import CLUSTERS, access_wishes
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import (
    DESTINATION,
    PLANNING,
    plan_source,
    workspace_of,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.space import NOTE
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.delete import DeleteRequest, delete_listed
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.delete_list import GenerateRequest, generate_list
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import DEFAULT_PERCENT, DeletionRun, Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune

Params = Mapping[str, Any]

PRUNE, GENERATE, DELETE = "prune", "generate", "delete"
# Entries of lists in a result; the files have all of them.
MAX_LISTED = 20

ARGUMENTS: dict[str, Any] = {
    **PLANNING,
    **DESTINATION,
    "mode": {"type": "str", "choices": [PRUNE, GENERATE, DELETE], "default": PRUNE},
    "plan": {"type": "path"},
    "archive": {"type": "str"},
    **TRUSTED,
    "only_v1alpha2": {"type": "bool", "default": False},
    "after_mirroring": {"type": "bool", "default": False},
    "delete_list": {"type": "path"},
    "delete_id": {"type": "str"},
    "delete_signatures": {"type": "bool", "default": False},
    "delete_v1_images": {"type": "bool", "default": False},
    "delete_unrecorded": {"type": "bool", "default": False},
    "protect": {"type": "list", "elements": "str", "default": []},
    "protect_clusters": CLUSTERS,
    "keep_plans": {"type": "list", "elements": "path", "default": []},
    "max_deletions": {"type": "int", "default": 0},
    "max_deletion_percent": {"type": "int", "default": DEFAULT_PERCENT},
}


def run(params: Params, check_mode: bool) -> Outcome:
    """image_prune."""
    if params["mode"] == GENERATE:
        return generate(params, check_mode)
    if params["mode"] == DELETE:
        return _told(delete_listed(delete_request(params), os.environ, check_mode), "Not everything on the list was deleted")
    return _told(prune(prune_request(params), os.environ, check_mode), "Not everything that was to be pruned was deleted")


def delete_request(params: Params) -> DeleteRequest:
    return DeleteRequest(
        workspace=workspace_of(params),
        destination=destination(params),
        path=params["delete_list"],
        connections=connections(params),
        guards=guards(params),
        unrecorded=params["delete_unrecorded"],
        parallel=params["parallel_images"],
    )


def prune_request(params: Params) -> PruneRequest:
    if params["archive"] and params["only_v1alpha2"]:
        raise InputError(
            "only_v1alpha2 cannot be given with archive: the author of an archive would decide whether this mirror is pruned",
            subject="only_v1alpha2",
            advice="Leave only_v1alpha2 out to prune by the plan of the archive, or do not run this task.",
        )
    return PruneRequest(
        planning=plan_source(params),
        destination=destination(params),
        only_v1=params["only_v1alpha2"],
        after_mirroring=params["after_mirroring"],
        guards=guards(params),
    )


def generate(params: Params, check_mode: bool) -> Outcome:
    """The list for review."""
    request = GenerateRequest(
        planning=plan_source(params),
        destination=destination(params),
        name=params["delete_id"] or "",
        signatures=params["delete_signatures"],
        v1_images=params["delete_v1_images"],
    )
    run = generate_list(request, os.environ, check_mode)
    return Outcome(
        changed=run.changed,
        values={
            "listed": len(run.items),
            "list_path": run.path,
            "config_path": run.config_path,
            "left_alone": list(run.left_out[:MAX_LISTED]),
            "left_alone_total": len(run.left_out),
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=problem_of(run.failures, "The list"),
        diff=run.diff,
    )


def destination(params: Params) -> Destination:
    return Destination.parse(params["destination"], params["max_nested_paths"])


def guards(params: Params) -> Guards:
    count, percent = params["max_deletions"], params["max_deletion_percent"]
    if count < 0 or not 0 <= percent <= 100:
        raise InputError("max_deletions must be 0 or more, and max_deletion_percent between 0 and 100", subject="max_deletions")
    clusters = tuple(map(access_wishes, params["protect_clusters"]))
    return Guards(tuple(params["protect"]), tuple(params["keep_plans"]), Limits(count, percent), clusters)


def _told(run: DeletionRun, what: str) -> Outcome:
    judgement = run.judgement
    left = [f"{spared.candidate.repository}@{spared.candidate.digest} is kept: {spared.reason}." for spared in judgement.spared]
    left += run.left_alone
    return Outcome(
        changed=run.changed,
        values={
            "deleted": len(run.gone),
            "absent": len(judgement.absent) + len(run.deleted.absent),
            "bytes": run.freed if run.changed else 0,
            "left_alone": left[:MAX_LISTED],
            "left_alone_total": len(left),
            "pruning_plan_path": run.path,
            "note": NOTE if run.changed else "",
        },
        failures=run.failures,
        warnings=run.warnings,
        problem=_problem(run, what),
        diff=run.diff,
    )


def _problem(run: DeletionRun, what: str) -> str:
    reasons: list[str] = list(dict.fromkeys(" ".join(filter(None, (failure.message, failure.advice))) for failure in run.failures))
    if not reasons:
        return ""
    more = f" And {counted(len(reasons) - 3, 'other reason')}." if len(reasons) > 3 else ""
    return f"{what}: {'; '.join(reasons[:3])}{more}"
