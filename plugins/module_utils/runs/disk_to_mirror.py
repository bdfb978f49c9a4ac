# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Disk to mirror: archives into a registry.  Nothing is pushed before everything was proved, and nobody else is asked anything."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, RegistryError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import (
    OURS,
    FoundArchive,
    Unplanned,
    opened_archives,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.begun import Begun
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.loaded import kept_history, loaded_history
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.mending import Mending
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import keep_plan, kept_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.published import document, publish
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import at_destination, with_history
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.results import keep_results
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.archive_over_registry import Completed
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_import import LeftOut, prove_left_out
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead, TransferResult, joined
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, FAILED, HELD, PENDING, Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.steps.survey import Verdict


@dataclass(frozen=True)
class FromDiskRequest:
    """What to load, and where.

    planning: with the archive; options of content sources count for those that carry no plan.
    """

    planning: PlanSource
    destination: Destination
    options: TransferOptions = TransferOptions()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class FromDiskRun:
    """loaded: sequences that were, or would be, loaded.  result: of all of them.  plan: of the last archive.

    path: of the document with every image's result, empty when none was written.
    """

    plan: Plan
    loaded: tuple[int, ...]
    result: TransferResult
    warnings: tuple[str, ...]
    path: str = ""

    @property
    def changed(self) -> bool:
        return self.result.changed

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.result.failures

    @property
    def complete(self) -> bool:
        """Whether archives were loaded, and all that they name is there; to have loaded none is not that."""
        return bool(self.loaded) and self.result.complete

    @property
    def diff(self) -> dict[str, str]:
        """The names that become, or would become, something else."""
        after = sorted(
            f"{image.placed.repository}:{tag} {image.placed.digest}\n"
            for image in self.result.images
            if image.outcome == COPIED
            for tag in image.placed.tags or ("-",)
        )
        return {"before": "", "after": "".join(after)}


def disk_to_mirror(request: FromDiskRequest, environ: Mapping[str, str], check_mode: bool = False) -> FromDiskRun:
    """Loads the archives of a folder in their order; in check mode says what that would do.

    Those that were loaded before bring back what the registry has lost of them.
    Raises CorruptContent (damage, signature), Incompatible (a gap; expired; what an earlier archive shipped is not there),
    NotFound (no archive), Locked, StorageError, and what any request raises when the registry does not answer or let us in.
    """
    with session(request.workspace, request.planning.connections, "image_mirror", environ, check_mode) as run, reported(
        request.workspace, "disk_to_mirror", str(request.destination), check_mode
    ):
        run.progress(Phase("check"))
        registry = run.network.mirror(request.destination, writing=not check_mode)
        planning = request.planning
        unplanned = Unplanned(run.place, planning.options, registry, request.destination)
        with opened_archives(planning.archive, unplanned, planning.trusted, request.options.parallel) as archives:
            registry.ping()
            return _Loading(request, run, registry).run(archives)


