# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One host as all threads see it: its idle connections, its pace, and whether it lives."""

from __future__ import annotations

import time
from collections import deque
from queue import SimpleQueue
from typing import Deque, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.http.connect import Origin, open_connection, proxy_authorization
from ansible_collections.disconnected.mirror.plugins.module_utils.http.pace import Pace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.proxy import Proxy
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings import HostSettings, Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.tls import Contexts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import Connection

# A connection that was in use so many seconds ago is taken without a look.
_SURELY_OPEN = 1.0


class Host:
    """Connections are given out to whoever asks and come back when their answer was read.

    `enter` and `leave` bound the requests under way at once; streams do not count, so that no thread waits for itself.
    """

    def __init__(self, origin: Origin, settings: Settings, contexts: Contexts) -> None:
        self.origin = origin
        self.settings: HostSettings = settings.host(origin.host, origin.port)
        self.timeouts: Timeouts = settings.timeouts
        self.pace = Pace()
        self._slots: SimpleQueue = SimpleQueue()
        for number in range(settings.parallel):
            self._slots.put(number)
        self.proxy: Optional[Proxy] = _proxy(self.settings, settings, origin)
        self._contexts = contexts
        self._idle: Deque[Connection] = deque()
        self._failing_since = 0.0
        self.answered = False
        # Where its name led to; empty behind a proxy.
        self.address = ""
        plain_proxy = self.proxy if origin.scheme == "http" else None
        # A proxy for plain requests wants the whole URL (RFC 9112, 3.2.2).
        self.target_prefix = str(origin) if plain_proxy else ""
        self.common_headers = f"Host: {origin.netloc}\r\n" + (proxy_authorization(plain_proxy) if plain_proxy else "")

    def enter(self) -> None:
        """Waits for one of the places for requests."""
        self._slots.get()

    def leave(self) -> None:
        self._slots.put(0)

    def take(self, fresh: bool = False, certain: bool = False) -> Connection:
        """An idle connection, or a new one (always when `fresh`).

        certain: look whether the other side closed it, even when it was in use a moment ago.
        Raises what open_connection raises.
        """
        while not fresh:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            if (not certain and time.monotonic() - connection.returned < _SURELY_OPEN) or not connection.waiting():
                return connection
            connection.close()
        context = self._contexts.of(self.settings) if self.origin.scheme == "https" else None
        connection = open_connection(self.origin, context, self.proxy, self.timeouts)
        self.address = "" if self.proxy else connection.peer
        return connection

    def give(self, connection: Connection, reusable: bool) -> None:
        """Takes a connection back."""
        if reusable:
            connection.used = True
            connection.returned = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()

    def alive(self) -> None:
        """The host answered."""
        self._failing_since = 0.0
        self.answered = True

    def failing(self) -> float:
        """The host failed; for how many seconds it has done so without one good answer."""
        now = time.monotonic()
        if not self._failing_since:
            self._failing_since = now
        return now - self._failing_since

    def close(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return


def _proxy(own: HostSettings, settings: Settings, origin: Origin) -> Optional[Proxy]:
    if own.proxy is not None:
        return Proxy.of(own.proxy) if own.proxy else None
    return settings.proxies.choose(origin.scheme, origin.host, origin.port)
