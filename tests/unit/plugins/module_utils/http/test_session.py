# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against servers that behave well and badly: connections, retries, redirects, time limits."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    InputError,
    MirrorError,
    NotFound,
    RegistryError,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import basic
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.tests.fakes.scripted import always, redirect, refusal

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
QUICK = {"plain_http": True, "retries": {"times": 3, "delay": 0.01, "max_delay": 0.02}}
# For those who wait for what never comes; everybody else has the patience of the defaults.
SHORT = {"connect": 0.5, "stall": 0.4, "answer": 0.6}
# Seconds after which a test gives up.
PATIENCE = 60


def client(**more: Any) -> Http:
    return Http(Settings.of({**QUICK, **more}, {}))


def get(server: Any, target: str = "/", **details: Any) -> Request:
    return Request("GET", Origin("http", "127.0.0.1", server.port), target, **details)


def in_turn(*answers: Any):
    """The answers one after the other, the last one for ever; those in a list are followed by the end of the connection."""

    def behave(connection: socket.socket, number: int, head: bytes) -> str:
        answer = answers[min(number, len(answers)) - 1]
        connection.sendall(b"".join(answer) if isinstance(answer, list) else answer)
        return "close" if isinstance(answer, list) else ""

    return behave


def test_one_connection_serves_one_request_after_the_other(scripted):
    server = scripted(always(OK))
    http = client()
    for _each in range(5):
        assert http.exchange(get(server)).body == b"hi"
    assert server.connections == 1
    assert http.requests == {"GET": 5}


def test_what_goes_over_the_wire(scripted):
    server = scripted(always(OK))
    http = client()
    http.exchange(Request("PUT", Origin("http", "127.0.0.1", server.port), "/a?b=c", (("X-One", "1"),), b"body"))
    lines = server.heads[0].decode().split("\r\n")
    assert lines[0] == "PUT /a?b=c HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in lines and "X-One: 1" in lines and "Content-Length: 4" in lines
    assert "Accept-Encoding: identity" in lines


@pytest.mark.parametrize(
    "request_parts",
    [{"target": "/a b"}, {"target": "/a\r\nX: y"}, {"target": "/é"}, {"headers": (("A", "b\r\nC: d"),)}, {"headers": (("A", "b\0"),)}],
)
def test_nothing_from_outside_adds_a_line_to_a_request(scripted, request_parts):
    server = scripted(always(OK))
    with pytest.raises(InputError):
        client().exchange(get(server)._replace(**request_parts))
    assert server.heads == []


def test_a_connection_that_was_closed_meanwhile_is_no_failure(scripted):
    server = scripted(lambda connection, number, head: connection.sendall(OK) or "close")
    seen: list[tuple[str, str, float]] = []
    http = Http(Settings.of(QUICK, {}), on_retry=lambda *retry: seen.append(retry))
    for _each in range(4):
        assert http.exchange(get(server)).status == 200
        time.sleep(0.01)
    assert seen == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b'{"errors":[{"code":"TOOMANYREQUESTS"}]}', b"<html><title>Oops</title></html>", b""])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_passing_failures_are_retried_whatever_they_say(scripted, status, body, method):
    failure = refusal(status, b"" if method == "HEAD" else body)
    server = scripted(in_turn(failure, failure, OK if method != "HEAD" else refusal(200)))
    seen: list[tuple[str, str, float]] = []
    quickly = {**QUICK, "retries": {"times": 3, "delay": 0.001, "max_delay": 0.001}}
    http = Http(Settings.of(quickly, {}), on_retry=lambda *retry: seen.append(retry))
    if status == 429:
        # The spacing that follows a 429 has its own tests.
        http.host(get(server).origin).pace.refused = lambda: None
    assert http.exchange(get(server)._replace(method=method)).status == 200
    assert len(server.heads) == 3
    assert [(host, reason) for host, reason, _delay in seen] == [(server.host, f"answered {status}")] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 416, 501])
def test_other_refusals_are_answers(scripted, status):
    server = scripted(always(refusal(status, b"why")))
    response = client().exchange(get(server))
    assert (response.status, response.body) == (status, b"why")
    assert len(server.heads) == 1


def test_broken_connections_are_retried(scripted):
    server = scripted(in_turn([], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], [b"garbage\r\n\r\n"], OK))
    assert client().exchange(get(server)).body == b"hi"
    assert len(server.heads) == 4


