# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts a file of many documents at their boundaries, without parsing and without holding the file.

YAML documents end before a line that begins with `---`: that line cannot be inside a scalar
(YAML 1.2.2, rule c-forbidden).  JSON documents follow each other: a `}` , a line break and a `{`
cannot be inside a document, since members are parted by commas and strings hold no line breaks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import BinaryIO, Iterator, List, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

# A document larger than this is refused; the largest real ones have about 2 MiB.
MAX_DOCUMENT = 32 * 1024 * 1024
CHUNK = 1024 * 1024
# Each begins with a byte that can be searched for quickly; a cut is after the line break.
_YAML = re.compile(rb"\n---(?=[ \t\r\n])")
_BETWEEN = re.compile(rb"\}\s*\{")
_NOTHING = re.compile(rb"(?:\s|#[^\n]*|%[^\n]*|\.\.\.(?=\s|\Z)|---(?=\s|\Z)|\xef\xbb\xbf)*\Z")


@dataclass(frozen=True)
class Raw:
    """A document as it lies in its file; offset in bytes."""

    offset: int
    content: bytes


def documents(file: BinaryIO, subject: str) -> Iterator[Raw]:
    """The documents of a file, in order; parts with nothing in them are left out.

    Raises InputError when one is larger than MAX_DOCUMENT.
    """
    buffer, offset, searched = b"", 0, 0
    cuts_of, joined = _yaml_cuts, False
    while True:
        chunk = file.read(CHUNK)
        if offset == 0 and not buffer and chunk.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            cuts_of = _json_cuts
        buffer += chunk
        start = 0
        cuts, more = cuts_of(buffer, searched)
        joined = joined or more
        for cut in cuts:
            yield from _whole(Raw(offset + start, buffer[start:cut]), joined)
            start = cut
        buffer, offset = buffer[start:], offset + start
        searched = len(buffer)
        if searched > MAX_DOCUMENT:
            raise InputError(
                f"a document has more than {MAX_DOCUMENT} bytes", subject=subject, advice="No catalog needs that; ask its publisher."
            )
        if not chunk:
            yield from _whole(Raw(offset, buffer[:-3] if buffer.endswith(b"\n---") else buffer), True)
            return


def _yaml_cuts(buffer: bytes, searched: int) -> Tuple[List[int], bool]:
    """Where documents begin, and whether JSON may stand on one line.  searched: bytes that were looked through before."""
    return [match.start() + 1 for match in _YAML.finditer(buffer, max(0, searched - 5))], False


def _json_cuts(buffer: bytes, searched: int) -> Tuple[List[int], bool]:
    cuts: List[int] = []
    joined = False
    # A brace at the end of what was searched may be followed by its boundary now.
    for match in _BETWEEN.finditer(buffer, max(0, buffer.rfind(b"}", 0, searched))):
        if b"\n" in match.group():
            cuts.append(match.end() - 1)
        else:
            joined = True
    if b"\n---" in buffer:
        cuts = sorted({*cuts, *_yaml_cuts(buffer, searched)[0]})
    return cuts, joined


def _whole(raw: Raw, joined: bool) -> Iterator[Raw]:
    """One document, or those of JSON that stand on one line."""
    if _NOTHING.match(raw.content):
        return
    if joined and raw.content.lstrip()[:1] == b"{" and _BETWEEN.search(raw.content):
        try:
            yield from _json_parts(raw)
            return
        except (ValueError, RecursionError):
            pass
    yield raw


def _json_parts(raw: Raw) -> List[Raw]:
    text = raw.content.decode("utf-8")
    decoder = json.JSONDecoder()
    parts: List[Raw] = []
    place, offset = 0, raw.offset
    while place < len(text):
        begin = place
        while place < len(text) and text[place] in " \t\r\n":
            place += 1
        if place == len(text):
            break
        _value, place = decoder.raw_decode(text, place)
        content = text[begin:place].encode("utf-8")
        parts.append(Raw(offset, content))
        offset += len(content)
    return parts
