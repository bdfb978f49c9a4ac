# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Mending what a verification found: write over what is wrong, push what is missing, and look at it again as closely as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.session import Session
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.content import ManifestReader
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import predict, transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import COPIED, Phase
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import CORRUPT, REWRITABLE, Finding, Verification, repairs
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.rewriting import Removal, Rewriting

Look = Callable[[Sequence[PlacedImage]], Verification]


@dataclass(frozen=True)
class Repaired:
    """left: what is still wrong.  moved: of what was missing; None for nothing.  blobs, size: that were written, moved ones included.
    removed: what was, or would be, deleted before.

    failures: what hindered the repair of what is still wrong.  writes: of how many images something was, or would be, written over.
    """

    left: Verification
    moved: TransferResult | None = None
    blobs: int = 0
    size: int = 0
    removed: tuple[Removal, ...] = ()
    failures: tuple[Failure, ...] = ()
    writes: int = 0


class Repair:
    """placed: all images.  look: verifies some of them as closely as they were verified before.

    removes: delete what is corrupt where writing over it does not mend it.
    """

    def __init__(
        self, run: Session, placed: Sequence[PlacedImage], source: Store, registry: Store, look: Look, parallel: int, removes: bool
    ) -> None:
        self._run = run
        self._placed = placed
        self._source = source
        self._registry = registry
        self._look = look
        self._parallel = parallel
        self._removes = removes
        self._shelf = Shelf(run.place.manifests)
        self._failures: list[Failure] = []
        self._blobs = 0
        self._size = 0

    def predict(self, found: Verification) -> Repaired:
        """What `mend` would do, by reading only."""
        corrupt = [finding for finding in found.findings if finding.kind in CORRUPT] if self._removes else []
        removed = self._rewriting(corrupt).removals()
        moved = self._push(repairs(found.findings, self._placed))
        writes = len(repairs(found.findings, self._placed, REWRITABLE))
        return Repaired(found, moved, self._blobs, self._size, removed, writes=writes)

    def mend(self, found: Verification) -> Repaired:
        """Raises what the registry raises when it does not answer."""
        self._run.progress(Phase("repair"))
        self._write(self._rewriting(found.findings))
        moved = self._push(repairs(found.findings, self._placed))
        left = self._again(found)
        corrupt = [finding for finding in left.findings if finding.kind in CORRUPT]
        removed: tuple[Removal, ...] = ()
        if self._removes and corrupt and not self._run.stop.is_set():
            removed = self._replace(corrupt)
            left = self._again(found, frozenset(removal.repository for removal in removed))
        harmed = {origin for finding in left.findings for origin in finding.origins}
        failures = [failure for failure in self._failures if not harmed or failure.subject in harmed]
        return Repaired(
            left, moved, self._blobs, self._size, removed, tuple(dict.fromkeys(failures)) if harmed or not left.complete else ()
        )

    def _replace(self, corrupt: Sequence[Finding]) -> tuple[Removal, ...]:
        rewriting = self._rewriting(corrupt)
        removed = rewriting.removals()
        rewriting.remove()
        self._write(rewriting)
        # Some registries drop attachments together with what they are attached to.
        near = {removal.repository for removal in removed}
        self._push([entry for entry in self._placed if entry.repository in near])
        return removed

    def _rewriting(self, findings: Sequence[Finding]) -> Rewriting:
        reader = ManifestReader(self._source, self._shelf)
        return Rewriting(self._placed, findings, self._source, self._registry, reader, self._run.stop)

    def _write(self, rewriting: Rewriting) -> None:
        rewriting.write()
        self._failures += rewriting.failures
        self._blobs += rewriting.blobs
        self._size += rewriting.size

    def _push(self, broken: Sequence[PlacedImage]) -> TransferResult | None:
        """The engine at its deep level moves what is missing, and nothing else."""
        if not broken:
            return None
        run = self._run
        journal = Journal.open(run.workspace.journal, self._registry.name, writable=not run.check_mode)
        for entry in broken:
            journal.forget_image(entry.repository, entry.digest)
        work = predict if run.check_mode else transfer
        options = TransferOptions(level=DEEP, parallel=self._parallel)
        try:
            result = work(broken, Ends(self._source, self._registry, self._shelf, journal), options, run.progress, run.stop)
        finally:
            journal.close()
        self._failures += result.failures
        self._blobs += result.blobs.get(COPIED, 0)
        self._size += result.size
        return result

    def _again(self, found: Verification, near: frozenset[str] = frozenset()) -> Verification:
        """At the images that anything was found about, and all of some repositories; a tag of somebody else is still as it was."""
        places = {(finding.repository, origin) for finding in found.findings for origin in finding.origins}
        images = [entry for entry in self._placed if (entry.repository, entry.image.origin) in places or entry.repository in near]
        again = self._look(images)
        rest = [finding for finding in found.findings if not finding.origins]
        return replace(found, findings=tuple(sorted({*rest, *again.findings})), complete=again.complete)
