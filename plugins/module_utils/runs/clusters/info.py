# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A look at a cluster: what it runs, a configuration for that, and what of it a mirror lacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes, find_access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.facts import Facts, Used, read_facts
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import MIRROR_SETS
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.proposal import propose
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import Registry, registries
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.rewriting import places
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.info import Question
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.release_info import ReleaseRequest, look_at_releases
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store


@dataclass(frozen=True)
class InfoRequest:
    """destination: a mirror to hold against the cluster; None for none.

    resources: mirror sets that are going to be applied, besides those that the cluster has.
    to_version: the way there is looked up.  options: of the update service, see `releases.settings`.
    """

    access: Wishes
    destination: Destination | None = None
    resources: tuple[Resource, ...] = ()
    to_version: str = ""
    connections: Connections = Connections()
    parallel: int = 8
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lacking:
    """An image that a cluster runs and a mirror lacks."""

    image: Used
    reason: str


@dataclass(frozen=True)
class ClusterInfo:
    """missing: None when no mirror was asked.  update: the answer of `release_info`; None when no version was wished."""

    facts: Facts
    proposal: Mapping[str, Any]
    missing: tuple[Lacking, ...] | None = None
    update: Mapping[str, Any] | None = None


def look_at_cluster(request: InfoRequest, environ: Mapping[str, str]) -> ClusterInfo:
    """Changes nothing.  Raises AccessDenied, ClusterError, InputError, Unreachable, and what the mirror and the update service raise."""
    facts = read_cluster(request.access, environ)
    proposal = propose(facts, request.to_version)
    missing = _missing(request, request.destination, facts, environ) if request.destination is not None else None
    return ClusterInfo(facts, proposal, missing, _update(request, facts, proposal, environ))


def read_cluster(access: Wishes, environ: Mapping[str, str]) -> Facts:
    """Raises AccessDenied, ClusterError, InputError, Unreachable."""
    with Api(find_access(access, environ), environ) as api, stopped_by_signals(lambda reason: api.cancel()):
        return read_facts(api)


def used_by_clusters(clusters: Iterable[Wishes], environ: Mapping[str, str]) -> dict[str, str]:
    """Digests of everything that clusters run, each with a cluster that runs it.  Raises what `read_cluster` raises."""
    found: dict[str, str] = {}
    for number, access in enumerate(clusters):
        facts = read_cluster(access, environ)
        name = access.context or find_access(access, environ).server or f"protect_clusters[{number}]"
        found.update(dict.fromkeys(facts.digests, name))
    return found


def _update(request: InfoRequest, facts: Facts, proposal: Mapping[str, Any], environ: Mapping[str, str]) -> Mapping[str, Any] | None:
    if not request.to_version or "platform" not in proposal["mirror"]:
        return None
    channel = proposal["mirror"]["platform"]["channels"][0]["name"]
    question = Question(channel, facts.architecture or "amd64", facts.version, request.to_version)
    return look_at_releases(ReleaseRequest(question, connections=request.connections, options=request.options), environ)


def _missing(request: InfoRequest, destination: Destination, facts: Facts, environ: Mapping[str, str]) -> tuple[Lacking, ...]:
    sets = {(str(live["kind"]), str(live["metadata"]["name"])): live for live in facts.mirror_sets}
    sets.update({(each.kind, each.name): each.body for each in request.resources if each.kind in MIRROR_SETS})
    tables = registries(sets.values())
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()), ThreadPoolExecutor(max(1, request.parallel)) as pool:
            store = network.mirror(destination, writing=False)
            reasons = pool.map(lambda image: _lacks(image, tables, destination, store), facts.all_images)
            return tuple(Lacking(image, reason) for image, reason in zip(facts.all_images, reasons) if reason)
    finally:
        network.close()


def _lacks(image: Used, tables: Mapping[str, Registry], destination: Destination, store: Store) -> str:
    """Why a mirror lacks an image, empty when it has it.  A host that does not answer is raised."""
    prefix = f"{destination.host}/"
    asked = [place[len(prefix) :] for place in places(image, tables) if place.startswith(prefix)]
    if not asked:
        return f"no mirror set leads from {image.repository} to {destination.host}"
    names: Sequence[Any] = sorted(image.digests) or [parse(image.reference, Generation.V2).tag or "latest"]
    lost: MirrorError | None = None
    for repository in asked:
        for name in names:
            try:
                if store.find_manifest(repository, name) is not None:
                    return ""
            except MirrorError as error:
                if not error.status:
                    raise
                lost = error
    return str(lost.message) if lost else f"{destination.host} has it in none of {', '.join(asked)}"
