# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When something is ready, what is said when it is not, and how long that is waited for."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, ClusterError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.readiness import (
    catalog_source_state,
    cluster_catalog_state,
    pool_state,
    update_service_state,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.waiting import Patience, Waiting


def condition(kind, status="True", message=""):
    return {"type": kind, "status": status, "message": message}


def pool(wanted="r2", current="r2", counts=(3, 3, 0), paused=False, name="worker", conditions=(condition("Updated"),)):
    status = dict(zip(("machineCount", "updatedMachineCount", "degradedMachineCount"), counts))
    return {
        "metadata": {"name": name},
        "spec": {"configuration": {"name": wanted}, "paused": paused},
        "status": {**status, "configuration": {"name": current}, "conditions": list(conditions)},
    }


def node(name, wanted="r2", state="Degraded", reason="disk full"):
    prefix = "machineconfiguration.openshift.io/"
    notes = {f"{prefix}desiredConfig": wanted, f"{prefix}state": state, f"{prefix}reason": reason}
    return {"metadata": {"name": name, "annotations": notes}}


UPDATING = (condition("Updated", "False"), condition("Updating"))
UNRENDERED = (condition("Updated"), condition("RenderDegraded", message="Failed to render configuration"), condition("Degraded"))
DEGRADED = (condition("Updated", "False"), condition("Degraded"), condition("NodeDegraded", message="node n1 is reporting: full"))


@pytest.mark.parametrize(
    ("state", "ready", "reason"),
    [
        (pool_state(pool(), "r1", False), True, ""),
        (pool_state(pool("r1", "r1"), "r1", False), False, "not rendered yet"),
        (pool_state(pool("r1", "r1"), "r1", True), True, "did not change"),
        (pool_state(pool(current="r1", counts=(3, 1, 0), conditions=UPDATING), "r1", False), False, "1 of 3 nodes have it"),
        (pool_state(pool(current="r1", counts=(3, 3, 0)), "r1", False), False, "3 of 3"),
        (pool_state(pool(counts=(3, 1, 1), conditions=DEGRADED), "r1", False), False, "1 is degraded: node n1 is reporting: full"),
        (
            pool_state(pool(counts=(3, 1, 1), conditions=DEGRADED), "r1", False, [node("n1"), node("n2", "r9"), node("n3", state="Done")]),
            False,
            "1 is degraded: n1: disk full",
        ),
        (pool_state(pool(paused=True, counts=(3, 0, 0)), "r1", False), True, "paused"),
        (pool_state(pool("r1", "r1", conditions=UNRENDERED), "r1", True), False, "Failed to render"),
        (pool_state(pool(conditions=(condition("Updated"), *DEGRADED[1:])), "r1", False), False, "it is degraded: node n1"),
        (pool_state({**pool(), "metadata": {"name": "worker", "generation": 3}}, "r1", False), False, "not told"),
        (pool_state({"metadata": {"name": "new"}}, "", True), False, "0 of 0"),
    ],
)
def test_a_pool(state, ready, reason):
    assert state.ready is ready and reason in state.reason and state.label.startswith("MachineConfigPool")


def pod(catalog, reason="ImagePullBackOff", message="manifest unknown"):
    waiting = {"waiting": {"reason": reason, "message": message}}
    return {
        "metadata": {"name": f"{catalog}-abc", "labels": {"olm.catalogSource": catalog}},
        "status": {"containerStatuses": [{"state": waiting}]},
    }


def catalog(state, image=""):
    return {"metadata": {"name": "cs"}, "spec": {"image": image}, "status": {"connectionState": {"lastObservedState": state}}}


def serving(image, ready="True", key="containers"):
    labels = {"name": "cs-abc", "labels": {"olm.catalogSource": "cs"}}
    return {"metadata": labels, "spec": {key: [{"image": image}]}, "status": {"conditions": [condition("Ready", ready)]}}


def test_a_catalog_source_is_ready_when_its_connection_and_the_pod_of_its_image_are():
    assert catalog_source_state(catalog("READY"), []).ready
    assert catalog_source_state(catalog("READY", "i:2"), [serving("i:2")]).ready
    assert catalog_source_state(catalog("READY", "i:2"), [serving("i:2", key="initContainers")]).ready
    assert catalog_source_state(catalog("READY", "i:2"), [serving("i:1")]).reason == "its pod has the former image"
    assert catalog_source_state(catalog("READY", "i:2"), [serving("i:2", "False")]).reason == "its pod is not ready"
    assert catalog_source_state(catalog("READY", "i:2"), []).reason == "it has no pod yet"
    assert catalog_source_state(catalog("CONNECTING", "i:2"), [serving("i:2")]).reason == "its connection is CONNECTING"


def test_a_catalog_source_that_is_stuck_says_what_its_pod_waits_for():
    live = catalog("TRANSIENT_FAILURE")
    assert catalog_source_state(live, [pod("other"), pod("cs")]).reason == "pod cs-abc is waiting: ImagePullBackOff: manifest unknown"
    unscheduled = {**pod("cs"), "status": {"conditions": [condition("PodScheduled", "False", "0/3 nodes are available")]}}
    assert "not scheduled: 0/3 nodes" in catalog_source_state({"metadata": {"name": "cs"}}, [unscheduled]).reason


