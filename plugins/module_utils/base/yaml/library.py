# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""PyYAML, imported here alone, so that a host without it gets a sentence instead of a traceback.

A face asks `IMPORT_ERROR` before it uses anything that reads YAML.
"""

from __future__ import annotations

import traceback
from typing import Any

__all__ = ["IMPORT_ERROR", "is_fast", "safe_loader", "yaml"]

try:
    import yaml

    IMPORT_ERROR = ""
except ImportError:
    yaml = None
    IMPORT_ERROR = traceback.format_exc()


def safe_loader() -> Any:
    """The loader for plain values: libyaml's, which is about ten times faster, where PyYAML was built with it."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def is_fast() -> bool:
    return safe_loader() is not yaml.SafeLoader
