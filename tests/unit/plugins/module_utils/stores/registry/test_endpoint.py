# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a registry is spoken to, and where its Locations lead."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority

_REFUSAL = b"Client sent an HTTP request to an HTTPS server.\n"
_HANDSHAKE = b"\x16"


def _answer(connection, context):
    """TLS for those who begin with it, a refusal for the others."""
    try:
        if connection.recv(1, socket.MSG_PEEK) != _HANDSHAKE:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n" + _REFUSAL)
            connection.close()
            return
        secure = context.wrap_socket(connection, server_side=True)
        while secure.recv(65536):
            secure.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"tags": ["a"]}')
    except OSError:
        connection.close()


@pytest.fixture
def two_faced(tmp_path):
    """A server that insists on TLS: its port and the path of its authority."""
    authority = Authority(str(tmp_path))
    context = authority.server_context("127.0.0.1")
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=_answer, args=(connection, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], authority.path
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_a_host_that_may_do_without_tls_and_insists_on_it_gets_it(two_faced):
    port, authority = two_faced
    store = RegistryStore(f"127.0.0.1:{port}", Http(Settings.of({"plain_http": True, "ca_path": authority}, {})))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _each: store.tags("team/app"), range(4))) == {("a",)}
    assert store.tags("team/app") == ("a",)


def test_so_it_is_before_the_first_blob(two_faced):
    port, authority = two_faced
    store = RegistryStore(f"127.0.0.1:{port}", Http(Settings.of({"plain_http": True, "ca_path": authority}, {})))
    reader = store.open_blob("team/app", Descriptor("x", Digest.of(b'{"tags": ["a"]}'), 15))
    buffer = bytearray(15)
    assert reader.readinto(memoryview(buffer)) == 15
    reader.close()


@pytest.mark.parametrize(
    "location, expected",
    [
        ("/v2/a/blobs/uploads/1?x=y", ("https://quay.example.com", "/v2/a/blobs/uploads/1?x=y", True)),
        ("1?x=%2F", ("https://quay.example.com", "/v2/a/blobs/uploads/1?x=%2F", True)),
        ("https://quay.example.com:443/there", ("https://quay.example.com", "/there", True)),
        ("http://quay.example.com/there", ("https://quay.example.com", "/there", True)),
        ("https://quay.example.com:8443/there", ("https://quay.example.com:8443", "/there", False)),
        ("https://cdn.example.com/there?sig=a+b%20c|d", ("https://cdn.example.com", "/there?sig=a+b%20c%7Cd", False)),
        ("//cdn.example.com/there", ("https://cdn.example.com", "/there", False)),
    ],
)
def test_locations(location, expected):
    endpoint = Endpoint("quay.example.com", Http(Settings()))
    request = Request("POST", endpoint.origin, "/v2/a/blobs/uploads/")
    origin, target, own = endpoint.locate(request, location)
    assert (str(origin), target, own) == expected


@pytest.mark.parametrize(
    "location", ["http://cdn.example.com/", "ftp://cdn.example.com/", "https://me:secret@cdn.example.com/", "http://[::1"]
)
def test_locations_that_are_not_gone_to(location):
    endpoint = Endpoint("quay.example.com", Http(Settings()))
    with pytest.raises(MirrorError) as caught:
        endpoint.locate(Request("POST", endpoint.origin, "/"), location)
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value, RegistryError) or "without TLS" in str(caught.value)


@pytest.mark.parametrize(
    "text, expected", [("h", "https://h"), ("H:5000", "https://h:5000"), ("[::1]:5000", "https://[::1]:5000"), ("h:443", "https://h")]
)
def test_origins(text, expected):
    assert str(Origin.of("https", text)) == expected
