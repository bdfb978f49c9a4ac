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
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Storage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.backend import Backend, Directory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import REPOSITORY, RegistryMemory, stored_size
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover import history_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, TransferResult

# Opens the registry of a host for writing or reading.
# Takes host:port, and whether nothing about it is verified.
OpenRegistry = Callable[[str, bool], Store]
_V1_FILE = os.path.join("publish", ".metadata.json")
# Of the history of archives that are written without naming the registry they are for.
ARCHIVES = "archives"


class Remembered:
    """The history of one destination, or of the archives that name none.

    destination: `docker://host/namespace`, or ARCHIVES.  storage: of the configuration, None for the workspace.
    """

    def __init__(self, workspace: Workspace, destination: str, storage: Storage | None, open_registry: OpenRegistry) -> None:
        self._workspace = workspace
        self._destination = destination
        self._storage = storage
        self._v1_tag = ""
        self._backend = self._open(open_registry)

    def load(self) -> History:
        """Raises StorageError, Incompatible, InputError, and what a registry raises."""
        try:
            return self._load()
        except MirrorError as error:
            if isinstance(self._backend, RegistryMemory):
                error.advice = " ".join(filter(None, (error.advice, "The configuration keeps its history there (storageConfig.registry).")))
            raise

    def _load(self) -> History:
        history = History.load(self._workspace, self._destination, backend=self._backend)
        if history.runs:
            return history
        metadata = self._v1_metadata()
        return replace(history_of(metadata, self._destination), destination=self._destination) if metadata is not None else history

    def save(self, history: History) -> bool:
        """Says whether anything changed."""
        return history.save(self._workspace, backend=self._backend)

    def uid(self, write: bool) -> str:
        """The identity of a new history: of this workspace and this destination.  write: keep the workspace's own identity."""
        return str(uuid.uuid5(uuid.UUID(_workspace_uid(self._workspace, write)), self._destination))

    def _v1_metadata(self) -> Metadata | None:
        """What oc-mirror v1 left at the same place."""
        encoded: bytes | None = None
        where = ""
        if isinstance(self._backend, RegistryMemory):
            encoded, where = self._backend.read_v1(self._v1_tag), "storageConfig.registry"
        elif self._storage is not None and self._storage.local is not None:
            where = os.path.join(self._storage.local.path or ".", _V1_FILE)
            try:
                encoded = files.read(where)
            except FileNotFoundError:
                return None
        return Metadata.decode(encoded, where) if encoded is not None else None

    def _open(self, open_registry: OpenRegistry) -> Backend:
        storage = self._storage
        if storage is not None and storage.registry is not None:
            try:
                reference = parse(storage.registry.image_url, Generation.V1)
            except InputError as error:
                raise InputError(error.message, subject="storageConfig.registry.imageURL", advice=error.advice) from error
            self._v1_tag = reference.tag or "latest"
            return RegistryMemory(open_registry(reference.domain, storage.registry.skip_tls), reference.path, f"{self._v1_tag}-")
        if storage is not None and storage.local is not None:
            return Directory(storage.local.path or ".")
        return Directory(self._workspace.history)


def storage_of(plan: Plan) -> Storage | None:
    """What a plan's configuration says about where its history is kept; plans that came in archives say nothing (`runs.loading`)."""
    return plan.imageset.storage if "storageConfig" in plan.config else None


def with_history(result: TransferResult, history: History, *documents: Any) -> TransferResult:
    """A prediction, with what a history takes that the registry gets a copy of, and further documents beside it."""
    ahead = result.ahead or Ahead(0, 0)
    size = sum(map(stored_size, (history.document(), *documents)))
    return replace(result, ahead=replace(ahead, ship=ahead.ship + size))


def at_destination(registry: Store, destination: Destination) -> RegistryMemory:
    """Where a mirror registry keeps what it has, one document for each uid."""
    return RegistryMemory(registry, destination.repository(REPOSITORY))


def _workspace_uid(workspace: Workspace, write: bool) -> str:
    try:
        return str(uuid.UUID(files.read(workspace.uid).decode("ascii", "replace").strip()))
    except FileNotFoundError:
        made = str(uuid.uuid4())
    except ValueError as error:
        raise InputError(
            "this is not the identity of a workspace", subject=workspace.uid, advice="Restore the file, or remove it."
        ) from error
    if write:
        files.write(workspace.uid, f"{made}\n".encode("ascii"))
    return made
