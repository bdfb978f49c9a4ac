# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which plan a run works with, however it is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import IMAGE_SET, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys


@dataclass(frozen=True)
class PlanSource:
    """The plan that an archive carries, the one that a configuration means today, one in a file, or else the workspace's own.

    config: path of a configuration, or `imageset`: the document itself; one of them at most.
    path: of a plan.
    archive: folder of volumes, or one of them.  trusted: keys that must have signed it, None for none.
    options: of content sources, by name (`imageset.wanted.Context`).
    locked: replay the last complete plan of the workspace, and resolve nothing again.
    allow_failures: patterns of failures that a complete plan may have.
    source_mirror: `docker://host/namespace` of a mirror from which all is read, by the plan that its registry keeps; no origin is
        asked then, and a configuration only says which plan, where there are several.
    handed: path of a plan that another host made (`records.handed`): it is taken as it is, and nothing is resolved.
    parallel: images at a time.
    """

    workspace: Workspace
    config: str = ""
    imageset: Mapping[str, Any] | None = None
    path: str = ""
    archive: str = ""
    trusted: TrustedKeys | None = None
    connections: Connections = Connections()
    signatures: str = "copy"
    options: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = False
    allow_failures: tuple[str, ...] = ()
    source_mirror: str = ""
    handed: str = ""
    parallel: int = 8

    def __post_init__(self) -> None:
        if self.handed and (self.has_configuration or self.source_mirror or self.locked):
            raise InputError(
                "a plan of another host leaves nothing to plan",
                subject="handed_plan",
                advice="Give it without config, imageset, source_mirror and locked.",
            )

    @property
    def has_configuration(self) -> bool:
        return bool(self.config) or self.imageset is not None

    def load(self, kinds: tuple[str, ...] = (IMAGE_SET,)) -> ImageSet:
        """The configuration, of one of these kinds.  Raises InputError with all of its problems."""
        if self.imageset is not None:
            return configuration.parse(dict(self.imageset), kinds, "imageset")
        return configuration.load(self.config, kinds)
