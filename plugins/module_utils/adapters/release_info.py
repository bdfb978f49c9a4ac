# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From the parameters of `release_info` to a request of the core, and from its answer to an outcome."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.info import Question
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.release_info import ReleaseRequest, look_at_releases
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import LEVELS, MANIFESTS

ARGUMENTS: dict[str, Any] = {
    **REGISTRY,
    "channel": {"type": "str"},
    "architecture": {"type": "str", "choices": ["amd64", "arm64", "ppc64le", "s390x", "multi"], "default": "amd64"},
    "okd": {"type": "bool", "default": False},
    "from_version": {"type": "str"},
    "to_version": {"type": "str"},
    "conditional": {"type": "bool", "default": False},
    "update_url": {"type": "str"},
    "graph_file": {"type": "path"},
    "plan": {"type": "path"},
    "destination": {"type": "str"},
    "max_nested_paths": {"type": "int", "default": 0},
    "level": {"type": "str", "choices": list(LEVELS), "default": MANIFESTS},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """release_info."""
    url = "okd_update_url" if params["okd"] else "update_url"
    request = ReleaseRequest(
        question=Question(
            channel=params["channel"] or "",
            architecture=params["architecture"],
            from_version=params["from_version"] or "",
            to_version=params["to_version"] or "",
            conditional=params["conditional"],
        ),
        okd=params["okd"],
        plan=params["plan"] or "",
        destination=params["destination"] or "",
        nested=params["max_nested_paths"],
        level=params["level"],
        connections=connections(params),
        options={name: value for name, value in ((url, params["update_url"]), ("graph_file", params["graph_file"])) if value},
    )
    return Outcome(changed=False, values=look_at_releases(request, os.environ))
