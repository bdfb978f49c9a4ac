# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One host as all threads see it: its idle connections, its pace, and whether it lives."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from queue import SimpleQueue
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.notice import notice
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.allowance import allowance
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.health import Health
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.pace import Pace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.waits import Waits
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.proxy import Proxy
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.tls import Contexts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Unreached
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.pool import Distrusted, Pool
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

_COMMON = {"User-Agent": "disconnected.mirror", "Accept-Encoding": "identity"}


class Host:
    """Connections are given out to whoever asks and come back when their answer was read.

    `enter` and `leave` bound the requests under way at once; streams do not count, so that no thread waits for itself.
    """

    def __init__(self, origin: Origin, settings: Settings, contexts: Contexts) -> None:
        self.origin = origin
        self.settings: HostSettings = settings.host(origin.host, origin.port)
        self.timeouts: Timeouts = settings.timeouts
        self.waits = Waits(settings.timeouts)
        self.pace = Pace()
        self._slots: SimpleQueue[int] = SimpleQueue()
        for number in range(settings.parallel):
            self._slots.put(number)
        self.proxy: Proxy | None = _proxy(self.settings, settings, origin)
        self._contexts = contexts
        self._settings = settings
        self._pool: Pool | None = None
        self._lock = threading.Lock()
        self._connected: weakref.WeakSet[Guarded] = weakref.WeakSet()
        self.health = Health(settings.retries, settings.timeouts.stall)
        # Where its name led to; empty behind a proxy.
        self.address = ""
        forwarding = self.proxy if origin.scheme == "http" and self.proxy is not None and not self.proxy.is_socks else None
        # A proxy for plain requests wants the whole URL (RFC 9112, 3.2.2).
        self.target_prefix = str(origin) if forwarding else ""
        common = {"Host": origin.netloc, **(forwarding.headers if forwarding else {}), **_COMMON}
        self.common_headers: tuple[tuple[str, str], ...] = tuple(common.items())

    def enter(self) -> None:
        """Waits for one of the places for requests."""
        self._slots.get()

    def leave(self) -> None:
        """Gives the place back that `enter` took."""
        self._slots.put(0)

    def take(self, fresh: bool = False) -> Guarded:
        """An idle connection, or a new one (always when `fresh`).  Raises what `Pool.take` raises."""
        began = time.monotonic()
        try:
            connection = (self._pool or self._opened()).take(fresh, self.health.patience(self.timeouts.stall))
        except Distrusted as error:
            connection = self._take_leniently(error)
        except Unreached as error:
            self.health.missed(error, time.monotonic() - began)
            raise
        if not connection.used:
            self.address = "" if self.proxy else connection.peer
            with self._lock:
                self._connected.add(connection)
        return connection

    def _take_leniently(self, error: Distrusted) -> Guarded:
        """Once more, without the strictness that other tools of the field do not have, where the user named the authorities."""
        context = self._contexts.lenient(self.settings)
        if context is None or (self._pool is not None and self._pool.context is context):
            raise error
        pool = Pool(self.origin, self.timeouts, context, self.proxy, self._proxy_context())
        try:
            connection = pool.take()
        except Distrusted:
            raise error from None
        self._pool = pool
        notice(
            f"The certificate of {self.origin.netloc} is accepted because its authority is named in ca_path, "
            f"although the authority is not as it should be: {error.reason}. Create a new one with key usage and key identifiers."
        )
        return connection

    def silent(self, seconds: float) -> None:
        """Nothing was heard in so many seconds.  Raises Unreached where nothing ever was."""
        if self.health.unheard:
            error = (self._pool or self._opened()).silent(seconds)
            self.health.missed(error, seconds)
            raise error

    def note(self, response: Response) -> None:
        """Lets pace and health know of an answer."""
        if response.status == 429:
            self.pace.refused()
            self.pace.told(allowance(response.headers).rate)
            return
        self.pace.accepted()
        if self.pace.limited:
            self.pace.told(allowance(response.headers).rate)
        if response.status in RETRIED:
            self.health.heard()
        else:
            self.health.alive()

    def give(self, connection: Guarded, reusable: bool) -> None:
        """Takes a connection back."""
        if reusable and self._pool is not None:
            connection.used = True
            self._pool.give(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Closes the idle connections."""
        if self._pool is not None:
            self._pool.close()

    def hang_up(self) -> None:
        """Ends what is under way: whoever waits for bytes of this host is told so at once."""
        with self._lock:
            connected = list(self._connected)
        for connection in connected:
            try:
                # Not the method of a TLS socket, which would take its state away from the thread that reads.
                open_socket: Any = getattr(connection.sock, "socket", connection.sock)
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)
            except (OSError, TypeError):
                continue

    def _opened(self) -> Pool:
        with self._lock:
            if self._pool is None:
                context = self._contexts.of(self.settings) if self.origin.scheme == "https" else None
                self._pool = Pool(self.origin, self.timeouts, context, self.proxy, self._proxy_context())
            return self._pool

    def _proxy_context(self) -> Any:
        if self.proxy is None or self.proxy.scheme != "https":
            return None
        return self._contexts.of(self._settings.host(self.proxy.host, self.proxy.port))


def _proxy(own: HostSettings, settings: Settings, origin: Origin) -> Proxy | None:
    if own.proxy is not None:
        return Proxy.of(own.proxy) if own.proxy else None
    return settings.proxies.choose(origin.scheme, origin.host, origin.port)
