# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Pruning: what earlier runs mirrored and the plan no longer names leaves the mirror (mirroring 5.1 to 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Set, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history import Association, History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate, candidates
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Deleted, Limits, delete, pruning_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.protection import Judgement, judge, protect_list
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.space import freed
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.stale import Marked, kept_images, mark
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import PlanRequest, kept_plan, load_imageset, make_plan, read_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.recorded import neighbours, remembered, update_copy
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.events import Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.journal import Journal

# How much of a mirror may go at once unless the user says otherwise: an image set that lost its main part is stopped.
DEFAULT_PERCENT = 50


@dataclass(frozen=True)
class Guards:
    """protect: regular expressions of what stays.  keep_plans: paths of plans whose images stay, besides the plan itself."""

    protect: Tuple[str, ...] = ()
    keep_plans: Tuple[str, ...] = ()
    limits: Limits = Limits(percent=DEFAULT_PERCENT)


@dataclass(frozen=True)
class PruneRequest:
    """planning, plan: as for a mirroring run.  only_v1: prune nothing unless the plan comes from a v1alpha2 image set."""

    planning: PlanRequest
    destination: Destination
    plan: str = ""
    only_v1: bool = False
    guards: Guards = Guards()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class PruneRun:
    """judgement: what may go, what is spared and why, what is gone already.  deleted: what went; empty in check mode.

    freed: bytes that the registry can give back.  path: of the pruning plan, empty when there is none.
    """

    judgement: Judgement = Judgement((), ())
    deleted: Deleted = Deleted()
    freed: int = 0
    path: str = ""
    check_mode: bool = False
    failures: Tuple[Failure, ...] = ()
    warnings: Tuple[str, ...] = ()

    @property
    def gone(self) -> Tuple[Candidate, ...]:
        """What was, or in check mode would be, deleted."""
        return self.judgement.doomed if self.check_mode else self.deleted.deleted

    @property
    def changed(self) -> bool:
        return bool(self.gone)

    @property
    def diff(self) -> Dict[str, str]:
        return {"before": "".join(sorted(_line(candidate) for candidate in self.gone)), "after": ""}


def prune(request: PruneRequest, environ: Mapping[str, str], check_mode: bool = False) -> PruneRun:
    """Deletes what the plan no longer names; in check mode only lists it in `pruning-plan.json`, where users look for it.

    Only what the workspace's history says that we put there is looked at.  What cannot be deleted is in the failures.
    Raises InputError (limits, an empty plan, a pattern), NotFound (manifests that nobody knows), Locked, StorageError,
    Incompatible, and what the registry raises when it cannot be read: then nothing is deleted.
    """
    with session(request.workspace, request.planning.connections, "image_prune", environ, check_mode) as run:
        run.progress(Phase("plan"))
        plan = find_plan_of(request.planning, request.plan, run)
        if request.only_v1 and plan.config.get("apiVersion") != Generation.V1.api_version:
            return PruneRun(check_mode=check_mode)
        return _Pruning(request, plan, run).run()


def find_plan_of(planning: PlanRequest, path: str, run: Session) -> Plan:
    """Made in memory when a configuration is given, else read."""
    if planning.has_configuration:
        return make_plan(planning, load_imageset(planning), kept_plan(planning.workspace), run.place, run.network)
    return read_plan(path or planning.workspace.plan)


