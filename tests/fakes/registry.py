# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry in memory: the OCI distribution API over real HTTP, for tests in one process.

    with FakeRegistry(dialect=dialects.HARBOR, auth=Guard(mode="bearer", users={"me": "secret"})) as registry:
        registry.content.put_blob("team/app", b"...")
        registry.inject(Fault(endpoint="blob", status=503, times=2, retry_after="1"))
        ...
        assert registry.ledger.count("GET", "blob") == 3
        assert registry.violations == []

`violations` records what no client should ever do, such as a manifest before its content.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from http.server import ThreadingHTTPServer
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes import routes
from ansible_collections.disconnected.mirror.tests.fakes.answers import Answer, Question
from ansible_collections.disconnected.mirror.tests.fakes.content import Content
from ansible_collections.disconnected.mirror.tests.fakes.dialects import DISTRIBUTION, Dialect
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault, Faults
from ansible_collections.disconnected.mirror.tests.fakes.handler import Handler
from ansible_collections.disconnected.mirror.tests.fakes.ledger import Ledger
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard


class _Server(ThreadingHTTPServer):
    """Knows its open connections, so that it can cut them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    registry: FakeRegistry

    def __init__(self, *arguments: Any) -> None:
        self.open: set[socket.socket] = set()
        self.cut: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        if request in self.cut:
            # No orderly end before it: with a linger time of zero the peer sees a reset.
            self.cut.discard(request)
            request.close()
            return
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nobody's fault here; the rest is told by the tests' own asserts."""


class FakeRegistry:
    """Listens on a free port of 127.0.0.1 between `start` and `stop`.

    host: `127.0.0.1:port`.  url: with scheme.  blob_redirect: base URL to which blob reads are sent (307), such
    as another fake's `url` that shares this one's `content`: it serves them at /cdn/<digest> to everybody.
    """

    def __init__(
        self,
        dialect: Dialect = DISTRIBUTION,
        auth: Guard | None = None,
        content: Content | None = None,
        tls: ssl.SSLContext | None = None,
        blob_redirect: str = "",
        keep_alive: bool = True,
    ) -> None:
        self.dialect = dialect
        self.auth = auth or Guard()
        self.content = content or Content()
        self.blob_redirect = blob_redirect
        self.keep_alive = keep_alive
        self.ledger = Ledger()
        self.faults = Faults()
        self.violations: list[str] = []
        self.projects: set[str] = set()
        self.port = 0
        self._tls = tls
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def answer(self, question: Question) -> Answer:
        """What it says where no fault is in the way.  Raises Refused."""
        return routes.answer(question)

    def inject(self, *faults: Fault) -> None:
        """Adds faults; the first that fits a request and is not used up is obeyed."""
        self.faults.add(*faults)

    def start(self) -> FakeRegistry:
        """Begins to listen; on the same port as before when it was stopped."""
        server = _Server(("127.0.0.1", self.port), Handler)
        server.registry = self
        if self._tls:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = server.server_address[1]
        self._server = server
        self._thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        self._thread.start()
        return self

    def _serve(self, server: _Server) -> None:
        while self._server is server:
            server.handle_request()

    def settle(self, patience: float = 30) -> None:
        """Waits until everything that clients sent before they went away is answered and in the ledger.

        A process that was killed leaves requests behind: in connections that are not accepted yet, and in handlers
        that still write. Connections are accepted in order, so that one more shows that all earlier ones are known.

        Raises: TimeoutError, when a client is still connected after so many seconds.
        """
        server = self._server
        deadline = time.monotonic() + patience
        with socket.create_connection(("127.0.0.1", self.port), patience) as last:
            mine = last.getsockname()
            while not any(_peer(connection) == mine for connection in list(server.open)):
                _wait(deadline)
        while server.open:
            _wait(deadline)

    def stop(self) -> None:
        """Stops listening and cuts what is open; the content stays."""
        server, self._server = self._server, None
        if server is None:
            return
        # Wakes the thread that waits for the next connection.
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), 30).close()
        if self._thread:
            self._thread.join(60)
        server.server_close()
        for connection in list(server.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> FakeRegistry:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()


def _peer(connection: socket.socket) -> Any:
    try:
        return connection.getpeername()
    except OSError:
        return None


def _wait(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("clients are still connected")
    time.sleep(0.005)
