# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Paths that lead through several channels (config-and-releases 2.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import VersionNotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Bounds, Channel, Picked, Rules, extremes
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release, merge

_MINOR = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\Z")

GraphByName = Callable[[str], Graph]


@dataclass(frozen=True)
class Name:
    """A channel's name taken apart: `stable-4.14` (XC-03)."""

    prefix: str
    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Name:
        """Raises InputError unless there is a `-` with MAJOR.MINOR behind the last one."""
        prefix, dash, rest = text.rpartition("-")
        match = _MINOR.match(rest)
        if not dash or match is None:
            raise InputError(
                f"invalid channel name {text}", subject=text, advice="A path over several channels needs names such as stable-4.14."
            )
        return cls(prefix, int(match.group(1)), int(match.group(2)))

    @property
    def number(self) -> tuple[int, int]:
        """To compare by: major and minor version."""
        return (self.major, self.minor)

    def __str__(self) -> str:
        return f"{self.prefix}-{self.major}.{self.minor}"


@dataclass(frozen=True)
class Walk:
    """A way from a version to another.

    releases: of all partial paths, each once.  current, requested: the versions whose releases belong to it in any case.
    warnings: where the way is broken.  channels: those it led through.
    """

    releases: tuple[Release, ...]
    current: Version
    requested: Version
    warnings: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


def ends(channels: Sequence[Channel], bounds: Mapping[str, Bounds]) -> tuple[Channel, Channel]:
    """The channels with the lowest and with the highest version (XC-02).

    Ties: for the lowest the highest's channel when it is among them, otherwise the order of the configuration.
    Raises InputError when there is no channel.
    """
    known = [channel for channel in channels if channel.name in bounds]
    if not known:
        raise InputError("no previous release: no channel has versions")
    high = max(bounds[channel.name].high for channel in known)
    last = next(channel for channel in known if bounds[channel.name].high == high)
    low = min(bounds[channel.name].low for channel in known)
    first = last if bounds[last.name].low == low else next(channel for channel in known if bounds[channel.name].low == low)
    return first, last


def walk(source: str, target: str, start: Version, end: Version, graph_of: GraphByName, rules: Rules = Rules()) -> Walk:
    """From `start` in channel `source` to `end` in channel `target` (XC-04).

    Raises InputError (a channel's name), VersionNotFound, NoVersionsFound (an empty channel on the way).
    """
    if source == target:
        return _inside(target, start, end, graph_of(target), rules)
    first, last = Name.parse(source), Name.parse(target)
    if first.number >= last.number:
        graph = graph_of(target)
        if graph.place(start) is not None:
            return _inside(target, start, end, graph, rules)
        _require(graph, end, target)
        warning = f"{start} is not in channel {target}, so no update leads from it to {end} there."
        return Walk((graph.releases[graph.places[end]],), end, end, (warning,), (target,))
    return _Climb(first, last, start, end, graph_of, rules).walk()


def _inside(channel: str, start: Version, end: Version, graph: Graph, rules: Rules) -> Walk:
    found = paths.shortest(graph, start, end, rules.conditional, channel)
    warnings = () if found else (paths.explain(graph, start, end, rules.conditional, channel),)
    return Walk(found, start, end, warnings, (channel,))


def _require(graph: Graph, version: Version, channel: str) -> None:
    if graph.place(version) is None:
        raise VersionNotFound(
            f"current version {version} not found in channel {channel}", subject=channel, advice=paths.nearest(graph, version)
        )


