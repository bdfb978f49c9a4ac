# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same cases on a stand-in for an API server and, where one is built, on a real one (`make apiserver`)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.modules import cluster_apply
from ansible_collections.disconnected.mirror.tests.fakes.clusters import crds
from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import ADMIN, Cluster
from ansible_collections.disconnected.mirror.tests.fakes.clusters.real import RealCluster, programs
from ansible_collections.disconnected.mirror.tests.fakes.clusters.stand_in import StandIn
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module

APPLIED = ("ImageDigestMirrorSet", "ImageTagMirrorSet", "ImageContentSourcePolicy", "CatalogSource", "ClusterCatalog", "UpdateService")
_OTHERS = ("PinnedImageSet", "OperatorHub", "Image", "ClusterVersion", "MachineConfigPool", "Subscription", "ClusterServiceVersion")
_OTHERS += ("Infrastructure", "MachineConfiguration", "Node", "Pod", "Deployment")
_NAMESPACES = ("openshift-config", "openshift-config-managed")


class Site:
    """A cluster and our module."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def apply(self, *resources: Any, user: str = ADMIN, check: bool = False, **more: Any) -> dict[str, Any]:
        arguments = {**self.cluster.login(user), "resources": list(resources), **more}
        return run_module(cluster_apply, arguments, check_mode=check, diff=True)

    def state(self) -> dict[str, Any]:
        return self.cluster.state((*APPLIED, "PinnedImageSet"))

    def clear(self) -> None:
        self.cluster.clear((*APPLIED, *_OTHERS))
        for kind in ("ConfigMap", "Secret"):
            for live in self.cluster.list(kind):
                if live["metadata"].get("namespace") in _NAMESPACES and live["metadata"]["name"] != "kube-root-ca.crt":
                    self.cluster.delete(kind, live["metadata"]["name"], live["metadata"]["namespace"])


def _kinds() -> list[str]:
    return [StandIn.kind, *([RealCluster.kind] if all(programs()) else [])]


@pytest.fixture(scope="session", params=_kinds())
def running(request, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("cluster"))
    with StandIn() if request.param == StandIn.kind else RealCluster(folder) as cluster:
        cluster.install([*(crds.real() or crds.own()), *crds.platform()])
        yield cluster


@pytest.fixture
def site(running, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "K8S_AUTH_KUBECONFIG", "K8S_AUTH_HOST", "K8S_AUTH_API_KEY", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    site = Site(running)
    site.clear()
    return site
