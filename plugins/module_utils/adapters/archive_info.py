# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""archive_info: what archives hold, without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED, trusted_keys
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe

ARGUMENTS: dict[str, Any] = {
    "archive": {"type": "str", "required": True},
    "check": {"type": "bool", "default": True},
    "list_images": {"type": "bool", "default": False},
    **TRUSTED,
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """archive_info."""
    archives = describe(
        directory_of(params["archive"]), trusted_keys(params["archive_trusted_keys"]), params["check"], params["list_images"]
    )
    return Outcome(changed=False, values={"archives": archives})
