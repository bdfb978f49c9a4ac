# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Update graphs of our own making, and the worked graphs A and B of the specification (config-and-releases 2.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

REPOSITORY = "quay.io/openshift-release-dev/ocp-release"

A = {
    "stable-4.0": (
        ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-0.okd-0", "4.0.0-7", "4.0.0-8"],
        [[0, 1], [1, 2], [2, 4], [2, 5], [4, 5]],
    ),
    "stable-4.1": (
        ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-0.okd-0", "4.0.0-7", "4.0.0-8", "4.1.0-6"],
        [[0, 1], [1, 2], [2, 4], [2, 5], [4, 5], [5, 6]],
    ),
    "stable-4.2": (["4.1.0-6", "4.2.0-2", "4.2.0-3", "4.2.0-5"], [[0, 2], [1, 2], [2, 3]]),
    "stable-4.3": (["4.3.0", "4.3.1"], [[0, 1]]),
    "fast-4.3": (["4.2.0-5", "4.3.0", "4.3.1", "4.3.2"], [[0, 1], [1, 2], [2, 3]]),
    "empty-4.0": ([], []),
}

B = {
    "stable-4.0": (
        ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-0.okd-0", "4.0.0-7", "4.0.0-8"],
        [[0, 1], [1, 2], [2, 4], [4, 5]],
    ),
    "stable-4.1": (
        ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-0.okd-0", "4.0.0-7", "4.0.0-8", "4.1.0-6"],
        [[0, 1], [0, 2], [1, 2], [2, 6], [4, 5]],
    ),
    "fast-4.1": (
        ["4.0.0-4", "4.0.0-5", "4.0.0-6", "4.0.0-0.okd-0", "4.0.0-7", "4.0.0-8", "4.1.0-6", "4.1.1"],
        [[0, 1], [0, 2], [1, 2], [2, 6], [4, 5], [5, 6]],
    ),
}

Risk = tuple[str, str, str]


def answer(
    versions: Sequence[str],
    edges: Iterable[Sequence[int]] = (),
    conditional: Iterable[Risk] = (),
    channels: str = "",
    suffix: str = "",
    payloads: dict[str, str] | None = None,
) -> bytes:
    """An answer of the update service.

    conditional: (from, to, name of the risk).  channels: of every release, comma-separated.  payloads: by version where not derived.
    """
    nodes: list[dict[str, Any]] = []
    for version in versions:
        node: dict[str, Any] = {
            "version": version,
            "payload": (payloads or {}).get(version, f"{REPOSITORY}:{version}{suffix}"),
            "metadata": {},
        }
        if channels:
            node["metadata"]["io.openshift.upgrades.graph.release.channels"] = channels
        nodes.append(node)
    groups = [
        {"edges": [{"from": source, "to": target}], "risks": [{"name": risk, "url": "", "message": "", "matchingRules": []}]}
        for source, target, risk in conditional
    ]
    document = {"version": 1, "nodes": nodes, "edges": [list(edge) for edge in edges], "conditionalEdges": groups}
    return json.dumps(document).encode()


def answers(worked: dict[str, Any], suffix: str = "") -> dict[str, bytes]:
    """The answers for each channel of one of the worked sets."""
    return {channel: answer(versions, edges, suffix=suffix) for channel, (versions, edges) in worked.items()}
