# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Verifying a mirror against its plan, and pushing again what is missing (user-needs P31, B08)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Dict, FrozenSet, Iterator, List, Mapping, Optional, Sequence, Set, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archives import Unplanned, opened_archives
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import PlanRequest, expected
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.recorded import neighbours, remembered
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.first_of import Several
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import Finding, Verification, repairs
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import BLOBS, CONTENT, MANIFESTS, Part, verify


@dataclass(frozen=True)
class VerifyRequest:
    """planning, plan: as for a mirroring run.  level, part: how closely, and which share of the contents.

    ignore: kinds of findings that do not count.  repair: push again what is missing, from `archive` (a folder of volumes or
    one of them) or else from the sources.  trusted: keys that must have signed the archive.
    """

    planning: PlanRequest
    destination: Destination
    plan: str = ""
    level: str = MANIFESTS
    part: Part = Part()
    ignore: FrozenSet[str] = frozenset()
    repair: bool = False
    archive: str = ""
    trusted: Optional[TrustedKeys] = None

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class VerifyRun:
    """found: the first look.  left: what is still wrong in the end; the same as `found` without repair and in check mode.

    catalogs: for each catalog of the plan its images, and how many of them are harmed.
    repaired: what the repair moved, or in check mode would move; None without.  path: of the whole report, empty in check mode.
    """

    found: Verification
    left: Verification
    catalogs: Tuple[Dict[str, Any], ...] = ()
    repaired: Optional[TransferResult] = None
    failures: Tuple[Failure, ...] = ()
    path: str = ""

    @property
    def changed(self) -> bool:
        return self.repaired is not None and self.repaired.changed

    @property
    def diff(self) -> Dict[str, str]:
        """What is, or would be, mended."""
        after = {_line(finding) for finding in self.left.findings}
        before = [_line(finding) for finding in self.found.findings]
        return {"before": "".join(before), "after": "".join(line for line in before if line in after)}


def verify_mirror(request: VerifyRequest, environ: Mapping[str, str], check_mode: bool = False) -> VerifyRun:
    """Looks whether the mirror holds exactly what the plan says, and repairs on request; in check mode says what that would take.

    Raises InputError, Locked, StorageError, Incompatible, CorruptContent (the archive), and what the registry raises when it
    does not answer or let us in at all.
    """
    with session(request.workspace, request.planning.connections, "mirror_verify", environ, check_mode) as run:
        run.progress(Phase("plan"))
        plan = expected(request.planning, request.plan, run.place, run.network)
        return _Verifying(request, plan, run).run()


