# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host behaves the same whether a registry's client asks it or requests does, for a document: faults, login, proxies, TLS, the end."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    InputError,
    MirrorError,
    Unreachable,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.http.documents import Documents
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import basic
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.scripted import always, redirect, refusal

CORE = "ansible_collections.disconnected.mirror.plugins.module_utils"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n"
QUICK = {"plain_http": True, "retries": {"times": 3, "delay": 0.01, "max_delay": 0.02}}
# What a busy machine adds must not make the one of the other.
SHORT = {"connect": 0.5, "stall": 0.4, "answer": 1.2}

Seen = list[tuple[str, str]]


def client(seen: Seen, **more: Any) -> Http:
    return Http(Settings.of({**QUICK, **more}, {}), on_retry=lambda host, reason, _delay: seen.append((host, reason)))


def as_registry(http: Http, url: str) -> bytes:
    origin, target = split_url(url)
    http.check_plain(origin)
    response = http.exchange(Request("GET", origin, target), 1000)
    assert response.status == 200
    return response.body


def as_document(http: Http, url: str) -> bytes:
    return http.get(url, limit=1000)


WAYS = [as_registry, as_document]
both_ways = pytest.mark.parametrize("way", WAYS, ids=["as a registry", "as a document"])


def in_turn(*answers: Any) -> Any:
    def behave(connection: socket.socket, number: int, _head: bytes) -> str:
        answer = answers[min(number, len(answers)) - 1]
        connection.sendall(answer if isinstance(answer, bytes) else answer[0])
        return "" if isinstance(answer, bytes) else "close"

    return behave


