# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An image with its place at one destination.

Plans know neither host nor namespace; whoever runs a transfer places each image first
(namespace, limit on nested paths, or full origin names for an archive).
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATALOG, CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage


@dataclass(frozen=True)
class PlacedImage:
    """image: the plan's entry.  repository, tags: at the destination, as its store names them."""

    image: PlanImage
    repository: str
    tags: tuple[str, ...] = ()

    @property
    def digest(self) -> Digest:
        return self.image.digest

    @property
    def category(self) -> str:
        """release, operator, additional or helm; empty for types that have none."""
        return CATEGORIES.get(self.image.type, "")

    @property
    def is_catalog(self) -> bool:
        return self.image.type == CATALOG

    @property
    def field(self) -> str:
        """Where in the configuration its platforms are set, for messages."""
        return f"{self.image.why[0][0]}.platforms" if self.image.why and self.image.why[0] else "platforms"

    @property
    def owners(self) -> frozenset[str]:
        """The entries of the configuration that want it (the outermost reasons)."""
        return frozenset(chain[0] for chain in self.image.why if chain)

    def __str__(self) -> str:
        return self.image.origin
