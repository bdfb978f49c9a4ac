# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Channels that oc-mirror v1 mirrored before, from its metadata (config-and-releases CH-30; mirroring 4.2)."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Storage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_FILE = "publish/.metadata.json"
_LIMIT = 256 * 1024 * 1024


def past_of(metadata: Metadata) -> Dict[str, Any]:
    """`{channel: {first, min, max}}`, as `memory.Past` keeps it; what cannot be read is left out."""
    found: Dict[str, Any] = {}
    for entry in metadata.platforms:
        if isinstance(entry, dict) and isinstance(entry.get("channel"), str):
            found[entry["channel"]] = {"first": entry.get("minVersion")}
    platform = metadata.mirror.get("platform") if isinstance(metadata.mirror, dict) else None
    channels = platform.get("channels") if isinstance(platform, dict) else None
    for channel in channels if isinstance(channels, list) else ():
        if isinstance(channel, dict) and isinstance(channel.get("name"), str):
            found.setdefault(channel["name"], {}).update(min=channel.get("minVersion"), max=channel.get("maxVersion"))
    return found


def read(storage: Optional[Storage], upstream: Store) -> Dict[str, Any]:
    """What the metadata in a configuration's storage says; nothing where there is none.

    Raises CorruptContent, Incompatible, InputError, StorageError, and what the registry raises.
    """
    if storage is None:
        return {}
    if storage.registry is not None:
        where = storage.registry.image_url
        content = _from_registry(where, upstream)
    else:
        where = os.path.join(storage.local.path if storage.local is not None else "", *_FILE.split("/"))
        content = _from_file(where)
    if content is None:
        return {}
    metadata = Metadata.decode(content, where)
    # Metadata of a run without storage was never meant to be carried on (CFG-20).
    return {} if metadata.single_use else past_of(metadata)


def _from_file(path: str) -> Optional[bytes]:
    try:
        return files.read(path)
    except FileNotFoundError:
        return None


def _from_registry(url: str, upstream: Store) -> Optional[bytes]:
    reference = parse(url, Generation.V1)
    try:
        manifest = upstream.fetch_manifest(reference.repository, reference.selector)
    except NotFound:
        return None
    if manifest.is_index or manifest.artifact_type not in ("", *(blob.media_type for blob in manifest.blobs[:1])):
        # Histories of this collection lie there as artifacts; they are no metadata of v1.
        return None
    for blob in reversed(manifest.blobs[1:]):
        with Layer(upstream, reference.repository, blob) as layer:
            for name, member, opened in layer.members():
                if name == _FILE and member.isfile() and member.size <= _LIMIT:
                    return opened(member).read()
    return None
