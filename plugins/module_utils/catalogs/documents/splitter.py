# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Cuts a file of many documents at their boundaries, without parsing and without holding the file.

YAML documents end before a line that begins with `---`: that line cannot be inside a scalar
(YAML 1.2.2, rule c-forbidden).  JSON documents follow each other: a `}` , a line break and a `{`
cannot be inside a document, since members are parted by commas and strings hold no line breaks.

A catalog has a hundred megabytes, so every byte is looked at once, by one regular expression, and
no document is copied: each is a part of the buffer that it was read into.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

# A document larger than this is refused; the largest real ones have about 2 MiB.
CHUNK = 1024 * 1024
_BRACE = ord("{")
_JSON = re.compile(rb"[ \t\r\n]*\{")
# Begins with a byte that can be searched for quickly; a cut is after the line break.
_YAML = re.compile(rb"\n---(?=[ \t\r\n])")
_BETWEEN = re.compile(rb"\}\s*\{")
# What may follow a document that ends with a brace: the next one, or a line that only YAML has.
_AFTER = re.compile(rb"\}\s*[{#%.-]")
# What may stand before a document, step by step: one expression for all of it could cut a banner of thirty signs in a billion ways,
# or would remember each of a million lines.
_BLANK = re.compile(rb"\s+|#[^\n]*(?:\n|\Z)|---(?=\s|\Z)")
_BLANK_OR_DIRECTIVE = re.compile(rb"\s+|[#%][^\n]*(?:\n|\Z)|---(?=\s|\Z)")
_BLANK_OR_END = re.compile(rb"\s+|[#%][^\n]*(?:\n|\Z)|\.\.\.(?=\s|\Z)|---(?=\s|\Z)")
_DECODER = json.JSONDecoder(parse_int=str)


class Piece(NamedTuple):
    """Some documents that follow each other: a part of a file, its offset there, and where in it each begins and ends."""

    offset: int
    buffer: bytes
    places: Sequence[tuple[int, int]]


def pieces(file: BinaryIO, subject: str) -> Iterator[Piece]:
    """The documents of a file, in order; parts with nothing in them are left out.

    Raises InputError when one is larger than limits.CATALOG_DOCUMENT, or there are too many.
    """
    cutter = _Cutter()
    buffer, offset, count = b"", 0, 0
    while True:
        chunk = file.read(CHUNK)
        searched = len(buffer)
        if not offset and chunk.startswith(BOM_UTF8):
            chunk, offset = chunk[len(BOM_UTF8) :], len(BOM_UTF8)
        buffer = buffer + chunk if buffer else chunk
        if not chunk:
            end = len(buffer) - 3 if buffer.endswith(b"\n---") else len(buffer)
            yield Piece(offset, buffer, _whole(buffer, [0, end], cutter.joined))
            return
        cuts = [0, *cutter.cuts(buffer, searched)]
        count += len(cuts) - 1
        if count > limits.CATALOG_DOCUMENTS:
            raise InputError(f"the catalog has more than {limits.CATALOG_DOCUMENTS} documents", subject=subject)
        yield Piece(offset, buffer, _whole(buffer, cuts, cutter.joined))
        buffer, offset = buffer[cuts[-1] :] if cuts[-1] else buffer, offset + cuts[-1]
        if len(buffer) > limits.CATALOG_DOCUMENT.size:
            raise InputError(
                f"a document has more than {limits.CATALOG_DOCUMENT.size} bytes",
                subject=subject,
                advice="Ask the publisher of the catalog to correct it.",
            )


class _Cutter:
    """Where documents begin in a buffer that grows; it always begins with the beginning of one.

    joined: whether JSON documents may stand on one line.
    """

    def __init__(self) -> None:
        self.joined = False
        self._json = False
        # Whether lines were seen after JSON that are none.
        self._mixed = False

    def cuts(self, buffer: bytes, searched: int) -> list[int]:
        """searched: bytes that were looked through before."""
        if not self._json and _JSON.match(buffer):
            self._json = True
            searched = 0
        if not self._json:
            return _yaml_cuts(buffer, searched)
        cuts = self._json_cuts(buffer, searched)
        return self._mixed_cuts(buffer, cuts, _yaml_cuts(buffer, searched)) if self._mixed else cuts

    def _json_cuts(self, buffer: bytes, searched: int) -> list[int]:
        cuts: list[int] = []
        # A brace at the end of what was searched may be followed by its boundary now.
        for match in _AFTER.finditer(buffer, max(0, buffer.rfind(b"}", 0, searched))):
            found = match.group()
            if found == b"}\n{":
                cuts.append(match.end() - 1)
            elif b"\n" not in found:
                self.joined |= found.endswith(b"{")
                self._mixed |= found.endswith(b"#") and len(found) > 2
            elif found.endswith(b"{"):
                cuts.append(match.end() - 1)
            else:
                self._mixed = True
        return cuts

    def _mixed_cuts(self, buffer: bytes, json_cuts: list[int], yaml_cuts: list[int]) -> list[int]:
        """Of JSON's boundaries those that are not inside of a block of YAML."""
        found: list[int] = []
        yaml = frozenset(yaml_cuts)
        start = 0
        is_flow: bool | None = None
        for cut in sorted(yaml.union(json_cuts)):
            if is_flow is None:
                is_flow = buffer[_past(_BLANK_OR_DIRECTIVE, buffer, start, cut)] == _BRACE
            if cut in yaml or is_flow:
                found.append(cut)
                start, is_flow = cut, None
        return found


def _yaml_cuts(buffer: bytes, searched: int) -> list[int]:
    return [match.start() + 1 for match in _YAML.finditer(buffer, max(0, searched - 5))]


def _whole(buffer: bytes, cuts: Sequence[int], joined: bool) -> list[tuple[int, int]]:
    """Where documents begin and end between cuts; what begins with a brace after `---` begins there, and may be JSON."""
    places: list[tuple[int, int]] = []
    for start, end in zip(cuts, cuts[1:]):
        if start < end and buffer[start] == _BRACE and not joined:
            places.append((start, end))
        elif _past(_BLANK_OR_END, buffer, start, end) < end:
            begin = _past(_BLANK, buffer, start, end)
            start = begin if begin < end and buffer[begin] == _BRACE else start
            places.extend(_parts(buffer, start, end) if joined else ((start, end),))
    return places


def _past(skipped: re.Pattern[bytes], buffer: bytes, start: int, end: int) -> int:
    """The place behind all that is skipped from a place on."""
    match = skipped.match(buffer, start, end)
    while match:
        start = match.end()
        match = skipped.match(buffer, start, end)
    return start


def _parts(buffer: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The JSON documents of one part; the part itself when they cannot be told."""
    if not _JSON.match(buffer, start, end) or not _BETWEEN.search(buffer, start, end):
        return [(start, end)]
    if sum(buffer.count(sign, start, end) for sign in (b",", b"[", b"{")) > limits.CATALOG_DOCUMENT.values:
        # Whoever reads it refuses it.
        return [(start, end)]
    try:
        text = buffer[start:end].decode("utf-8")
        parts: list[tuple[int, int]] = []
        begin, place = start, 0
        while place < len(text):
            first = place
            while first < len(text) and text[first] in " \t\r\n":
                first += 1
            if first == len(text):
                break
            _value, after = _DECODER.raw_decode(text, first)
            stop = begin + len(text[place:after].encode("utf-8"))
            parts.append((begin, stop))
            begin, place = stop, after
        return parts
    except (ValueError, RecursionError):
        return [(start, end)]
