# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""HTTP/1.1 on one socket: a request goes out, an answer comes in (RFC 9112).

`http.client` speaks the same protocol at four times the cost of a small request, most of it in its
e-mail header objects, and it cannot bound a head that arrives byte by byte; so the blob path
has its own reader.  It is strict: what is ambiguous breaks the exchange.
"""

from __future__ import annotations

import socket
import time
from typing import Any, Callable, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.http.head import Headers, content_length, parse_head
from ansible_collections.disconnected.mirror.plugins.module_utils.http.interruption import Interrupted, Oversized, reason_of

# Heads of answers are bounded (user-needs G16).
HEAD_LIMIT = 64 * 1024
# One call of the system for as much as the kernel takes: small pieces cost a fifth more of the whole copy.
_SLICE = 512 * 1024
# Slower than this over a whole stall window is as good as silent (user-needs G18).
_LEAST_RATE = 1024


class Connection:
    """A connected socket; used by one thread at a time.

    used: it has carried an exchange before, so the other side may have closed it since.
    returned: when it was last given back (monotonic seconds).
    """

    __slots__ = ("_rest", "_sock", "returned", "timeout", "used")

    def __init__(self, sock: socket.socket, timeout: float) -> None:
        sock.settimeout(timeout)
        self._sock = sock
        self.timeout = timeout
        self._rest = b""
        self.used = False
        self.returned = 0.0

    @property
    def peer(self) -> str:
        """The address at the other end; empty when it is gone."""
        try:
            return str(self._sock.getpeername()[0])
        except OSError:
            return ""

    def send(self, content: Any) -> None:
        """All of some bytes; the timeout holds for each step that the other side takes."""
        try:
            sent = self._sock.send(content[:_SLICE])
            if sent == len(content):
                return
            view = memoryview(content)
            while sent < len(view):
                sent += self._sock.send(view[sent : sent + _SLICE])
        except OSError as error:
            raise Interrupted(reason_of(error), untouched=True) from error

    def receive(self, method: str, seconds: float) -> "Response":
        """The answer's head, within so many seconds; its body is read from the Response."""
        deadline = time.monotonic() + seconds
        while True:
            status, version, headers = parse_head(self._head(deadline, seconds))
            if status >= 200:
                return Response(self, method, status, version, headers)

    def readinto(self, view: memoryview) -> int:
        """What one read gives; 0 when the other side closed."""
        rest = self._rest
        if rest:
            size = min(len(rest), len(view))
            view[:size] = rest[:size]
            self._rest = rest[size:]
            return size
        try:
            return self._sock.recv_into(view)
        except OSError as error:
            raise Interrupted(reason_of(error)) from error

    def line(self, limit: int = 4096) -> bytes:
        """One line without its end, at most `limit` bytes long."""
        deadline = time.monotonic() + self.timeout
        while b"\r\n" not in self._rest:
            if len(self._rest) > limit:
                raise Interrupted("a line of the answer has no end")
            self._rest += self._more(deadline)
        line, _end, self._rest = self._rest.partition(b"\r\n")
        return line

    def waiting(self) -> bool:
        """Whether something has come that nobody asked for: bytes, or the end.  Does not wait."""
        if self._rest:
            return True
        try:
            self._sock.settimeout(0)
            self._rest = self._sock.recv(65536)
            return True
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            # TLS tells "nothing there" in its own words.
            return type(error).__name__ != "SSLWantReadError"
        finally:
            self._sock.settimeout(self.timeout)

    def close(self) -> None:
        self._sock.close()

    def _head(self, deadline: float, seconds: float) -> bytes:
        data = self._rest
        if data or seconds != self.timeout:
            data = self._slow_head(data, deadline)
        else:
            data = self._more(deadline, untouched=True)
            if b"\r\n\r\n" not in data:
                data = self._slow_head(data, deadline)
        head, _end, self._rest = data.partition(b"\r\n\r\n")
        return head

    def _slow_head(self, data: bytes, deadline: float) -> bytes:
        """Goes on until the head is complete, its deadline kept however slowly it comes."""
        try:
            while b"\r\n\r\n" not in data:
                if len(data) > HEAD_LIMIT:
                    raise Interrupted(f"the head of the answer is longer than {HEAD_LIMIT} bytes")
                self._sock.settimeout(max(0.001, deadline - time.monotonic()))
                data += self._more(deadline, untouched=not data)
            return data
        finally:
            self._sock.settimeout(self.timeout)

    def _more(self, deadline: float, untouched: bool = False) -> bytes:
        try:
            data = self._sock.recv(65536)
        except OSError as error:
            raise Interrupted(reason_of(error), untouched=untouched and not isinstance(error, socket.timeout)) from error
        if not data:
            raise Interrupted("the connection was closed before the answer was complete", untouched=untouched)
        if time.monotonic() > deadline:
            raise Interrupted("the answer came too slowly")
        return data


