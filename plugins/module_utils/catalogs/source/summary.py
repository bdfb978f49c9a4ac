# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A selection in the form that plans and results show: packages, channels, heads, bundles (design, section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph


def packages(selection: Selection, chosen: Mapping[str, str], entries: str) -> list[dict[str, Any]]:
    """Sorted by name.

    chosen: why a default channel is not the publisher's (`draft.Filtered`).
    entries: the key of a channel's entries, `bundles` in plans and `entries` in results of modules.
    """
    found: list[dict[str, Any]] = []
    for name, package in sorted(selection.packages.items()):
        entry: dict[str, Any] = {
            "name": name,
            "default_channel": package.default_channel,
            "channels": [_channel(channel, entries) for _name, channel in sorted(package.channels.items())],
        }
        if name in chosen:
            entry["default_channel_reason"] = chosen[name]
        found.append(entry)
    return found


def _channel(channel: Channel, entries: str) -> dict[str, Any]:
    return {"name": channel.name, "head": ", ".join(graph.heads(channel)), entries: list(channel.names)}