def test_retries_are_bounded_and_the_last_answer_is_given(scripted):
    server = scripted(always(refusal(503)))
    assert client().exchange(get(server)).status == 503
    assert len(server.heads) == 4


def test_a_dead_host_is_told_with_its_name_and_the_attempts(scripted):
    server = scripted(always(OK))
    server.close()
    with pytest.raises(Unreachable, match=rf"no answer from {server.url} after [2-4] attempts: .*refused") as caught:
        client().exchange(get(server))
    assert caught.value.host == server.host and "Check its name and port" in caught.value.advice


def test_a_host_that_is_long_dead_gets_one_attempt_only(scripted):
    server = scripted(lambda connection, number, head: "close")
    http = client()
    with pytest.raises(Unreachable):
        http.exchange(get(server))
    http.host(get(server).origin).health._failing_since -= 1000
    before = len(server.heads)
    with pytest.raises(Unreachable):
        http.exchange(get(server))
    assert len(server.heads) == before + 1


def test_a_name_that_does_not_exist_is_not_asked_for_again(monkeypatch):
    calls = []

    def resolve(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable, match="cannot be resolved"):
        client().exchange(Request("GET", Origin("http", "no.such.example", 80), "/"))
    assert len(calls) == 1


def test_retry_after_is_obeyed_by_all_requests_to_the_host(scripted):
    server = scripted(in_turn(refusal(503, headers="Retry-After: 1\r\n"), OK))
    told = threading.Event()
    http = Http(Settings.of(QUICK, {}), on_retry=lambda *_retry: told.set())
    first = threading.Thread(target=lambda: http.exchange(get(server)))
    started = time.monotonic()
    first.start()
    assert told.wait(PATIENCE)
    http.exchange(get(server))
    assert time.monotonic() - started > 0.9
    first.join(PATIENCE)
    assert len(server.heads) == 3


def test_a_wait_beyond_reason_is_an_answer(scripted):
    server = scripted(always(refusal(429, headers="Retry-After: 86400\r\n")))
    assert client().exchange(get(server)).status == 429
    assert len(server.heads) == 1


def test_waiting_ends_when_the_run_is_cancelled(scripted):
    server = scripted(always(refusal(503, headers="Retry-After: 60\r\n")))
    http = Http(Settings.of(QUICK, {}), on_retry=lambda *_retry: threading.Timer(0.05, http.cancel).start())
    started = time.monotonic()
    with pytest.raises(Cancelled):
        http.exchange(get(server))
    with pytest.raises(Cancelled):
        http.exchange(get(server))
    assert time.monotonic() - started < 50


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
def test_silence_ends(scripted, answer):
    server = scripted(lambda connection, number, head: connection.sendall(answer) if answer else None)
    with pytest.raises(Unreachable, match="has not answered|in time|slower"):
        client(retries={"times": 0}, timeouts=SHORT).exchange(get(server))


def test_a_host_that_does_not_accept_ends_in_time():
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    try:
        for _each in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        with pytest.raises(Unreachable):
            request = Request("GET", Origin("http", "127.0.0.1", listener.getsockname()[1]), "/")
            client(retries={"times": 0}, timeouts=SHORT).exchange(request)
    finally:
        for each in [listener, *fillers]:
            each.close()


