# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""cluster_bootstrap: what a new cluster is installed with, out of a mirrored release."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.planning import DESTINATION, PLANNING, plan_source
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import MAX_FILES, Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import web_url
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.place import PLATFORMS, TOOLS
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.clusters.bootstrap import BootstrapFile, BootstrapRequest, bootstrap

ARGUMENTS: dict[str, Any] = {
    **PLANNING,
    **DESTINATION,
    "plan": {"type": "path"},
    "archive": {"type": "str"},
    **TRUSTED,
    "dest": {"type": "path", "required": True},
    "version": {"type": "str"},
    "architecture": {"type": "str", "choices": ["amd64", "arm64", "ppc64le", "s390x", "multi"]},
    "tools": {"type": "list", "elements": "str", "choices": list(TOOLS), "default": list(TOOLS)},
    "platforms": {"type": "list", "elements": "str", "choices": list(PLATFORMS), "default": ["linux_amd64"]},
    "trusted_ca": {"type": "path"},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """cluster_bootstrap."""
    request = BootstrapRequest(
        source=plan_source(params),
        destination=Destination.parse(params["destination"], params["max_nested_paths"]),
        folder=params["dest"],
        version=params["version"] or "",
        architecture=params["architecture"] or "",
        tools=tuple(params["tools"]),
        platforms=tuple(params["platforms"]),
        authority=_authority(params["trusted_ca"]),
        boot_images=tuple(params["boot_images"]),
        boot_image_architectures=tuple(params["boot_image_architectures"]),
        boot_image_url=web_url(params["boot_image_url"] or "", "boot_image_url"),
    )
    found = bootstrap(request, os.environ, check_mode)
    values = {
        "version": found.version,
        "architecture": found.architecture,
        "release_image": found.payload,
        "directory": request.folder,
        "files": [_file(file) for file in found.files[:MAX_FILES]],
        "boot_images": [image.document() for image in found.boot_images],
    }
    return Outcome(changed=found.changed, values=values, warnings=found.warnings)


def _file(file: BootstrapFile) -> dict[str, Any]:
    size = {} if file.size is None else {"size": file.size}
    return {"path": file.path, "changed": file.changed, "sha256": file.sha256, **size}


def _authority(path: Any) -> str:
    if not path:
        return ""
    try:
        text = files.read(path, limits.SMALL.size).decode("ascii", "replace")
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}", subject="trusted_ca") from error
    if "-----BEGIN CERTIFICATE-----" not in text or "PRIVATE KEY-----" in text:
        raise InputError("it is not PEM with certificates alone", subject="trusted_ca")
    return text if text.endswith("\n") else text + "\n"
