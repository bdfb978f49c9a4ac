# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""cluster_info: what a cluster runs, a configuration for it, and what of it a mirror lacks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.clusters import CLUSTER, access_wishes
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.facts import Facts
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import LABEL
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.clusters.apply import read_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.clusters.info import ClusterInfo, InfoRequest, look_at_cluster

ARGUMENTS: dict[str, Any] = {
    **CLUSTER,
    **REGISTRY,
    "destination": {"type": "str"},
    "path": {"type": "path"},
    "to_version": {"type": "str"},
    "update_url": {"type": "str"},
    "graph_file": {"type": "path"},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """cluster_info."""
    request = InfoRequest(
        access=access_wishes(params),
        destination=Destination.parse(params["destination"]) if params["destination"] else None,
        resources=read_resources(params["path"] or ""),
        to_version=params["to_version"] or "",
        connections=connections(params),
        parallel=params["parallel_images"],
        options={name: params[name] for name in ("update_url", "graph_file") if params[name]},
    )
    found = look_at_cluster(request, os.environ)
    return Outcome(changed=False, values={**_facts(found.facts), **_answers(found)})


def _facts(facts: Facts) -> dict[str, Any]:
    return {
        "version": facts.version,
        "versions": list(facts.versions),
        "channel": facts.channel,
        "architecture": facts.architecture,
        "operators": [
            {
                "package": operator.package,
                "channel": operator.channel,
                "version": operator.version,
                "catalog": operator.catalog,
                "namespace": operator.namespace,
            }
            for operator in facts.operators
        ],
        "catalogs": dict(facts.catalogs),
        "default_sources": facts.default_sources,
        "mirror_sets": [
            {
                "kind": str(live["kind"]),
                "name": str(live["metadata"]["name"]),
                "owner": str((live["metadata"].get("labels") or {}).get(LABEL) or ""),
            }
            for live in facts.mirror_sets
        ],
        "images": len(facts.all_images),
        "images_outside": [image.reference for image in facts.outside[:MAX_FILES]],
        "images_outside_total": len(facts.outside),
    }


def _answers(found: ClusterInfo) -> dict[str, Any]:
    answers: dict[str, Any] = {"imageset": found.proposal}
    if found.update is not None:
        answers["update_path"] = found.update["path"]
        answers["update_explanation"] = found.update["explanation"]
    if found.missing is not None:
        answers["held"] = not found.missing
        answers["missing"] = [{"image": each.image.reference, "reason": each.reason} for each in found.missing[:MAX_FILES]]
        answers["missing_total"] = len(found.missing)
    return answers