class _Verifying:
    """One verification, with the repair."""

    def __init__(self, request: VerifyRequest, plan: Plan, run: Session) -> None:
        self._request = request
        self._plan = plan
        self._run = run
        self._placed, self._misplaced = place_images(plan, request.destination)
        self._registry = run.network.mirror(request.destination, writing=request.repair and not run.check_mode)

    def run(self) -> VerifyRun:
        self._registry.ping()
        self._run.progress(Phase("verify"))
        self._run.progress.expect(len(self._placed))
        known = self._known_tags()
        found = self._look(self._placed, self._request.level, known)
        left = found
        broken = repairs(found.findings, self._placed)
        repaired: Optional[TransferResult] = None
        if self._request.repair and broken:
            repaired = self._repair(broken)
            if not self._run.check_mode:
                left = self._look_again(found, broken, known)
        catalogs = _catalogs(self._plan, self._placed, left.findings)
        failures = (*self._plan.failures, *self._misplaced, *(repaired.failures if repaired else ()))
        return VerifyRun(found, left, catalogs, repaired, failures, self._keep(left, catalogs))

    def _look(self, placed: Sequence[PlacedImage], level: str, known: Mapping[str, Set[str]]) -> Verification:
        parallel = self._request.planning.parallel
        result = verify(placed, self._registry, level, self._request.part, known, parallel, self._run.stop)
        return replace(result, findings=tuple(finding for finding in result.findings if finding.kind not in self._request.ignore))

    def _look_again(self, found: Verification, broken: Sequence[PlacedImage], known: Mapping[str, Set[str]]) -> Verification:
        """At the images that were pushed again; what was not repairable is still as it was."""
        level = BLOBS if self._request.level == CONTENT else self._request.level
        tags = {name: set(names) for name, names in known.items()}
        for entry in self._placed:
            tags.setdefault(entry.repository, set()).update(entry.tags)
        again = self._look(broken, level, tags)
        places = {(finding.repository, finding.kind, finding.name) for finding in found.findings if not finding.repairable}
        stays = [finding for finding in found.findings if not finding.repairable]
        stays += [finding for finding in again.findings if (finding.repository, finding.kind, finding.name) not in places]
        return replace(found, findings=tuple(sorted(stays)), complete=found.complete and again.complete)

    def _known_tags(self) -> Dict[str, Set[str]]:
        """Tags that are in no plan of today and nobody's but ours: earlier sequences, other image sets."""
        destination = self._request.destination
        history = remembered(self._request.workspace, destination, self._plan, self._run.network).load()
        known: Dict[str, Set[str]] = {}
        for entry in (*history.associations, *neighbours(history.uid, destination, self._registry)):
            if destination.fits(entry.path):
                known.setdefault(destination.repository(entry.path), set()).update(entry.tags)
        return known

    def _repair(self, broken: Sequence[PlacedImage]) -> TransferResult:
        """The engine at its deep level moves what is missing, and nothing else."""
        self._run.progress(Phase("repair"))
        check_mode = self._run.check_mode
        options = TransferOptions(level=DEEP, parallel=self._request.planning.parallel)
        journal = Journal.open(self._request.workspace.journal, self._registry.name, writable=not check_mode)
        for entry in broken:
            journal.forget_image(entry.repository, entry.digest)
        work = predict if check_mode else transfer
        shelf = Shelf(self._run.place.manifests)
        try:
            with self._source() as source:
                return work(broken, source, self._registry, shelf, options, journal, self._run.progress, self._run.stop)
        finally:
            journal.close()

    @contextmanager
    def _source(self) -> Iterator[Store]:
        request, place = self._request, self._run.place
        if not request.archive:
            yield self._run.network.upstream(place)
            return
        unplanned = Unplanned(place, request.planning.options, self._registry, request.destination)
        with opened_archives(request.archive, unplanned, request.trusted, request.planning.parallel) as archives:
            yield Several([archive.store for archive in reversed(archives)])

    def _keep(self, verification: Verification, catalogs: Sequence[Mapping[str, Any]]) -> str:
        """The whole truth, in the results."""
        if self._run.check_mode:
            return ""
        path = self._request.workspace.verification
        document = {"destination": str(self._request.destination), "level": self._request.level, "catalogs": list(catalogs)}
        files.write_json(path, {**document, **verification.document()})
        return path


def _catalogs(plan: Plan, placed: Sequence[PlacedImage], findings: Sequence[Finding]) -> Tuple[Dict[str, Any], ...]:
    """Each catalog with all that it leads to: an operator can be installed when nothing of it is harmed."""
    harmed = {(finding.repository, origin) for finding in findings for origin in finding.origins}
    members: Dict[str, List[PlacedImage]] = {}
    for entry in placed:
        for owner in entry.owners:
            members.setdefault(owner, []).append(entry)
    catalogs = []
    for owner, images in sorted(members.items()):
        roots = [entry for entry in images if entry.is_catalog]
        if roots:
            broken = sum((entry.repository, entry.image.origin) in harmed for entry in images)
            catalogs.append({"catalog": roots[0].image.origin, "images": len(images), "harmed": broken})
    return tuple(catalogs)


def _line(finding: Finding) -> str:
    return f"{finding.kind} {finding.repository} {finding.name}\n"
