# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`opm`, the program that serves catalogs in a cluster: validates, renders and serves what was made here.

    with Served(folder, cache) as server:
        assert server.packages() == ["foo"]

`packages` asks `api.Registry/ListPackages` over gRPC: one HTTP/2 stream, written by hand, since no library is there for one call.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence

from ansible_collections.disconnected.mirror.tests.fakes.processes import free_port, require

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY = 0, 1, 3, 4, 6, 7
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1


def opm() -> str:
    """Path of the program; skips the test where it is not installed."""
    return require("opm")


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([opm(), *arguments], capture_output=True, text=True, timeout=300, check=False)


class Served:
    """`opm serve` of a directory on loopback.

    program: a copy of opm that the user may run, the installed one when empty.
    arguments: further ones, such as --cache-only.  user: number of the user that runs it, 0 for the current one.
    """

    def __init__(self, folder: str, home: str, arguments: Sequence[str] = (), program: str = "", user: int = 0) -> None:
        self.port = free_port()
        command = [
            program or opm(),
            "serve",
            folder,
            f"--port={self.port}",
            f"--termination-log={home}/termination.log",
            "--pprof-addr=",
            *arguments,
        ]
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": home, "TMPDIR": home, "XDG_CACHE_HOME": home}
        identity: dict[str, int] = {"user": user, "group": 0} if user else {}
        self._log = open(os.path.join(home, "opm.log"), "w+", encoding="utf-8")
        self._process = subprocess.Popen(command, env=environment, stdout=self._log, stderr=subprocess.STDOUT, cwd=home, **identity)

    def __enter__(self) -> Served:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise AssertionError(f"opm serve ended: {self.log()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"opm serve does not listen: {self.log()}")

    def __exit__(self, *_error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def packages(self) -> list[str]:
        """Names of the packages that it serves, sorted."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.settimeout(30)
            connection.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _request("/api.Registry/ListPackages"))
            body = b"".join(_answer(connection))
        return sorted(_text(message) for message in _messages(body))


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def _request(path: str) -> bytes:
    """Headers, none of them indexed or compressed, and an empty message."""
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("te", "trailers")]
    headers.append(("content-type", "application/grpc"))
    block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in headers)
    return _frame(_HEADERS, _END_HEADERS, 1, block) + _frame(_DATA, _END_STREAM, 1, b"\x00" + struct.pack(">I", 0))


def _string(text: str) -> bytes:
    assert len(text) < 127
    return bytes((len(text),)) + text.encode("ascii")


def _answer(connection: socket.socket) -> Iterator[bytes]:
    while True:
        head = _exactly(connection, 9)
        payload = _exactly(connection, int.from_bytes(head[:3], "big"))
        kind, flags = head[3], head[4]
        if kind == _SETTINGS and not flags & _ACK:
            connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind == _PING and not flags & _ACK:
            connection.sendall(_frame(_PING, _ACK, 0, payload))
        elif kind in (_RESET, _GOAWAY):
            raise AssertionError(f"opm refused the call: {payload!r}")
        elif kind == _DATA:
            yield payload
        if kind in (_DATA, _HEADERS) and flags & _END_STREAM:
            return


def _exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = connection.recv(size - len(content))
        if not part:
            raise AssertionError("opm hung up")
        content += part
    return content


def _messages(body: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(body):
        size = int.from_bytes(body[place + 1 : place + 5], "big")
        yield body[place + 5 : place + 5 + size]
        place += 5 + size


def _text(message: bytes) -> str:
    """Field 1 of a protobuf message, short text."""
    tag, size = message[:2]
    assert (tag, size) == (0x0A, len(message) - 2)
    return message[2:].decode("utf-8")