def test_requests_at_once_are_limited(scripted):
    under_way, most = [0], [0]
    lock, two = threading.Lock(), threading.Barrier(2)

    def behave(connection: socket.socket, number: int, head: bytes) -> None:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        # Nobody is answered before a second one asks; a third would come in the time after it.
        two.wait(PATIENCE)
        time.sleep(0.01)
        with lock:
            under_way[0] -= 1
        connection.sendall(OK)

    server = scripted(behave)
    http = client(parallel=2)
    threads = [threading.Thread(target=lambda: http.exchange(get(server))) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_with_the_headers_that_matter(scripted, status):
    target = scripted(always(OK))
    server = scripted(always(redirect(f"{target.url}/there?sig=a%2Fb", status)))
    request = get(server, headers=(("Range", "bytes=5-"),), authorization="Bearer canary")
    assert client().exchange(request).body == b"hi"
    assert target.heads[0].startswith(b"GET /there?sig=a%2Fb HTTP/1.1")
    assert b"Range: bytes=5-" in target.heads[0]
    assert b"canary" not in target.heads[0] and b"Authorization" not in target.heads[0]


def test_credentials_stay_with_their_origin_on_the_way(scripted):
    other = scripted(lambda connection, number, head: connection.sendall(redirect(f"{server.url}/back")))

    def behave(connection: socket.socket, number: int, head: bytes) -> None:
        wanted = {b"/": redirect("/same"), b"/same": redirect(f"{other.url}/"), b"/back": OK}
        connection.sendall(wanted[head.split()[1]])

    server = scripted(behave)
    assert client().exchange(get(server, authorization="Basic canary")).body == b"hi"
    assert [b"canary" in head for head in server.heads] == [True, True, False]
    assert [b"canary" in head for head in other.heads] == [False]


@pytest.mark.parametrize(
    "location", ["", "file:///etc/passwd", "ftp://example.com/", "http://[::1", "http://user:pass@127.0.0.1/", "http://127.0.0.1:99999/"]
)
def test_redirects_that_lead_nowhere_good_are_errors(scripted, location):
    server = scripted(always(redirect(location)))
    with pytest.raises(RegistryError):
        client().exchange(get(server))


def test_redirects_without_end_are_errors(scripted):
    server = scripted(always(redirect("/again")))
    with pytest.raises(RegistryError, match="in a loop"):
        client().exchange(get(server))
    assert len(server.heads) <= 12


def test_a_redirect_from_a_plain_host_to_another_carries_no_credential_and_is_followed(scripted):
    """A registry without TLS in front of an object store without TLS: nothing is lost on the way."""
    target = scripted(always(OK))
    server = scripted(always(redirect(f"{target.url}/")))
    http = client(plain_http=False, hosts={server.host: {"plain_http": True}})
    assert http.exchange(get(server, authorization="Basic canary")).body == b"hi"
    assert len(target.heads) == 1 and b"canary" not in target.heads[0]


@pytest.mark.parametrize(
    "target, followed",
    [
        ("http://127.0.0.1:{port}/", False),
        ("http://[::1]:{port}/", False),
        ("http://localhost:{port}/", False),
        ("http://2130706433:{port}/", False),
        ("http://169.254.169.254/latest/meta-data", False),
        ("http://[fe80::1]/", False),
        ("http://inner.example.net:{port}/", False),
        ("http://known.example.net:{port}/", True),
    ],
)
def test_content_of_a_public_host_does_not_come_from_this_machine(scripted, monkeypatch, target, followed):
    inner = scripted(always(OK))
    server = scripted(always(redirect(target.format(port=inner.port))))
    resolve = socket.getaddrinfo
    local = ("registry.example.com", "inner.example.net", "known.example.net")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *others, **more: resolve("127.0.0.1" if name in local else name, *others, **more)
    )
    http = client(hosts={f"known.example.net:{inner.port}": {"plain_http": True}}, retries={"times": 0})
    public = Origin("http", "registry.example.com", server.port)
    peer = Guarded.peer.fget
    monkeypatch.setattr(Guarded, "peer", property(lambda each: "93.184.216.34" if each.host == public.host else peer(each)))
    request = Request("GET", public, "/v2/a/blobs/x")
    if followed:
        assert http.exchange(request).body == b"hi" and len(inner.heads) == 1
    else:
        with pytest.raises(MirrorError, match="leads to an address that is not public.*name .* in the tls option"):
            http.exchange(request)
        assert inner.heads == []


