# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is told about catalogs that stay as they were."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import HELD


def held_catalogs(result: TransferResult) -> tuple[str, ...]:
    """A sentence for each catalog that was not published because something is lacking that it names."""
    held = [image.placed for image in result.images if image.outcome == HELD and image.placed.is_catalog and not image.placed.image.subject]
    if not held:
        return ()
    # Most runs hold nothing, and start sooner without the code of catalogs.
    from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import availability, exceptions

    return tuple(
        f"The catalog {placed.repository}:{','.join(placed.tags)} was not updated, because images of its bundles failed. "
        f"{availability.OPTION} says whether such bundles are left out, and {exceptions.OPTION} until when."
        for placed in held
    )
