# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which releases an image set means: all channels, all architectures (config-and-releases 2.2, 2.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import NoVersionsFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import channel as channels_
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import (
    Bounds,
    Channel,
    GraphOf,
    Memory,
    Picked,
    Rules,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.crossing import cross
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph

# What releases exist for, and how their tags spell it (NM-02).
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x", "multi": "multi"}


@dataclass(frozen=True)
class Selection:
    """picked: ordered by architecture and version, one entry for each reason.  bounds: by architecture and channel."""

    picked: tuple[Picked, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    bounds: Mapping[tuple[str, str], Bounds] = field(default_factory=dict)


def select(
    channels: Sequence[Channel], architectures: Sequence[str], graph_of: GraphOf, rules: Rules = Rules(), memory: Memory = Memory()
) -> Selection:
    """Resolves every channel on every architecture.

    graph_of: the graph of a channel on an architecture; may raise MirrorError, which becomes a failure of this channel alone (CH-17).
    """
    work = _Selecting(tuple(channels), tuple(dict.fromkeys(architectures)), graph_of, rules, memory)
    for architecture in work.architectures:
        work.architecture(architecture)
    work.compare_heads()
    if channels and not work.picked and not work.failures:
        work.fail(NoVersionsFound("no release images found", advice="Check channels, bounds and architectures."), "platform.channels")
    return work.result()


def _order(picked: Picked) -> tuple[str, Version, str]:
    return (picked.architecture, picked.release.version, picked.release.payload)


class _Selecting:
    def __init__(
        self, channels: tuple[Channel, ...], architectures: tuple[str, ...], graph_of: GraphOf, rules: Rules, memory: Memory
    ) -> None:
        self.channels = channels
        self.architectures = architectures
        self.graph_of = graph_of
        self.rules = rules
        self.memory = memory
        self.picked: list[Picked] = []
        self.warnings: dict[str, None] = {}
        self.failures: list[Failure] = []
        self.bounds: dict[tuple[str, str], Bounds] = {}

    def architecture(self, architecture: str) -> None:
        for channel in self.channels:
            try:
                self._channel(channel, architecture)
            except MirrorError as error:
                self.fail(error, f"channel {channel.name} on {architecture}")
        if len(self.channels) > 1:
            self._cross(architecture)

    def _channel(self, channel: Channel, architecture: str) -> None:
        if not channels_.NAME.match(channel.name):
            raise InputError(
                f"invalid channel name {channel.name!r}",
                subject=f"platform.channels[{channel.place}]",
                advice="Write lower-case letters, digits, - and dots.",
            )
        graph = self.graph_of(channel, architecture)
        found = self._bounds(graph, channel, architecture)
        self.bounds[(architecture, channel.name)] = found
        for picked, warnings in (
            channels_.select(graph, channel, found, architecture, self.rules),
            channels_.grown(graph, channel, found, architecture, self.rules, self.memory),
        ):
            self.picked += picked
            self.warnings.update(dict.fromkeys(warnings))

    def _bounds(self, graph: Graph, channel: Channel, architecture: str) -> Bounds:
        first = self.bounds.get((self.architectures[0], channel.name))
        if self.rules.shared_bounds and first is not None:
            return first
        return channels_.bounds(graph, channel, architecture, self.rules, self.memory)

    def _cross(self, architecture: str) -> None:
        openshift = [channel for channel in self.channels if not channel.okd]
        bounds = {name: found for (where, name), found in self.bounds.items() if where == architecture}
        if not any(channel.name in bounds for channel in openshift):
            return
        try:
            picked, warnings = cross(openshift, bounds, architecture, lambda name: self.graph_of(Channel(name), architecture), self.rules)
        except MirrorError as error:
            picked, warnings = [], [str(error)]
        self.picked += picked
        warnings = [warning for warning in warnings if warning not in self.warnings]
        if self.rules.strict and warnings:
            self.failures.append(Failure("no_update_path", " ".join(warnings), f"platform.channels on {architecture}", "release"))
        else:
            self.warnings.update(dict.fromkeys(f"Between the channels, on {architecture}: {warning}" for warning in warnings))

    def compare_heads(self) -> None:
        """Heads-only channels are resolved on each architecture; users should know when they differ (CH-15)."""
        for channel in self.channels:
            heads = {where: found.high for (where, name), found in self.bounds.items() if name == channel.name}
            if channel.maximum is None and len(set(heads.values())) > 1:
                text = ", ".join(f"{version} on {where}" for where, version in heads.items())
                self.warnings[f"The newest version of channel {channel.name} differs: {text}."] = None

    def fail(self, error: MirrorError, subject: str) -> None:
        self.failures.append(Failure.of(error, subject, "release"))

    def result(self) -> Selection:
        unique = {(picked.architecture, picked.release.payload, picked.chain): picked for picked in self.picked}
        return Selection(tuple(sorted(unique.values(), key=_order)), tuple(self.warnings), tuple(self.failures), dict(self.bounds))
