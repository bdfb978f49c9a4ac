# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting while operators work: it ends when they have finished, not before, and says what stuck."""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes, find_access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.applying import Wanted, carry_out, prepare
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import applied_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.waiting import Patience, Waiting
from ansible_collections.disconnected.mirror.tests.fakes.clusters import operators as work
from ansible_collections.disconnected.mirror.tests.fakes.clusters.operators import Operators
from ansible_collections.disconnected.mirror.tests.integration.clusters.test_apply import (
    catalog_source,
    cluster_catalog,
    idms,
    update_service,
)

NODES = ("n1", "n2")
SERVICE = "update-service-oc-mirror"
SEED = int(os.environ.get("MIRROR_SEED", "1"))
ORDERS = int(os.environ.get("MIRROR_SEQUENCES", "3"))


def _documents(tag):
    service, index = update_service(), cluster_catalog()
    service["spec"]["graphDataImage"] = f"mirror.example:5000/graph:{tag}"
    index["spec"]["source"]["image"]["ref"] = f"mirror.example:5000/index:{tag}"
    return [idms(), catalog_source(image=f"mirror.example:5000/index:{tag}"), index, service]


class Town:
    """A cluster that used a mirror already: everything of it is up, with its images of before."""

    def __init__(self, site):
        self.site = site
        self.cluster = site.cluster
        self.now = 0.0

    def settle(self):
        cluster = self.cluster
        self.apply(_documents("v1")[1:])
        work.add_pool(cluster, "worker", NODES)
        work.add_pool(cluster, "infra", paused=True)
        work.add_pod(cluster, "cs-index-1", work.MARKET, "mirror.example:5000/index:v1", {"olm.catalogSource": "cs-index"}, ready=True)
        cluster.status("CatalogSource", "cs-index", {"connectionState": {"lastObservedState": "READY"}}, work.MARKET)
        cluster.status("ClusterCatalog", "cc-index", {"conditions": work.serving(1)})
        work.add_deployment(cluster, SERVICE, "mirror.example:5000/graph:v1", 2)
        work.roll(cluster, SERVICE, 2)
        reconciled = [work.condition("ReconcileCompleted", reason="Success")]
        cluster.status("UpdateService", SERVICE, {"conditions": reconciled}, work.UPDATES)

    def apply(self, documents, operators=None, seconds=100.0):
        """States in the end; the operators take a step whenever waiting sleeps, which takes no time."""
        login = self.cluster.login()
        wishes = Wishes(server=login["host"], token=login["api_key"], ca_path=login.get("ca_cert", ""))
        wanted = Wanted(tuple(applied_resources([("test", document) for document in documents])), "mirror")

        def sleep(interval):
            operators.tick()
            self.now += interval

        with Api(find_access(wishes, {}), {}) as api:
            prepared = prepare(api, wanted)
            _changes, failures = carry_out(api, prepared)
            assert not failures
            if operators is None:
                return {}
            waiting = Waiting(api, [step.resource for step in prepared.steps], prepared.pools, prepared.rollout.changed)
            states = waiting.until_ready(Patience(seconds, 1.0), lambda: self.now, sleep)
        return {state.label: state for state in states}

    def operators(self, chance=None, pool=(), olm="", catalogs="", updates=""):
        return Operators(
            work.machine_config(self.cluster, "worker", NODES, **dict(pool)),
            work.machine_config(self.cluster, "infra", ()),
            work.lifecycle_manager(self.cluster, "cs-index", olm),
            work.catalogd(self.cluster, "cc-index", catalogs),
            work.update_service(self.cluster, SERVICE, updates),
            chance=chance,
        )


@pytest.fixture
def town(site):
    town = Town(site)
    town.settle()
    return town


def test_waiting_ends_when_all_operators_have_finished(town):
    operators = town.operators()
    states = town.apply(_documents("v2"), operators)
    assert {label: state.ready for label, state in states.items()} == dict.fromkeys(states, True) and len(states) == 5
    assert operators.finished and "is paused" in states["MachineConfigPool infra"].reason
    again = town.apply(_documents("v2"), Operators())
    assert all(state.ready for state in again.values())


@pytest.mark.parametrize("which", [0, 1, 2], ids=["catalog", "cluster catalog", "graph"])
def test_what_is_still_said_of_the_former_content_does_not_count(town, which):
    cluster = town.cluster
    steps = [work.lifecycle_manager(cluster, "cs-index"), work.catalogd(cluster, "cc-index"), work.update_service(cluster, SERVICE)]
    operators = Operators(steps[which])
    states = town.apply([_documents("v2")[1 + which]], operators)
    assert all(state.ready for state in states.values()) and operators.finished


def test_in_whatever_order_they_work(town):
    for number in range(ORDERS):
        operators = town.operators(random.Random(SEED + number))
        states = town.apply(_documents("v2"), operators)
        assert all(state.ready for state in states.values()) and operators.finished, (SEED + number, states)
        town.site.clear()
        town.settle()


PULL = "manifest unknown"
# what, operators, the resource that is stuck, what is said
STUCK = [
    ("a node", {"pool": {"degraded": "disk full"}}, "MachineConfigPool worker", "1 of 2 nodes have it, 1 is degraded: n2: disk full"),
    (
        "rendering",
        {"pool": {"unrendered": "parsing Ignition config failed"}},
        "MachineConfigPool worker",
        "Failed to render configuration for pool worker: parsing Ignition config failed",
    ),
    ("a catalog", {"olm": PULL}, "CatalogSource cs-index", f"pod cs-index-2 is waiting: ImagePullBackOff: {PULL}"),
    ("a ClusterCatalog", {"catalogs": PULL}, "ClusterCatalog cc-index", PULL),
    ("the graph", {"updates": PULL}, f"UpdateService {SERVICE}", f"pod {SERVICE}-2 is waiting: ImagePullBackOff: {PULL}"),
]


@pytest.mark.parametrize(("troubles", "label", "said"), [row[1:] for row in STUCK], ids=[row[0] for row in STUCK])
def test_what_stuck_is_told_when_the_time_is_over(town, troubles, label, said):
    states = town.apply(_documents("v2"), town.operators(**troubles), seconds=60)
    assert [(state.label, state.reason) for state in states.values() if not state.ready] == [(label, said)] and town.now <= 60


@pytest.mark.parametrize(
    "pool", [{"degraded": "disk full", "heals": True}, {"unrendered": "not yet", "heals": True}], ids=["node", "rendering"]
)
def test_what_comes_right_is_waited_for(town, pool):
    operators = town.operators(pool=pool)
    assert all(state.ready for state in town.apply(_documents("v2"), operators).values()) and operators.finished


def test_the_module_waits_while_operators_run(town):
    def applied():
        return town.cluster.get("UpdateService", SERVICE, work.UPDATES)["spec"]["graphDataImage"].endswith(":v2")

    with town.operators().running(0.05, applied) as operators:
        result = town.site.apply(*_documents("v2"), wait=True, wait_timeout=60, wait_sleep=1)
    assert result["ready"] and operators.finished, result