class _Pruning:
    """One pruning, from the history to the history."""

    def __init__(self, request: PruneRequest, plan: Plan, run: Session) -> None:
        self._request = request
        self._plan = plan
        self._run = run
        self._shelf = Shelf(run.place.manifests)
        self._parallel = request.planning.parallel
        self._remembered = remembered(request.workspace, request.destination, plan, run.network)
        self._history = self._remembered.load()
        self._registry = run.network.mirror(request.destination, writing=not run.check_mode)

    def run(self) -> PruneRun:
        if not self._history.runs:
            return PruneRun(check_mode=self._run.check_mode)
        marked = mark(self._history, self._plan, self._shelf)
        if not marked.gone:
            return PruneRun(check_mode=self._run.check_mode, warnings=_undecided(marked))
        place = self._request.destination.repository
        kept = (*marked.kept, *self._others())
        found = candidates(marked.gone, kept, place)
        self._run.progress(Phase("judge"))
        judgement = judge(found, self._registry, protect_list(self._request.guards.protect), self._parallel)
        space = freed(judgement.doomed, self._needed(judgement, marked, kept), self._shelf, self._registry, self._parallel)
        path = write_pruning_plan(self._request.workspace, self._request.destination, judgement.doomed)
        self._request.guards.limits.require(len(judgement.doomed), known_manifests(self._history))
        deleted = Deleted()
        if not self._run.check_mode:
            self._run.progress(Phase("delete"))
            deleted = delete(judgement.doomed, self._registry, self._parallel)
            forget(self._request.workspace, self._registry, deleted)
            self._record(marked, judgement, deleted)
        return PruneRun(judgement, deleted, space, path, self._run.check_mode, deleted.failures, _undecided(marked))

    def _others(self) -> Tuple[Association, ...]:
        """What other image sets need at the same destination."""
        found: List[Association] = list(neighbours(self._history.uid, self._request.destination, self._registry))
        for path in self._request.guards.keep_plans:
            found += kept_images(read_plan(path).images, self._history, self._shelf)
        return tuple(found)

    def _needed(self, judgement: Judgement, marked: Marked, kept: Sequence[Association]) -> Set[str]:
        """Digests of everything that stays, with the content of what is spared."""
        needed = {digest for entry in kept for digest in entry.digests}
        spared = {spared.candidate.digest for spared in judgement.spared}
        return needed.union(*(entry.digests for entry in marked.gone if entry.id in spared))

    def _record(self, marked: Marked, judgement: Judgement, deleted: Deleted) -> None:
        """The history forgets images of which nothing is left; the others are candidates again next time."""
        place = self._request.destination.repository
        left = {(spared.candidate.repository, spared.candidate.digest) for spared in judgement.spared}
        left |= {(candidate.repository, candidate.digest) for candidate in judgement.doomed}
        left -= {(candidate.repository, candidate.digest) for candidate in (*deleted.deleted, *deleted.absent)}
        gone = {entry.key for entry in marked.gone if not any((place(entry.path), digest) in left for digest in (entry.id, *entry.manifests))}
        after = self._history.without(gone)
        self._remembered.save(after)
        update_copy(self._registry, self._request.destination, after)


def write_pruning_plan(workspace: Workspace, destination: Destination, doomed: Sequence[Candidate]) -> str:
    """Writes `pruning-plan.json`, in check mode as well: it is what check mode is for.  Empty when there is nothing to list.

    What an earlier run listed stays until something else is listed, as the record of what went.
    """
    if not doomed:
        return ""
    files.write_json(workspace.pruning_plan, pruning_plan(destination.host, doomed))
    return workspace.pruning_plan


def known_manifests(history: History) -> int:
    return len({(entry.path, digest) for entry in history.associations for digest in (entry.id, *entry.manifests)})


def forget(workspace: Workspace, registry: Store, deleted: Deleted) -> None:
    """Later runs do not believe that what was deleted is there.  Raises StorageError."""
    journal = Journal.open(workspace.journal, registry.name)
    for candidate in (*deleted.deleted, *deleted.absent):
        journal.forget_image(candidate.repository, candidate.digest)
    journal.close()


def _undecided(marked: Marked) -> Tuple[str, ...]:
    if not marked.undecided:
        return ()
    names = ", ".join(sorted({entry.name for entry in marked.undecided})[:3])
    return (
        f"{len(marked.undecided)} images that the plan does not name stay for now ({names}): "
        "planning failed in their part of the configuration, or what replaces them has not arrived.",
    )


def _line(candidate: Candidate) -> str:
    return f"{candidate.repository}@{candidate.digest} {candidate.origin}\n"
