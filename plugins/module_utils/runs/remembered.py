# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which history a run continues, and where it is kept (design, section 6; mirroring 4.3, 4.4).

A workspace counts sequences for each destination it serves.  `storageConfig` of a
configuration moves its history to a directory or a registry; what oc-mirror v1 kept there is
taken over.  The destination registry always gets a copy, so that it can tell what it has.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from typing import Callable, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Storage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history import History, memory_name
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.memory import Backend, Directory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.registry_memory import REPOSITORY, RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.takeover import history_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# Opens the registry of a host for writing or reading.
OpenRegistry = Callable[[str], Store]
_V1_FILE = os.path.join("publish", ".metadata.json")


class Remembered:
    """The history of one destination, or of the archives that are written without naming one.

    storage: of the configuration, None for the workspace.
    """

    def __init__(self, workspace: Workspace, destination: str, storage: Optional[Storage], open_registry: OpenRegistry) -> None:
        self._workspace = workspace
        self._destination = destination
        self._storage = storage
        self._backend = _backend(storage, workspace, open_registry)

    def load(self) -> History:
        """Raises StorageError, Incompatible, InputError, and what a registry raises."""
        history = History.load(self._workspace, self._destination, backend=self._backend)
        if history.runs:
            return history
        metadata = self._v1_metadata()
        return replace(history_of(metadata), destination=self._destination) if metadata is not None else history

    def save(self, history: History) -> bool:
        return history.save(self._workspace, backend=self._backend)

    def _v1_metadata(self) -> Optional[Metadata]:
        """What oc-mirror v1 left at the same place."""
        encoded: Optional[bytes] = None
        where = ""
        if isinstance(self._backend, RegistryMemory):
            encoded, where = self._backend.read_v1(memory_name(self._destination)), "storageConfig.registry"
        elif self._storage is not None and self._storage.local is not None:
            where = os.path.join(self._storage.local.path or ".", _V1_FILE)
            try:
                encoded = files.read(where)
            except FileNotFoundError:
                return None
        return Metadata.decode(encoded, where) if encoded is not None else None


def workspace_uid(workspace: Workspace, write: bool) -> str:
    """The workspace's identity, made on the first run that writes."""
    try:
        return files.read(workspace.uid).decode("ascii").strip()
    except FileNotFoundError:
        pass
    made = str(uuid.uuid4())
    if write:
        files.write(workspace.uid, f"{made}\n".encode("ascii"))
    return made


def at_destination(registry: Store, destination: Destination) -> RegistryMemory:
    """Where a mirror registry keeps what it has, one document for each uid."""
    return RegistryMemory(registry, destination.repository(REPOSITORY))


def _backend(storage: Optional[Storage], workspace: Workspace, open_registry: OpenRegistry) -> Backend:
    if storage is not None and storage.registry is not None:
        try:
            reference = parse(storage.registry.image_url, Generation.V1)
        except InputError as error:
            raise InputError(error.message, subject="storageConfig.registry.imageURL", advice=error.advice) from error
        return RegistryMemory(open_registry(reference.domain), reference.path, reference.tag or "latest")
    if storage is not None and storage.local is not None:
        return Directory(storage.local.path or ".")
    return Directory(workspace.history)
