# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The metadata of oc-mirror v1 where a configuration keeps its history (mirroring 4.2): what content sources carry on from."""

from __future__ import annotations

import os

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Storage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import file_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_FILE = "publish/.metadata.json"


def read(storage: Storage | None, upstream: Store) -> Metadata | None:
    """None where there is none to carry on.

    Raises CorruptContent, Incompatible, InputError, StorageError, and what the registry raises.
    """
    if storage is None:
        return None
    if storage.registry is not None:
        where = storage.registry.image_url
        content = _from_registry(where, upstream)
    else:
        where = os.path.join(storage.local.path if storage.local is not None else "", *_FILE.split("/"))
        content = _from_file(where)
    if content is None:
        return None
    metadata = Metadata.decode(content, where)
    # Metadata of a run without storage was never meant to be carried on (CFG-20).
    return None if metadata.single_use else metadata


def _from_file(path: str) -> bytes | None:
    try:
        return files.read(path)
    except FileNotFoundError:
        return None


def _from_registry(url: str, upstream: Store) -> bytes | None:
    reference = parse(url, Generation.V1)
    try:
        manifest = upstream.fetch_manifest(reference.repository, reference.selector)
    except NotFound:
        return None
    if manifest.is_index or manifest.artifact_type not in ("", *(blob.media_type for blob in manifest.blobs[:1])):
        # Histories of this collection lie there as artifacts; they are no metadata of v1.
        return None
    for blob in reversed(manifest.blobs[1:]):
        found = file_of(upstream, reference.repository, blob, _FILE, limits.LEGACY_METADATA.size)
        if found is not None:
            return found
    return None
