# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators do to a cluster after mirror sets, catalogs and the update service were applied, a step at a time.

Each operator is a generator that changes objects and statuses in the order of its project, one request or few for each step:

* machine-config operator: docs/MachineConfigController.md, pkg/controller/render and pkg/controller/node/status.go
* OLM: pkg/controller/registry/reconciler of operator-lifecycle-manager (the pod is replaced, the connection is told of later)
* catalogd: internal/catalogd/controllers of operator-controller
* update service operator: controllers of cincinnati-operator, and a rollout of its Deployment

operators = Operators(machine_config(cluster, "worker", ("n1", "n2")), catalogd(cluster, "cc-index"))
operators.tick()                    # each takes a step; some of them, with chance=random.Random(1)
with operators.running(0.1, begun): ...     # as a thread would, once that is true
"""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator
from typing import Any, Callable

from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import Cluster

Steps = Iterator[None]
MARKET, UPDATES = "openshift-marketplace", "openshift-update-service"
_NODE = "machineconfiguration.openshift.io/"
_NOW = "2026-01-01T00:00:00Z"


class Operators:
    """finished: none has anything left to do.  chance: takes some of them at each tick, and each at some time; all without it."""

    def __init__(self, *steps: Steps, chance: random.Random | None = None) -> None:
        self._left = list(steps)
        self._chance = chance

    @property
    def finished(self) -> bool:
        return not self._left

    def tick(self) -> None:
        for steps in [each for each in self._left if not self._chance or self._chance.random() < 0.6]:
            if next(steps, self) is self:
                self._left.remove(steps)

    @contextlib.contextmanager
    def running(self, pause: float, begun: Callable[[], bool]) -> Iterator[Operators]:
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(pause) and not begun():
                pass
            while not stop.wait(pause) and self._left:
                self.tick()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            stop.set()
            thread.join(30)


def condition(kind: str, status: bool = True, message: str = "", reason: str = "AsExpected", generation: int = 0) -> dict[str, Any]:
    found = {"type": kind, "status": str(status), "reason": reason, "message": message, "lastTransitionTime": _NOW}
    return {**found, "observedGeneration": generation} if generation else found


def add_pool(cluster: Cluster, name: str, nodes: tuple[str, ...] = (), paused: bool = False) -> None:
    """A pool that has rolled out its first configuration."""
    first = f"rendered-{name}-1"
    cluster.create(
        _object("machineconfiguration.openshift.io/v1", "MachineConfigPool", name, {"paused": paused, "configuration": {"name": first}})
    )
    for node in nodes:
        cluster.create(_object("v1", "Node", node, {}))
        _annotate(cluster, node, desiredConfig=first, currentConfig=first, state="Done")
    _pool_status(cluster, name, len(nodes), len(nodes))


def machine_config(
    cluster: Cluster, name: str, nodes: tuple[str, ...], degraded: str = "", unrendered: str = "", heals: bool = False
) -> Steps:
    """degraded, unrendered: why the last node is, or the configuration cannot be.  heals: it comes right in the end."""
    second, count = f"rendered-{name}-2", len(nodes)
    if unrendered:
        failing = condition("RenderDegraded", message=f"Failed to render configuration for pool {name}: {unrendered}")
        for conditions in ([failing], [failing, condition("Degraded")]):
            yield
            _pool_status(cluster, name, count, count, conditions=conditions)
        if not heals:
            return
    yield
    cluster.edit("MachineConfigPool", name, {"spec": {"configuration": {"name": second}}})
    yield
    paused = bool(cluster.get("MachineConfigPool", name)["spec"].get("paused"))
    _pool_status(cluster, name, count, 0, paused=paused)
    for done, node in enumerate(nodes if not paused else ()):
        yield
        _annotate(cluster, node, desiredConfig=second, state="Working")
        if degraded and node == nodes[-1]:
            yield
            _annotate(cluster, node, state="Degraded", reason=degraded)
            yield
            message = f'Node {node} is reporting: "{degraded}"'
            told = [condition("NodeDegraded", message=message), condition("Degraded", message=message)]
            _pool_status(cluster, name, count, done, 1, conditions=told)
            if not heals:
                return
        yield
        _annotate(cluster, node, currentConfig=second, state="Done", reason="")
        yield
        _pool_status(cluster, name, count, done + 1)


def _pool_status(
    cluster: Cluster, name: str, count: int, updated: int, degraded: int = 0, conditions: Any = (), paused: bool = False
) -> None:
    live = cluster.get("MachineConfigPool", name)
    finished = count == updated
    told = [condition("Updated", finished), condition("Updating", not finished and not paused), *conditions]
    told += [
        condition(kind, False) for kind in ("NodeDegraded", "RenderDegraded", "Degraded") if kind not in {each["type"] for each in told}
    ]
    status = {
        "observedGeneration": live["metadata"]["generation"],
        "machineCount": count,
        "updatedMachineCount": updated,
        "readyMachineCount": updated,
        "unavailableMachineCount": 0,
        "degradedMachineCount": degraded,
        "conditions": told,
        **({"configuration": live["spec"]["configuration"]} if finished else {}),
    }
    cluster.status("MachineConfigPool", name, status)


def _annotate(cluster: Cluster, node: str, **notes: str) -> None:
    cluster.edit("Node", node, {"metadata": {"annotations": {f"{_NODE}{key}": value for key, value in notes.items()}}})


def lifecycle_manager(cluster: Cluster, name: str, trouble: str = "") -> Steps:
    """Of a CatalogSource.  trouble: why its image cannot be pulled."""
    yield
    image = cluster.get("CatalogSource", name, MARKET)["spec"]["image"]
    former, pod = f"{name}-1", f"{name}-2"
    if cluster.get("Pod", former, MARKET):
        cluster.delete("Pod", former, MARKET)
        yield
    add_pod(cluster, pod, MARKET, image, {"olm.catalogSource": name})
    yield
    cluster.status("Pod", pod, _waits(trouble and "ErrImagePull" or "ContainerCreating", trouble), MARKET)
    yield
    cluster.status("CatalogSource", name, {"connectionState": {"lastObservedState": "TRANSIENT_FAILURE"}}, MARKET)
    yield
    if trouble:
        cluster.status("Pod", pod, _waits("ImagePullBackOff", trouble), MARKET)
        return
    cluster.status("CatalogSource", name, {"connectionState": {"lastObservedState": "CONNECTING"}}, MARKET)
    yield
    cluster.status("Pod", pod, {"containerStatuses": [], "conditions": [{"type": "Ready", "status": "True"}]}, MARKET)
    yield
    cluster.status("CatalogSource", name, {"connectionState": {"lastObservedState": "READY"}}, MARKET)


def add_pod(cluster: Cluster, name: str, namespace: str, image: str, labels: dict[str, str], ready: bool = False) -> None:
    cluster.create(_object("v1", "Pod", name, {"containers": [{"name": "c", "image": image}]}, namespace, labels))
    if ready:
        cluster.status("Pod", name, {"conditions": [{"type": "Ready", "status": "True"}]}, namespace)


def _waits(reason: str, message: str, kind: str = "containerStatuses") -> dict[str, Any]:
    return {
        kind: [
            {
                "name": "c",
                "image": "",
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": {"reason": reason, "message": message}},
            }
        ]
    }


def catalogd(cluster: Cluster, name: str, trouble: str = "") -> Steps:
    """Of a ClusterCatalog, which serves what it had meanwhile.  trouble: why its image cannot be pulled."""
    yield
    live = cluster.get("ClusterCatalog", name)
    generation = live["metadata"]["generation"]
    had = [each for each in (live.get("status") or {}).get("conditions") or [] if each["type"] == "Serving"]
    if trouble:
        retrying = condition("Progressing", message=trouble, reason="Retrying", generation=generation)
        cluster.status("ClusterCatalog", name, {"conditions": [*had, retrying]})
        return
    cluster.status("ClusterCatalog", name, {"conditions": serving(generation)})


def serving(generation: int) -> list[dict[str, Any]]:
    return [
        condition("Serving", reason="Available", generation=generation),
        condition("Progressing", reason="Succeeded", generation=generation),
    ]


def update_service(cluster: Cluster, name: str, trouble: str = "") -> Steps:
    """Its Deployment rolls out the new graph image.  trouble: why that cannot be pulled."""
    yield
    spec = cluster.get("UpdateService", name, UPDATES)["spec"]
    template = graph_pods(name, spec["graphDataImage"], spec["replicas"])["template"]
    former = cluster.get("Deployment", name, UPDATES)
    if former:
        cluster.edit("Deployment", name, {"spec": {"template": template}}, UPDATES)
    else:
        add_deployment(cluster, name, spec["graphDataImage"], spec["replicas"])
    yield
    cluster.status("UpdateService", name, {"conditions": [condition("ReconcileCompleted", reason="Success")]}, UPDATES)
    yield
    available = spec["replicas"] if former else 0
    add_pod(cluster, f"{name}-2", UPDATES, "graph-builder", {"app": name})
    _rolled(cluster, name, spec["replicas"] + 1, 1, available)
    yield
    if trouble:
        cluster.status("Pod", f"{name}-2", _waits("ImagePullBackOff", trouble, "initContainerStatuses"), UPDATES)
        return
    for updated in range(1, spec["replicas"] + 1):
        _rolled(cluster, name, spec["replicas"] + 1, updated, max(available, updated))
        yield
    _rolled(cluster, name, spec["replicas"], spec["replicas"], spec["replicas"])


def add_deployment(cluster: Cluster, name: str, image: str, replicas: int) -> None:
    cluster.create(_object("apps/v1", "Deployment", name, graph_pods(name, image, replicas), UPDATES))


def graph_pods(name: str, image: str, replicas: int) -> dict[str, Any]:
    pod = {"initContainers": [{"name": "graph-data", "image": image}], "containers": [{"name": "graph-builder", "image": "graph-builder"}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template}


def roll(cluster: Cluster, name: str, replicas: int) -> None:
    """All pods of the Deployment are those that it wants."""
    _rolled(cluster, name, replicas, replicas, replicas)


def _rolled(cluster: Cluster, name: str, replicas: int, updated: int, available: int) -> None:
    generation = cluster.get("Deployment", name, UPDATES)["metadata"]["generation"]
    counts = {"replicas": replicas, "updatedReplicas": updated, "readyReplicas": available, "availableReplicas": available}
    cluster.status("Deployment", name, {"observedGeneration": generation, **counts}, UPDATES)


def _object(version: str, kind: str, name: str, spec: Any, namespace: str = "", labels: dict[str, str] | None = None) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **({"labels": labels} if labels else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
