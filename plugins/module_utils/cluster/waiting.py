# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Waits until what was applied is in effect, within a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import ClusterError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import (
    CATALOG_SOURCE,
    CLUSTER_CATALOG,
    DEPLOYMENT,
    NODE,
    POD,
    POOL,
    UPDATE_SERVICE,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.readiness import (
    State,
    catalog_source_state,
    cluster_catalog_state,
    pool_state,
    update_service_state,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource

# Seconds within which the machine-config operator renders a change; what it has not begun by then it does not mean to do.
BEGINS = 180.0


@dataclass(frozen=True)
class Patience:
    """Seconds: for all of it, and between two looks.  begins: for pools to begin."""

    seconds: float
    interval: float = 5.0
    begins: float = BEGINS


class Waiting:
    """resources: what was applied.  pools: as they were before.  rolls: whether they are expected to roll out."""

    def __init__(self, api: Api, resources: Sequence[Resource], pools: Sequence[Mapping[str, Any]], rolls: bool) -> None:
        self._api = api
        self._resources = [each for each in resources if each.kind in (CATALOG_SOURCE, CLUSTER_CATALOG, UPDATE_SERVICE)]
        self._before = {_name(pool): _configuration(pool) for pool in pools}
        self._rolls = rolls

    def until_ready(
        self, patience: Patience, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> tuple[State, ...]:
        """How everything is in the end, ready or not.  An API server that is away for a while, as during a rollout, is waited for.

        Raises AccessDenied, ClusterError, Unreachable (it never answered).
        """
        began = clock()
        states: tuple[State, ...] = ()
        lost: Unreachable | ClusterError | None = None
        while True:
            waited = clock() - began
            try:
                states, lost = tuple(self._look(waited >= patience.begins)), None
            except (Unreachable, ClusterError) as error:
                if isinstance(error, ClusterError) and error.status < 500:
                    raise
                lost = error
                self._api.reopen()
            if lost is None and all(state.ready for state in states):
                return states
            if waited + patience.interval > patience.seconds:
                break
            sleep(patience.interval)
        if lost is not None and not states:
            raise lost
        return (*states, State(self._api.server, False, str(lost))) if lost is not None else states

    def _look(self, late: bool) -> Iterable[State]:
        if self._before:
            nodes = self._api.list(NODE) if self._rolls else []
            for pool in self._api.list(POOL):
                yield pool_state(pool, self._before.get(_name(pool), ""), late or not self._rolls, nodes)
        pods: dict[str, list[dict[str, Any]]] = {}
        for resource in self._resources:
            live = self._api.get(resource.kind, resource.name, resource.namespace) or {"metadata": {"name": resource.name}}
            if resource.kind == CATALOG_SOURCE:
                if resource.namespace not in pods:
                    pods[resource.namespace] = self._api.list(POD, resource.namespace, "olm.catalogSource")
                yield catalog_source_state(live, pods[resource.namespace])
            elif resource.kind == CLUSTER_CATALOG:
                yield cluster_catalog_state(live)
            else:
                deployment = self._api.get(DEPLOYMENT, resource.name, resource.namespace)
                yield update_service_state(live, deployment, self._pods_of(deployment))

    def _pods_of(self, deployment: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        labels = (((deployment or {}).get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        return self._api.list(POD, (deployment or {})["metadata"]["namespace"], selector) if selector else []


def _name(live: Mapping[str, Any]) -> str:
    return str((live.get("metadata") or {}).get("name"))


def _configuration(pool: Mapping[str, Any]) -> str:
    return str(((pool.get("spec") or {}).get("configuration") or {}).get("name") or "")
