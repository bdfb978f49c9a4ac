# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the last plan changed, as a report tells it (user-needs B02)."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import Diff
from ansible_collections.disconnected.mirror.plugins.module_utils.report.excerpt import excerpt


def changes(difference: Diff) -> dict[str, Any]:
    """The JSON value: names that came, went or mean something else, and their bytes."""
    return {
        "added": excerpt(image.origin for image in difference.added),
        "removed": excerpt(image.origin for image in difference.removed),
        "moved": excerpt(after.origin for _before, after in difference.moved),
        "releases": {"added": excerpt(difference.releases[0]), "removed": excerpt(difference.releases[1])},
        "packages": {"added": excerpt(difference.packages[0]), "removed": excerpt(difference.packages[1])},
        "bytes_added": difference.bytes_added,
        "bytes_removed": difference.bytes_removed,
    }
