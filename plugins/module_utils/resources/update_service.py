# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""UpdateService: the update graph in the disconnected cluster (mirroring 7.4; config-and-releases 2.8)."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import CREATED_BY

NAME = "update-service-oc-mirror"
NAMESPACE = "openshift-update-service"


def update_service(releases: str, graph_image: str) -> dict[str, Any]:
    """releases: the repository of release images, `host/path`.  graph_image: by digest, so that a new graph is taken over."""
    return {
        "apiVersion": "updateservice.operator.openshift.io/v1",
        "kind": "UpdateService",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "annotations": dict(CREATED_BY)},
        "spec": {"replicas": 2, "releases": releases, "graphDataImage": graph_image},
    }
