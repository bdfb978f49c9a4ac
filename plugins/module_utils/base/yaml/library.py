# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""PyYAML, imported here alone, so that a host without it gets a sentence instead of a traceback.

A face asks `IMPORT_ERROR` before it uses anything that reads YAML.
"""

from __future__ import annotations

import functools
import traceback
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits

__all__ = ["FAULTS", "IMPORT_ERROR", "is_fast", "safe_loader", "yaml"]

try:
    import yaml

    IMPORT_ERROR = ""
except ImportError:
    yaml = None
    IMPORT_ERROR = traceback.format_exc()

# What constructing a value raises besides errors of its own, when a tag (`!!bool foo`, `!!int ''`) promises what the text is not.
FAULTS = (RecursionError, ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError)
_TAG = "tag:yaml.org,2002:"


@functools.cache
def safe_loader() -> Any:
    """The loader for plain values: libyaml's, which is about ten times faster, where PyYAML was built with it.

    Whole numbers are bounded: reading them takes the square of their length, and to the base of sixty (`1:2:3`) in every Python.
    """

    fastest: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(fastest):
        def construct_bounded_int(self, node: Any) -> Any:
            if len(self.construct_scalar(node)) > limits.DIGITS:
                raise yaml.constructor.ConstructorError(None, None, "a number has too many digits", node.start_mark)
            return self.construct_yaml_int(node)

    Loader.add_constructor(_TAG + "int", Loader.construct_bounded_int)
    return Loader


def is_fast() -> bool:
    return hasattr(yaml, "CSafeLoader")