class _Loading:
    """A row of archives into one registry."""

    def __init__(self, request: FromDiskRequest, run: Session, registry: Store) -> None:
        self._request = request
        self._run = run
        self._registry = registry
        self._shelf = Shelf(run.place.manifests)
        self._memory = at_destination(registry, request.destination)
        self._has: dict[str, History | None] = {}
        self._warnings: list[str] = []
        self._left_out: list[Failure] = []
        self._results: list[TransferResult] = []
        self._loaded: list[int] = []

    def run(self, archives: tuple[FoundArchive, ...]) -> FromDiskRun:
        earlier, wanted = self._in_turn(archives)
        for uid in dict.fromkeys(archive.uid for archive in earlier):
            self._mend([archive for archive in earlier if archive.uid == uid])
        for archive in wanted:
            if self._failed() or self._run.stop.is_set():
                break
            self._load(archive)
        plan = wanted[-1].plan if wanted else kept_plan(self._request.workspace) or archives[-1].plan
        result = replace(joined(self._results), left_out=tuple(self._left_out))
        self._run.progress.conclude(result.counts(), result.complete)
        if not self._loaded and not result.failures:
            self._warnings.append("None of the archives was loaded: give later ones, or all of them to fill another registry.")
        warnings = (*plan.warnings, *self._warnings, *result.warnings)
        path = "" if self._run.check_mode or not self._results else self._keep(plan, result)
        return FromDiskRun(plan, tuple(self._loaded), result, warnings, path)

    def _failed(self) -> bool:
        return bool(self._left_out) or any(result.failures for result in self._results)

    def _keep(self, plan: Plan, result: TransferResult) -> str:
        place = str(self._request.destination)
        return keep_results(self._request.workspace, plan, "disk_to_mirror", place, result)

    def _in_turn(self, archives: tuple[FoundArchive, ...]) -> tuple[list[FoundArchive], list[FoundArchive]]:
        """Archives that were loaded before others, and those to be loaded whole, among them the one that was loaded last.

        Raises Incompatible on a gap and for one that has expired, before anything is pushed.
        """
        reached: dict[str, int] = {}
        earlier, wanted = [], []
        for archive in archives:
            archive.require_fresh(time.time())
            current = reached.setdefault(archive.uid, self._sequence(archive))
            if archive.sequence < current:
                earlier.append(archive)
                continue
            archive.require_follows(current)
            reached[archive.uid] = archive.sequence
            wanted.append(archive)
        return earlier, wanted

    def _sequence(self, archive: FoundArchive) -> int:
        """What the registry has of an archive's history, by its own record."""
        stored = self._stored(archive)
        return stored.sequence if stored is not None else 0

    def _stored(self, archive: FoundArchive) -> History | None:
        if archive.uid not in self._has:
            self._has[archive.uid] = archive.stored_history(self._memory)
        return self._has[archive.uid]

    def _mend(self, archives: Sequence[FoundArchive]) -> None:
        """Brings back what the registry lost of what archives brought that others came after: nothing else of them is wanted."""
        stored = self._stored(archives[0])
        if stored is None:
            return
        mending = Mending(archives, stored, self._registry, self._request.destination, self._request.options.parallel)
        mended = mending.foresee() if self._run.check_mode else mending.run(self._run.stop)
        for archive in archives:
            helped = archive.sequence in mended.sequences
            what = "brought back what is lost of it" if helped else "lacks nothing that is in it"
            self._warnings.append(f"{archive.name} was loaded before: the registry has sequence {stored.sequence}, and {what}.")
        self._loaded += mended.sequences
        if mended.result.images:
            self._results.append(replace(mended.result, ahead=Ahead(0, mended.result.size)))

    def _load(self, archive: FoundArchive) -> None:
        placed, misplaced = place_images(archive.cargo, self._request.destination)
        self._run.progress.expect(placed)
        journal = Journal.open(self._request.workspace.journal, self._registry.name, writable=not self._run.check_mode)
        begun = Begun(self._request.workspace.loading, archive.identity)
        result = self._foresee(archive, placed, journal) if self._run.check_mode else self._move(archive, placed, journal, begun)
        self._results.append(result)
        self._loaded.append(archive.sequence)
        self._left_out += misplaced
        if archive.maker != OURS:
            # Planned here and now; the failures of a plan that came along were told where it was made.
            self._left_out += archive.plan.failures
        elif archive.plan.failures:
            count = counted(len(archive.plan.failures), "object")
            self._warnings.append(f"{archive.name} was written without {count} that could not be resolved there.")
        if not self._run.check_mode:
            self._remember(archive, result, begun)

    def _options(self, archive: FoundArchive) -> TransferOptions:
        """Who loads an archive again wants what is missing to come back, so that every blob is asked for."""
        again = archive.sequence == self._sequence(archive)
        return replace(self._request.options, level=DEEP) if again else self._request.options

    def _foresee(self, archive: FoundArchive, placed: Sequence[PlacedImage], journal: Journal) -> TransferResult:
        def supply(missing: Sequence[Verdict]) -> Store:
            # An archive before this one that would be loaded first brings what this one leaves out.
            if first:
                left_out = self._prove(archive, [verdict.placed for verdict in missing])
                return Completed(archive.store, self._registry, {**left_out.blobs, **left_out.manifests})
            return archive.store

        run, first, options = self._run, not self._loaded, self._options(archive)
        holds = archive.holds
        source = self._with_registry(archive)
        ends = Ends(source, self._registry, self._shelf, journal)
        found = predict(placed, ends, options, run.progress, run.stop, supply, holds)
        found = replace(found, ahead=replace(found.ahead or Ahead(0, 0), pull=0))
        kept = document(archive.plan, self._request.destination)
        new = found.count(COPIED) or archive.sequence > self._sequence(archive)
        return with_history(found, archive.history, kept) if archive.recorded and new else found

    def _move(self, archive: FoundArchive, placed: Sequence[PlacedImage], journal: Journal, begun: Begun) -> TransferResult:
        def supply(missing: Sequence[Verdict]) -> Store:
            left_out = self._prove(archive, [verdict.placed for verdict in missing])
            for digest, repository in left_out.blobs.items():
                journal.add_blob(digest, repository)
            begun.note(missing, self._registry, self._request.options.parallel)
            homes = {**left_out.blobs, **left_out.manifests}
            return Completed(archive.store, self._registry, homes) if homes else archive.store

        run, source = self._run, self._with_registry(archive)
        ends = Ends(source, self._registry, self._shelf, journal)
        return transfer(placed, ends, self._options(archive), run.progress, run.stop, supply)

    def _with_registry(self, archive: FoundArchive) -> Store:
        """To look into what the registry should have: manifests that the archive leaves out are there."""
        place = self._request.destination.repository
        entries = [entry for entry in archive.history.associations if self._request.destination.fits(entry.path)]
        homes = {Digest(digest): place(entry.path) for entry in entries for digest in (entry.id, *entry.manifests)}
        return Completed(archive.store, self._registry, {digest: home for digest, home in homes.items() if not archive.holds(digest)})

    def _prove(self, archive: FoundArchive, missing: Sequence[PlacedImage]) -> LeftOut:
        if archive.holds_everything:
            return LeftOut({}, {})
        place, parallel = self._request.destination.repository, self._request.options.parallel
        records = (History.load(self._request.workspace, str(self._request.destination)), self._stored(archive))
        recorded: dict[str, list[str]] = {}
        for entry in (entry for record in records if record is not None for entry in record.associations):
            for content in entry.digests:
                recorded.setdefault(content, []).append(entry.path)

        def homes(digest: Digest) -> tuple[str, ...]:
            """Wherever this workspace, the registry and the archive say that earlier loads put it.

            What the archive's plan dropped is still there, and may be all that has what it leaves out.
            """
            return (*recorded.get(digest, ()), *archive.homes(digest))

        return prove_left_out(archive.name, archive.holds, archive.history, missing, self._registry, place, parallel, homes)

    def _remember(self, archive: FoundArchive, result: TransferResult, begun: Begun) -> None:
        """What came along goes to the results; a complete load is recorded here and at the registry."""
        keep_plan(archive.plan, self._request.workspace, self._request.workspace, complete=True)
        for name, content in archive.extra().items():
            files.write(os.path.join(self._request.workspace.results, name), content)
        if any(image.outcome in (FAILED, HELD, PENDING) for image in result.images):
            return
        try:
            known = (self._stored(archive), kept_history(self._request.workspace, self._request.destination, archive.uid))
            history = loaded_history(archive, known, begun, self._shelf)
            if archive.recorded:
                self._memory.write(archive.uid, history.document())
                publish(archive.plan, self._registry, self._request.destination, archive.uid)
                self._has[archive.uid] = history
        except (RegistryError, Unreachable) as error:
            text = f"The registry did not accept the record of {archive.name}, so load it again before the archive that follows it"
            self._warnings.append(f"{text}: {error}")
            return
        *before, last = history.runs
        here = replace(history, destination=str(self._request.destination), runs=(*before, replace(last, timestamp=int(time.time()))))
        here.save(self._request.workspace)
        begun.end()
