# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""archive_info: what archives hold, without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.arguments.archives import TRUSTED_KEYS, trusted_keys
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import directory_of
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe

ARGUMENTS: dict[str, Any] = {
    "path": {"type": "str", "required": True},
    "check": {"type": "bool", "default": True},
    "trusted_keys": TRUSTED_KEYS,
    "list_images": {"type": "bool", "default": False},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    """archive_info."""
    path = directory_of(params["path"])
    archives = describe(path, trusted_keys(params["trusted_keys"], "trusted_keys"), params["check"], params["list_images"])
    return Outcome(changed=False, values={"archives": archives})
