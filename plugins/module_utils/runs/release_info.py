# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A look at releases: what a channel has, how a cluster gets from one version to another, with what is mirrored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import RELEASE_IMAGES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.releases import info, reachability
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Channel
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.selection import ARCHITECTURES
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.update_service import UpdateService
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirrored_release import MirroredReleases
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections, Network
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import MANIFESTS

# Keys and signature stores are no matter here.
_VARIABLES = ("UPDATE_URL_OVERRIDE", "VERSION_FILTER")


@dataclass(frozen=True)
class ReleaseRequest:
    """question: `held` is filled in from `plan` (a path) or `destination` (a mirror) where one of them is given.

    nested: how many parts the names of its repositories may have, 0 for any number.
    level: how closely the releases of a mirror are looked at (`verify.verify`).
    okd: the channel is one of OKD.  options: see `releases.settings`.
    """

    question: info.Question
    okd: bool = False
    plan: str = ""
    destination: str = ""
    nested: int = 0
    level: str = MANIFESTS
    connections: Connections = Connections()
    options: Mapping[str, Any] = field(default_factory=dict)


def look_at_releases(request: ReleaseRequest, environ: Mapping[str, str]) -> dict[str, Any]:
    """See `releases.info.answer`; without a channel `openshift_versions`, all that are published.

    Raises InputError (the question), and what asking the update service or the mirror raises.
    """
    question = request.question
    if not question.channel:
        return {"openshift_versions": _published(request, environ)}
    if question.architecture not in ARCHITECTURES:
        raise InputError(
            f"{question.architecture!r} is not an architecture of releases",
            subject="architecture",
            advice=f"Write {', '.join(ARCHITECTURES)}.",
        )
    settings = Settings.of(request.options, {name: environ[name] for name in _VARIABLES if name in environ})
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()):
            service = UpdateService(settings, network.fetch)
            graph = service.graph(Channel(question.channel, okd=request.okd), question.architecture)
            with _held(request, network) as question:
                return info.answer(question, graph)
    finally:
        network.close()


def _published(request: ReleaseRequest, environ: Mapping[str, str]) -> list[str]:
    if request.okd:
        raise InputError("releases of OKD are listed by channel", subject="channel", advice="Name one, such as stable-4.")
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()):
            return info.minor_versions(network.upstream(Workspace("")).tags(info.PUBLISHED) or ())
    finally:
        network.close()


@contextmanager
def _held(request: ReleaseRequest, network: Network) -> Iterator[info.Question]:
    """The question with what the plan or the mirror holds."""
    question, architecture = request.question, request.question.architecture
    if request.plan:
        plan = _plan(request.plan)
        held = reachability.held_by_plan(plan.releases, architecture)
        yield replace(
            question,
            held=held,
            lacks=lambda release: reachability.lost_by_plan(plan.releases, plan.failures, release.version, architecture),
        )
    elif request.destination:
        place = Destination.parse(request.destination, request.nested)
        store = network.mirror(place, writing=False)
        tags = store.tags(place.repository(RELEASE_IMAGES))
        with temporary_folder() as folder:
            mirrored = MirroredReleases(store, place, Workspace(folder), request.level)
            held = reachability.held_by_tags(tags or (), architecture)
            yield replace(question, held=held, lacks=lambda release: mirrored.lacks(release, architecture))
    else:
        yield question


def _plan(path: str) -> Plan:
    try:
        return Plan.read(path)
    except FileNotFoundError as error:
        raise InputError(f"there is no plan at {path}", subject=path) from error
