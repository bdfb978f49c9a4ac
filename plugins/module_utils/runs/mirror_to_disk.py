# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Mirror to disk: a plan into the archive of the next sequence."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Archive, Volume
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.chart_files import chart_files
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import carried_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.held_catalogs import held_catalogs
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import keep_reduced
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import ARCHIVES, Remembered
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.results import keep_results, note_run
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.checksums import checksums_name, write_checksums
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import arrange
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import SigningKey, sign
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet, begun
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.writer import ArchiveWriter
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_export import Packing, pack, to_pull
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, ImageResult, TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, Phase

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class ToDiskRequest:
    """What to write, and where.

    folder: where the volumes go.
    destination: of the registry that the archive is for, when its history is to be counted apart; may be empty.
    volume_size: bytes, 0 for what the configuration says.
    ignore_history: a full set, whatever was shipped before.
    since: seconds since 1970; only runs before it count as shipped.
    receipt: path of the history that the mirror's host keeps, brought back; empty for none.
    checksums: whether the files that are to be carried are read once more, for a list of their checksums beside them.
    valid_days: for which it may be loaded, counted from the day on which writing it was begun; 0 for ever.
    """

    planning: PlanSource
    folder: str
    destination: str = ""
    volume_size: int = 0
    signing: SigningKey | None = None
    ignore_history: bool = False
    since: int | None = None
    receipt: str = ""
    valid_days: int = 0
    checksums: bool = True
    options: TransferOptions = TransferOptions()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class ToDiskRun:
    """packing: of the archive.  result: None when nothing had to be written.  volumes: names, none when there was nothing new.

    archive_id: empty until it is finished.  path: of the document with every image's result, empty when none was written.
    """

    plan: Plan
    packing: Packing
    result: TransferResult | None
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]
    volumes: tuple[str, ...] = ()
    archive_id: str = ""
    path: str = ""

    @property
    def changed(self) -> bool:
        return self.result is not None

    @property
    def complete(self) -> bool:
        """Whether nothing that the configuration names is left behind."""
        return not self.failures and (self.result is None or self.result.complete)

    @property
    def diff(self) -> dict[str, str]:
        """The images that the archive brings."""
        return {"before": "", "after": "".join(sorted(f"{placed.image.origin} {placed.digest}\n" for placed in self.packing.images))}


def mirror_to_disk(request: ToDiskRequest, environ: Mapping[str, str], check_mode: bool = False) -> ToDiskRun:
    """Writes the archive of what is new; in check mode says what it would hold.

    An interrupted write is resumed.  What fails for one image leaves the archive unfinished and is in the result, and so
    does what could not be planned, unless it is allowed to fail.
    Raises InputError, Locked, StorageError (no room), Incompatible, and what planning raises.
    """
    with session(request.workspace, request.planning.connections, "image_mirror", environ, check_mode) as run, reported(
        request.workspace, "mirror_to_disk", f"file://{request.folder}", check_mode
    ):
        run.progress(Phase("plan"))
        return _Writing(request, carried_plan(request.planning, run.place, run.network), run).run()


