# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Mends channels that a filter has cut apart, or says which bounds would not (user-needs P04)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Package
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import entries_by_version

# How many wider bounds are tried before none is suggested.
_TRIES = 200


def mended(packages: Mapping[str, Package]) -> tuple[dict[str, Package], tuple[str, ...]]:
    """The packages with one head in each channel and nothing stranded, and a sentence for each change."""
    found: dict[str, Package] = {}
    warnings: list[str] = []
    for name, package in packages.items():
        channels = [_mended(package, channel, warnings) for channel in package.channels.values()]
        found[name] = package.only(channels)
    return found, tuple(warnings)


def _mended(package: Package, channel: Channel, warnings: list[str]) -> Channel:
    """The entry of the highest version among the heads becomes the head, and skips what it did not reach.

    An entry that is skipped can be left for the one that skips it, so that who has it installed is not stuck.
    """
    try:
        graph.check(channel)
        return channel
    except graph.GraphError:
        pass
    heads = set(graph.heads(channel))
    ranked = [name for name in entries_by_version(package, channel) if name in heads] or sorted(heads)
    if not ranked:
        return channel
    head = ranked[-1]
    others = sorted(heads - {head})
    one_head = _skipping(channel, head, others)
    try:
        left = graph.stranded(one_head)
    except graph.GraphError:
        return channel
    warnings.append(
        f"Channel {channel.name} of package {package.name} was split by its bounds: {head} becomes its only head and skips "
        f"{', '.join([*others, *left])}."
    )
    return _skipping(one_head, head, left)


def _skipping(channel: Channel, name: str, skipped: Sequence[str]) -> Channel:
    return channel.with_entries(entry.skipping(tuple(skipped)) if entry.name == name else entry for entry in channel.entries)


def advice(source: Package, reduced: Package) -> str:
    """Which setting repairs the channels of a package whose filter has cut them apart; empty when none is broken."""
    sentences: list[str] = []
    for channel in reduced.channels.values():
        try:
            graph.check(channel)
        except graph.GraphError:
            sentences.append(_channel_advice(source, source.channels[channel.name], frozenset(channel.names)))
    return " ".join(sentences)


def _channel_advice(source: Package, channel: Channel, kept: frozenset[str]) -> str:
    ascending = entries_by_version(source, channel)
    inside = [place for place, name in enumerate(ascending) if name in kept]
    text = f"Channel {channel.name} of {source.name}: "
    if inside:
        low, high = inside[0], inside[-1]
        for place in range(high + 1, min(high + _TRIES, len(ascending))):
            if _whole(channel, ascending[low : place + 1]):
                return f"{text}maxVersion: {source.version(ascending[place])} would keep one head;"
        for place in range(low - 1, max(low - _TRIES, -1), -1):
            if _whole(channel, ascending[place : high + 1]):
                return f"{text}minVersion: {source.version(ascending[place])} would keep one head;"
    return f"{text}no wider bounds keep one head, remove the bounds;"


def _whole(channel: Channel, names: list[str]) -> bool:
    try:
        graph.check(channel.only(names))
    except graph.GraphError:
        return False
    return True
