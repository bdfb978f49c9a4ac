# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A planning run: from a configuration to the plan, in the workspace or in memory."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import PlanOptions, build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import Diff, before_and_after, diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.explain import Explanation, explain
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import Forecast, forecast
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import stored_size
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.replay import replay
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.unselected import filters_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.chart_files import chart_files
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.changes import keep_changes
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.ended import reported
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.handed import hand_on, take_over
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import (
    expected_plan,
    is_complete,
    keep_plan,
    kept_plan,
    known_plan,
    latest_plan,
    read_plan,
    restored,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.pinned_configurations import keep_pinned
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.published import document, taken
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import Remembered, storage_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Network
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.working_place import working_place
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import arrange
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_export import pack
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase, Retried
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress


@dataclass(frozen=True)
class Target:
    """history: whose history counts, `docker://host/namespace` or `remembered.ARCHIVES`; empty for none.  archive: goes into one."""

    history: str = ""
    archive: bool = False


@dataclass(frozen=True)
class PlanRun:
    """changed: whether the plan of the workspace became, or would become, another one.  before: its last complete one, None for none.

    complete: whether nothing failed but what may.  difference: to `before`.
    forecast: bytes of the plan, less what the history says is at the destination.
    handed: path of what was written for other hosts, empty for nothing.
    """

    plan: Plan
    before: Plan | None
    changed: bool
    complete: bool
    difference: Diff
    forecast: Forecast = Forecast(0, 0, 0, 0, 0)
    explanations: tuple[Explanation, ...] = ()
    handed: str = ""

    @property
    def diff(self) -> dict[str, str]:
        return before_and_after(self.before, self.plan)


def plan_imageset(
    source: PlanSource,
    environ: Mapping[str, str],
    check_mode: bool = False,
    target: Target = Target(),
    questions: Sequence[str] = (),
    reach: Destination | None = None,
    hands_on: bool = False,
) -> PlanRun:
    """Makes the plan and keeps it in the workspace.  In check mode nothing is written.

    target: where the plan is to go, for the forecast.  questions: for `planning.explain`.
    reach: a registry that has to answer and let us in before planning begins; raises what any request raises.
    hands_on: write the plan for other hosts, too; in check mode where a place for the steps of the check is given.
    Raises InputError (the configuration), Locked, Unsupported, StorageError, Cancelled.
    """
    imageset = source.load() if source.has_configuration else None
    progress = Progress("" if check_mode else source.workspace.status)
    network = source.connections.open(environ, lambda host, reason, delay: progress(Retried(host, reason, delay)))
    progress.watch(network.waiting)
    network.tell = progress.planned
    try:
        with working_place(source.workspace, "imageset_plan", check_mode) as (place, _lost), stopped_by_signals(
            lambda reason: network.cancel()
        ):
            progress(Phase("plan"))
            if reach is not None:
                with reported(source.workspace, "mirror_to_mirror", str(reach), check_mode):
                    network.mirror(reach, writing=False).ping()
            run = _planned(source, imageset, place, network)
            if hands_on and (not check_mode or source.workspace.stand_in):
                hand_on(run.plan, place, place.handed_plan)
                run = replace(run, handed=place.handed_plan)
            return replace(
                run,
                forecast=_forecast(source, run.plan, place, network, target),
                explanations=_explanations(run.plan, questions, place, network),
            )
    finally:
        network.close()


def _explanations(plan: Plan, questions: Sequence[str], place: Workspace, network: Network) -> tuple[Explanation, ...]:
    kept = Kept(network.upstream(place), place)
    filters = filters_of(plan, plan.imageset.operators, kept) if questions and plan.catalogs else ()
    return tuple(explain(plan, question, Shelf(place.manifests), filters) for question in questions)


def _planned(source: PlanSource, imageset: ImageSet | None, place: Workspace, network: Network) -> PlanRun:
    """Makes the plan and keeps it in `place`, with what it changed."""
    before = kept_plan(source.workspace)
    plan = make_plan(source, imageset, before, place, network)
    # What is replayed is the latest from now on, whatever was planned since.
    complete = is_complete(plan, source.allow_failures) or (source.locked and os.path.exists(source.workspace.plan))
    changed = keep_plan(plan, source.workspace, place, complete)
    if complete:
        keep_pinned(place, plan, time.time())
    difference = diff(before, plan, Shelf(place.manifests)) if changed else Diff()
    if changed and before is not None:
        keep_changes(place, plan, difference)
    return PlanRun(plan, before, changed, complete, difference)


def _forecast(source: PlanSource, plan: Plan, place: Workspace, network: Network, target: Target) -> Forecast:
    """By what earlier runs brought to the same place; without a place, of the whole plan."""
    shelf = Shelf(place.manifests)
    if not target.history:
        return forecast(plan, shelf)
    remembered = Remembered(source.workspace, target.history, storage_of(plan), network.registry)
    history = remembered.load()
    uid = history.uid or remembered.uid(write=False)
    step = history.next(plan, shelf)
    found = forecast(plan, shelf, history, step)
    if target.archive:
        size = plan.imageset.archive_bytes
        packing = pack(plan, shelf, history, size, uid, extra=_charts(plan, place))
        return replace(found, ship=0 if packing.empty else sum(arrange(packing.contents).sizes))
    after = history.recorded(step, plan.config, int(time.time()), pruned=False, uid=uid)
    if after is history:
        return found
    kept = document(plan, Destination.parse(target.history))
    return replace(found, ship=found.ship + stored_size(after.document()) + stored_size(kept))


def _charts(plan: Plan, place: Workspace) -> dict[str, bytes]:
    """A forecast does without charts that a replayed plan has and this workspace lacks; the run that needs them says so."""
    try:
        return chart_files(plan, place)
    except NotFound:
        return {}


def make_plan(source: PlanSource, imageset: ImageSet | None, before: Plan | None, place: Workspace, network: Network) -> Plan:
    """The plan itself; manifests are kept in `place`, nothing else is written.

    imageset: None for whatever is replayed, or what a mirror holds.
    Raises InputError (no plan to replay, or it cannot be replayed any more), and what planning raises.
    """
    context = Context(network.upstream(place), place, source.options, source.parallel, fetch=network.fetch, tell=network.tell)
    if source.handed:
        return _handed(take_over(source.handed, place), context)
    if source.source_mirror and not source.locked:
        return _taken(source, imageset, context, network)
    if not source.locked and imageset is not None:
        return build_plan(
            imageset, context, previous=known_plan(source.workspace), options=PlanOptions(source.signatures, now=int(time.time()))
        )
    if before is None:
        raise InputError("there is no plan to replay", subject=source.workspace.plan, advice="Make a plan without locked first.")
    restored(before, place, source.workspace.plan)
    failures: tuple[Failure, ...] = tuple(replay(before, imageset or before.imageset, context))
    if failures:
        raise _locked(failures)
    return before


def _handed(plan: Plan, context: Context) -> Plan:
    """As another host made it; only what did not come with it is read, by digest."""
    failures = tuple(replay(plan, plan.imageset, context))
    if failures:
        raise _locked(failures)
    return plan


def _taken(source: PlanSource, imageset: ImageSet | None, context: Context, network: Network) -> Plan:
    """By the plan of another mirror, which must hold all of it."""
    mirror = Destination.parse(source.source_mirror)
    plan = taken(network.source(mirror.host), mirror, imageset)
    failures = tuple(replay(plan, plan.imageset, context))
    if failures:
        raise _locked(tuple(replace(failure, advice="Verify and repair that mirror first.") for failure in failures))
    return plan


def wanted_plan(source: PlanSource, place: Workspace, network: Network) -> Plan:
    """The plan that a later step works with: made in memory when a configuration is given, else read from a file, or the latest kept.

    Raises InputError (no such plan), Incompatible, StorageError, and what planning raises.
    """
    if source.has_configuration:
        return make_plan(source, source.load(), kept_plan(source.workspace), place, network)
    if source.path:
        return restored(read_plan(source.path), place, source.path)
    return restored(_found(latest_plan, source.workspace, place), place, source.workspace.plan)


def carried_plan(source: PlanSource, place: Workspace, network: Network) -> Plan:
    """`wanted_plan` for a step that carries it out: what it made is kept for the steps that come after.  Raises the same."""
    if not source.has_configuration:
        return wanted_plan(source, place, network)
    return _planned(source, source.load(), place, network).plan


def expected(source: PlanSource, place: Workspace, network: Network) -> Plan:
    """`wanted_plan` for a step that looks at what a mirror holds (`kept.expected_plan`).  Raises the same."""
    if source.path or source.has_configuration:
        return wanted_plan(source, place, network)
    return restored(_found(expected_plan, source.workspace, place), place, source.workspace.plan)


def _found(find: Callable[[Workspace], Plan | None], workspace: Workspace, place: Workspace) -> Plan:
    """What was planned in check mode goes before what the workspace keeps.  Raises InputError when there is neither."""
    return find(place) or find(workspace) or read_plan(workspace.plan)


def find_plan(source: PlanSource, place: Workspace, environ: Mapping[str, str]) -> Plan:
    """`expected` for a step that needs no network of its own."""
    network = source.connections.open(environ, lambda host, reason, delay: None)
    try:
        with stopped_by_signals(lambda reason: network.cancel()):
            return expected(source, place, network)
    finally:
        network.close()


def _locked(failures: tuple[Failure, ...]) -> MirrorError:
    first = failures[0]
    more = f" ({len(failures) - 1} more like this)" if len(failures) > 1 else ""
    return InputError(f"{first.message}{more}", subject=first.subject, advice=first.advice)
