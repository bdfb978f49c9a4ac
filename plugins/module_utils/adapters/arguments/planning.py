# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What modules are told that may have to plan, and the request that is made of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import archive_of, trusted_keys
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.catalogs import CATALOGS, catalog_options
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.charts import CHARTS, chart_options
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.connections import REGISTRY, connections
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.releases import RELEASES, release_options
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource

Params = Mapping[str, Any]
WORKSPACE: dict[str, Any] = {
    "workspace": {"type": "path", "required": True},
    "check_workspace": {"type": "path"},
    "working_directory": {"type": "path"},
}
IMAGESET: dict[str, Any] = {"config": {"type": "path"}, "imageset": {"type": "dict"}}
FAILURES: dict[str, Any] = {"allow_failures": {"type": "list", "elements": "str", "default": []}}
# Taken by the action plugin.
PROGRESS: dict[str, Any] = {"progress": {"type": "bool", "default": True}, "progress_interval": {"type": "int", "default": 10}}
SIGNATURES: dict[str, Any] = {"signatures": {"type": "str", "choices": ["copy", "require", "skip"], "default": "copy"}}
# Of every module that knows the registry that is mirrored to.
ACCESS: dict[str, Any] = {
    "destination_username": {"type": "str"},
    "destination_password": {"type": "str", "no_log": True},
    "destination_ca": {"type": "path"},
    "destination_verify": {"type": "bool"},
}
DESTINATION: dict[str, Any] = {
    "destination": {"type": "str", "required": True},
    "max_nested_paths": {"type": "int", "default": 0},
    **ACCESS,
}

# What every module takes that may have to plan.
PLANNING: dict[str, Any] = {**REGISTRY, **IMAGESET, **WORKSPACE, **SIGNATURES, **RELEASES, **CHARTS, **CATALOGS}


def plan_source(params: Params) -> PlanSource:
    """Options that a module does not have count as not given."""
    return PlanSource(
        workspace=workspace_of(params),
        config=params["config"] or "",
        imageset=params["imageset"],
        path=params.get("plan") or "",
        archive=archive_of(params.get("archive")),
        trusted=trusted_keys(params.get("archive_trusted_keys")),
        connections=connections(params),
        signatures=params["signatures"],
        options=source_options(params),
        locked=params.get("locked", False),
        source_mirror=params.get("source_mirror") or "",
        handed=params.get("handed_plan") or "",
        allow_failures=tuple(params.get("allow_failures") or ()),
        parallel=params["parallel_images"],
    )


def workspace_of(params: Params) -> Workspace:
    """Raises InputError (the working directory)."""
    _enter(params["working_directory"])
    return Workspace(_path(params["workspace"]), params["check_workspace"] or "")


def _enter(directory: str | None) -> None:
    """Relative paths of a configuration are from there on relative to it."""
    try:
        if directory:
            os.chdir(directory)
    except OSError as error:
        raise InputError(f"cannot work in {directory}: {error.strerror}", subject="working_directory") from error


def _path(text: str) -> str:
    """Other tools write `file://` before it."""
    return text[len("file://") :] if text.startswith("file://") else text


def source_options(params: Params) -> dict[str, Any]:
    """The options of all content sources, for whatever may have to plan."""
    return {**release_options(params), **catalog_options(params), **chart_options(params)}
