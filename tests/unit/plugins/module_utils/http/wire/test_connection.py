# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads and bodies of answers: what is read, what breaks the exchange, and how long anything may take."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from queue import Empty, Full
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import HEAD, TRAILERS
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded, Idle
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, Oversized
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

# Seconds for what comes for certain.
PATIENCE = 30
# The stall window of those who wait for what never comes.
SHORT = 0.3


@pytest.fixture
def pair() -> Iterator[tuple[Guarded, socket.socket]]:
    ours, theirs = socket.socketpair()
    yield connected(ours), theirs
    ours.close()
    theirs.close()


def connected(sock: socket.socket) -> Guarded:
    connection = Guarded("registry.example.com")
    connection.sock = sock
    connection.stall = 2 * PATIENCE
    sock.settimeout(connection.stall)
    return connection


def receive(connection: Guarded, method: str = "GET", seconds: float = PATIENCE) -> Response:
    connection.head(method, "/", ())
    return connection.receive(seconds)


def answer_to(head: bytes) -> Response:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(head + b"\r\n\r\n")
        theirs.shutdown(socket.SHUT_WR)
        return receive(connected(ours))


def feed(theirs: socket.socket, *pieces: bytes, pause: float = 0.0, close: bool = False) -> threading.Thread:
    def run() -> None:
        try:
            for piece in pieces:
                theirs.sendall(piece)
                if pause:
                    time.sleep(pause)
            if close:
                theirs.shutdown(socket.SHUT_WR)
        except OSError:
            return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_reads_the_head_of_an_answer():
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type:  text/html; charset=utf-8 \r\nX-Empty:\r\nLink: </a>; rel=next\r\nLINK: </b>"
    response = answer_to(head)
    assert (response.status, response.headers) == (
        404,
        {"content-type": "text/html; charset=utf-8", "x-empty": "", "link": "</a>; rel=next, </b>"},
    )
    assert (answer_to(b"HTTP/1.0 200").status, answer_to(b"HTTP/1.0 200").headers) == (200, {})


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/2 200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"SSH-2.0-OpenSSH_9.2",
        b"HTTP/1.1 200 OK\r\nno colon here",
        b"HTTP/1.1 200 OK\r\nName : space before colon",
        b"HTTP/1.1 200 OK\r\nGood: one\r\n folded: line",
        b"HTTP/1.1 200 OK\r\n: no name",
        b"HTTP/1.1 200 OK\r\nOne: a\nTwo: b",
        b"HTTP/1.1 200 OK\r\nOne: a\rTwo: b",
        b"HTTP/1.1 200 OK\r\nOne: a\0b",
        b"HTTP/1.1 200 OK\r\nOne: \x1b]0;title\x07",
        b"HTTP/1.1 2_0 OK",
        b"HTTP/1.1 \xb2\xb2\xb2 OK",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c",
    ],
)
def test_refuses_what_is_not_the_head_of_an_answer(head):
    with pytest.raises(Interrupted):
        answer_to(head)


@settings(derandomize=True, max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_head_or_an_interruption(noise):
    for head in (noise, b"HTTP/1.1 200 OK\r\n" + noise):
        try:
            response = answer_to(head)
        except Interrupted:
            continue
        assert 200 <= response.status <= 999 and all(name == name.lower() for name in response.headers)


def whole(connection: Guarded, method: str = "GET", limit: int = 100000) -> bytes:
    return receive(connection, method).read(limit)


@pytest.mark.parametrize(
    "answer, body",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_reads_bodies_however_they_are_cut(pair, answer, body, step):
    connection, theirs = pair
    feed(theirs, *(answer[start : start + step] for start in range(0, len(answer), step)))
    response = receive(connection)
    given_back = []
    response.on_done(lambda used, reusable: given_back.append(reusable))
    assert response.read(100) == body
    assert given_back == [True]


def test_a_body_without_length_ends_with_the_connection(pair):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 150000, close=True)
    response = receive(connection)
    given_back = []
    response.on_done(lambda used, reusable: given_back.append(reusable))
    assert response.read(200000) == b"x" * 150000
    assert given_back == [False]


def test_an_answer_to_head_has_no_body_whatever_it_says(pair):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n")
    response = receive(connection, "HEAD")
    assert response.read(100) == b"" and response.headers["content-length"] == "50"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nTrailer: x\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0_5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloXX0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0_5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
    ],
)
def test_broken_answers_are_interruptions(pair, answer):
    connection, theirs = pair
    feed(theirs, answer, close=True)
    with pytest.raises(Interrupted):
        whole(connection)


@pytest.mark.parametrize("head", [b"Content-Length: 101\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\nff\r\n"])
def test_larger_answers_than_accepted_are_not_read(pair, head):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 200 OK\r\n" + head + b"x" * 101, close=True)
    with pytest.raises(Oversized):
        whole(connection, limit=100)


