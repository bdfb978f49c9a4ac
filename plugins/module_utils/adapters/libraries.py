# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The libraries that modules import on the target, looked for before they are needed."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import library


def require_libraries(module: Any) -> None:
    """Ends the module with one clear sentence when a library is missing."""
    if library.IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=library.IMPORT_ERROR)
