# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that does byte by byte what a test says, well or badly."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Callable


class Scripted:
    """Calls `behave(connection, number, request head)` for each request, after its body was read.

    heads, bodies: what was received.  listens: whether bodies are read at all.
    """

    def __init__(self, behave: Callable[[socket.socket, int, bytes], object]) -> None:
        self.behave = behave
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.listens = True
        self.connections = 0
        self._closing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def close(self) -> None:
        self._closing = True
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        try:
            while True:
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                head, _blank, data = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\nContent-Length: *(\d+)", head) if self.listens else None
                size = int(length.group(1)) if length else 0
                while len(data) < size:
                    data += connection.recv(65536)
                self.bodies.append(data[:size])
                data = data[size:]
                self.heads.append(head)
                if self.behave(connection, len(self.heads), head) == "close":
                    connection.shutdown(socket.SHUT_RDWR)
                    connection.close()
                    return
        except OSError:
            return


def starting() -> Iterator[Callable[[Callable[[socket.socket, int, bytes], object]], Scripted]]:
    """Starts scripted servers; all are closed at the end.  For a fixture."""
    started: list[Scripted] = []

    def start(behave: Callable[[socket.socket, int, bytes], object]) -> Scripted:
        started.append(Scripted(behave))
        return started[-1]

    yield start
    for server in started:
        server.close()


def always(answer: bytes) -> Callable[[socket.socket, int, bytes], object]:
    """Whatever is asked."""
    return lambda connection, number, head: connection.sendall(answer)


def refusal(status: int, body: bytes = b"", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def redirect(location: str, status: int = 307) -> bytes:
    return refusal(status, headers=f"Location: {location}\r\n")
