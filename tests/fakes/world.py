# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A source, a workspace and plans made of them, for the tests of what is done with plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import PlanOptions, build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore


class World:
    """store: the source.  workspace, shelf: where its manifests are kept."""

    def __init__(self, folder: Any, referrers: bool | None = True) -> None:
        self.store = MemoryStore(referrers=referrers)
        self.workspace = Workspace(str(folder))
        self.shelf = Shelf(self.workspace.manifests)
        self.context = Context(self.store, self.workspace, parallel=4)

    def imageset(self, *entries: Any, blocked: tuple = ()) -> ImageSet:
        """entries: of additionalImages, as mappings or as names."""
        mirror: dict = {"additionalImages": [entry if isinstance(entry, Mapping) else {"name": entry} for entry in entries]}
        if blocked:
            mirror["blockedImages"] = [{"name": pattern} for pattern in blocked]
        return parse({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror})

    def plan(self, *entries: Any, signatures: str = "copy", blocked: tuple = ()) -> Plan:
        return build_plan(self.imageset(*entries, blocked=blocked), self.context, options=PlanOptions(signatures=signatures))
