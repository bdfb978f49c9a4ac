# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS through a proxy: every kind of request takes it, none goes past it (user-needs P27)."""

from __future__ import annotations

import socket
import threading
from typing import List

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

NAME = "registry.example.com"


class Tunnel:
    """A proxy that leads every CONNECT to one place, whatever name was asked for.  heads: what it was asked."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.heads: List[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://me:secret@127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += near.recv(4096)
            self.heads.append(head)
            far = socket.create_connection(("127.0.0.1", self._port))
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return


@pytest.fixture
def authority(tmp_path):
    return Authority(str(tmp_path))


def test_everything_goes_through_the_tunnel(authority):
    guard = Guard(mode="bearer", users={"robot": "pass"}, realm=f"https://{NAME}/token")
    with FakeRegistry(dialects.ACR, auth=guard, tls=authority.server_context(NAME)) as registry:
        tunnel = Tunnel(registry.port)
        known = Credentials.of(entries={NAME: {"username": "robot", "password": "pass"}}, environ={"HOME": "/nonexistent"})
        http = Http(Settings.of({"ca_path": authority.path, "https_proxy": tunnel.url}, {}), known)
        store = RegistryStore(NAME, http, writing=True)
        app = images.image("app")
        images.push(app, store, "team/app", "1.0")
        assert store.fetch_manifest("team/app", "1.0").digest == app.digest
        assert store.tags("team/app") == ("1.0",)
        assert registry.ledger.count(endpoint="token") == 1
        store.close()
        tunnel.close()
    assert all(head.startswith(b"CONNECT registry.example.com:443 HTTP/1.") for head in tunnel.heads)
    assert all(b"Proxy-Authorization: Basic bWU6c2VjcmV0" in head for head in tunnel.heads)
    assert len(tunnel.heads) == 1


def test_names_are_checked_through_a_tunnel_too(authority):
    with FakeRegistry(tls=authority.server_context("other.example.com")) as registry:
        tunnel = Tunnel(registry.port)
        http = Http(Settings.of({"ca_path": authority.path, "https_proxy": tunnel.url, "retries": {"times": 0}}, {}))
        with pytest.raises(Unreachable, match="certificate.*not accepted"):
            RegistryStore(NAME, http).tags("team/app")
        tunnel.close()
        assert registry.ledger.count() == 0
