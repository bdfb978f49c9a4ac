# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Pruning: what earlier runs mirrored and the plan no longer names leaves the mirror (mirroring 5.1 to 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.stale import Marked, mark
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import FoundArchive, Unplanned, last_archive
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import wanted_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Deleting, DeletionRun, Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase


@dataclass(frozen=True)
class PruneRequest:
    """planning: where it is an archive, prune as after it was loaded.

    only_v1: prune nothing unless the plan comes from a v1alpha2 image set.
    after_mirroring: in check mode, predict what there is to prune once all that the plan names has been mirrored.
    """

    planning: PlanSource
    destination: Destination
    only_v1: bool = False
    after_mirroring: bool = False
    guards: Guards = Guards()

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


def prune(request: PruneRequest, environ: Mapping[str, str], check_mode: bool = False) -> DeletionRun:
    """Deletes what the plan no longer names; in check mode only lists it in `pruning-plan.json`, where users look for it.

    Only what the history says that we put there is looked at.  What cannot be deleted is in the failures.
    Raises InputError (limits, an empty plan, a pattern), NotFound (manifests that nobody knows), Locked, StorageError,
    Incompatible, and what the registry raises when it cannot be read: then nothing is deleted.
    """
    with session(request.workspace, request.planning.connections, "image_prune", environ, check_mode) as run:
        run.progress(Phase("plan"))
        planning = request.planning
        plan = _archived(request, run) if planning.archive else wanted_plan(planning, run.place, run.network)
        if request.only_v1 and plan.generation is not Generation.V1:
            return DeletionRun(check_mode)
        work = Deleting(run, request.destination, plan, request.guards, planning.parallel, environ)
        if not work.history.runs:
            return DeletionRun(check_mode)
        marked = mark(work.history, plan, work.shelf, arrived=check_mode and (request.after_mirroring or bool(planning.archive)))
        found = work.carry_out(marked.gone, marked.kept) if marked.gone else DeletionRun(check_mode)
        return replace(found, warnings=_undecided(marked))


def _archived(request: PruneRequest, run: Session) -> Plan:
    """The plan of the last archive; what its indexes hold is read from the archive as far as it has them."""
    registry = run.network.mirror(request.destination, writing=False)
    unplanned = Unplanned(run.place, request.planning.options, registry, request.destination)
    with last_archive(request.planning, unplanned) as last:
        _shelve(last, Shelf(run.place.manifests))
        return last.plan


def _shelve(archive: FoundArchive, shelf: Shelf) -> None:
    """Keeps the manifests that an archive holds."""
    for image in archive.plan.images:
        waiting = [image.digest]
        while waiting:
            digest = waiting.pop()
            if archive.holds(digest) and shelf.get(digest) is None:
                manifest = archive.store.fetch_manifest(image.source, digest)
                shelf.put(manifest)
                waiting += [child.digest for child in manifest.children]


def _undecided(marked: Marked) -> tuple[str, ...]:
    if not marked.undecided:
        return ()
    names = ", ".join(sorted({entry.name for entry in marked.undecided})[:3])
    return (
        f"Not named by the plan and left for now: {counted(len(marked.undecided), 'image')} ({names}). "
        "Planning failed in that part of the configuration, or what replaces it has not arrived.",
    )