class Response:
    """An answer: `status`, `headers` (lower-case names) and a body that is read once.

    length: bytes of the body, None when only its end will tell.
    body: what `read` read.  origin: who answered, set by the session.
    """

    __slots__ = (
        *("_chunked", "_connection", "_done", "_failure", "_left", "_on_done", "_reusable", "_seen", "_since"),
        *("body", "headers", "length", "origin", "status"),
    )

    def __init__(self, connection: Connection, method: str, status: int, version: int, headers: Headers) -> None:
        self.status = status
        self.headers = headers
        self.body = b""
        self.origin: Any = None
        self._connection = connection
        self._on_done: Optional[Callable[[Connection, bool], None]] = None
        self._failure: Optional[Interrupted] = None
        self._since = 0.0
        self._seen = 0
        coding = headers.get("transfer-encoding", "").lower()
        if coding and coding != "chunked":
            raise Interrupted(f"the answer has the transfer coding {coding!r:.60}")
        self._chunked = bool(coding)
        self.length = None if self._chunked else content_length(headers)
        if method == "HEAD" or status in (204, 304):
            self._chunked = False
            self.length = 0
        self._left = 0 if self._chunked else self.length
        self._done = self.length == 0
        told = headers.get("connection", "").lower()
        self._reusable = (self._chunked or self.length is not None) and ("keep-alive" in told if version == 0 else "close" not in told)

    def on_done(self, call: Callable[[Connection, bool], None]) -> None:
        """`call(connection, reusable)` once, when the body has been read or given up."""
        self._on_done = call
        if self._done:
            call(self._connection, self._reusable)

    def readinto(self, view: memoryview) -> int:
        """Fills `view` as far as the body goes; 0 at its end.

        Raises Interrupted when it breaks off or crawls, after all bytes that had come were given out.
        """
        filled = 0
        if self._failure is not None:
            raise self._failure
        try:
            while filled < len(view) and not self._done:
                size = self._some(view[filled:])
                filled += size
                self._watch(size)
        except Interrupted as error:
            self._failure = error
            self._finish(False)
            if not filled:
                raise
        return filled

    def read(self, limit: int) -> bytes:
        """The whole body, kept in `body`.  Raises Interrupted, also when it is longer than `limit`."""
        if self._done and self._failure is None:
            return self.body
        if self.length is not None and self.length > limit:
            self.close()
            raise Oversized(f"the answer has {self.length} bytes, more than the {limit} that are accepted", lasting=True)
        pieces = []
        filled = 0
        while not self._done or self._failure is not None:
            room = self.length - filled if self.length is not None else min(65536 + filled, limit + 1 - filled)
            buffer = bytearray(room)
            size = self.readinto(memoryview(buffer))
            pieces.append(bytes(buffer) if size == room else bytes(buffer[:size]))
            filled += size
            if filled > limit:
                self.close()
                raise Oversized(f"the answer is longer than the {limit} bytes that are accepted", lasting=True)
        self.body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return self.body

    def close(self) -> None:
        """Gives the connection back; one with an unread body is of no more use."""
        self._finish(False)

    def _some(self, view: memoryview) -> int:
        if self._chunked:
            return self._some_of_chunks(view)
        if self._left is None:
            size = self._connection.readinto(view)
            if not size:
                self._finish(False)
            return size
        size = self._connection.readinto(view[: self._left])
        if not size:
            raise Interrupted(f"the answer broke off {self._left} bytes before its end")
        self._left -= size
        if not self._left:
            self._finish(self._reusable)
        return size

    def _some_of_chunks(self, view: memoryview) -> int:
        if not self._left:
            text = self._connection.line().split(b";", 1)[0].strip()
            try:
                self._left = int(text, 16) if text.isalnum() and len(text) <= 15 else -1
            except ValueError:
                self._left = -1
            if self._left < 0:
                raise Interrupted("the answer has a malformed chunk")
            if not self._left:
                while self._connection.line():
                    pass
                self._finish(self._reusable)
                return 0
        size = self._connection.readinto(view[: self._left])
        if not size:
            raise Interrupted("the answer broke off before its end")
        self._left -= size
        if not self._left and self._connection.line():
            raise Interrupted("the answer has a malformed chunk")
        return size

    def _watch(self, size: int) -> None:
        now = time.monotonic()
        if not self._since:
            self._since = now
        self._seen += size
        window = self._connection.timeout
        if now - self._since > window:
            if self._seen < window * _LEAST_RATE:
                raise Interrupted(f"the answer came slower than {_LEAST_RATE} bytes a second")
            self._since = now
            self._seen = 0

    def _finish(self, reusable: bool) -> None:
        if not self._done:
            self._done = True
            if self._on_done is not None:
                self._on_done(self._connection, reusable)