class _Climb:
    """From minor to minor, over the newest release of each channel on the way."""

    def __init__(self, first: Name, last: Name, start: Version, end: Version, graph_of: GraphByName, rules: Rules) -> None:
        self.last = last
        self.start = start
        self.end = end
        self.graph_of = graph_of
        self.rules = rules
        self.here = first
        self.releases: dict[str, Release] = {}
        self.warnings: list[str] = []
        self.channels: list[str] = []

    def walk(self) -> Walk:
        graph = self.graph_of(str(self.here))
        at = extremes(graph, str(self.here))[1]
        self._append(graph, str(self.here), self.start, at)
        while self.here != self.last:
            graph = self._step()
            aim = self.end if self.here == self.last else extremes(graph, str(self.here))[1]
            if graph.place(at) is None:
                target = self.graph_of(str(self.last))
                _require(target, aim, str(self.last))
                self.warnings.append(f"{at} is not in channel {self.here}, so the path from {self.start} to {self.end} ends there.")
                return self._result(aim)
            self._append(graph, str(self.here), at, aim)
            at = aim
        return self._result(self.end)

    def _step(self) -> Graph:
        """Moves to the next channel; a major change is tried where no further minor exists (XC-06)."""
        minors = 2 if self.rules.generation is Generation.V1 and self.here.prefix == "eus" else 1
        following = Name(self.here.prefix, self.here.major, self.here.minor + minors)
        if following.number >= self.last.number:
            self.here = self.last
            return self.graph_of(str(self.here))
        graph = self.graph_of(str(following))
        if not graph.releases and following.major < self.last.major:
            following = Name(self.here.prefix, self.here.major + 1, 0)
            following = self.last if following.number >= self.last.number else following
            graph = self.graph_of(str(following))
        self.here = following
        return graph

    def _append(self, graph: Graph, channel: str, start: Version, end: Version) -> None:
        found = paths.shortest(graph, start, end, self.rules.conditional, channel)
        if not found:
            self.warnings.append(paths.explain(graph, start, end, self.rules.conditional, channel))
        self.channels.append(channel)
        for release in found:
            self.releases.setdefault(release.payload, release)

    def _result(self, requested: Version) -> Walk:
        return Walk(tuple(self.releases.values()), self.start, requested, tuple(self.warnings), tuple(self.channels))


def cross(
    channels: Sequence[Channel], bounds: Mapping[str, Bounds], architecture: str, graph_of: GraphByName, rules: Rules
) -> tuple[list[Picked], list[str]]:
    """What the way from the lowest to the highest version adds to several channels (XC-01 to XC-06).

    channels: those of OpenShift.  Where the walk over the newest releases is broken, the shortest path through all channels that
    were looked at is taken as well, if there is one.  Raises MirrorError as `walk` does.
    """
    first, last = ends(channels, bounds)
    start, end = bounds[first.name].low, bounds[last.name].high
    seen: dict[str, Graph] = {}

    def look(name: str) -> Graph:
        if name not in seen:
            seen[name] = graph_of(name)
        return seen[name]

    try:
        way = walk(first.name, last.name, start, end, look, rules)
    except MirrorError as error:
        joined = _bridge(seen, (first, last), look, start, end, rules)
        if not joined:
            raise
        way = Walk(joined, start, end, (str(error),))
    releases = {release.payload: release for release in way.releases}
    warnings = list(way.warnings)
    if warnings and first.name != last.name:
        joined = _bridge(seen, (first, last), look, start, end, rules)
        if joined:
            releases.update((release.payload, release) for release in joined)
            warnings = []
    for graph, version in ((look(first.name), way.current), (look(last.name), way.requested), (look(last.name), end)):
        place = graph.place(version)
        if place is not None:
            releases.setdefault(graph.releases[place].payload, graph.releases[place])
    return [_picked(release, first, last, architecture) for release in releases.values()], warnings


def _bridge(
    seen: Mapping[str, Graph], outer: tuple[Channel, Channel], look: GraphByName, start: Version, end: Version, rules: Rules
) -> tuple[Release, ...]:
    """The shortest path through the union of the channels; empty when there is none."""
    try:
        for channel in outer:
            look(channel.name)
        return paths.shortest(merge(seen.values()), start, end, rules.conditional)
    except MirrorError:
        return ()


def _picked(release: Release, first: Channel, last: Channel, architecture: str) -> Picked:
    reason = f"on the path from {first.name} to {last.name}"
    chain = ("platform.channels", f"{first.name} > {last.name}", reason)
    channel = last.name if not release.channels or last.name in release.channels else first.name
    return Picked(release, architecture, channel, reason, chain)


def named(channel: Channel, name: str) -> Channel:
    """The same kind of channel under another name, to ask the update service for it."""
    return replace(channel, name=name, minimum=None, maximum=None)
