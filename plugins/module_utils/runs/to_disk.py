# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Mirror to disk: a plan into the archive of the next sequence."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Dict, Mapping, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB, DEFAULT_ARCHIVE_GIB, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.connections import Network
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror import ending, plan_for
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.place import working_place
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import PlanRequest
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.remembered import Remembered, workspace_uid
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import SigningKey, sign
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.events import COPIED, Phase, Retried
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.packing import Packing, pack
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.progress import Progress
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.stop import Stop


@dataclass(frozen=True)
class ToDiskRequest:
    """What to write, and where.

    planning, plan: as for a mirroring run.  folder: where the volumes go.
    destination: of the registry that the archive is for, when its history is to be counted apart; may be empty.
    volume_size: bytes, 0 for what the configuration says.
    ignore_history: a full set, whatever was shipped before.
    since: seconds since 1970; only runs before it count as shipped.
    """

    planning: PlanRequest
    folder: str
    destination: str = ""
    plan: str = ""
    volume_size: int = 0
    signing: Optional[SigningKey] = None
    ignore_history: bool = False
    since: Optional[int] = None
    options: TransferOptions = TransferOptions()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class ToDiskRun:
    """packing: of the archive.  result: None when there was nothing new.  volumes: names.  archive_id: empty until it is finished."""

    plan: Plan
    packing: Packing
    result: Optional[TransferResult]
    failures: Tuple[Failure, ...]
    warnings: Tuple[str, ...]
    volumes: Tuple[str, ...] = ()
    archive_id: str = ""
    changed: bool = False

    @property
    def diff(self) -> Dict[str, str]:
        """The images that the archive brings."""
        return {"before": "", "after": "".join(sorted(f"{placed.image.origin} {placed.digest}\n" for placed in self.packing.images))}


def mirror_to_disk(request: ToDiskRequest, environ: Mapping[str, str], check_mode: bool = False) -> ToDiskRun:
    """Writes the archive of what is new; in check mode says what it would hold.

    An interrupted write is gone on with.  What fails for one image leaves the archive unfinished and is in the result.
    Raises InputError, Locked, StorageError (no room), Incompatible, and what planning raises.
    """
    progress = Progress("" if check_mode else request.workspace.status)
    network = request.planning.connections.open(environ, lambda host, reason, delay: progress(Retried(host, reason, delay)))
    try:
        with working_place(request.workspace, "image_mirror", check_mode) as (place, lost):
            stop = Stop(lost)
            with stopped_by_signals(ending(stop, network)):
                progress(Phase("plan"))
                imageset, plan = plan_for(request.planning, request.plan, place, network)
                return _Writing(request, imageset, plan, place, network).run(progress, stop, check_mode)
    finally:
        network.close()


class _Writing:
    """One archive, from its description to its names."""

    def __init__(self, request: ToDiskRequest, imageset: Optional[ImageSet], plan: Plan, place: Workspace, network: Network) -> None:
        self._request = request
        self._plan = plan
        self._place = place
        self._network = network
        self._shelf = Shelf(place.manifests)
        storage = imageset.storage if imageset is not None else None
        self._volume_size = request.volume_size or (imageset.archive_bytes if imageset is not None else DEFAULT_ARCHIVE_GIB * GIB)
        self._remembered = Remembered(request.workspace, request.destination or "archives", storage, network.registry)

    def run(self, progress: Progress, stop: Stop, check_mode: bool) -> ToDiskRun:
        history = self._remembered.load()
        packing = self._pack(_counted(history, self._request), check_mode)
        if packing.empty:
            return ToDiskRun(self._plan, packing, None, self._plan.failures, self._plan.warnings)
        unfinished = UnfinishedSet(self._request.folder, packing.contents)
        if unfinished.is_finished():
            # The last run ended between the last rename and its own bookkeeping.
            self._remember(packing, unfinished.archive_id, check_mode)
            return self._done(packing, None, unfinished)
        if check_mode:
            return self._done(packing, _forecast(packing), unfinished)
        return self._write(packing, unfinished, progress, stop)

    def _pack(self, history: History, check_mode: bool) -> Packing:
        uid = history.uid or workspace_uid(self._request.workspace, write=not check_mode)
        signature = self._request.signing.kind if self._request.signing else ""
        return pack(self._plan, self._shelf, history, self._volume_size, uid, signature, self._extra())

    def _write(self, packing: Packing, unfinished: UnfinishedSet, progress: Progress, stop: Stop) -> ToDiskRun:
        signature = sign(packing.contents.encoded(), self._request.signing) if self._request.signing else b""
        try:
            unfinished.open(packing.documents, signature)
            writer = ArchiveWriter(unfinished, packing.left_out)
            source = self._network.upstream(self._place)
            result = transfer(packing.images, source, writer, self._shelf, self._request.options, Journal(None, writer.name), progress, stop)
            if not result.complete or writer.missing():
                failures = (*self._plan.failures, *result.failures)
                return ToDiskRun(self._plan, packing, result, failures, self._plan.warnings, changed=True)
            unfinished.finish()
        finally:
            unfinished.close()
        self._remember(packing, unfinished.archive_id, check_mode=False)
        return self._done(packing, result, unfinished)

    def _done(self, packing: Packing, result: Optional[TransferResult], unfinished: UnfinishedSet) -> ToDiskRun:
        names = tuple(unfinished.names)
        return ToDiskRun(self._plan, packing, result, self._plan.failures, self._plan.warnings, names, unfinished.archive_id, changed=result is not None)

    def _remember(self, packing: Packing, archive_id: str, check_mode: bool) -> None:
        """The history counts the archive only now that it is whole."""
        if check_mode:
            return
        *before, last = packing.history.runs
        run = replace(last, archive=str(archive_id), timestamp=int(time.time()))
        self._remembered.save(replace(packing.history, runs=(*before, run)))

    def _extra(self) -> Dict[str, bytes]:
        """Files that travel with the images: chart archives."""
        names = sorted({str(chart["file"]) for chart in self._plan.charts if chart.get("file")})
        return {f"charts/{name}": files.read(f"{self._place.charts}/{name}") for name in names}


def _counted(history: History, request: ToDiskRequest) -> History:
    """What counts as shipped: nothing for a full set, or what runs before a date brought."""
    if request.ignore_history:
        return replace(history, associations=())
    if request.since is None:
        return history
    brought = {key for run in history.runs if run.timestamp < request.since for key in run.images}
    return replace(history, associations=tuple(entry for entry in history.associations if entry.key in brought))


def _forecast(packing: Packing) -> TransferResult:
    """What a run would copy: all of the packing's images."""
    return TransferResult(tuple(ImageResult(placed, COPIED) for placed in packing.images), size=sum(m.size for m in packing.contents.members if m.is_blob))
