# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A selection in the form that plans and results show: packages, channels, heads, bundles (design, section 1)."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Selection


def packages(selection: Selection, chosen: Mapping[str, str], entries: str) -> List[Dict[str, Any]]:
    """Sorted by name.

    chosen: why a default channel is not the publisher's (`draft.Filtered`).
    entries: the key of a channel's entries, `bundles` in plans and `entries` in results of modules.
    """
    found: List[Dict[str, Any]] = []
    for name, package in sorted(selection.packages.items()):
        entry: Dict[str, Any] = {
            "name": name,
            "default_channel": package.default_channel,
            "channels": [_channel(channel, entries) for _name, channel in sorted(package.channels.items())],
        }
        if name in chosen:
            entry["default_channel_reason"] = chosen[name]
        found.append(entry)
    return found


def _channel(channel: Channel, entries: str) -> Dict[str, Any]:
    return {"name": channel.name, "head": ", ".join(graph.heads(channel)), entries: list(channel.names)}