def test_trailers_without_end_are_cut_off(pair):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * TRAILERS)
    with pytest.raises(Interrupted, match="no end"):
        whole(connection)


def test_informational_answers_without_end_are_cut_off(pair):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 103 Early Hints\r\n\r\n" * (HEAD // 10))
    with pytest.raises(Interrupted, match="longer"):
        receive(connection)


def test_what_follows_an_answer_that_nobody_asked_for_spoils_the_connection(pair):
    connection, theirs = pair
    theirs.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    response = receive(connection)
    given_back = []
    response.on_done(lambda used, reusable: given_back.append(reusable))
    assert response.read(100) == b"hello" and given_back == [False]


def test_chunks_that_are_mostly_extensions_are_too_slow(pair):
    connection, theirs = pair
    connection.stall = SHORT
    feed(theirs, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *([b"1;" + b"x" * 2000 + b"\r\ny\r\n"] * 10000), pause=0.01)
    response = receive(connection)
    with pytest.raises(Interrupted, match="slower"):
        response.read(10000)


def test_an_endless_head_is_cut_off(pair):
    connection, theirs = pair
    feed(theirs, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * (HEAD // 4))
    with pytest.raises(Interrupted, match="longer"):
        receive(connection)


def test_silence_ends_within_its_limit(pair):
    connection, _theirs = pair
    started = time.monotonic()
    with pytest.raises(Interrupted, match="in time") as caught:
        receive(connection, seconds=0.2)
    assert 0.15 < time.monotonic() - started < PATIENCE
    assert not caught.value.untouched


def test_a_head_that_trickles_ends_within_its_limit(pair):
    connection, theirs = pair
    feed(theirs, *([b"H"] * 10000), pause=0.02)
    with pytest.raises(Interrupted, match="in time|too slowly"):
        receive(connection, seconds=SHORT)


def test_a_body_that_trickles_ends_after_one_window(pair):
    connection, theirs = pair
    connection.stall = SHORT
    feed(theirs, b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", *([b"x"] * 9999), pause=0.02)
    response = receive(connection)
    assert 0 < response.readinto(memoryview(bytearray(10000))) < 9999
    with pytest.raises(Interrupted, match="slower"):
        response.readinto(memoryview(bytearray(10000)))


def test_an_answer_says_whether_the_connection_can_be_used_again(pair):
    connection, theirs = pair
    for head, expected in (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", True),
    ):
        theirs.sendall(head)
        given_back = []
        response = receive(connection)
        response.on_done(lambda used, reusable, told=given_back: told.append(reusable))
        assert given_back == [expected]


def test_knows_when_an_idle_connection_is_of_no_more_use(pair):
    connection, theirs = pair
    assert not connection.waiting()
    theirs.sendall(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
    assert connection.waiting()
    assert receive(connection, "HEAD").status == 408


def test_knows_when_the_other_side_has_closed(pair):
    connection, theirs = pair
    theirs.close()
    assert connection.waiting()


def head(pair: tuple[Guarded, socket.socket], *request: Any) -> bytes:
    """Of one exchange of several."""
    connection, theirs = pair
    made = connection.head(*request)
    theirs.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    connection.receive(PATIENCE)
    return made


def test_heads_are_the_same_whether_their_fields_were_sent_before_or_not(pair):
    fields = (("Host", "registry.example.com"), ("Accept", "text/plain"), ("Authorization", "Basic YTpi"))
    first = head(pair, "GET", "/v2/", fields)
    assert first == b"GET /v2/ HTTP/1.1\r\nHost: registry.example.com\r\nAccept: text/plain\r\nAuthorization: Basic YTpi\r\n\r\n"
    assert head(pair, "GET", "/v2/", fields) == first
    assert head(pair, "PUT", "/x", fields, 12) == first.replace(b"GET /v2/", b"PUT /x").replace(b"Host", b"Content-Length: 12\r\nHost")
    assert b"YTpi" not in head(pair, "GET", "/v2/", fields[:2])


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00", "\u20ac"])
def test_nothing_from_outside_can_end_a_line_or_add_one(value):
    for target, fields in (("/", (("Accept", value),)), (f"/{value}", ())):
        with pytest.raises(InputError):
            Guarded("registry.example.com").head("GET", target, fields)


def test_a_connection_remembers_a_bounded_number_of_fields(pair):
    for number in range(100):
        assert b"Accept: %d\r\n" % number in head(pair, "GET", "/", (("Accept", str(number)),))
    assert len(pair[0]._lines) <= 17


def test_idle_connections_are_taken_last_one_first_and_no_more_are_kept_than_asked_for():
    idle = Idle(2)
    with pytest.raises(Empty):
        idle.get(block=False)
    idle.put("first")
    idle.put("second")
    with pytest.raises(Full):
        idle.put("third", block=False)
    assert [idle.get(), idle.get(), idle.qsize()] == ["second", "first", 0]
