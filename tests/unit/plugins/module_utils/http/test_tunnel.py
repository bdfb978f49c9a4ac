# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS through a proxy: every kind of request takes it, none goes past it (user-needs P27)."""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import warnings

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.notice import Notice
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

NAME = "registry.example.com"


class Tunnel:
    """A proxy that leads every CONNECT to one place, whatever name was asked for.  heads: what it was asked.

    context: of a proxy that is spoken to with TLS itself.  socks: it speaks SOCKS 5 instead of HTTP.
    """

    def __init__(self, port: int, context: ssl.SSLContext | None = None, socks: bool = False) -> None:
        self._port = port
        self._context = context
        self._greet = self._greet_by_socks if socks else self._greet_by_http
        self.heads: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "socks5h" if socks else "https" if context else "http"
        self.url = f"{scheme}://me:secret@127.0.0.1:{self._listener.getsockname()[1]}"
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
            try:
                near = self._context.wrap_socket(near, server_side=True) if self._context else near
                far = self._greet(near)
            except OSError:
                continue
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _greet_by_http(self, near: socket.socket) -> socket.socket:
        head = b""
        while b"\r\n\r\n" not in head:
            head += near.recv(4096)
        self.heads.append(head)
        far = socket.create_connection(("127.0.0.1", self._port))
        near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return far

    def _greet_by_socks(self, near: socket.socket) -> socket.socket:
        """RFC 1928 and 1929, as far as one client in a test goes."""
        near.recv(512)
        near.sendall(b"\x05\x02")
        self.heads.append(near.recv(512))
        near.sendall(b"\x01\x00")
        self.heads.append(near.recv(512))
        far = socket.create_connection(("127.0.0.1", self._port))
        near.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        return far

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


def read_through(tunnel: Tunnel, authority: Authority, **settings) -> bytes:
    http = Http(Settings.of({"ca_path": authority.path, "https_proxy": tunnel.url, "retries": {"times": 0}, **settings}, {}))
    try:
        return RegistryStore(NAME, http).tags("team/app")
    finally:
        http.close()
        tunnel.close()


def test_a_proxy_that_is_spoken_to_with_tls(authority):
    with FakeRegistry(tls=authority.server_context(NAME)) as registry:
        tunnel = Tunnel(registry.port, authority.server_context("127.0.0.1"))
        try:
            assert read_through(tunnel, authority) is None
        except Unsupported as error:
            assert "newer urllib3" in error.advice
            pytest.skip("this urllib3 knows no TLS within TLS; make setup installs a newer one")
        assert tunnel.heads[0].startswith(b"CONNECT registry.example.com:443 HTTP/1.")
        assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in tunnel.heads[0]


def test_the_certificate_of_a_proxy_is_checked_and_told_as_its_own(authority):
    with FakeRegistry(tls=authority.server_context(NAME)) as registry:
        tunnel = Tunnel(registry.port, authority.server_context("other.example.com"))
        with pytest.raises(Unreachable, match=r"the certificate of 127\.0\.0\.1:\d+ is not accepted"):
            read_through(tunnel, authority)
        assert tunnel.heads == [] and registry.ledger.count() == 0


def test_a_proxy_with_tls_for_what_has_none(authority):
    with FakeRegistry() as registry:
        tunnel = Tunnel(registry.port, authority.server_context("127.0.0.1"))
        tunnel._greet = lambda near: socket.create_connection(("127.0.0.1", registry.port))
        http = Http(Settings.of({"ca_path": authority.path, "http_proxy": tunnel.url, "plain_http": True, "retries": {"times": 0}}, {}))
        assert RegistryStore(NAME, http).tags("team/app") is None
        tunnel.close()
        assert registry.ledger.entries()[0].path.startswith(f"http://{NAME}/v2/")


@pytest.mark.parametrize("plain", [False, True])
def test_a_proxy_that_speaks_socks(authority, plain):
    pytest.importorskip("socks", reason="SOCKS needs the library PySocks")
    with FakeRegistry(tls=None if plain else authority.server_context(NAME)) as registry:
        tunnel = Tunnel(registry.port, socks=True)
        assert read_through(tunnel, authority, plain_http=plain, http_proxy=tunnel.url) is None
        assert tunnel.heads[0] == b"\x01\x02me\x06secret" and NAME.encode() in tunnel.heads[1]
        assert registry.ledger.count() == 1


def test_without_pysocks_a_proxy_that_speaks_socks_says_what_to_install(authority, monkeypatch):
    monkeypatch.setitem(sys.modules, "socks", None)
    with pytest.raises(Unsupported, match="lacks the Python library PySocks.*Install PySocks"):
        read_through(Tunnel(9, socks=True), authority)


def test_an_authority_without_key_usage_is_trusted_when_the_user_names_it(tmp_path):
    """As `openssl req -x509` makes it: Python refuses it since 3.13; curl, podman and earlier Pythons do not."""
    careless = Authority(str(tmp_path), usage=False)
    with FakeRegistry(tls=careless.server_context("127.0.0.1")) as registry, warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always")
        http = Http(Settings.of({"ca_path": careless.path, "retries": {"times": 0}}, {}))
        assert RegistryStore(registry.host, http).tags("team/app") is None
        http.close()
        assert RegistryStore(registry.host, http).tags("team/app") is None
    told = [str(each.message) for each in noticed if issubclass(each.category, Notice)]
    assert len(told) == (1 if sys.version_info >= (3, 13) else 0)
    assert all("ca_path" in text and "key usage" in text for text in told)


@pytest.mark.parametrize(("name", "days"), [("other.example.com", 1), ("127.0.0.1", -1)])
def test_such_an_authority_is_trusted_for_nothing_more(tmp_path, name, days):
    careless = Authority(str(tmp_path), usage=False)
    with FakeRegistry(tls=careless.server_context(name, days)) as registry:
        http = Http(Settings.of({"ca_path": careless.path, "retries": {"times": 0}}, {}))
        with pytest.raises(Unreachable, match="is not accepted"):
            RegistryStore(registry.host, http).tags("team/app")
        stranger = Authority(str(tmp_path), "stranger", usage=False)
        with pytest.raises(Unreachable, match="is not accepted"):
            RegistryStore(registry.host, Http(Settings.of({"ca_path": stranger.path, "retries": {"times": 0}}, {}))).tags("team/app")
