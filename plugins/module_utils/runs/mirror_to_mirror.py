# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A mirroring run: the images of a plan into a registry."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import carried_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records import published
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.held_catalogs import held_catalogs
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import keep_reduced
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import (
    Remembered,
    at_destination,
    storage_of,
    with_history,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.results import keep_results
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.nearby import nearest
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.nearest import Nearest
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, FAILED, HELD, PENDING, Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal


@dataclass(frozen=True)
class MirrorRequest:
    """What to mirror, and where.

    nearby: places to read content from before the origins are asked, nearest first (`setting.nearby`).
    """

    planning: PlanSource
    destination: Destination
    nearby: tuple[str, ...] = ()
    options: TransferOptions = TransferOptions()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class MirrorRun:
    """path: of the document with every image's result, empty in check mode.

    read: bytes of blobs by the place close by that gave them, those of the origins under the empty name; empty without such places.
    """

    plan: Plan
    result: TransferResult
    warnings: tuple[str, ...]
    path: str = ""
    read: Mapping[str, int] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Of the plan and of the transfer."""
        return self.result.failures

    @property
    def diff(self) -> dict[str, str]:
        """The names that become, or would become, something else: what they are before and after."""
        before: list[str] = []
        after: list[str] = []
        for image in self.result.images:
            if image.outcome == COPIED:
                repository, digest = image.placed.repository, image.placed.digest
                after += [f"{repository}:{tag} {digest}\n" for tag in image.placed.tags] or [f"{repository}@{digest}\n"]
                before += [f"{repository}:{tag} {moved}\n" for tag, moved in image.moved.items()]
        return {"before": "".join(sorted(before)), "after": "".join(sorted(after))}


def mirror(request: MirrorRequest, environ: Mapping[str, str], check_mode: bool = False) -> MirrorRun:
    """Makes the registry hold what the plan names; in check mode says what that would take, and writes nothing.

    What fails for one image is in the result.
    Raises InputError, Locked, StorageError, Incompatible (the plan), Cancelled (while planning), and what any request
    raises when the registry as a whole does not answer or let us in.
    """
    with session(request.workspace, request.planning.connections, "image_mirror", environ, check_mode) as run, reported(
        request.workspace, "mirror_to_mirror", str(request.destination), check_mode
    ):
        run.network.mirror(request.destination, writing=not check_mode).ping()
        run.progress(Phase("plan"))
        plan = carried_plan(request.planning, run.place, run.network)
        with nearest(request.nearby, request.destination, run.network, run.place, request.planning.parallel) as source:
            return _Mirroring(request, plan, run, source).run()


class _Mirroring:
    """One plan into one registry.  source: where its content is read."""

    def __init__(self, request: MirrorRequest, plan: Plan, run: Session, source: Store) -> None:
        self._request = request
        self._plan = plan
        self._run = run
        self._source = source
        self._placed, self._misplaced = place_images(plan, request.destination)
        self._registry = run.network.mirror(request.destination, writing=not run.check_mode)
        self._shelf = Shelf(run.place.manifests)
        self._remembered = Remembered(request.workspace, str(request.destination), storage_of(plan), run.network.registry)

    def run(self) -> MirrorRun:
        self._run.progress.expect(self._placed)
        history = self._remembered.load()
        result = self._without_lost(history, self._move(history))
        result = replace(result, left_out=(*self._plan.failures, *self._misplaced))
        self._run.progress.conclude(result.counts(), result.complete)
        if self._run.check_mode:
            return MirrorRun(self._plan, self._with_history(history, result), self._plan.warnings)
        near = self._source if isinstance(self._source, Nearest) else None
        lost = near.warnings if near is not None else ()
        warnings = (*self._plan.warnings, *result.warnings, *lost, *held_catalogs(result), *self._remember(history, result))
        place = str(self._request.destination)
        path = keep_results(self._request.workspace, self._plan, "mirror_to_mirror", place, result)
        return MirrorRun(self._plan, result, warnings, path, near.sizes if near is not None else {})

    def _move(self, history: History) -> TransferResult:
        run, request = self._run, self._request
        journal = Journal.open(request.workspace.journal, self._registry.name, writable=not run.check_mode)
        # What is stale and not pruned yet is at hand too.
        journal.hint(_homes(history, request.destination))
        # A catalog must not name what is not there.
        lacking = [failure for failure in (*self._plan.failures, *self._misplaced) if failure.category == "operator"]
        options = replace(
            request.options,
            hold_catalogs=request.options.hold_catalogs or not all(failure.entries for failure in lacking),
            hold_entries=frozenset(entry for failure in lacking for entry in failure.entries),
        )
        work = predict if run.check_mode else transfer
        return work(self._placed, Ends(self._source, self._registry, self._shelf, journal), options, run.progress, run.stop)

    def _without_lost(self, history: History, result: TransferResult) -> TransferResult:
        """Goes on without the bundles that lack images, where that is allowed; catalogs are published without them."""
        request, run = self._request, self._run
        if run.check_mode or result.complete:
            return result
        # A run in which nothing fails starts sooner without it.
        from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reduction import Reduction, both

        upstream = run.network.upstream(run.place)
        reduction = Reduction(upstream, run.place, self._shelf, request.planning.options, request.destination.host)
        plan = reduction.after(self._plan, result)
        if plan is None:
            return reduction.explained(result)
        self._plan = plan
        self._placed, self._misplaced = place_images(plan, request.destination)
        if not request.planning.path:
            keep_reduced(plan, run.place)
        return reduction.explained(both(result, self._move(history)))

    def _remember(self, history: History, result: TransferResult) -> tuple[str, ...]:
        """Records in the history what arrived, here and at the registry; says so when that cannot be done."""
        if result.sharded:
            return ()
        uid = history.uid or self._remembered.uid(write=True)
        try:
            after = history.record(self._plan, self._shelf, int(time.time()), failed=self._missing(result), pruned=False, uid=uid)
        except NotFound as error:
            return (f"The history was not written, because not all manifests of the plan are in the workspace: {error}",)
        try:
            if not self._remembered.save(after):
                return ()
        except MirrorError as error:
            return (f"The history was not written, so run this again before anything is pruned or deleted: {error}",)
        try:
            at_destination(self._registry, self._request.destination).write(after.uid, after.document())
        except MirrorError as error:
            return (
                f"The registry did not accept a copy of the history, so archives that build on this run cannot be loaded there: {error}",
            )
        return self._publish(result, after.uid)

    def _publish(self, result: TransferResult, uid: str) -> tuple[str, ...]:
        """The plan goes with the mirror that is whole, for those that are made from it."""
        try:
            if result.complete:
                published.publish(self._plan, self._registry, self._request.destination, uid)
            return ()
        except MirrorError as error:
            return (f"The registry did not accept a copy of the plan, so no other mirror can be made from it by its plan: {error}",)

    def _with_history(self, history: History, result: TransferResult) -> TransferResult:
        """The prediction, with what the copy of the history takes at the registry."""
        uid = history.uid or self._remembered.uid(write=False)
        try:
            after = history.record(self._plan, self._shelf, int(time.time()), failed=self._missing(result), pruned=False, uid=uid)
        except NotFound:
            return result
        document = published.document(self._plan, self._request.destination)
        return with_history(result, after, document) if after is not history else result

    def _missing(self, result: TransferResult) -> set[tuple[str, str]]:
        """Destination and digest of what did not arrive, or has no place there."""
        lost = {
            (image.placed.image.destination, image.placed.digest) for image in result.images if image.outcome in (FAILED, HELD, PENDING)
        }
        placed = {(entry.image.destination, entry.digest) for entry in self._placed}
        return lost | ({(image.destination, image.digest) for image in self._plan.images} - placed)


def _homes(history: History, destination: Destination) -> dict[str, str]:
    """A repository of the registry for each digest that is remembered to be there."""
    places = {path: destination.repository(path) for path in {entry.path for entry in history.associations} if destination.fits(path)}
    return {digest: places[path] for digest, path in history.repositories().items() if path in places}
