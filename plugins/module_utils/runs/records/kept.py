# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The plans that a workspace keeps: the last complete one, and beside it a later one in which something could not be resolved.

An outage of a source so never costs a good plan.  `locked`, differences and what clusters are told go by the complete one;
mirroring carries out the latest.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError, not_allowed
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import parts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import is_undecided
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan


def restored(plan: Plan, workspace: Workspace, path: str) -> Plan:
    """The plan, with what was built for it in `workspace`: from the parts that lie beside the plan, where it lacks them."""
    parts.restore(plan, workspace, parts.beside(path))
    return plan


def read_plan(path: str) -> Plan:
    """Raises InputError (no such plan), Incompatible, StorageError."""
    plan = _plan(path)
    if plan is None:
        raise InputError(f"there is no plan at {path}", subject=path, advice="Make one with imageset_plan, or give a configuration.")
    return plan


def kept_plan(workspace: Workspace) -> Plan | None:
    """The last complete plan; where there never was one, the incomplete one."""
    return _plan(workspace.plan) or _plan(workspace.incomplete_plan)


def latest_plan(workspace: Workspace) -> Plan | None:
    """What planning came to last, complete or not."""
    return _plan(workspace.incomplete_plan) or _plan(workspace.plan)


def latest_path(workspace: Workspace) -> str:
    """Where it lies; empty where there is none."""
    return next((path for path in (workspace.incomplete_plan, workspace.plan) if os.path.exists(path)), "")


def known_plan(workspace: Workspace) -> Plan | None:
    """The images of all kept plans, the latest last: what their tags meant."""
    complete, latest = _plan(workspace.plan), latest_plan(workspace)
    return replace(latest, images=(*complete.images, *latest.images)) if complete is not None and latest is not None else latest


def expected_plan(workspace: Workspace) -> Plan | None:
    """What a mirror should hold: the latest plan, and from the complete one what could not be looked up since.

    Its failures are those of which no plan knows anything.
    """
    complete, latest = _plan(workspace.plan), _plan(workspace.incomplete_plan)
    if complete is None or latest is None:
        return complete or latest
    names = {(image.destination, name) for image in latest.images for name in image.tags or (image.digest,)}
    undecided = {kind for kind in {image.type for image in complete.images} if is_undecided(kind, latest)}
    older = [
        image
        for image in complete.images
        if image.type in undecided and names.isdisjoint((image.destination, name) for name in image.tags or (image.digest,))
    ]
    known = complete.config == latest.config
    return replace(latest, images=(*latest.images, *older), failures=() if known else latest.failures).sorted()


def is_complete(plan: Plan, allowed: Sequence[str]) -> bool:
    """Whether a plan may take the place of a complete one.  allowed: patterns of failures that are put up with."""
    return not not_allowed(plan.failures, allowed) and bool(plan.images or not plan.failures)


def keep_plan(plan: Plan, workspace: Workspace, place: Workspace, complete: bool) -> bool:
    """Keeps a plan in `place`; whether it is another one than the workspace's, which is the same place but in check mode.

    Raises StorageError.
    """
    name = "plan" if complete else "incomplete_plan"
    changed = _differs(getattr(workspace, name), plan) or (complete and os.path.exists(workspace.incomplete_plan))
    plan.write(getattr(place, name))
    if complete:
        # What is only foreseen has its parts where they were built.
        if place.root == workspace.root:
            parts.keep(plan, place, parts.beside(place.plan))
        _forget(place.incomplete_plan)
    return changed


def keep_reduced(plan: Plan, place: Workspace) -> None:
    """What became of the latest plan while it was carried out, for the steps that read it next.  Raises StorageError."""
    if os.path.exists(place.incomplete_plan):
        plan.write(place.incomplete_plan)
        return
    plan.write(place.plan)
    parts.keep(plan, place, parts.beside(place.plan))


def _plan(path: str) -> Plan | None:
    try:
        return Plan.read(path)
    except FileNotFoundError:
        return None


def _differs(path: str, plan: Plan) -> bool:
    try:
        return files.read(path) != files.json_bytes(plan.document())
    except FileNotFoundError:
        return True


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StorageError(f"cannot remove {path}: {error.strerror}", subject=path) from error
