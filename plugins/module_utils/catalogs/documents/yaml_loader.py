# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""YAML as catalogs use it: the field's readers keep dates and times of day as text."""

from __future__ import annotations

import functools
import re
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml.library import safe_loader, yaml

_TAG = "tag:yaml.org,2002:"
# Read by other rules than PyYAML's, or not at all.
_REPLACED = tuple(_TAG + kind for kind in ("timestamp", "int", "float", "value"))
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+|0[0-7_]+)\Z")
_FLOAT = re.compile(
    r"(?:[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+]?[0-9]+)?)"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


@functools.cache
def loader() -> Any:
    """The safe loader, fast where libyaml is there, without dates and numbers to the base of sixty."""

    base: Any = safe_loader()

    class Loader(base):
        yaml_implicit_resolvers = {
            first: [(tag, form) for tag, form in resolvers if tag not in _REPLACED]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    Loader.add_implicit_resolver(_TAG + "int", _INT, list("-+0123456789"))
    Loader.add_implicit_resolver(_TAG + "float", _FLOAT, list("-+0123456789."))
    return Loader
