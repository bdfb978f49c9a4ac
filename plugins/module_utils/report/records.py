# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""All that a workspace knows, as a report takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

# Of a pruning plan: what check mode would delete, what a run listed and has not deleted, what a run deleted.
PREDICTED, LISTED, CARRIED_OUT = "predicted", "listed", "carried_out"


@dataclass(frozen=True)
class File:
    """A file of the results.  time: when it was written, seconds since 1970."""

    name: str
    size: int
    time: float


@dataclass(frozen=True)
class Records:
    """plan: what should be in the mirror.  now: seconds since 1970.  root: of the workspace.

    identity: the digest of the plan.  runs: oldest first.  result: the document of the last one that moved something, of a
    `TransferResult`; None for none.
    changes: from the plan before to this one (`report.changes`); None where that is not known.
    verification, pruning: the documents that they leave, and when; None for none.
    resources: the files for clusters.  pins: names of pinned configurations, oldest first.
    """

    plan: Plan
    shelf: Shelf
    now: int
    root: str = ""
    identity: str = ""
    runs: tuple[Run, ...] = ()
    result: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    verification: Mapping[str, Any] | None = None
    verified: float = 0
    pruning: Mapping[str, Any] | None = None
    pruned: float = 0
    resources: tuple[File, ...] = ()
    pins: tuple[str, ...] = field(default=())

    @property
    def run(self) -> Run | None:
        """The last one."""
        return self.runs[-1] if self.runs else None

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Of the last run, which has those of planning among them; before a run those of the plan."""
        return list(self.result["failures"]) if self.result is not None else [failure.document() for failure in self.plan.failures]

    @property
    def planned_anew(self) -> bool:
        """Whether a plan waits to be carried out."""
        return self.run is not None and bool(self.identity) and self.run.plan != self.identity
