# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is recorded of a destination, by us and by others: only ours is ours to delete (user-needs G09, P05)."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import REPOSITORY
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover import history_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records import published
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import Remembered, at_destination, storage_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Network
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_PREFIX = "history-"


def remembered(workspace: Workspace, destination: Destination, plan: Plan, network: Network) -> Remembered:
    """The history of a destination: the workspace's own, else the one that the plan's `storageConfig` names.

    What was loaded from archives is in the workspace, whatever the configuration of the other side says.
    """
    own = Remembered(workspace, str(destination), None, network.registry)
    storage = storage_of(plan)
    if storage is None or own.load().runs:
        return own
    return Remembered(workspace, str(destination), storage, network.registry)


def neighbours(uid: str, destination: Destination, registry: Store) -> tuple[Association, ...]:
    """Images of all histories that the registry itself keeps below this destination, but the one of this uid.

    Raises Incompatible when one of them is of a newer version, and what the registry raises: what cannot be read cannot
    be spared.
    """
    repository = destination.repository(REPOSITORY)
    memory = at_destination(registry, destination)
    found: list[Association] = []
    for tag in registry.tags(repository) or ():
        name = tag[len(_PREFIX) :] if tag.startswith(_PREFIX) else ""
        # A plan that is kept for the next mirror says nothing of what is whose.
        if tag.startswith(published.PREFIX) or (uid and uid in (name, tag)):
            continue
        document = memory.read(name) if name else None
        if document is not None:
            found += History.parse(document, f"{repository}:{tag}").associations
            continue
        encoded = memory.read_v1(tag)
        if encoded is not None:
            found += history_of(Metadata.decode(encoded, f"{repository}:{tag}"), str(destination)).associations
    return tuple(found)


def update_copy(registry: Store, destination: Destination, history: History) -> None:
    """Writes a history to the registry where it keeps one of the same uid.  Raises what the registry raises."""
    memory = at_destination(registry, destination)
    try:
        if history.uid and memory.read(history.uid) is not None:
            memory.write(history.uid, history.document())
    except Incompatible:
        return
