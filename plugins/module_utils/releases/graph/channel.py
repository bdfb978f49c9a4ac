# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Channels of an image set, and what one of them selects (config-and-releases 2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.expression import Expression
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import InvalidVersionFilter, NoUpdatePath, NoVersionsFound
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph import path as paths
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.graph import Graph, Release

# What the update service takes as a channel (CH-09).
NAME = re.compile(r"[0-9a-z.-]+\Z")


@dataclass(frozen=True)
class Channel:
    """A channel as the image set asks for it.

    okd: of OKD instead of OpenShift.  minimum, maximum: None where not given.  place: in the configuration's list.
    """

    name: str
    minimum: Version | None = None
    maximum: Version | None = None
    full: bool = False
    shortest_path: bool = False
    okd: bool = False
    place: int = 0

    @classmethod
    def of(cls, wanted: Any, place: int = 0) -> Channel:
        """From an image set's channel (`imageset.model.Channel`).  Raises InputError for bounds that are not versions (E-SEMVER)."""
        bounds = {}
        for key, text in (("minVersion", wanted.min_version), ("maxVersion", wanted.max_version)):
            try:
                bounds[key] = Version.parse(text) if text else None
            except InputError as error:
                raise InputError(f"{key} {error.message}", subject=f"channel {wanted.name}", advice=error.advice) from error
        okd = wanted.type.lower() == "okd"
        return cls(wanted.name, bounds["minVersion"], bounds["maxVersion"], wanted.full, wanted.shortest_path, okd, place)

    @property
    def heads_only(self) -> bool:
        return not self.full and self.minimum is None and self.maximum is None


@dataclass(frozen=True)
class Bounds:
    """The range that a channel means on one architecture (CH-10)."""

    low: Version
    high: Version

    @classmethod
    def parse(cls, low: Any, high: Any) -> Bounds:
        """Raises InputError for what is not a version."""
        return cls(Version.parse(low), Version.parse(high))


@dataclass(frozen=True)
class Rules:
    """How selection goes.

    conditional: conditional edges count as edges (CH-07).  strict: a missing path fails instead of warning (CH-12, XC-06).
    version_filter: only versions it matches are taken for the oldest and the newest of a channel (CH-20).
    shared_bounds: bounds resolved on the first architecture hold for the others too (CH-15).
    """

    generation: Generation = Generation.V2
    conditional: bool = False
    strict: bool = False
    version_filter: Expression | None = None
    shared_bounds: bool = False


@dataclass(frozen=True)
class Memory:
    """What earlier runs of a v1 image set left (CH-30).

    minimum: for each heads-only channel the version with which it began.  previous: the last run's resolved bounds.
    """

    minimum: Mapping[str, Version] = field(default_factory=dict)
    previous: Mapping[str, Bounds] = field(default_factory=dict)


@dataclass(frozen=True)
class Picked:
    """A release that is wanted, and why.  chain: outermost reason first."""

    release: Release
    architecture: str
    channel: str
    reason: str
    chain: tuple[str, ...]


