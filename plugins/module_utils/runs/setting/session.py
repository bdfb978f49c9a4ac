# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What every run has while it works: the workspace under its lock, the network, progress, and a stop that signals set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections, Network
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.working_place import working_place
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Retried
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.stop import Stop


@dataclass(frozen=True)
class Session:
    """workspace: the user's.  place: where to write (a throw-away one in check mode)."""

    workspace: Workspace
    place: Workspace
    network: Network
    progress: Progress
    stop: Stop
    check_mode: bool


@contextmanager
def session(workspace: Workspace, connections: Connections, owner: str, environ: Mapping[str, str], check_mode: bool) -> Iterator[Session]:
    """Raises InputError (settings, credentials), Locked, StorageError."""
    progress = Progress("" if check_mode else workspace.status)
    network = connections.open(environ, lambda host, reason, delay: progress(Retried(host, reason, delay)))
    progress.watch(network.waiting)
    network.tell = progress.planned
    try:
        with working_place(workspace, owner, check_mode) as (place, lost):
            network.remember(place)
            stop = Stop(lost)

            def end(reason: str) -> None:
                stop.set(reason)
                network.cancel()

            with stopped_by_signals(end):
                yield Session(workspace, place, network, progress, stop, check_mode)
    finally:
        network.close()