class _Writing:
    """One archive, from its description to its names."""

    def __init__(self, request: ToDiskRequest, plan: Plan, run: Session) -> None:
        self._request = request
        self._plan = plan
        self._run = run
        self._shelf = Shelf(run.place.manifests)
        self._volume_size = request.volume_size or plan.imageset.archive_bytes
        self._remembered = Remembered(request.workspace, request.destination or ARCHIVES, plan.imageset.storage, run.network.registry)

    def run(self) -> ToDiskRun:
        history = self._remembered.load()
        packing = self._pack(_counted(history, self._request))
        if packing.empty:
            return self._nothing_new(packing)
        unfinished = UnfinishedSet(self._request.folder, packing.contents)
        if unfinished.is_finished():
            # The last run ended between the last rename and its own bookkeeping.
            self._checksums(unfinished)
            self._remember(packing, unfinished.archive_id)
            return self._done(packing, None, unfinished)
        if self._run.check_mode:
            return self._done(packing, _forecast(packing, self._shelf), unfinished)
        return self._write(packing, unfinished, history)

    def _pack(self, history: History) -> Packing:
        uid = history.uid or self._remembered.uid(write=not self._run.check_mode)
        signature = self._request.signing.kind if self._request.signing else ""
        packing = pack(self._plan, self._shelf, history, self._volume_size, uid, signature, chart_files(self._plan, self._run.place))
        return replace(packing, contents=self._dated(packing.contents)) if self._request.valid_days else packing

    def _dated(self, contents: Contents) -> Contents:
        """With the day on which it expires; one that was begun keeps its own, so that it can be resumed."""
        now = int(time.time())
        found = begun(self._request.folder, contents.sequence)
        if found is not None and found.expires > now and replace(contents, expires=found.expires) == found:
            return found
        return replace(contents, expires=(now // _DAY + 1 + self._request.valid_days) * _DAY)

    def _write(self, packing: Packing, unfinished: UnfinishedSet, history: History) -> ToDiskRun:
        result, whole = self._fill(packing, unfinished)
        if not result.complete:
            # A run in which nothing fails starts sooner without it.
            from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reduction import Reduction, both

            upstream = self._run.network.upstream(self._run.place)
            reduction = Reduction(upstream, self._run.place, self._shelf, self._request.planning.options, "")
            plan = reduction.after(self._plan, result)
            if plan is not None:
                # An archive is described in full before it is filled, so that it is begun again.
                self._plan = plan
                if not self._request.planning.path:
                    keep_reduced(plan, self._run.place)
                packing = self._pack(_counted(history, self._request))
                if packing.empty:
                    return self._nothing_new(packing)
                unfinished = UnfinishedSet(self._request.folder, packing.contents)
                again, whole = self._fill(packing, unfinished)
                result = both(result, again)
            result = reduction.explained(result)
        sums: tuple[str, ...] = ()
        if whole:
            # Before it counts as written, so that a run that is stopped meanwhile makes up for them.
            sums = self._checksums(unfinished)
            self._remember(packing, unfinished.archive_id)
        return self._done(packing, result, unfinished, whole, sums)

    def _fill(self, packing: Packing, unfinished: UnfinishedSet) -> tuple[TransferResult, bool]:
        """What came of it, and whether the archive is whole."""
        signature = sign(packing.contents.encoded(), self._request.signing) if self._request.signing else b""
        try:
            unfinished.open(packing.documents, signature, self._run.stop.is_set)
            writer = ArchiveWriter(unfinished, packing.left_out)
            ends = Ends(self._run.network.upstream(self._run.place), writer, self._shelf)
            self._run.progress.expect(packing.images)
            result = transfer(packing.images, ends, self._request.options, self._run.progress, self._run.stop)
            # What could not be planned is not in it: nobody is to take it for all that the configuration names.
            whole = result.complete and not not_allowed(self._plan.failures, self._request.planning.allow_failures)
            if whole:
                unfinished.finish()
        finally:
            unfinished.close()
        return result, whole

    def _checksums(self, unfinished: UnfinishedSet) -> tuple[str, ...]:
        if not self._request.checksums or self._run.check_mode:
            return ()
        self._run.progress(Phase("checksums"))
        return write_checksums(unfinished.folder, unfinished.contents.sequence, unfinished.names, self._run.stop.is_set)

    def _done(
        self,
        packing: Packing,
        result: TransferResult | None,
        unfinished: UnfinishedSet,
        whole: bool = True,
        sums: Sequence[str] = (),
    ) -> ToDiskRun:
        if result is not None:
            result = replace(result, left_out=self._plan.failures)
            self._run.progress.conclude(result.counts(), result.complete)
        failures = result.failures if result is not None else self._plan.failures
        warnings = (*self._plan.warnings, *((*result.warnings, *held_catalogs(result)) if result is not None else ()))
        archive_id = unfinished.archive_id if whole else ""
        path = "" if result is None or self._run.check_mode else self._keep(result, _archive(unfinished, archive_id, sums))
        return ToDiskRun(self._plan, packing, result, failures, warnings, tuple(unfinished.names), archive_id, path)

    def _nothing_new(self, packing: Packing) -> ToDiskRun:
        if not self._run.check_mode:
            nothing = TransferResult((), left_out=self._plan.failures)
            note_run(self._request.workspace, self._plan, "mirror_to_disk", f"file://{self._request.folder}", nothing)
        return ToDiskRun(self._plan, packing, None, self._plan.failures, self._plan.warnings)

    def _keep(self, result: TransferResult, archive: Archive) -> str:
        folder = f"file://{self._request.folder}"
        return keep_results(self._request.workspace, self._plan, "mirror_to_disk", folder, result, archive)

    def _remember(self, packing: Packing, archive_id: str) -> None:
        """The history counts the archive only now that it is whole."""
        if self._run.check_mode:
            return
        *before, last = packing.history.runs
        run = replace(last, archive=str(archive_id), timestamp=int(time.time()))
        self._remembered.save(replace(packing.history, runs=(*before, run)))


def _archive(unfinished: UnfinishedSet, archive_id: str, sums: Sequence[str]) -> Archive:
    """What is to be carried, as reports tell it."""
    sequence, names = unfinished.contents.sequence, unfinished.names
    volumes = tuple(Volume(*each) for each in zip(names, unfinished.places.sizes, sums or [""] * len(names)))
    return Archive(archive_id, sequence, unfinished.folder, volumes, checksums_name(sequence) if sums else "")


def _counted(history: History, request: ToDiskRequest) -> History:
    """What counts as shipped: nothing for a full set, or what runs before a date brought."""
    if request.ignore_history:
        return replace(history, associations=())
    if request.receipt:
        history = history.by_record(_receipt(request.receipt))
    if request.since is None:
        return history
    brought = {key for run in history.runs if run.timestamp < request.since for key in run.images}
    return replace(history, associations=tuple(entry for entry in history.associations if entry.key in brought))


def _receipt(path: str) -> History:
    """Raises InputError, StorageError, Incompatible."""
    try:
        return History.parse(files.read_json(path), path)
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}", subject="archive_receipt") from error


def _forecast(packing: Packing, shelf: Shelf) -> TransferResult:
    """What a run would copy: all of the packing's images."""
    pull, blobs = to_pull(packing, shelf)
    size = sum(member.size for member in packing.contents.members if member.digest in blobs)
    images = tuple(ImageResult(placed, COPIED) for placed in packing.images)
    return TransferResult(images, {COPIED: len(blobs)}, size, ahead=Ahead(pull, sum(arrange(packing.contents).sizes)))
