# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Channels that oc-mirror v1 mirrored before, from its metadata (config-and-releases CH-30; mirroring 4.2)."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import past_metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Storage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store


def past_of(metadata: Metadata) -> dict[str, Any]:
    """`{channel: {first, min, max}}`, as `memory.Past` keeps it; what cannot be read is left out."""
    found: dict[str, Any] = {}
    for entry in metadata.platforms:
        if isinstance(entry, dict) and isinstance(entry.get("channel"), str):
            found[entry["channel"]] = {"first": entry.get("minVersion")}
    platform = metadata.mirror.get("platform") if isinstance(metadata.mirror, dict) else None
    channels = platform.get("channels") if isinstance(platform, dict) else None
    for channel in channels if isinstance(channels, list) else ():
        if isinstance(channel, dict) and isinstance(channel.get("name"), str):
            found.setdefault(channel["name"], {}).update(min=channel.get("minVersion"), max=channel.get("maxVersion"))
    return found


def read(storage: Storage | None, upstream: Store) -> dict[str, Any]:
    """What the metadata in a configuration's storage says; nothing where there is none.  Raises what `past_metadata.read` raises."""
    metadata = past_metadata.read(storage, upstream)
    return past_of(metadata) if metadata is not None else {}
