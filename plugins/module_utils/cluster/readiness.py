# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether what was applied is in effect: what pools, catalogs and the update service say of themselves, as one value.

A status may be of what was there before: it counts when its operator has seen what was applied (`observedGeneration`, or the image that is
running).  Until then the old catalog is still served and the old pods are still available.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_NODE = "machineconfiguration.openshift.io/"
_DEGRADED = ("NodeDegraded", "PinnedImageSetsDegraded", "Degraded")


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

    Conditions by openshift/machine-config-operator, pkg/controller/node/status.go: `Degraded` sums up nodes, rendering and pinned images;
    when rendering fails, the nodes stay `Updated` with what they had.
    """
    name = _name(pool)
    label = f"MachineConfigPool {name}"
    spec, status = pool.get("spec") or {}, pool.get("status") or {}
    conditions = _conditions(status)
    if conditions.get("RenderDegraded", ("",))[0] == "True":
        return State(label, False, conditions["RenderDegraded"][1] or "its new configuration cannot be rendered")
    if spec.get("paused"):
        return State(label, True, "it is paused, so its nodes change when it is resumed")
    wanted = (spec.get("configuration") or {}).get("name") or ""
    if wanted == before and not begun:
        return State(label, False, "its new configuration is not rendered yet")
    if not _is_observed(pool, status):
        return State(label, False, "its nodes are not told of the new configuration yet")
    counts = tuple(int(status.get(key) or 0) for key in ("machineCount", "updatedMachineCount", "degradedMachineCount"))
    current = (status.get("configuration") or {}).get("name") or ""
    degraded = bool(counts[2]) or conditions.get("Degraded", ("",))[0] == "True"
    if conditions.get("Updated", ("",))[0] == "True" and current == wanted and counts[0] == counts[1] and not degraded:
        return State(label, True, "" if wanted != before else "its configuration did not change")
    reason = f"{counts[1]} of {counts[0]} nodes have it"
    if degraded:
        troubles = [_trouble(node) for node in nodes if _pool_of(node, wanted) and _trouble(node)]
        said = "; ".join(troubles[:3]) or next((conditions[kind][1] for kind in _DEGRADED if conditions.get(kind, ("", ""))[1]), "")
        who = f"{counts[2]} {'is' if counts[2] == 1 else 'are'}" if counts[2] else "it is"
        reason += f", {who} degraded{': ' if said else ''}{said}"
    return State(label, False, reason)


def catalog_source_state(catalog: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> State:
    """A CatalogSource.  pods: of its namespace.

    Its connection stays READY while the pod of the former image is replaced (operator-framework/operator-lifecycle-manager,
    pkg/controller/registry/reconciler, `correctImages`: the image is that of the container, or of an init container that extracts it).
    """
    label = f"CatalogSource {_name(catalog)}"
    connection = (catalog.get("status") or {}).get("connectionState") or {}
    said = str(connection.get("lastObservedState") or "")
    image = str((catalog.get("spec") or {}).get("image") or "")
    own = [pod for pod in pods if ((pod.get("metadata") or {}).get("labels") or {}).get("olm.catalogSource") == _name(catalog)]
    current = [pod for pod in own if image in _images(pod.get("spec"))]
    if said == "READY" and (not image or any(_is_ready(pod) for pod in current)):
        return State(label, True)
    troubles = [trouble for pod in current or own for trouble in _pod_troubles(pod)]
    if not own:
        reason = "it has no pod yet"
    elif not current:
        reason = "its pod has the former image"
    else:
        reason = f"its connection is {said}" if said not in ("", "READY") else "its pod is not ready"
    return State(label, False, "; ".join(troubles[:2]) or reason)


def cluster_catalog_state(catalog: Mapping[str, Any]) -> State:
    """A ClusterCatalog.

    It goes on serving what it had (`Serving`) while the new content is fetched, and when that fails; `Progressing` is True with the reason
    Succeeded when what is served is what is wished (operator-framework/operator-controller, `updateStatusProgressing`).
    """
    label = f"ClusterCatalog {_name(catalog)}"
    conditions = _conditions(catalog.get("status") or {})
    progress = next((entry for entry in _entries(catalog.get("status") or {}) if entry.get("type") == "Progressing"), {})
    if not _is_observed(catalog, progress):
        return State(label, False, "its new content is not looked at yet")
    if conditions.get("Serving", ("", ""))[0] == "True" and progress.get("reason") == "Succeeded":
        return State(label, True)
    failing = conditions.get("Progressing", ("", ""))[1] if progress.get("reason") != "Succeeded" else ""
    return State(label, False, failing or conditions.get("Serving", ("", ""))[1] or "it is not served yet")


def update_service_state(service: Mapping[str, Any], deployment: Mapping[str, Any] | None, pods: Iterable[Mapping[str, Any]] = ()) -> State:
    """An UpdateService.  deployment: of its pods, which are available when the graph is loaded.  pods: those of the deployment.

    Pods with the former graph stay until those with the new one are available, as in every rollout of a Deployment.
    """
    label = f"UpdateService {_name(service)}"
    status = service.get("status") or {}
    reconciled = _conditions(status).get("ReconcileCompleted", ("", ""))
    if reconciled[0] != "True":
        return State(label, False, reconciled[1] or "it is not reconciled yet")
    if deployment is None:
        return State(label, False, "it has no pods yet")
    spec, rollout = deployment.get("spec") or {}, deployment.get("status") or {}
    image = str((service.get("spec") or {}).get("graphDataImage") or "")
    if image not in _images((spec.get("template") or {}).get("spec")) or not _is_observed(deployment, rollout):
        return State(label, False, "its pods have the former graph image")
    wanted = int(spec.get("replicas") or 1)
    loaded = min(int(rollout.get(key) or 0) for key in ("updatedReplicas", "availableReplicas"))
    if loaded < wanted or int(rollout.get("replicas") or 0) > wanted:
        troubles = [trouble for pod in pods for trouble in _pod_troubles(pod)]
        reason = f"{loaded} of {wanted} pods have loaded the graph" if loaded < wanted else "pods with the former graph are still there"
        return State(label, False, "; ".join(troubles[:2]) or reason)
    return State(label, True)


def _name(live: Mapping[str, Any]) -> str:
    return str((live.get("metadata") or {}).get("name"))


def _conditions(status: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Status and message by type."""
    return {str(entry.get("type")): (str(entry.get("status") or ""), str(entry.get("message") or "")[:300]) for entry in _entries(status)}


def _entries(status: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in status.get("conditions") or [] if isinstance(entry, dict)]


def _is_observed(live: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """status: or a condition, which say of what generation they are."""
    return int(status.get("observedGeneration") or 0) >= int((live.get("metadata") or {}).get("generation") or 0)


def _images(pod_spec: Any) -> set[str]:
    containers = [each for key in ("initContainers", "containers") for each in (pod_spec or {}).get(key) or []]
    return {str(container.get("image") or "") for container in containers if isinstance(container, dict)}


def _is_ready(pod: Mapping[str, Any]) -> bool:
    return _conditions(pod.get("status") or {}).get("Ready", ("", ""))[0] == "True"


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
            yield f"pod {_name(pod)} is waiting: {waiting['reason']}{message}"
    if not containers:
        scheduled = _conditions(status).get("PodScheduled", ("", ""))
        if scheduled[0] == "False":
            yield f"pod {_name(pod)} is not scheduled: {scheduled[1]}"
