# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Foreign text made fit to be shown: what registries, catalogs and archives say ends up on somebody's terminal.

Control characters move cursors, retitle windows and hide lines; characters of direction show a text as another one; halves of
characters can be written nowhere.
"""

from __future__ import annotations

import re
from re import Match
from typing import Any

# All but tab and line break: the two sets of controls, marks and overrides of direction, line and paragraph separators, surrogates.
_UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BREAKS = re.compile(r"\s*\n\s*")


def text(value: str) -> str:
    """With what is not shown written as its escape (`\\x1b`)."""
    return _UNSHOWN.sub(_escape, value)


def line(value: str) -> str:
    """`text` on one line."""
    return _BREAKS.sub(" ", text(value))


def values(value: Any) -> Any:
    """`text` of every text in lists and mappings."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {values(key): values(inner) for key, inner in value.items()}
    return [values(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _escape(found: Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"
