# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Verifying a mirror against its plan, and pushing again what is missing (user-needs P31, B08)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import Unplanned, opened_archives
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import expected
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.recorded import neighbours, remembered, update_copy
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.repair import Repair, Repaired
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session, session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.first_of import Several
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import Finding, Verification
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.rewriting import lines
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import CONTENT, MANIFESTS, Part, verify


@dataclass(frozen=True)
class VerifyRequest:
    """level, part: how closely, and which share of the contents.

    ignore: kinds of findings that do not count.  repair: push again what is missing, from `archive` (a folder of volumes or
    one of them) or else from the sources.  replace_corrupt: delete what is corrupt, with the manifests that lead to it, before
    it is pushed again, where writing over it did not mend it.  trusted: keys that must have signed the archive.
    """

    planning: PlanSource
    destination: Destination
    level: str = MANIFESTS
    part: Part = Part()
    ignore: frozenset[str] = frozenset()
    repair: bool = False
    replace_corrupt: bool = False
    archive: str = ""
    trusted: TrustedKeys | None = None

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace


@dataclass(frozen=True)
class VerifyRun:
    """found: the first look.  left: what is still wrong in the end; the same as `found` without repair and in check mode.

    catalogs: for each catalog of the plan its images, and how many of them are harmed.
    repair: what was, or in check mode would be, mended.
    path: of the whole report, empty in check mode.
    """

    found: Verification
    left: Verification
    catalogs: tuple[dict[str, Any], ...] = ()
    repair: Repaired | None = None
    failures: tuple[Failure, ...] = ()
    path: str = ""

    @property
    def repaired(self) -> TransferResult | None:
        """What was missing and was moved."""
        return self.repair.moved if self.repair else None

    @property
    def replaced(self) -> tuple[str, ...]:
        return lines(self.repair.removed) if self.repair else ()

    @property
    def mended(self) -> int:
        """How many images are whole again; in check mode, of how many something would be pushed."""
        if self.repair is not None and self.left == self.found:
            return max(self.repaired.count(COPIED) if self.repaired else 0, self.repair.writes)
        return len(_harmed(self.found) - _harmed(self.left))

    @property
    def changed(self) -> bool:
        moved = self.repaired is not None and self.repaired.changed
        written = bool(self.repair and self.repair.writes and self.left == self.found)
        return moved or written or bool(self.replaced) or set(self.left.findings) != set(self.found.findings)

    @property
    def diff(self) -> dict[str, str]:
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
        plan = expected(request.planning, run.place, run.network)
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
        self._run.progress.expect(self._placed)
        known = self._known_tags()
        found = self._look(self._placed, self._request.level, known)
        repaired = Repaired(found)
        if self._request.repair and any(finding.origins for finding in found.findings):
            repaired = self._repair(found, known)
        catalogs = _catalogs(self._plan, self._placed, repaired.left.findings)
        failures = (*self._plan.failures, *self._misplaced, *repaired.failures)
        if not self._run.check_mode and repaired.moved is not None:
            self._remember(repaired.left)
        path = self._keep(repaired.left, catalogs, failures)
        return VerifyRun(found, repaired.left, catalogs, repaired, failures, path)

    def _look(self, placed: Sequence[PlacedImage], level: str, known: Mapping[str, set[str]]) -> Verification:
        parallel = self._request.planning.parallel
        result = verify(placed, self._registry, level, self._request.part, known, parallel, self._run.stop)
        return replace(result, findings=tuple(finding for finding in result.findings if finding.kind not in self._request.ignore))

    def _known_tags(self) -> dict[str, set[str]]:
        """Tags that are in no plan of today and nobody's but ours: earlier sequences, other image sets."""
        destination = self._request.destination
        history = remembered(self._request.workspace, destination, self._plan, self._run.network).load()
        known: dict[str, set[str]] = {}
        for entry in (*history.associations, *neighbours(history.uid, destination, self._registry)):
            if destination.fits(entry.path):
                known.setdefault(destination.repository(entry.path), set()).update(entry.tags)
        return known

    def _repair(self, found: Verification, known: Mapping[str, set[str]]) -> Repaired:
        request = self._request
        tags = {name: set(names) for name, names in known.items()}
        for entry in self._placed:
            tags.setdefault(entry.repository, set()).update(entry.tags)

        def look(placed: Sequence[PlacedImage]) -> Verification:
            return self._look(placed, request.level, tags)

        with self._source() as source:
            parallel = request.planning.parallel
            repair = Repair(self._run, self._placed, source, self._registry, look, parallel, request.replace_corrupt)
            return repair.predict(found) if self._run.check_mode else repair.mend(found)

    def _remember(self, left: Verification) -> None:
        """What is whole now is there from now on, for archives that build on it and for pruning."""
        if not left.complete:
            return
        memory = remembered(self._request.workspace, self._request.destination, self._plan, self._run.network)
        history = memory.load()
        harmed = {(finding.repository, origin) for finding in left.findings for origin in finding.origins}
        whole = {(entry.image.destination, entry.digest) for entry in self._placed if (entry.repository, entry.image.origin) not in harmed}
        step = history.next(self._plan, Shelf(self._run.place.manifests))
        after = history.arrived(entry for entry in step.fresh if (entry.path, entry.id) in whole)
        if after != history and memory.save(after):
            update_copy(self._registry, self._request.destination, after)

    @contextmanager
    def _source(self) -> Iterator[Store]:
        request, place = self._request, self._run.place
        if not request.archive:
            yield self._run.network.upstream(place)
            return
        unplanned = Unplanned(place, request.planning.options, self._registry, request.destination)
        with opened_archives(request.archive, unplanned, request.trusted, request.planning.parallel) as archives:
            yield Several([archive.store for archive in reversed(archives)])

    def _keep(self, verification: Verification, catalogs: Sequence[Mapping[str, Any]], failures: Sequence[Failure]) -> str:
        """The whole truth, in the results.  What could not be planned was not looked at, so that nothing calls it clean."""
        if self._run.check_mode:
            return ""
        path = self._request.workspace.verification
        request = self._request
        document = {
            "destination": str(request.destination),
            "level": request.level,
            "part": asdict(request.part) if request.level == CONTENT else None,
            "ignored": sorted(request.ignore),
            "catalogs": list(catalogs),
        }
        found = verification.document()
        told = {"clean": found["clean"] and not failures, "failures": [failure.document() for failure in failures]}
        files.write_json(path, {**document, **found, **told})
        return path


def _catalogs(plan: Plan, placed: Sequence[PlacedImage], findings: Sequence[Finding]) -> tuple[dict[str, Any], ...]:
    """Each catalog with all that it leads to: an operator can be installed when nothing of it is harmed."""
    harmed = {(finding.repository, origin) for finding in findings for origin in finding.origins}
    members: dict[str, list[PlacedImage]] = {}
    for entry in placed:
        for owner in entry.owners:
            members.setdefault(owner, []).append(entry)
    catalogs = []
    for _owner, images in sorted(members.items()):
        roots = [entry for entry in images if entry.is_catalog]
        if roots:
            broken = sum((entry.repository, entry.image.origin) in harmed for entry in images)
            catalogs.append({"catalog": roots[0].image.origin, "images": len(images), "harmed": broken})
    return tuple(catalogs)


def _harmed(verification: Verification) -> set[tuple[str, str]]:
    return {(finding.repository, origin) for finding in verification.findings for origin in finding.origins}


def _line(finding: Finding) -> str:
    return f"{finding.kind} {finding.repository} {finding.name}\n"
