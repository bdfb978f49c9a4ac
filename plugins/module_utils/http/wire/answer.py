# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An answer as http.client reads it, with what that lets pass refused (RFC 9112, sections 6 and 7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.client import HTTPResponse, IncompleteRead
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import CHUNK_LINE, TRAILERS
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.stream import Stream

_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n\Z")
_LENGTH = re.compile(r"[0-9]{1,18}\Z")


class Answer(HTTPResponse):
    """fields: the headers, by lower-case name; repeated ones joined by a comma.

    reusable: whether the connection may carry another exchange once this was read.
    """

    # Of http.client, which asks the headers for no more than get().
    _method: str | None
    _check_close: Callable[[], bool]
    code: int
    headers: Any

    def __init__(self, stream: Stream, method: str | None) -> None:
        # As much of a socket as http.client asks for: makefile().
        socket: Any = stream
        super().__init__(socket, method=method)
        self.fields: dict[str, str] = {}
        self.reusable = False
        self._stream = stream

    def begin(self) -> None:
        """Raises Interrupted where the length of the body is said in two ways, or in none that is known."""
        # As the stream lets it pass: HTTP/1.1 200 OK
        start = self._stream.head()
        self.status = int(start[9:12])
        self.version = 10 if start.startswith(b"HTTP/1.0") else 11
        fields = self.fields = self._stream.fields
        self.code, self.headers = self.status, fields
        coding, length = fields.get("transfer-encoding"), fields.get("content-length")
        if coding is not None and coding.lower() != "chunked":
            raise Interrupted(f"the answer has the transfer coding {coding!r:.60}")
        if coding is not None and length is not None:
            raise Interrupted("the answer has both a Content-Length and a transfer coding")
        self.chunked, self.chunk_left = coding is not None, None
        self.length = None if length is None else _length(length)
        if self._method == "HEAD" or self.status in (204, 304):
            self.chunked = False
            self.length = 0
        self.reusable = bool(self.chunked or self.length is not None) and not self._check_close()
        # Or else http.client would close the connection now, before the body was read.
        self.will_close = False

    def flush(self) -> None:
        """Nothing is ever written to it; http.client asks the stream."""

    def _read_next_chunk_size(self) -> int:
        """Instead of http.client's, which takes `-5`, `0x5` and `5_0` for a size, and 64 KiB of what follows it."""
        line = self.fp.readline(CHUNK_LINE + 1)
        match = _CHUNK.match(line)
        if match is None:
            raise self._broken("the answer has a malformed chunk")
        self._stream.discount(len(line))
        return int(match.group(1), 16)

    def _read_and_discard_trailer(self) -> None:
        """Instead of http.client's, which reads trailers as long as there are any, and takes the end of the connection for theirs."""
        left = TRAILERS
        while left > 0:
            line = self.fp.readline(left)
            if line == b"\r\n":
                return
            left -= len(line)
            if left > 0 and not line.endswith(b"\r\n"):
                raise self._broken("the trailers of the answer are malformed or broke off")
        raise self._broken("the trailers of the answer have no end")

    def _safe_readinto(self, b: Any) -> int:
        """Instead of http.client's, which throws away what came of a chunk that broke off."""
        size = int(self.fp.readinto(b))
        if not size:
            raise IncompleteRead(b"")
        return size

    def _safe_read(self, amt: int) -> bytes:
        """http.client asks for the end of a chunk's line with this, and does not look at it."""
        end = self.fp.read(amt)
        if len(end) < amt:
            raise IncompleteRead(end, amt - len(end))
        if end != b"\r\n":
            raise self._broken("the answer has a malformed chunk")
        return end

    def _broken(self, reason: str) -> IncompleteRead:
        """What http.client raises for a body that breaks off: it adds the bytes that had come."""
        self._stream.failure = self._stream.failure or Interrupted(reason)
        return IncompleteRead(b"")


def _length(text: str) -> int:
    """Said several times, it has to be the same each time.  Raises Interrupted."""
    if _LENGTH.match(text):
        return int(text)
    values = {value.strip(" \t") for value in text.split(",")}
    if len(values) != 1 or not _LENGTH.match(next(iter(values))):
        raise Interrupted(f"the answer has the Content-Length {text!r:.60}")
    return int(values.pop())
