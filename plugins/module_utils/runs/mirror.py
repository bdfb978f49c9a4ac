# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A mirroring run: the images of a plan into a registry."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Dict, List, Mapping, Sequence, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import (
    PlanRequest,
    kept_plan,
    load_imageset,
    make_plan,
    read_plan,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.remembered import Remembered, at_destination, storage_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.results import keep_results
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.events import COPIED, FAILED, HELD, PENDING, Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult


@dataclass(frozen=True)
class MirrorRequest:
    """What to mirror, and where.

    planning: workspace, connections, and the configuration when one is given: then the plan is made first, in memory.
    plan: path of the plan otherwise; empty for the workspace's own.
    """

    planning: PlanRequest
    destination: Destination
    plan: str = ""
    options: TransferOptions = TransferOptions()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class MirrorRun:
    """failures: of the plan and of the transfer.  path: of the document with every image's result, empty in check mode."""

    plan: Plan
    result: TransferResult
    failures: Tuple[Failure, ...]
    warnings: Tuple[str, ...]
    path: str = ""

    @property
    def diff(self) -> Dict[str, str]:
        """The names that become, or would become, something else: what they are before and after."""
        before: List[str] = []
        after: List[str] = []
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
    with session(request.workspace, request.planning.connections, "image_mirror", environ, check_mode) as run:
        run.progress(Phase("plan"))
        return _carry_out(request, _plan(request, run), run)


def _plan(request: MirrorRequest, run: Session) -> Plan:
    planning = request.planning
    if planning.has_configuration:
        return make_plan(planning, load_imageset(planning), kept_plan(planning.workspace), run.place, run.network)
    return read_plan(request.plan or planning.workspace.plan)


def _carry_out(request: MirrorRequest, plan: Plan, run: Session) -> MirrorRun:
    placed, misplaced = place_images(plan, request.destination)
    run.progress.expect(len(placed))
    registry = run.network.mirror(request.destination, writing=not run.check_mode)
    registry.ping()
    shelf = Shelf(run.place.manifests)
    journal = Journal.open(request.workspace.journal, registry.name, writable=not run.check_mode)
    remembered = Remembered(request.workspace, str(request.destination), storage_of(plan), run.network.registry)
    history = remembered.load()
    # What is stale and not pruned yet is at hand too.
    journal.hint(_homes(history, request.destination))
    work = predict if run.check_mode else transfer
    # A catalog must not name what is not there.
    lacking = any(failure.category == "operator" for failure in (*plan.failures, *misplaced))
    options = replace(request.options, hold_catalogs=request.options.hold_catalogs or lacking)
    result = work(placed, run.network.upstream(run.place), registry, shelf, options, journal, run.progress, run.stop)
    failures = (*plan.failures, *misplaced, *result.failures)
    if run.check_mode:
        return MirrorRun(plan, result, failures, plan.warnings)
    journal.close(compact=result.complete)
    warnings = plan.warnings + result.warnings + _remember(request, plan, result, placed, run, registry, remembered, history)
    path = keep_results(request.workspace, plan, shelf, "mirror_to_mirror", str(request.destination), result, failures)
    return MirrorRun(plan, result, failures, warnings, path)


def _homes(history: History, destination: Destination) -> Dict[str, str]:
    """A repository of the registry for each digest that is remembered to be there."""
    places = {path: destination.repository(path) for path in {entry.path for entry in history.associations} if destination.fits(path)}
    return {digest: places[path] for digest, path in history.repositories().items() if path in places}


def _remember(
    request: MirrorRequest,
    plan: Plan,
    result: TransferResult,
    placed: Sequence[PlacedImage],
    run: Session,
    registry: Store,
    remembered: Remembered,
    history: History,
) -> Tuple[str, ...]:
    """Records in the history what arrived, here and at the registry; says so when that cannot be done."""
    if result.sharded:
        return ()
    missing = {(image.placed.image.destination, image.placed.digest) for image in result.images if image.outcome in (FAILED, HELD, PENDING)}
    there = {(image.image.destination, image.digest) for image in placed}
    missing |= {(image.destination, image.digest) for image in plan.images if (image.destination, image.digest) not in there}
    uid = history.uid or remembered.uid(write=True)
    try:
        after = history.record(plan, Shelf(run.place.manifests), int(time.time()), failed=missing, pruned=False, uid=uid)
    except NotFound as error:
        return (f"The history was not written, because not all manifests of the plan are in the workspace: {error}",)
    if not remembered.save(after):
        return ()
    try:
        at_destination(registry, request.destination).write(after.uid, after.document())
    except MirrorError as error:
        return (f"The registry did not take a copy of the history, so archives that build on this run cannot be loaded there: {error}",)
    return ()
