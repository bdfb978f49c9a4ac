# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Between what a transfer moves content."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal


@dataclass(frozen=True)
class Ends:
    """Two stores, and what is known of each.

    shelf: manifests of the source that are at hand.  journal: what is at the destination; None to remember nothing.
    """

    source: Store
    destination: Store
    shelf: Shelf
    journal: Journal | None = None
