# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A way to a server on this machine that is slow, or breaks.

with Link(registry.port, rate=20 * MIB) as link: ...       # carries so many bytes a second to the client
with Link(registry.port, breaks_at=1 * MIB) as link: ...   # after so many bytes from clients the server is gone, until link.mend()
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_PIECE = 64 * 1024


class Link:
    """rate: of all connections together, towards clients; 0 for as fast as it goes.  breaks_at: 0 for never."""

    def __init__(self, target: int, rate: float = 0.0, breaks_at: int = 0) -> None:
        self._target, self._rate, self._left = target, rate, breaks_at
        self._breaks = bool(breaks_at)
        self._lock = threading.Lock()
        self._free = time.monotonic()
        self._open: set[socket.socket] = set()
        self._server: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._listen(self._server)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def is_broken(self) -> bool:
        return self._server is None

    def mend(self) -> None:
        """From now on everything goes through."""
        self._breaks = False
        if self._server is None:
            self._server = socket.create_server(("127.0.0.1", self.port))
            self._listen(self._server)

    def close(self) -> None:
        with self._lock:
            server, self._server = self._server, None
            ends, self._open = self._open, set()
        for end in (server, *ends):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _listen(self, server: socket.socket) -> None:
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = server.accept()
                target = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._open.update((client, target))
                threading.Thread(target=self._carry, args=(client, target, False), daemon=True).start()
                threading.Thread(target=self._carry, args=(target, client, True), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, down: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                if down and self._rate:
                    self._wait(len(piece))
                if not down and self._breaks and self._spent(len(piece)):
                    self.close()
                    return
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def _spent(self, size: int) -> bool:
        with self._lock:
            self._left -= size
            return self._left <= 0

    def _wait(self, size: int) -> None:
        with self._lock:
            begin = max(self._free, time.monotonic())
            self._free = begin + size / self._rate
        time.sleep(max(0.0, begin - time.monotonic()))
