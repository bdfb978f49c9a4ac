# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One change to a cluster, before and after it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource, comparable

APPLY, MERGE = "apply", "merge"
CREATED, CHANGED, UNCHANGED, REMOVED = "created", "changed", "unchanged", "removed"
# Not made: ours and no longer generated; of a kind that the cluster does not have.
STALE, SKIPPED = "stale", "skipped"


@dataclass(frozen=True)
class Change:
    """before, after: what is shown of the resource; None where it is not there."""

    resource: Resource
    action: str
    before: Mapping[str, Any] | None = field(default=None, repr=False)
    after: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def changed(self) -> bool:
        return self.action in (CREATED, CHANGED, REMOVED)


@dataclass(frozen=True)
class Step:
    """Something to apply.  live: as it is in the cluster now, None where it is not.

    force: take over fields that somebody else set.  shown: what to show before and after, instead of the resource.
    """

    resource: Resource
    live: Mapping[str, Any] | None = field(default=None, repr=False)
    how: str = APPLY
    force: bool = True
    shown: tuple[Mapping[str, Any], Mapping[str, Any]] | None = field(default=None, repr=False)

    def take(self, api: Api, dry_run: bool) -> Change:
        """Does it, or asks the server what would come of it.  Raises MirrorError."""
        after = api.merge(self.resource, dry_run) if self.how == MERGE else api.apply(self.resource, dry_run, self.force)
        before, now = comparable(self.live), comparable(after)
        action = CREATED if before is None else UNCHANGED if before == now else CHANGED
        if self.shown is not None:
            before, now = dict(self.shown[0]), dict(self.shown[1])
        return Change(self.resource, action, before, now)
