# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What there is to know about a channel: versions, other channels, the way between two versions (2.10)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import extremes
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.reachability import reach

# Where releases of OpenShift are published, with a tag for each version and architecture.
PUBLISHED = "quay.io/openshift-release-dev/ocp-release"
_TAG = re.compile(r"(\d+)\.(\d+)\.\d+-(?:x86_64|aarch64|ppc64le|s390x|multi)\Z")


@dataclass(frozen=True)
class Question:
    """from_version, to_version: ends of a way, empty when none is asked for; without `to_version` it ends at the newest version.

    held: versions that are mirrored; None when that is not asked.  lacks: see `reachability.reach`.
    """

    channel: str
    architecture: str = ""
    from_version: str = ""
    to_version: str = ""
    conditional: bool = False
    held: frozenset[Version] | None = None
    lacks: Callable[[Release], tuple[str, ...]] | None = None


def minor_versions(tags: Iterable[str]) -> list[str]:
    """`major.minor` of every release among these tags, oldest first; prereleases and signatures do not count (mirroring 8.5)."""
    found = {(int(match.group(1)), int(match.group(2))) for match in map(_TAG.match, tags) if match}
    return [f"{major}.{minor}" for major, minor in sorted(found)]


def answer(question: Question, graph: Graph) -> dict[str, Any]:
    """The values of the `release_info` module.

    channels, versions: sorted.  path: versions, empty when there is none.  steps: each update of the path with its reason.
    explanation: why there is no path, empty otherwise.  With `held` also reachable (with what is held), missing, incomplete.
    Raises NoVersionsFound, VersionNotFound, InputError (not a version).
    """
    newest = extremes(graph, question.channel or "given", question.architecture)[1]
    found: dict[str, Any] = {
        "channels": list(graph.channels()),
        "versions": [str(version) for version in graph.versions()],
        "path": [],
        "steps": [],
        "explanation": "",
    }
    if question.to_version and not question.from_version:
        raise InputError("an update path needs a start", subject="from_version", advice="Give from_version, or leave to_version out.")
    if question.from_version:
        start = Version.parse(question.from_version)
        end = Version.parse(question.to_version) if question.to_version else newest
        found.update(_way(question, graph, start, end))
    return found


def _way(question: Question, graph: Graph, start: Version, end: Version) -> dict[str, Any]:
    path = paths.shortest(graph, start, end, question.conditional, question.channel)
    found: dict[str, Any] = {
        "path": [str(release.version) for release in path],
        "steps": steps(graph, path),
        "explanation": "" if path else paths.explain(graph, start, end, question.conditional, question.channel),
    }
    if question.held is not None:
        lacks = {"lacks": question.lacks} if question.lacks else {}
        reached = reach(graph, start, end, question.held, question.conditional, **lacks)
        found["reachable"] = reached.reachable
        found["missing"] = [str(version) for version in reached.missing]
        found["incomplete"] = [
            {"version": str(version), "problems": len(problems), "first": problems[0]} for version, problems in reached.incomplete.items()
        ]
        if reached.path:
            found["path"] = [str(release.version) for release in reached.path]
            found["steps"] = steps(graph, reached.path)
        found["explanation"] = reached.message
    return found


def steps(graph: Graph, path: Any) -> list[dict[str, Any]]:
    """The updates of a path as data."""
    return [
        {
            "from": str(step.source.version),
            "to": str(step.target.version),
            "conditional": bool(step.risks),
            "risks": list(step.risks),
            "reason": step.reason,
        }
        for step in paths.steps(graph, path)
    ]
