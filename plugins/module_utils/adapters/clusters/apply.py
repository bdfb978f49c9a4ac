# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""cluster_apply: what a mirror generated, applied to a cluster."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.clusters import CLUSTER, access_wishes
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome, problem_of
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.applying import Prepared, Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import check_owner
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.step import (
    CHANGED,
    CREATED,
    REMOVED,
    SKIPPED,
    STALE,
    UNCHANGED,
    Change,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.waiting import Patience
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import yaml_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.clusters.apply import (
    ApplyRequest,
    ApplyRun,
    apply_to_cluster,
    read_resources,
)

ARGUMENTS: dict[str, Any] = {
    **CLUSTER,
    "path": {"type": "path"},
    "resources": {"type": "list", "elements": "dict", "default": []},
    "owner": {"type": "str", "default": "mirror"},
    "adopt": {"type": "bool", "default": False},
    "remove": {"type": "bool", "default": False},
    "convert_icsp": {"type": "bool", "default": False},
    "allow_drain": {"type": "bool", "default": True},
    "disable_default_sources": {"type": "bool"},
    "trusted_ca": {"type": "dict", "default": {}},
    "pull_secret": {"type": "dict", "no_log": True},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 3600},
    "wait_sleep": {"type": "int", "default": 5},
}
_ACTIONS = (CREATED, CHANGED, UNCHANGED, REMOVED, STALE, SKIPPED)


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """cluster_apply."""
    wanted = Wanted(
        resources=read_resources(params["path"] or "", params["resources"]),
        owner=check_owner(params["owner"]),
        adopt=params["adopt"],
        remove=params["remove"],
        convert=params["convert_icsp"],
        disable_default_sources=params["disable_default_sources"],
        authorities={str(host): str(text) for host, text in params["trusted_ca"].items()},
        auths=_auths(params["pull_secret"]),
        allow_drain=params["allow_drain"],
    )
    patience = Patience(float(params["wait_timeout"]), float(max(1, params["wait_sleep"]))) if params["wait"] else None
    run = apply_to_cluster(ApplyRequest(access_wishes(params), wanted, patience), os.environ, check_mode)
    return Outcome(
        changed=run.changed,
        values=_values(run),
        failures=run.failures,
        warnings=(*run.prepared.warnings, *_warnings(run.changes)),
        problem=problem_of(run.failures, "The cluster") or _stuck(run, params["wait_timeout"]),
        diff=_diff(run.changes),
    )


def _auths(pull_secret: Any) -> Mapping[str, Any]:
    auths = (pull_secret or {}).get("auths", pull_secret) or {}
    if not isinstance(auths, Mapping):
        raise InputError("auths is not a JSON object", subject="pull_secret", advice='The form is {"auths": {"host": {"auth": "..."}}}.')
    return auths


def _values(run: ApplyRun) -> dict[str, Any]:
    counts = Counter(change.action for change in run.changes)
    return {
        "cluster_version": run.prepared.version,
        "counts": {action: counts[action] for action in _ACTIONS},
        "resources": [_described(change) for change in run.changes[:MAX_FILES]],
        "rollout": _rollout(run.prepared),
        "ready": bool(run.states) and not run.stuck,
        "states": [{"resource": state.label, "ready": state.ready, "reason": state.reason} for state in run.states],
    }


def _described(change: Change) -> dict[str, Any]:
    resource = change.resource
    return {"kind": resource.kind, "namespace": resource.namespace, "name": resource.name, "action": change.action}


def _rollout(prepared: Prepared) -> dict[str, Any]:
    pools = {str(pool["metadata"]["name"]): pool.get("spec") or {} for pool in prepared.pools} if prepared.rollout.changed else {}
    return {
        "expected": prepared.rollout.changed,
        "drains": prepared.rollout.drains,
        "reasons": list(prepared.rollout.reasons[:20]),
        "pools": sorted(name for name, spec in pools.items() if not spec.get("paused")),
        "paused_pools": sorted(name for name, spec in pools.items() if spec.get("paused")),
    }


def _warnings(changes: tuple[Change, ...]) -> tuple[str, ...]:
    stale = [change.resource.label for change in changes if change.action == STALE]
    skipped = [change.resource.label for change in changes if change.action == SKIPPED]
    found = []
    if stale:
        found.append(f"No longer generated and still in the cluster (set remove to remove them): {', '.join(stale)}")
    if skipped:
        found.append(f"Not applied, because the cluster does not have the kind: {', '.join(skipped)}")
    return tuple(found)


def _stuck(run: ApplyRun, seconds: int) -> str:
    if not run.stuck:
        return ""
    reasons = "; ".join(f"{state.label}: {state.reason}" for state in run.stuck[:5])
    return f"{len(run.stuck)} of {len(run.states)} were not ready within {seconds} seconds: {reasons}"


def _diff(changes: tuple[Change, ...]) -> dict[str, str]:
    changed = [change for change in changes if change.changed]
    return {
        "before": "".join(_shown(change, change.before) for change in changed),
        "after": "".join(_shown(change, change.after) for change in changed),
    }


def _shown(change: Change, document: Mapping[str, Any] | None) -> str:
    return f"# {change.resource.label}\n{yaml_bytes([document]).decode('utf-8')}" if document else ""
