# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Connections of urllib3 with the guards that registries need; TLS, proxies and the grammar of HTTP are urllib3's and http.client's."""

from __future__ import annotations

import http.client
import re
from queue import Empty, Full
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import urllib3_library
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, reason_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.stream import Stream

# One call of the system for as much as the kernel takes: small pieces cost a fifth more of the whole copy.
_SLICE = 512 * 1024
# Different sets of headers that a connection remembers.
_KEPT = 16
_NOT_IN_HEADERS = re.compile(r"[^\t -~\x80-\xff]")

Fields = tuple[tuple[str, str], ...]


class Guarded(urllib3_library.HTTPConnection):
    """Used by one thread at a time.  urllib3's pools make it, so its settings are set afterwards.

    stall: seconds of silence while something is on its way.  patience: seconds for the next head.
    used: it has carried an exchange before, so the other side may have closed it since.  tunnelled: it is through its proxy.
    """

    stall = 60.0
    patience = 60.0
    used = False
    tunnelled = False
    _stream: Stream | None = None
    _held: bytes | None = None

    def __init__(self, *place: Any, **settings: Any) -> None:
        super().__init__(*place, **settings)
        self._lines: dict[Fields, bytes] = {}

    @property
    def peer(self) -> str:
        """The address at the other end; empty when it is gone."""
        try:
            return str(self.sock.getpeername()[0])
        except (AttributeError, OSError):
            return ""

    def connect(self) -> None:
        """Connects anew, through the proxy where there is one.  Raises what urllib3 raises."""
        self._stream = None
        self.used = self.tunnelled = False
        super().connect()
        self.sock.settimeout(self.stall)

    def head(self, method: str, target: str, fields: Fields, length: int | None = None) -> bytes:
        """The bytes of a request's head, which the caller sends together with the first ones of the body.  Raises InputError.

        length: for a Content-Length; none for requests without a body.
        """
        # Requests differ in their first line; what http.client made of their fields is kept, for that is most of the work.
        lines = self._lines.get(fields)
        try:
            start, _end, found = self._put(method, target, fields if lines is None else ()).partition(b"\r\n")
        except (ValueError, http.client.HTTPException) as error:
            raise InputError(f"{target!r:.200} cannot be requested: {error}") from error
        if lines is None:
            lines = self._lines[fields] = found
            if len(self._lines) > _KEPT:
                self._lines = {}
        if length is None:
            return start + b"\r\n" + lines
        return b"%b\r\nContent-Length: %d\r\n%b" % (start, length, lines)

    def _put(self, method: str, target: str, fields: Fields) -> bytes:
        self._held = b""
        try:
            self.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in fields:
                if _NOT_IN_HEADERS.search(value):
                    raise InputError(f"{value!r:.200} cannot be sent as {name}")
                self.putheader(name, value)
            self.endheaders()
            return self._held
        finally:
            self._held = None

    def send(self, data: Any) -> None:
        """All of some bytes.  The timeout holds for each step that the other side takes; the socket's own `sendall` has one for all.

        Raises Interrupted.
        """
        if self._held is not None:
            self._held += data
            return
        try:
            sent = self.sock.send(data[:_SLICE])
            if sent == len(data):
                return
            view = memoryview(data)
            while sent < len(view):
                sent += self.sock.send(view[sent : sent + _SLICE])
        except OSError as error:
            raise Interrupted(reason_of(error), untouched=True) from error

    def receive(self, seconds: float) -> Response:
        """The answer's head, within so many seconds; its body is read from the Response.  Raises Interrupted."""
        self.patience = seconds
        try:
            # Not urllib3's own, whose answers differ from version to version and cost as much again.
            answer: Any = http.client.HTTPConnection.getresponse(self)
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise Interrupted(reason_of(error)) from error
        return Response(self, self._incoming(self.sock), answer)

    def waiting(self) -> bool:
        """Whether something has come that nobody asked for: bytes, or the end.  Does not wait."""
        return self._incoming(self.sock).waiting()

    def response_class(self, sock: Any, method: str | None = None, **_debugging: Any) -> Answer:
        """For http.client, which takes this for a class."""
        stream = self._incoming(sock)
        stream.expect(self.patience)
        return Answer(stream, method)

    def _incoming(self, sock: Any) -> Stream:
        if self._stream is None or self._stream.sock is not sock:
            self._stream = Stream(sock, self.stall)
        return self._stream

    def _tunnel(self) -> None:
        super()._tunnel()
        self.tunnelled = True


class Secure(Guarded, urllib3_library.HTTPSConnection):
    """With TLS."""


class Idle(list[Any]):
    """Idle connections of a pool, the last one first; `queue.LifoQueue` has locks and waiting of its own, which nobody needs here."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def get(self, block: bool = False, timeout: float | None = None) -> Any:
        """Raises queue.Empty."""
        try:
            return self.pop()
        except IndexError:
            raise Empty from None

    def put(self, connection: Any, block: bool = False) -> None:
        """Raises queue.Full."""
        if len(self) >= self._most:
            raise Full
        self.append(connection)

    def qsize(self) -> int:
        """For urllib3, which names it in a warning."""
        return len(self)


class PlainPool(urllib3_library.HTTPConnectionPool):
    """Of guarded connections without TLS."""

    ConnectionCls = Guarded
    QueueCls = Idle


class SecurePool(urllib3_library.HTTPSConnectionPool):
    """Of guarded connections with TLS."""

    ConnectionCls = Secure
    QueueCls = Idle


POOLS = {"http": PlainPool, "https": SecurePool}


def socks_pools(socks: Any) -> Any:
    """The same for connections through a SOCKS proxy.  socks: `urllib3.contrib.socks`."""

    class GuardedSocks(Guarded, socks.SOCKSConnection):
        pass

    class SecureSocks(Guarded, socks.SOCKSHTTPSConnection):
        pass

    return {
        "http": type("PlainSocksPool", (socks.SOCKSHTTPConnectionPool,), {"ConnectionCls": GuardedSocks, "QueueCls": Idle}),
        "https": type("SecureSocksPool", (socks.SOCKSHTTPSConnectionPool,), {"ConnectionCls": SecureSocks, "QueueCls": Idle}),
    }
