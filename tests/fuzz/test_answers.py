# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a server answers, the client reads it, or says what is wrong with it."""

from __future__ import annotations

import random
import socket
import threading

from hypothesis import given, seed, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.tests.fuzz.readers import Reader
from ansible_collections.disconnected.mirror.tests.fuzz.test_readers import BATCH, COUNT, SEED, batch, inputs

SETTINGS = {"plain_http": True, "retries": {"times": 0}, "timeouts": {"connect": 2, "stall": 1, "answer": 1}}
ANSWERS = Reader(
    (
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nLink: </a>; rel="next"\r\n\r\n{}',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
        b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="a"\r\nContent-Length: 0\r\n\r\n',
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 500 No\r\n\r\n{}",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 None\r\n\r\n",
    ),
    lambda content, folder: None,
    (
        *(
            b"\r\n",
            b"\n",
            b"\r\n\r\n",
            b"Content-Length: \xb2",
            b"Content-Length: -1",
            b"Content-Length: 99999999999999",
            b"Content-Length: 1",
        ),
        *(
            b"Transfer-Encoding: chunked",
            b"Transfer-Encoding: gzip",
            b"Content-Encoding: gzip",
            b"Location: //x\x00",
            b"Location: https://[::1/",
        ),
        *(b"Retry-After: 1e999", b"ffffffffffffffff\r\n", b"HTTP/9.9 999", b"Set-Cookie: a", b"\xff", b"\x00", b": x", b" folded"),
    ),
)


class Server:
    """Answers each connection with the same bytes and closes it."""

    def __init__(self):
        self.answer = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/a"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    while b"\r\n\r\n" not in connection.recv(65536):
                        pass
                    connection.sendall(self.answer)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1)
                except OSError:
                    continue

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def test_whatever_a_server_answers():
    server, done = Server(), 0

    def ask(content):
        nonlocal done
        done += 1
        server.answer = content
        client = Http(Settings.of(SETTINGS, {}))
        try:
            client.get(server.url)
        except MirrorError as error:
            assert str(error).strip()
        except Exception as error:
            raise AssertionError(f"{error!r} for {content!r}") from error
        finally:
            client.close()

    @settings(max_examples=max(1, COUNT // BATCH // 4), derandomize=not SEED)
    @given(inputs(ANSWERS), st.integers(0, 1 << 32))
    def feed(content, number):
        for each in batch(ANSWERS, content, random.Random(number)):
            ask(each)

    try:
        (seed(int(SEED))(feed) if SEED else feed)()
    finally:
        server.close()
    print(f"answers: {done} inputs")
    assert done >= BATCH
