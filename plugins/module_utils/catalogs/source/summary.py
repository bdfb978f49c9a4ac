# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A selection in the form that plans and results show: packages, channels, heads, bundles (design, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Entry, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph

# Names that one entry skips, as plans keep them: enough to draw.
MOST_SKIPS = 50

PackageOf = Callable[[str], "Package | None"]


def packages(selection: Selection, chosen: Mapping[str, str], entries: str, whole: PackageOf = lambda name: None) -> list[dict[str, Any]]:
    """Sorted by name.

    chosen: why a default channel is not the publisher's (`draft.Filtered`).
    entries: the key of a channel's entries, `bundles` in plans and `entries` in results of modules.  Plans keep `updates` with them: what
        each entry replaces and skips.
    whole: the packages of the catalog that it was selected from: plans say `of` how many entries a channel was left.
    """
    found: list[dict[str, Any]] = []
    for name, package in sorted(selection.packages.items()):
        entry: dict[str, Any] = {
            "name": name,
            "default_channel": package.default_channel,
            "channels": [_channel(channel, entries, whole(name)) for _name, channel in sorted(package.channels.items())],
        }
        if name in chosen:
            entry["default_channel_reason"] = chosen[name]
        found.append(entry)
    return found


def _channel(channel: Channel, entries: str, whole: Package | None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": channel.name, "head": ", ".join(graph.heads(channel)), entries: list(channel.names)}
    if entries != "bundles":
        return found
    updates = [update for update in map(_update, channel.entries) if len(update) > 1]
    if updates:
        found["updates"] = updates
    before = whole.channels.get(channel.name) if whole is not None else None
    if before is not None and len(before.entries) != len(channel.entries):
        found["of"] = len(before.entries)
    return found


def _update(entry: Entry) -> dict[str, Any]:
    found = {"name": entry.name, "replaces": entry.replaces, "skips": list(entry.skips[:MOST_SKIPS]), "skip_range": entry.skip_range}
    return {key: value for key, value in found.items() if value}
