# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether what was applied is in effect: what pools, catalogs and the update service say of themselves, as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NODE = "machineconfiguration.openshift.io/"


@dataclass(frozen=True)
class State:
    """label: what it is of.  reason: why it is not ready, a sentence; what is to be noted, when it is."""

    label: str
    ready: bool
    reason: str = ""


def pool_state(pool: Mapping[str, Any], before: str, begun: bool, nodes: Iterable[Mapping[str, Any]] = ()) -> State:
    """A MachineConfigPool.

    before: the name of its configuration before the change.  begun: it counts as begun whatever its configuration is called,
    since no change is expected or there was time enough for it.
    nodes: of the cluster; those that are in trouble are named.
    """
    name = _name(pool)
    label = f"MachineConfigPool {name}"
    spec, status = pool.get("spec") or {}, pool.get("status") or {}
    if spec.get("paused"):
        return State(label, True, "it is paused, so its nodes change when it is resumed")
    conditions = _conditions(status)
    wanted = (spec.get("configuration") or {}).get("name") or ""
    if wanted == before and not begun:
        return State(label, False, "its new configuration is not rendered yet")
    counts = tuple(int(status.get(key) or 0) for key in ("machineCount", "updatedMachineCount", "degradedMachineCount"))
    current = (status.get("configuration") or {}).get("name") or ""
    if conditions.get("Updated", ("",))[0] == "True" and current == wanted and counts[0] == counts[1]:
        return State(label, True, "" if wanted != before else "its configuration did not change")
    reason = f"{counts[1]} of {counts[0]} nodes have it"
    if counts[2] or conditions.get("Degraded", ("",))[0] == "True":
        troubles = [_trouble(node) for node in nodes if _pool_of(node, wanted) and _trouble(node)]
        said = "; ".join(troubles[:3]) or next(
            (conditions[kind][1] for kind in ("NodeDegraded", "RenderDegraded", "Degraded") if conditions.get(kind, ("", ""))[1]), ""
        )
        reason += f", {counts[2]} are degraded: {said}" if said else f", {counts[2]} are degraded"
    return State(label, False, reason)


def catalog_source_state(catalog: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> State:
    """A CatalogSource.  pods: of its namespace, which say more when it does not come up."""
    label = f"CatalogSource {_name(catalog)}"
    connection = (catalog.get("status") or {}).get("connectionState") or {}
    said = str(connection.get("lastObservedState") or "")
    if said == "READY":
        return State(label, True)
    own = [pod for pod in pods if ((pod.get("metadata") or {}).get("labels") or {}).get("olm.catalogSource") == _name(catalog)]
    troubles = [trouble for pod in own for trouble in _pod_troubles(pod)]
    return State(label, False, "; ".join(troubles[:2]) or (f"its connection is {said}" if said else "it has no pod yet"))


def cluster_catalog_state(catalog: Mapping[str, Any]) -> State:
    label = f"ClusterCatalog {_name(catalog)}"
    conditions = _conditions(catalog.get("status") or {})
    if conditions.get("Serving", ("", ""))[0] == "True":
        return State(label, True)
    said = conditions.get("Progressing", ("", ""))[1] or conditions.get("Serving", ("", ""))[1]
    return State(label, False, said or "it is not served yet")


def update_service_state(service: Mapping[str, Any], deployment: Mapping[str, Any] | None) -> State:
    """An UpdateService.  deployment: of its pods, which are ready when the graph is loaded."""
    label = f"UpdateService {_name(service)}"
    status = service.get("status") or {}
    reconciled = _conditions(status).get("ReconcileCompleted", ("", ""))
    if reconciled[0] != "True":
        return State(label, False, reconciled[1] or "it is not reconciled yet")
    if not ((deployment or {}).get("status") or {}).get("availableReplicas"):
        return State(label, False, "no pod has loaded the graph yet")
    return State(label, True)


def _name(live: Mapping[str, Any]) -> str:
    return str((live.get("metadata") or {}).get("name"))


def _conditions(status: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Status and message by type."""
    entries = [entry for entry in status.get("conditions") or [] if isinstance(entry, dict)]
    return {str(entry.get("type")): (str(entry.get("status") or ""), str(entry.get("message") or "")[:300]) for entry in entries}


def _annotations(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return (node.get("metadata") or {}).get("annotations") or {}


def _pool_of(node: Mapping[str, Any], configuration: str) -> bool:
    return bool(_annotations(node).get(f"{_NODE}desiredConfig") == configuration)


def _trouble(node: Mapping[str, Any]) -> str:
    notes = _annotations(node)
    if notes.get(f"{_NODE}state") not in ("Degraded", "Unreconcilable"):
        return ""
    return f"{_name(node)}: {str(notes.get(f'{_NODE}reason') or 'no reason given')[:200]}"


def _pod_troubles(pod: Mapping[str, Any]) -> Iterable[str]:
    status = pod.get("status") or {}
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    for container in containers:
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            message = f": {str(waiting['message'])[:200]}" if waiting.get("message") else ""
            yield f"pod {_name(pod)} waits with {waiting['reason']}{message}"
    if not containers:
        scheduled = _conditions(status).get("PodScheduled", ("", ""))
        if scheduled[0] == "False":
            yield f"pod {_name(pod)} is not scheduled: {scheduled[1]}"