@pytest.mark.parametrize(
    "status, error", [(404, NotFound), (410, NotFound), (401, AccessDenied), (403, AccessDenied), (500, RegistryError)]
)
def test_documents(scripted, status, error):
    server = scripted(lambda connection, number, head: connection.sendall(OK if b"/good" in head else refusal(status)))
    http = client()
    assert http.get(f"{server.url}/good?secret=1") == b"hi"
    with pytest.raises(error) as caught:
        http.get(f"{server.url}/bad?secret=1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_document_that_is_not_for_everybody_is_read_with_the_credentials_of_its_host(scripted, status):
    """As helm reads protected repositories of charts; nobody else gets to see the password."""
    header = basic("me", "secret").encode()
    other = scripted(always(OK))

    def behave(connection: socket.socket, number: int, head: bytes) -> None:
        known = b"Authorization: " + header in head
        connection.sendall(refusal(status) if not known else redirect(f"{other.url}/there") if b"/away" in head else OK)

    server = scripted(behave)
    credentials = Credentials.of(entries={f"{server.host}/charts": {"username": "me", "password": "secret"}}, environ={})
    http = Http(Settings.of(QUICK, {}), credentials)
    assert http.get(f"{server.url}/charts/index.yaml") == b"hi" and http.get(f"{server.url}/charts/away") == b"hi"
    assert other.heads and not any(b"uthorization" in head for head in other.heads)
    for closed in (f"{server.url}/other/index.yaml", f"{server.url}/charts2/index.yaml"):
        with pytest.raises(NotFound if status == 404 else AccessDenied):
            http.get(closed)
    assert not any(header in head for head in server.heads if b"/charts/" not in head)


def test_a_document_whose_credentials_are_wrong_says_where_they_are_from(scripted):
    server = scripted(always(refusal(401)))
    credentials = Credentials.of(entries={server.host: {"username": "me", "password": "canary"}}, environ={})
    with pytest.raises(AccessDenied, match="the credentials came from the credentials given") as caught:
        Http(Settings.of(QUICK, {}), credentials).get(f"{server.url}/index.yaml")
    assert "canary" not in f"{caught.value} {caught.value.advice}"


@pytest.mark.parametrize(("header", "canaries"), [(basic("me", "canary"), ("canary", "bWU6Y2FuYXJ5")), ("Bearer canary", ("canary",))])
def test_a_refusal_that_repeats_the_request_shows_no_credentials(scripted, header, canaries):
    def behave(connection: socket.socket, number: int, head: bytes) -> None:
        connection.sendall(refusal(400, head + b" " + b" ".join(canary.encode() for canary in canaries)))

    body = client().exchange(get(scripted(behave), authorization=header)).body
    assert b"Host: 127.0.0.1" in body and not any(canary.encode() in body for canary in canaries)


def test_documents_are_bounded(scripted):
    server = scripted(always(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000))
    with pytest.raises(RegistryError, match="1000 bytes"):
        client().get(server.url, limit=999)
    assert len(server.heads) == 1


def test_plain_http_needs_leave_even_on_loopback(scripted):
    server = scripted(always(OK))
    with pytest.raises(Unreachable, match="without TLS"):
        Http(Settings.of({}, {})).get(server.url)
    assert server.heads == []


def test_plain_requests_go_through_the_proxy_in_absolute_form(scripted):
    proxy = scripted(always(OK))
    http = client(http_proxy=f"http://me:secret@{proxy.host}", no_proxy="127.0.0.0/8")
    http.exchange(Request("GET", Origin("http", "registry.example.com", 5000), "/v2/"))
    assert proxy.heads[0].startswith(b"GET http://registry.example.com:5000/v2/ HTTP/1.1\r\nHost: registry.example.com:5000\r\n")
    assert b"Proxy-Authorization: Basic bWU6c2VjcmV0" in proxy.heads[0]


@pytest.mark.parametrize("status, words", [(407, "credentials"), (403, "does not let"), (502, "answered 502 to CONNECT")])
def test_a_proxy_that_refuses_is_told(scripted, status, words):
    proxy = scripted(always(refusal(status)))
    http = client(https_proxy=proxy.url, retries={"times": 0})
    with pytest.raises(Exception, match=words):
        http.exchange(Request("GET", Origin("https", "registry.example.com", 443), "/v2/"))
    assert proxy.heads[0].startswith(b"CONNECT registry.example.com:443 HTTP/1.")


def test_a_streamed_body_is_sent_as_it_comes(scripted):
    server = scripted(always(refusal(201)))
    http = client()
    outgoing = http.start(get(server)._replace(method="PUT"), 300000)
    for _each in range(3):
        outgoing.write(memoryview(b"x" * 100000))
    assert outgoing.finish().status == 201
    assert server.bodies == [b"x" * 300000]
    assert http.requests == {"PUT": 1}


@pytest.mark.parametrize("hangs_up", [False, True])
def test_an_answer_that_comes_before_the_body_was_sent_is_heard(scripted, hangs_up):
    def behave(connection: socket.socket, number: int, head: bytes) -> str:
        connection.sendall(refusal(413, b"too large"))
        while not hangs_up and connection.recv(1 << 20):
            pass
        return "close"

    server = scripted(behave)
    server.listens = False
    outgoing = client().start(get(server)._replace(method="PUT"), 1 << 30)
    written = 0
    with pytest.raises(Interrupted):
        for _each in range(1024):
            outgoing.write(memoryview(bytes(1 << 20)))
            written += 1
    assert written < 200
    # A reset may overtake the answer.
    assert outgoing.early is None if hangs_up and outgoing.early is None else outgoing.early.status == 413
    with pytest.raises(Interrupted):
        outgoing.finish()
