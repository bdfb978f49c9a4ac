# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The head of an answer: its status and its headers (RFC 9112, sections 4 to 6)."""

from __future__ import annotations

import re
from typing import Dict, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.http.interruption import Interrupted

# A header's line: no space before the colon, no folding.
_HEADER = re.compile(r"^([^\s:]+):[ \t]*([^\r\n]*)(?:\r\n|\Z)", re.MULTILINE)

Headers = Dict[str, str]


def parse_head(head: bytes) -> Tuple[int, int, Headers]:
    """(status, minor version, headers with lower-case names; repeated ones joined by a comma).

    Raises Interrupted when it is not the head of an HTTP/1 answer.
    """
    start, _end, rest = head.decode("latin-1").partition("\r\n")
    words = start.split(" ", 2)
    if len(words) < 2 or words[0] not in ("HTTP/1.1", "HTTP/1.0") or len(words[1]) != 3 or not words[1].isdecimal():
        raise Interrupted("the answer is not HTTP/1.1")
    pairs = _HEADER.findall(rest)
    if rest and not len(pairs) == rest.count("\r\n") + 1 == rest.count("\n") + 1:
        raise Interrupted("the answer has a malformed header")
    headers: Headers = {}
    for name, value in pairs:
        name, value = name.lower(), value.rstrip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(words[1]), int(words[0][-1]), headers


def content_length(headers: Headers) -> Optional[int]:
    """What the headers say of the body's length; None for nothing.  Raises Interrupted when they contradict themselves."""
    text = headers.get("content-length")
    if text is None:
        return None
    if "," in text:
        # Said several times, and the same each time.
        text, *others = {value.strip() for value in text.split(",")}
        text = text if not others else ""
    if not text.isdecimal() or len(text) > 18:
        raise Interrupted(f"the answer has the Content-Length {headers['content-length']!r:.60}")
    return int(text)
