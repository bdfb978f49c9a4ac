# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""imageset_plan: a configuration resolved into a plan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.answers import (
    difference_values,
    explanation_values,
    forecast_values,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import (
    ACCESS,
    FAILURES,
    PLANNING,
    PROGRESS,
    plan_source,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination, is_directory
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import write_mapping
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import Target, plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import ARCHIVES

Params = Mapping[str, Any]

ARGUMENTS: dict[str, Any] = {
    **PLANNING,
    **FAILURES,
    "locked": {"type": "bool", "default": False},
    "source_mirror": {"type": "str"},
    "handed_plan": {"type": "path"},
    "hand_on": {"type": "bool", "default": False},
    "fail": {"type": "bool", "default": True},
    "destination": {"type": "str"},
    **ACCESS,
    "archive_for": {"type": "str"},
    "check_destination": {"type": "bool", "default": False},
    "max_nested_paths": {"type": "int", "default": 0},
    "mapping_instances": {"type": "bool", "default": False},
    "explain": {"type": "list", "elements": "str", "default": []},
    **PROGRESS,
}


def run(params: Params, check_mode: bool) -> Outcome:
    """imageset_plan."""
    request = plan_source(params)
    given = params["destination"] or ""
    archived = is_directory(given)
    place = Destination.parse(given, params["max_nested_paths"]) if given and not archived else None
    target = Target(_archive_history(params), archive=True) if archived else Target(str(place or ""))
    reach = place if params["check_destination"] else None
    run = plan_imageset(request, os.environ, check_mode, target, params["explain"], reach, params["hand_on"])
    document = run.plan
    # The list goes with the complete plan, and stays with it when a later one is not.
    mapped = write_mapping(request.workspace, document, place, params["mapping_instances"], check_mode) if place and run.complete else False
    return Outcome(
        changed=run.changed or mapped,
        values={
            "plan_path": request.workspace.plan if run.complete else request.workspace.incomplete_plan,
            "complete": run.complete,
            "handed_plan_path": run.handed,
            "api_version": document.generation.api_version,
            "mapping_path": request.workspace.mapping if place and run.complete else "",
            "images": len(document.images),
            "bytes": run.forecast.store,
            "releases": len(document.releases),
            "catalogs": len(document.catalogs),
            "charts": len(document.charts),
            "forecast": forecast_values(run.forecast),
            "difference": difference_values(run.difference, run.before is None),
            "explanations": [explanation_values(explanation) for explanation in run.explanations],
        },
        failures=document.failures,
        warnings=document.warnings,
        problem=problem_of(not_allowed(document.failures, params["allow_failures"]), "The plan") if params["fail"] else "",
        diff=run.diff,
    )


def _archive_history(params: Params) -> str:
    """Of the registry that archives are for, or their own."""
    if not params["archive_for"]:
        return ARCHIVES
    return str(Destination.parse(params["archive_for"], params["max_nested_paths"]))