def test_a_cluster_catalog_is_ready_when_it_is_served():
    succeeded = {**condition("Progressing"), "reason": "Succeeded", "observedGeneration": 2}
    live = {"metadata": {"name": "cc", "generation": 2}, "status": {"conditions": [condition("Serving"), succeeded]}}
    assert cluster_catalog_state(live).ready
    assert cluster_catalog_state({**live, "metadata": {"name": "cc", "generation": 3}}).reason == "its new content is not looked at yet"
    retrying = {**condition("Progressing", message="no such image"), "reason": "Retrying", "observedGeneration": 2}
    assert cluster_catalog_state({**live, "status": {"conditions": [condition("Serving"), retrying]}}).reason == "no such image"
    stuck = {"metadata": {"name": "cc"}, "status": {"conditions": [condition("Progressing", "True", "error pulling image")]}}
    assert cluster_catalog_state(stuck).reason == "error pulling image"


def test_an_update_service_is_ready_when_a_pod_has_the_graph():
    live = {"metadata": {"name": "us"}, "spec": {"graphDataImage": "g:2"}, "status": {"conditions": [condition("ReconcileCompleted")]}}
    counts = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}

    def deployment(image="g:2", **status):
        pods = {"initContainers": [{"image": image}], "containers": [{"image": "builder"}]}
        return {"metadata": {"generation": 2}, "spec": {"replicas": 2, "template": {"spec": pods}}, "status": {**counts, **status}}

    assert update_service_state(live, deployment()).ready
    assert update_service_state(live, deployment(replicas=3, updatedReplicas=1)).reason == "1 of 2 pods have loaded the graph"
    assert update_service_state(live, deployment(replicas=3)).reason == "pods with the former graph are still there"
    assert update_service_state(live, deployment("g:1")).reason == "its pods have the former graph image"
    assert update_service_state(live, deployment(observedGeneration=1)).reason == "its pods have the former graph image"
    assert update_service_state(live, None).reason == "it has no pods yet"
    assert update_service_state({"metadata": {"name": "us"}}, None).reason == "it is not reconciled yet"


class Scripted:
    """An API whose pools are, look by look, what the script says; an error is raised."""

    server = "https://api.example"

    def __init__(self, *looks):
        self.looks = list(looks)
        self.opened = 0
        self.now = 0.0

    def list(self, kind, namespace="", selector=""):
        if kind != "MachineConfigPool":
            return []
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def get(self, kind, name, namespace=""):
        return None

    def reopen(self):
        self.opened += 1

    def wait(self, patience, resources=(), rolls=True):
        waiting = Waiting(self, resources, [pool("r1", "r1")], rolls)
        return waiting.until_ready(patience, lambda: self.now, self._sleep)

    def _sleep(self, seconds):
        self.now += seconds


def test_pools_are_waited_for_until_all_nodes_have_it():
    api = Scripted([pool("r1", "r1")], [pool(current="r1", counts=(3, 1, 0), conditions=UPDATING)], [pool()])
    assert [state.ready for state in api.wait(Patience(100))] == [True] and api.now == 10


def test_a_pool_that_does_not_begin_has_nothing_to_do():
    api = Scripted([pool("r1", "r1")])
    assert api.wait(Patience(1000, begins=60))[0].reason == "its configuration did not change" and api.now == 60


def test_without_a_rollout_nobody_waits_for_one():
    api = Scripted([pool("r1", "r1")])
    assert api.wait(Patience(1000), rolls=False)[0].ready and api.now == 0


def test_after_the_time_what_is_stuck_is_told():
    api = Scripted([pool(counts=(3, 1, 1), conditions=DEGRADED)])
    state = api.wait(Patience(60))[0]
    assert not state.ready and "node n1" in state.reason and api.now <= 60


def test_an_api_server_that_restarts_is_waited_for():
    api = Scripted(Unreachable("gone"), ClusterError("not ready", status=503), [pool()])
    assert api.wait(Patience(60))[0].ready and api.opened == 2


def test_one_that_stays_away_is_said():
    with pytest.raises(Unreachable):
        Scripted(Unreachable("gone")).wait(Patience(20))
    api = Scripted([pool(counts=(3, 1, 0), conditions=UPDATING)], Unreachable("gone"))
    assert [(state.ready, state.reason) for state in api.wait(Patience(20))][-1] == (False, "gone")


def test_rights_that_are_missing_are_said_at_once():
    api = Scripted(AccessDenied("no"))
    with pytest.raises(AccessDenied):
        api.wait(Patience(1000))
    assert api.now == 0


def test_what_was_applied_and_is_gone_is_not_ready():
    states = Scripted([pool()]).wait(Patience(5), [Resource("ClusterCatalog", "cc", "", {})])
    assert [(state.label, state.ready) for state in states][-1] == ("ClusterCatalog cc", False)
