# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`isc_pinned_<time>.yaml` and `disc_pinned_<time>.yaml` in the results: what was planned, and how to delete it, by digest."""

from __future__ import annotations

import glob
import os
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.pinned import deletion, pinned
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import yaml_bytes


def keep_pinned(workspace: Workspace, plan: Plan, now: float) -> None:
    """Writes what differs from the newest there is, each under a name with the time; nothing for an image set without catalogs.

    now: seconds since 1970.  Raises StorageError.
    """
    if not plan.catalogs:
        return
    config = pinned(plan.config, {entry["catalog"]: entry["digest"] for entry in plan.catalogs})
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    for kind, document in (("isc", config), ("disc", deletion(config))):
        if document is not None:
            content = yaml_bytes([document])
            if content != _newest(workspace, kind):
                files.write(os.path.join(workspace.results, f"{kind}_pinned_{stamp}.yaml"), content)


def _newest(workspace: Workspace, kind: str) -> bytes:
    found = sorted(glob.glob(os.path.join(glob.escape(workspace.results), f"{kind}_pinned_*.yaml")))
    return files.read(found[-1]) if found else b""