def version_filter(text: str) -> Expression | None:
    """The compiled filter; None for an empty text.  Raises InvalidVersionFilter."""
    if not text:
        return None
    try:
        return Expression(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidVersionFilter(
            f"{text!r} is not a regular expression: {error}", advice="Correct VERSION_FILTER, or unset it."
        ) from error


def extremes(graph: Graph, channel: str, architecture: str = "", rules: Rules = Rules()) -> tuple[Version, Version]:
    """Oldest and newest version of a channel (CH-10, CH-20).  Raises NoVersionsFound."""
    versions = graph.versions()
    if rules.version_filter is not None:
        versions = tuple(version for version in versions if rules.version_filter.search(str(version)))
    if not versions:
        place = f"{architecture} in the {channel} channel" if architecture else f"the {channel} channel"
        raise NoVersionsFound(
            f"no versions found for {place}",
            subject=channel,
            advice="Check the channel's name and the architecture; channels are named stable-X.Y, fast-X.Y, candidate-X.Y and eus-X.Y.",
        )
    return versions[0], versions[-1]


def bounds(graph: Graph, channel: Channel, architecture: str = "", rules: Rules = Rules(), memory: Memory = Memory()) -> Bounds:
    """The bounds that a channel means (CH-10, CH-30).  Raises NoVersionsFound, InputError (min above max)."""
    oldest, newest = extremes(graph, channel.name, architecture, rules)
    low, high = channel.minimum, channel.maximum
    if channel.heads_only:
        remembered = memory.minimum.get(channel.name) if rules.generation is Generation.V1 else None
        return Bounds(min(remembered, newest) if remembered is not None else newest, newest)
    if low is not None and high is not None and low > high:
        raise InputError(
            f"minVersion {low} is above maxVersion {high}",
            subject=f"channel {channel.name}",
            advice="Swap the two, or correct one of them.",
        )
    found = Bounds(low if low is not None else oldest, high if high is not None else newest)
    if found.low > found.high:
        given, text = ("minVersion", found.low) if low is not None else ("maxVersion", found.high)
        raise NoVersionsFound(
            f"{given} {text} of channel {channel.name} is {'above its newest' if low is not None else 'below its oldest'} version"
            f" {newest if low is not None else oldest}{f' on {architecture}' if architecture else ''}",
            subject=channel.name,
            advice=paths.nearest(graph, text),
        )
    return found


def select(graph: Graph, channel: Channel, found: Bounds, architecture: str = "", rules: Rules = Rules()) -> tuple[list[Picked], list[str]]:
    """What a channel selects on one architecture, oldest first, with the warnings to give (CH-11, CH-12).

    Raises VersionNotFound (a path's end is not there), NoVersionsFound (an empty range), NoUpdatePath (strict).
    """
    if channel.shortest_path:
        picked, warnings = _path(graph, channel, found, architecture, rules)
    else:
        picked, warnings = _range(graph, channel, found, architecture)
    warnings += eus_warnings(channel)
    return picked, warnings


def _range(graph: Graph, channel: Channel, found: Bounds, architecture: str) -> tuple[list[Picked], list[str]]:
    low, high = found.low.key, found.high.key
    releases = [release for release in graph.ordered() if low <= release.version.key <= high]
    if not releases:
        raise NoVersionsFound(
            f"channel {channel.name} has no version from {found.low} to {found.high}{_on(architecture)}",
            subject=channel.name,
            advice=paths.nearest(graph, found.low),
        )
    warnings = [
        f"{key} {version} is not in channel {channel.name}{_on(architecture)}. {paths.nearest(graph, version)}"
        for key, version in (("minVersion", channel.minimum), ("maxVersion", channel.maximum))
        if version is not None and graph.place(version) is None
    ]
    warnings += [
        f"{version} of channel {channel.name}{_on(architecture)} is left out: the update graph names no release image for it."
        for version in graph.bare
        if low <= version.key and (version.key <= high or channel.maximum is None)
    ]
    reason = "newest of the channel" if channel.heads_only and found.low == found.high else f"from {found.low} to {found.high}"
    return [pick(release, channel, architecture, reason) for release in releases], warnings


def _path(graph: Graph, channel: Channel, found: Bounds, architecture: str, rules: Rules) -> tuple[list[Picked], list[str]]:
    releases = paths.shortest(graph, found.low, found.high, rules.conditional, channel.name)
    if releases:
        return path_picks(graph, releases, channel, architecture), []
    message = paths.explain(graph, found.low, found.high, rules.conditional, channel.name)
    if rules.strict:
        raise NoUpdatePath(message, subject=channel.name, advice=CONDITIONAL_ADVICE)
    ends = (graph.releases[graph.places[found.low]], graph.releases[graph.places[found.high]])
    return [pick(release, channel, architecture, "end of a path that does not exist") for release in ends], [message]


CONDITIONAL_ADVICE = "Choose other bounds, or let conditional updates count."


def path_picks(graph: Graph, releases: tuple[Release, ...], channel: Channel, architecture: str) -> list[Picked]:
    """The releases of a path, each with the update that leads to it."""
    picked = [pick(releases[0], channel, architecture, "start of the update path")]
    for step in paths.steps(graph, releases):
        picked.append(pick(step.target, channel, architecture, f"update from {step.source.version}, {step.reason}"))
    return picked


def pick(release: Release, channel: Channel, architecture: str, reason: str) -> Picked:
    """A release of a channel, with its chain of reasons."""
    chain = (f"platform.channels[{channel.place}]", channel.name, reason)
    return Picked(release, architecture, channel.name, reason, chain)


def eus_warnings(channel: Channel) -> list[str]:
    """A range over several minors of an EUS channel needs steps in between (CH-19)."""
    low, high = channel.minimum, channel.maximum
    if low is None or high is None or "eus" not in channel.name or high.minor - low.minor < 2:
        return []
    return [
        f"Channel {channel.name} spans from {low} to {high}: a cluster passes through minor versions in between. "
        "Compare with the update path tool, https://access.redhat.com/labs/ocpupgradegraph/update_path."
    ]


def grown(graph: Graph, channel: Channel, found: Bounds, architecture: str, rules: Rules, memory: Memory) -> tuple[list[Picked], list[str]]:
    """Paths that join this run's range with the previous run's, for a v1 image set (CH-30).  Raises nothing."""
    previous = memory.previous.get(channel.name)
    if rules.generation is not Generation.V1 or previous is None:
        return [], []
    wanted = []
    if previous.low > found.low:
        wanted.append((found.low, previous.low))
    if previous.high < found.high:
        wanted.append((previous.high, found.high))
    picked: list[Picked] = []
    warnings: list[str] = []
    for start, end in wanted:
        try:
            picked += path_picks(graph, _joined(graph, start, end, rules, channel.name), channel, architecture)
        except MirrorError as error:
            warnings.append(f"Channel {channel.name} was mirrored from {previous.low} to {previous.high} before: {error}")
    return picked, warnings


def _joined(graph: Graph, start: Version, end: Version, rules: Rules, channel: str) -> tuple[Release, ...]:
    found = paths.shortest(graph, start, end, rules.conditional, channel)
    if not found:
        raise NoUpdatePath(paths.explain(graph, start, end, rules.conditional, channel))
    return found


def _on(architecture: str) -> str:
    return f" on {architecture}" if architecture else ""


GraphOf = Callable[[Channel, str], Graph]