# By name: the answers in turn (one in brackets is followed by the end of the connection), and the reasons of the retries.
FAULTS = {
    "none": ((OK,), ()),
    "chunks": ((CHUNKS,), ()),
    "a body that ends with the connection": (([b"HTTP/1.1 200 OK\r\n\r\nhi"],), ()),
    "a hint before the answer": ((b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK,), ()),
    "busy": ((refusal(503), refusal(503, b"<html>"), OK), ("answered 503", "answered 503")),
    "a bad gateway": ((refusal(502), OK), ("answered 502",)),
    "a refused pace": ((refusal(429), OK), ("answered 429",)),
    "a failure with a redirect": ((redirect("/there"), refusal(500), OK), ("answered 500",)),
    "a closed connection": (([b""], OK), ("the connection was closed before the answer was complete",)),
    "a cut body": (([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi"], OK), ("the answer broke off 7 bytes before its end",)),
    "a cut chunk": (([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi"], OK), ("the answer broke off before its end",)),
    "garbage": (([b"garbage\r\n\r\n"], OK), ("the answer is not HTTP/1.1",)),
}


@both_ways
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_passes_is_retried(scripted, way, fault):
    answers, reasons = FAULTS[fault]
    server = scripted(in_turn(*answers))
    seen: Seen = []
    http = client(seen)
    assert way(http, f"{server.url}/graph") == b"hi"
    assert [reason for _host, reason in seen] == list(reasons)
    assert len(server.heads) == http.requests["GET"]


@both_ways
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "has not answered within"),
        (b"HTTP/1.1 2", "no answer in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "no answer in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "1001 bytes, more than the 1000"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "transfer coding"),
        (redirect("file:///etc/passwd"), "not followed"),
        (redirect("/again"), "in a loop"),
    ],
)
def test_what_does_not_pass_ends_in_the_same_words(scripted, way, answer, words):
    server = scripted(always(answer))
    with pytest.raises(MirrorError, match=words):
        way(client([], retries={"times": 0}, timeouts=SHORT), f"{server.url}/graph")


@both_ways
def test_a_dead_host_is_told_with_its_name(scripted, way):
    server = scripted(always(OK))
    server.close()
    with pytest.raises(Unreachable, match=rf"no answer from {server.url}.*refused"):
        way(client([]), server.url)


@both_ways
def test_a_cancelled_run_asks_for_nothing_more(scripted, way):
    server = scripted(always(refusal(503, headers="Retry-After: 60\r\n")))
    http = Http(Settings.of(QUICK, {}), on_retry=lambda *_retry: http.cancel())
    with pytest.raises(Cancelled):
        way(http, server.url)
    with pytest.raises(Cancelled):
        way(http, server.url)
    assert len(server.heads) == 1


@both_ways
def test_who_waits_for_a_silent_host_is_told_soon_after_the_end(scripted, way, monkeypatch):
    asked = threading.Event()
    server = scripted(lambda *_request: asked.set())
    http = client([], timeouts={"stall": 300.0})
    monkeypatch.setattr("ansible_collections.disconnected.mirror.plugins.module_utils.http.session._GRACE", 0.1)
    threading.Thread(target=lambda: asked.wait(60) and http.cancel(), daemon=True).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        way(http, server.url)
    assert time.monotonic() - started < 60


@both_ways
def test_a_host_without_tls_needs_leave(scripted, way):
    server = scripted(always(OK))
    with pytest.raises(Unreachable, match="without TLS"):
        way(client([], plain_http=False), server.url)
    assert server.heads == []


@both_ways
def test_the_proxy_of_the_settings_is_used(scripted, way):
    proxy = scripted(always(OK))
    http = client([], http_proxy=f"http://me:secret@{proxy.host}")
    assert way(http, "http://registry.example.com/graph") == b"hi"
    assert proxy.heads[0].startswith(b"GET http://registry.example.com/graph HTTP/1.1\r\nHost: registry.example.com\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in proxy.heads[0]


@both_ways
def test_the_authority_of_the_settings_is_trusted_and_no_other(way, tmp_path):
    authority = Authority(str(tmp_path))
    with FakeRegistry(tls=authority.server_context("127.0.0.1")) as registry:
        url = f"https://{registry.host}/v2/"
        assert way(client([], ca_path=authority.path), url) is not None
        with pytest.raises(Unreachable, match="certificate.*not accepted"):
            way(client([], retries={"times": 0}), url)


@both_ways
def test_both_use_the_same_connections(scripted, way):
    server = scripted(always(OK))
    http = client([])
    for each in (way, *WAYS):
        each(http, server.url)
    assert server.connections == 1


def test_a_document_that_is_not_for_everybody_gets_the_credentials_of_its_host(scripted):
    header = basic("me", "secret").encode()
    server = scripted(lambda connection, _number, head: connection.sendall(OK if header in head else refusal(401)))
    known = Credentials.of(entries={server.host: {"username": "me", "password": "secret"}}, environ={"HOME": "/nonexistent"})
    with Documents(Http(Settings.of(QUICK, {}), known), 100) as session:
        response = session.get(f"{server.url}/graph", params={"arch": "amd64"})
        assert (response.status_code, response.text, response.url) == (200, "hi", f"{server.url}/graph?arch=amd64")
        assert session.document(f"{server.url}/graph", "application/json") == b"hi"
    assert [header in head for head in server.heads] == [False, True, False, True]
    with pytest.raises(AccessDenied, match="no credentials were found"):
        client([]).get(server.url)


@pytest.mark.parametrize("url", ["host/graph", "mailto:me@host", "https://", "http://[::1/x", "https://me:canary@host/"])
def test_what_is_no_url_is_an_error_in_words(url):
    with pytest.raises(InputError) as caught:
        client([]).get(url)
    assert "canary" not in f"{caught.value} {caught.value.subject}"


def test_a_host_in_another_script_is_asked_by_the_name_that_servers_know(scripted):
    proxy = scripted(always(OK))
    assert client([], http_proxy=proxy.url).get("http://\u043f\u0440\u0438\u043c\u0435\u0440.example/x") == b"hi"
    assert b"\r\nHost: xn--e1afmkfd.example\r\n" in proxy.heads[0]


def test_without_requests_a_document_is_refused_with_what_to_do(monkeypatch):
    for name in ("http.documents", "http.wire.requests_library"):
        monkeypatch.delitem(sys.modules, f"{CORE}.{name}")
    for name in ("requests", "requests.adapters", "requests.auth", "requests.structures"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unsupported, match="requests is not installed") as told:
        Http(Settings()).get("http://127.0.0.1:9/chart")
    assert "python3-requests" in told.value.advice
