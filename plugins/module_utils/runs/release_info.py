# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A look at releases: what a channel has, how a cluster gets from one version to another, with what is mirrored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import RELEASE_IMAGES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.releases import info, reachability
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Channel
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.selection import ARCHITECTURES
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.update_service import UpdateService
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections, Network
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals

# Keys and signature stores are no matter here.
_VARIABLES = ("UPDATE_URL_OVERRIDE", "VERSION_FILTER")


@dataclass(frozen=True)
class ReleaseRequest:
    """question: `held` is filled in from `plan` (a path) or `destination` (a mirror) where one of them is given.

    okd: the channel is one of OKD.  options: see `releases.settings`.
    """

    question: info.Question
    okd: bool = False
    plan: str = ""
    destination: str = ""
    connections: Connections = Connections()
    options: Mapping[str, Any] = field(default_factory=dict)


def look_at_releases(request: ReleaseRequest, environ: Mapping[str, str]) -> dict[str, Any]:
    """See `releases.info.answer`; without a channel `openshift_versions`, all that are published.  Raises MirrorError."""
    question = request.question
    if not question.channel:
        return {"openshift_versions": _published(request, environ)}
    if question.architecture not in ARCHITECTURES:
        raise InputError(
            f"{question.architecture!r} is no architecture of releases", subject="architecture", advice=f"Write {', '.join(ARCHITECTURES)}."
        )
    settings = Settings.of(request.options, {name: environ[name] for name in _VARIABLES if name in environ})
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()):
            service = UpdateService(settings, network.fetch)
            graph = service.graph(Channel(question.channel, okd=request.okd), question.architecture)
            held = _held(request, network)
    finally:
        network.close()
    asked = info.Question(question.channel, question.architecture, question.from_version, question.to_version, question.conditional, held)
    return info.answer(asked, graph)


def _published(request: ReleaseRequest, environ: Mapping[str, str]) -> list[str]:
    if request.okd:
        raise InputError("releases of OKD are listed by channel", subject="channel", advice="Name one, such as stable-4.")
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()):
            return info.minor_versions(network.upstream(Workspace("")).tags(info.PUBLISHED) or ())
    finally:
        network.close()


def _held(request: ReleaseRequest, network: Network) -> frozenset[Version] | None:
    architecture = request.question.architecture
    if request.plan:
        try:
            return reachability.held_by_plan(Plan.read(request.plan).releases, architecture)
        except FileNotFoundError as error:
            raise InputError(f"there is no plan at {request.plan}", subject=request.plan) from error
    if request.destination:
        place = Destination.parse(request.destination)
        tags = network.mirror(place, writing=False).tags(place.repository(RELEASE_IMAGES))
        return reachability.held_by_tags(tags or (), architecture)
    return None
