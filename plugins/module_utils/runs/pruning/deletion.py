# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What pruning and deleting from a list share: guards, limits, the record of what went (mirroring 5.3; user-needs P05, G09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Wishes
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate, candidates
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Deleted, Limits, delete, pruning_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.protection import Judgement, judge, protect_list
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.space import freed
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.stale import kept_images
from ansible_collections.disconnected.mirror.plugins.module_utils.report.records import CARRIED_OUT, LISTED, PREDICTED
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.clusters.info import used_by_clusters
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.kept import read_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.recorded import neighbours, remembered, update_copy
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal

# How much of a mirror may go at once unless the user says otherwise: an image set that lost its main part is stopped.
DEFAULT_PERCENT = 50


@dataclass(frozen=True)
class Guards:
    """protect: regular expressions of what stays.  keep_plans: paths of plans whose images stay, besides the plan itself.

    clusters: nothing that one of these runs goes.
    """

    protect: tuple[str, ...] = ()
    keep_plans: tuple[str, ...] = ()
    limits: Limits = Limits(percent=DEFAULT_PERCENT)
    clusters: tuple[Wishes, ...] = ()


@dataclass(frozen=True)
class DeletionRun:
    """judgement: what may go, what is spared and why, what is gone already.  deleted: what went; empty in check mode.

    freed: bytes that the registry can give back.  path: of the pruning plan, empty when there is none.
    left_alone: a sentence for each thing that was named and is not ours to delete.
    """

    check_mode: bool
    judgement: Judgement = Judgement((), ())
    deleted: Deleted = Deleted()
    freed: int = 0
    path: str = ""
    left_alone: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def gone(self) -> tuple[Candidate, ...]:
        """What was, or in check mode would be, deleted."""
        return self.judgement.doomed if self.check_mode else self.deleted.deleted

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.deleted.failures

    @property
    def changed(self) -> bool:
        return bool(self.gone)

    @property
    def diff(self) -> dict[str, str]:
        """`before` and `after`, as Ansible shows them; a line for each manifest that goes."""
        return {"before": "".join(sorted(f"{each.repository}@{each.digest} {each.origin}\n" for each in self.gone)), "after": ""}


class Deleting:
    """One deletion at one destination, from what is given up to the history."""

    def __init__(
        self, run: Session, destination: Destination, plan: Plan, guards: Guards, parallel: int, environ: Mapping[str, str]
    ) -> None:
        self.registry = run.network.mirror(destination, writing=not run.check_mode)
        self.shelf = Shelf(run.place.manifests)
        self._run = run
        self._destination = destination
        self._guards = guards
        self._parallel = parallel
        self._environ = environ
        self._remembered = remembered(run.workspace, destination, plan, run.network)
        self.history = self._remembered.load()

    def carry_out(self, gone: Sequence[Association], kept: Sequence[Association], known: Judgement = Judgement((), ())) -> DeletionRun:
        """Deletes what is given up and needed by nobody; in check mode lists it only.

        known: what was spared or absent beforehand.  Raises InputError (limits, a pattern), and what the registry raises
        when it cannot be read: then nothing is deleted.
        """
        protected = protect_list(self._guards.protect)
        kept = (*kept, *self._others())
        found = candidates(gone, kept, self._destination.repository)
        self._run.progress(Phase("judge"))
        # Where one does not answer, nothing is deleted.
        in_use = used_by_clusters(self._guards.clusters, self._environ) if found else {}
        judged = judge(found, self.registry, protected, self._parallel, in_use)
        judgement = Judgement(judged.doomed, (*known.spared, *judged.spared), (*known.absent, *judged.absent))
        space = freed(judgement.doomed, _needed(judgement, gone, kept), self.shelf, self.registry, self._parallel)
        # Until it is done, so that one that the limits stop, or that is killed, is not taken for it.
        path = self._list(judgement.doomed, PREDICTED if self._run.check_mode else LISTED)
        recorded = self._recorded()
        unrecorded = sum((each.repository, each.digest) not in recorded for each in judgement.doomed)
        self._guards.limits.require(len(judgement.doomed), len(recorded), unrecorded)
        deleted = Deleted()
        if not self._run.check_mode:
            self._run.progress(Phase("delete"))
            deleted = delete(judgement.doomed, self.registry, self._parallel)
            self._record(gone, kept, judgement, deleted)
            self._list(judgement.doomed, CARRIED_OUT, left=len(judgement.doomed) - len(deleted.deleted) - len(deleted.absent))
        return DeletionRun(self._run.check_mode, judgement, deleted, space, path)

    def _others(self) -> tuple[Association, ...]:
        """What other image sets need at the same destination."""
        found: list[Association] = list(neighbours(self.history.uid, self._destination, self.registry))
        for path in self._guards.keep_plans:
            found += kept_images(read_plan(path).images, self.history, self.shelf)
        return tuple(found)

    def _recorded(self) -> set[tuple[str, str]]:
        """Repository and digest of each manifest that is remembered there."""
        place = self._destination
        fitting = (entry for entry in self.history.associations if place.fits(entry.path))
        return {(place.repository(entry.path), digest) for entry in fitting for digest in (entry.id, *entry.manifests)}

    def _list(self, doomed: Sequence[Candidate], state: str, left: int = 0) -> str:
        """Writes `pruning-plan.json`, in check mode as well: it is what check mode is for.

        What an earlier run listed stays until something else is listed, as the record of what went.  left: how many stayed
        although they were to go.
        """
        if not doomed:
            return ""
        path = self._run.workspace.pruning_plan
        files.write_json(path, {**pruning_plan(self._destination.host, doomed), "state": state, "left": left})
        return path

    def _record(self, gone: Sequence[Association], kept: Sequence[Association], judgement: Judgement, deleted: Deleted) -> None:
        """The history forgets images of which nothing is left; the others are candidates again next time."""
        self._forget(deleted)
        left = {(spared.candidate.repository, spared.candidate.digest) for spared in judgement.spared}
        left |= {(candidate.repository, candidate.digest) for candidate in judgement.doomed}
        left -= {(candidate.repository, candidate.digest) for candidate in (*deleted.deleted, *deleted.absent)}
        place = self._destination.repository
        names = {(place(entry.path), entry.id, tag) for entry in kept for tag in entry.tags}
        needed = {(place(entry.path), entry.id) for entry in kept}

        def lingers(entry: Association) -> bool:
            """Some of it is there, or a tag of it on what others need: nobody else would know whose it is."""
            here = place(entry.path)
            tagged = (here, entry.id) in needed and any((here, entry.id, tag) not in names for tag in entry.tags)
            return tagged or any((here, digest) in left for digest in (entry.id, *entry.manifests))

        after = self.history.without({entry.key for entry in gone if not lingers(entry)})
        if after != self.history:
            self._remembered.save(after)
            update_copy(self.registry, self._destination, after)

    def _forget(self, deleted: Deleted) -> None:
        """Later runs do not believe that what was deleted is there."""
        journal = Journal.open(self._run.workspace.journal, self.registry.name)
        for candidate in (*deleted.deleted, *deleted.absent):
            journal.forget_image(candidate.repository, candidate.digest)
        journal.close()


def _needed(judgement: Judgement, gone: Sequence[Association], kept: Sequence[Association]) -> set[str]:
    """Digests of everything that stays, with the content of what is spared."""
    needed = {digest for entry in kept for digest in entry.digests}
    spared = {spared.candidate.digest for spared in judgement.spared}
    return needed.union(*(entry.digests for entry in gone if entry.id in spared))
