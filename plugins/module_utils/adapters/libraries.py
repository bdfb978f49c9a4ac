# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The libraries that modules import on the target, looked for before they are needed."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import missing_required_lib

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import library
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import urllib3_library


def require_libraries(module: Any) -> None:
    """Ends the module with one clear sentence when a library is missing."""
    for name, error in (("PyYAML", library.IMPORT_ERROR), ("requests", urllib3_library.IMPORT_ERROR)):
        if error:
            module.fail_json(msg=missing_required_lib(name), exception=error)
