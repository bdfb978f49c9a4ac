# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Connections of urllib3 with the guards that registries need; TLS, proxies and the grammar of HTTP are urllib3's and http.client's."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import urllib3_library
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, reason_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.stream import Stream

# One call of the system for as much as the kernel takes: small pieces cost a fifth more of the whole copy.
_SLICE = 512 * 1024

Fields = Iterable[tuple[str, str]]


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

    @property
    def peer(self) -> str:
        """The address at the other end; empty when it is gone."""
        try:
            return str(self.sock.getpeername()[0])
        except (AttributeError, OSError):
            return ""

    def connect(self) -> None:
        self._stream = None
        self.used = self.tunnelled = False
        super().connect()
        self.sock.settimeout(self.stall)

    def head(self, method: str, target: str, fields: Fields) -> bytes:
        """The bytes of a request's head, which the caller sends together with the first ones of the body.  Raises InputError."""
        self._held = b""
        try:
            self.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in fields:
                self.putheader(name, value)
            self.endheaders()
            return self._held
        except (ValueError, http.client.HTTPException) as error:
            raise InputError(f"{target!r:.200} cannot be requested: {error}") from error
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


class PlainPool(urllib3_library.HTTPConnectionPool):
    ConnectionCls = Guarded


class SecurePool(urllib3_library.HTTPSConnectionPool):
    ConnectionCls = Secure


POOLS = {"http": PlainPool, "https": SecurePool}


def socks_pools(socks: Any) -> Any:
    """The same for connections through a SOCKS proxy.  socks: `urllib3.contrib.socks`."""

    class GuardedSocks(Guarded, socks.SOCKSConnection):
        pass

    class SecureSocks(Guarded, socks.SOCKSHTTPSConnection):
        pass

    return {
        "http": type("PlainSocksPool", (socks.SOCKSHTTPConnectionPool,), {"ConnectionCls": GuardedSocks}),
        "https": type("SecureSocksPool", (socks.SOCKSHTTPSConnectionPool,), {"ConnectionCls": SecureSocks}),
    }
