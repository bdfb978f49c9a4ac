# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A run that writes what clusters need to use a mirror, and the list of where each image went."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import folder as folders
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import mapping_file
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.folder import Change
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.generate import ResourceOptions, make_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import Unplanned, last_archive
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import find_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.working_place import working_place


@dataclass(frozen=True)
class ResourcesRequest:
    """folder: where the files go; empty for the workspace's place.  instances: name the instances of indexes in `mapping.txt`."""

    planning: PlanSource
    destination: Destination
    folder: str = ""
    options: ResourceOptions = ResourceOptions()
    instances: bool = False

    @property
    def workspace(self) -> Workspace:
        return self.planning.workspace

    @property
    def place(self) -> str:
        return self.folder or self.workspace.cluster_resources


@dataclass(frozen=True)
class ResourcesRun:
    """changes: every file, with what it was and is.  warnings: what was left out or done otherwise than asked."""

    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        return any(change.changed for change in self.changes)

    @property
    def files(self) -> list[str]:
        """Paths of the files that are there, or in check mode would be."""
        return [change.path for change in self.changes if change.after is not None]

    @property
    def diff(self) -> dict[str, str]:
        """The files that change, one after the other."""
        changed = [change for change in self.changes if change.changed]
        return {
            "before": "".join(_listed(change.path, change.before) for change in changed),
            "after": "".join(_listed(change.path, change.after) for change in changed),
        }


def write_cluster_resources(request: ResourcesRequest, environ: Mapping[str, str], check_mode: bool = False) -> ResourcesRun:
    """Makes the files for clusters and `mapping.txt` agree with the plan; in check mode says what would change.

    Raises InputError, NotFound (an archive), Incompatible, Locked, StorageError, and what planning raises when a configuration
    is given.
    """
    with working_place(request.workspace, "cluster_resources", check_mode) as (place, _lost):
        planning = request.planning
        plan = _archived(planning, place) if planning.archive else find_plan(planning, place, environ)
        resources = make_resources(plan, request.destination, request.options)
        changes = folders.compare(request.place, resources.files)
        mapping = mapping_change(request.workspace, plan, request.destination, request.instances)
        if not check_mode:
            folders.apply(request.place, resources.files)
            files.write(mapping.path, mapping.after or b"")
        return ResourcesRun((*changes, mapping), resources.warnings)


def write_mapping(workspace: Workspace, plan: Plan, destination: Destination, instances: bool = False, check_mode: bool = False) -> bool:
    """Makes `mapping.txt` agree with a plan; whether it did not, or in check mode does not.  Raises InputError, StorageError."""
    change = mapping_change(workspace, plan, destination, instances)
    if change.changed and not check_mode:
        files.write(change.path, change.after or b"")
    return change.changed


def _archived(source: PlanSource, place: Workspace) -> Plan:
    with last_archive(source, Unplanned(place, source.options)) as archive:
        return archive.plan


def mapping_change(workspace: Workspace, plan: Plan, destination: Destination, instances: bool) -> Change:
    """`mapping.txt` as it is and as it has to be.  Raises InputError."""
    content = mapping_file.text(mapping_file.lines(plan.images, destination, plan.generation, instances)).encode("utf-8")
    before: bytes | None = None
    with contextlib.suppress(FileNotFoundError):
        before = files.read(workspace.mapping)
    return Change(workspace.mapping, before, content)


def _listed(path: str, content: bytes | None) -> str:
    return f"# {path}\n{content.decode('utf-8', 'replace')}" if content is not None else ""
