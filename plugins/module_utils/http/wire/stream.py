# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What comes in on one connection: guarded before http.client parses it.

http.client would wait for a head as long as bytes trickle, takes six megabytes of it, and is lenient with lines that others
read differently.  So a head is read whole here, within its time and its bound, and is looked at before it is handed on.
"""

from __future__ import annotations

import io
import re
import socket
import time
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import HEAD
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, Silent, reason_of

# Slower than this over a whole stall window is as good as silent (user-needs G18).
_LEAST_RATE = 1024
# RFC 9112, sections 4 and 5, without what it calls obsolete: no folding, no line that ends otherwise, no control characters.
_HEAD = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\Z")
_START = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}[ \r]")
_SWITCHING = b"101"


class Reader(io.BufferedReader):
    """Stays open when http.client has read an answer: the next one comes through it, too."""

    def close(self) -> None:
        """The connection closes its socket itself."""


class Stream(io.RawIOBase):
    """sock: a connected socket, or what stands for one.  stall: seconds of silence that are borne.

    fields: the headers of the last answer, by lower-case name; repeated ones joined by a comma.
    failure: how a body broke off; `readinto` gives nothing more then, so that what had come before is not lost.
    """

    def __init__(self, sock: Any, stall: float) -> None:
        super().__init__()
        self.sock = sock
        self.failure: Interrupted | None = None
        self.fields: dict[str, str] = {}
        self.reader = Reader(self)
        self._stall = stall
        # Seconds for the head that comes next; none while a body is read.
        self._patience = 0.0
        self._reading = False
        # What came with a head and is behind it, or was found while nobody waited for it.
        self._rest = b""
        self._since = 0.0
        self._seen = 0

    def readable(self) -> bool:
        """For the reader."""
        return True

    def makefile(self, *_mode: Any) -> Reader:
        """For http.client, which takes this for the socket."""
        return self.reader

    def expect(self, seconds: float) -> None:
        """The next thing is the head of an answer, which has so many seconds to come."""
        self._patience = seconds
        self._reading = True
        self._since = 0.0
        self._seen = 0

    def end(self) -> bool:
        """The answer was read; whether there is nothing behind it that nobody asked for."""
        self._reading = False
        return not self._rest and not self.reader.peek(1)

    def head(self) -> bytes:
        """The start line of the answer that is expected; its `fields` are known then.  Raises Interrupted."""
        return self._read_head()

    def readinto(self, buffer: Any) -> int | None:
        """For the reader.  Raises Interrupted for a head only."""
        if self._patience:
            # http.client reads the answer of a proxy by itself; of its head, the start line is enough.
            start = self._read_head()
            self._rest = start + b"\r\n\r\n" + self._rest
        elif not self._reading:
            return None
        rest = self._rest
        if rest:
            size = min(len(rest), len(buffer))
            buffer[:size] = rest[:size]
            self._rest = rest[size:]
            return size
        if self.failure is not None:
            return 0
        try:
            size = int(self.sock.recv_into(buffer))
            self._watch(size)
        except OSError as error:
            self.failure = Interrupted(reason_of(error))
            return 0
        return size

    def discount(self, size: int) -> None:
        """So many bytes were no content: they count for nothing when the pace of a body is looked at."""
        self._seen -= size

    def waiting(self) -> bool:
        """Whether something has come that nobody asked for: bytes, or the end.  Does not wait.

        That a socket is readable is not enough: with TLS it may be a ticket for later sessions.
        """
        if self._rest:
            return True
        try:
            self.sock.settimeout(0)
            self._rest = self.sock.recv(65536)
            return True
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            return type(error).__name__ != "SSLWantReadError"
        finally:
            self.sock.settimeout(self._stall)

    def _read_head(self) -> bytes:
        """The start line.  Reads until a head is complete, in its time however slowly it comes; what is informational is passed over."""
        seconds, self._patience = self._patience, 0.0
        deadline = time.monotonic() + seconds
        data, passed = self._rest, 0
        self._rest = b""
        while True:
            head, end, rest = data.partition(b"\r\n\r\n")
            if passed + len(head) > HEAD:
                raise Interrupted(f"the head of the answer is longer than {HEAD} bytes")
            if not end:
                data += self._more(deadline, seconds, untouched=not data and not passed)
                continue
            match = _HEAD.match(head + b"\r\n")
            if match is None:
                malformed = _START.match(head + b"\r\n")
                raise Interrupted("the answer has a malformed header" if malformed else "the answer is not HTTP/1.1")
            if not match.group(1).startswith(b"1"):
                start, _end, lines = head.partition(b"\r\n")
                self.fields = _fields(lines)
                self._rest = rest
                return start
            if match.group(1) == _SWITCHING:
                raise Interrupted("the response switches to another protocol, which was not requested")
            passed += len(head)
            data = rest

    def _more(self, deadline: float, seconds: float, untouched: bool) -> bytes:
        # The socket has the right timeout already for the first bytes of most answers.
        slow = not untouched or seconds != self._stall
        try:
            if slow:
                self.sock.settimeout(max(0.001, deadline - time.monotonic()))
            data = self.sock.recv(65536)
        except OSError as error:
            if untouched and isinstance(error, socket.timeout):
                raise Silent(reason_of(error)) from error
            raise Interrupted(reason_of(error), untouched=untouched) from error
        finally:
            if slow:
                self.sock.settimeout(self._stall)
        if not data:
            raise Interrupted("the connection was closed before the answer was complete", untouched=untouched)
        if time.monotonic() > deadline:
            raise Interrupted("the answer came too slowly")
        return bytes(data)

    def _watch(self, size: int) -> None:
        now = time.monotonic()
        if not self._since:
            self._since = now
        self._seen += size
        if now - self._since > self._stall:
            if self._seen < self._stall * _LEAST_RATE:
                self.failure = Interrupted(f"the answer came slower than {_LEAST_RATE} bytes a second")
            self._since = now
            self._seen = 0


def _fields(lines: bytes) -> dict[str, str]:
    """Of lines that were matched before: http.client would have `email` parse them again, for half the cost of a small request."""
    fields: dict[str, str] = {}
    for line in lines.decode("latin-1").split("\r\n") if lines else ():
        name, _colon, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields
