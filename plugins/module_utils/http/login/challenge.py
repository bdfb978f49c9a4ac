# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`WWW-Authenticate`: what a server wants to see before it answers (RFC 9110, 11.6.1; RFC 6750)."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# A scheme, or one of its parameters; a scheme is a token that no equals sign follows.
_VALUE = rf'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_TOKEN})'
_PART = re.compile(rf"[\s,]*(?:(?P<name>{_TOKEN})\s*=\s*(?:{_VALUE})|(?P<scheme>{_TOKEN})(?=[\s,]|\Z))")


class Challenge(NamedTuple):
    """scheme: lower case (`basic`, `bearer`, ...).  parameters: names in lower case."""

    scheme: str
    parameters: dict[str, str]


def parse(text: str) -> tuple[Challenge, ...]:
    """All challenges of a header, in order; what follows something unreadable is left out."""
    found = []
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            break
        position = match.end()
        if match.group("scheme"):
            found.append(Challenge(match.group("scheme").lower(), {}))
        elif found:
            quoted = match.group("quoted")
            value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else match.group("plain")
            found[-1].parameters.setdefault(match.group("name").lower(), value)
    return tuple(found)
