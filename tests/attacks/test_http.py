# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that answers badly: what it sends is refused, in time, and never taken for something else.

Each attack names its guard, and succeeds when that guard is taken away, which is tested, too.
"""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from typing import Any, Callable, NamedTuple

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import stream
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.answer import Answer
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.tests.attacks.odd_answers import CHUNKED, END, HELLO, OK, odd_answers
from ansible_collections.disconnected.mirror.tests.fakes.scripted import always, refusal, starting

scripted = pytest.fixture(starting)

PATIENCE = 0.5
Mutation = Callable[[pytest.MonkeyPatch], object]


def exchange(
    pieces: tuple[bytes, ...], method: str = "GET", pause: float = 0.0, limit: int = 1000, patience: float = PATIENCE
) -> tuple[int, bytes, bool]:
    """(status, body, whether the connection is used again) of what a server sends before it hangs up."""
    ours, theirs = socket.socketpair()
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def feed() -> None:
        try:
            for piece in pieces:
                theirs.sendall(piece)
                if pause:
                    time.sleep(pause)
            theirs.shutdown(socket.SHUT_WR)
        except OSError:
            return

    guarded = Guarded("registry.example.com")
    guarded.sock = ours
    guarded.stall = patience
    ours.settimeout(patience)
    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        guarded.head(method, "/", ())
        found = guarded.receive(patience)
        again = []
        found.on_done(lambda _used, reusable: again.append(reusable))
        return found.status, found.read(limit), again == [True]
    finally:
        ours.close()
        theirs.close()
        thread.join(10)


def verdict(step: int, content: bytes, method: str) -> str:
    """r: refused.  a: accepted, and the connection is used again.  c: accepted, and closed."""
    step = step or len(content) or 1
    try:
        return "a" if exchange(tuple(content[at : at + step] for at in range(0, len(content), step)), method, patience=60)[2] else "c"
    except Interrupted:
        return "r"


# Of each odd answer.  Those that a client of registries took before it stood on a library have the same verdict or a stricter one.
VERDICTS = (
    "aaacaaarrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrraaaaaaaararrrrrrrrrrrrrrrrrraarrrarrrrarrrraaaaaaaaaaaaarrcrc"
    "rrrrrrrrrrrrrrrrrrrrrraaaarrrrrrrrrrrcrrrrrcaraaaaaaaaaaarrrrrrrrrrrrrrrrrrrrrarrrraaraaaaarrrrrrrrr"
    "rrrrrrraccaaaarrrrraararraaaaaaaraararrrrccccrrrrrccccccraccaacrrccaaraacacaaarcraaccacarrrrrrrrrraa"
    "aarrrrrrrarrraaaarcrrrrrrrarrrrrraaaaarrrrrrrraaarrrrraaaraaaaaarrcrrcccaraaaaca"
)


def test_three_hundred_odd_answers_have_their_verdict():
    found = {odd.name: verdict(odd.step, odd.answer, odd.method) for odd in odd_answers()}
    assert {name: each for (name, each), known in zip(found.items(), VERDICTS) if each != known} == {}
    assert len(found) == len(VERDICTS) > 300


class Attack(NamedTuple):
    """name: in plain words.  pieces: what the server sends.  guard: the name of what refuses it, in GUARDS."""

    name: str
    guard: str
    pieces: tuple[bytes, ...]
    pause: float = 0.0
    method: str = "GET"


def _lenient_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_HEAD", re.compile(rb"HTTP/1\.[01] (...)[\s\S]*\Z"))


def _lenient_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(self: Answer) -> None:
        http.client.HTTPResponse.begin(self)
        self.reusable = not self.will_close
        self.will_close = False

    monkeypatch.setattr(Answer, "begin", begin)


def _without(name: str) -> Mutation:
    return lambda monkeypatch: monkeypatch.setattr(Answer, name, getattr(http.client.HTTPResponse, name))


# What is taken away of each guard, to see that it is what holds.
GUARDS: dict[str, Mutation] = {
    "a head is strict": _lenient_start,
    "a head is bounded": lambda monkeypatch: monkeypatch.setattr(stream, "HEAD", 1 << 30),
    "a head has its time": lambda monkeypatch: monkeypatch.setattr(stream.Stream, "expect", _patient(stream.Stream.expect)),
    "a body has its pace": lambda monkeypatch: monkeypatch.setattr(stream.Stream, "_watch", lambda _self, _size: None),
    "extensions of chunks do not count": lambda monkeypatch: monkeypatch.setattr(stream.Stream, "discount", lambda _self, _size: None),
    "the length of a body is said once": _lenient_begin,
    "the size of a chunk is strict": _without("_read_next_chunk_size"),
    "the end of a chunk is looked at": _without("_safe_read"),
    "trailers are bounded and have an end": _without("_read_and_discard_trailer"),
    "what nobody asked for spoils a connection": lambda monkeypatch: monkeypatch.setattr(stream.Stream, "end", lambda _self: True),
}


def _patient(expect: Any) -> Any:
    return lambda self, _seconds: expect(self, 60.0)


def _heads(*lines: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple((f"the header {line!r:.40}", OK + line + b"\r\n" + HELLO) for line in lines)


def _attacks() -> tuple[Attack, ...]:
    found = []

    def add(guard: str, name: str, *pieces: bytes, **more: Any) -> None:
        found.append(Attack(name, guard, pieces, **more))

    for name, content in _heads(
        *(
            b"X : space before the colon",
            b"X: y\r\n folded",
            b"no colon",
            b": no name",
            b"X: a\nY: b",
            b"X: a\rY: b",
        ),
        *(b"X: \x1b]0;title\x07", b"X: a\0b", b"(X): y", b"X\xff: y", b"X: \x7f"),
    ):
        add("a head is strict", name, content)
    for start in (
        b"HTTP/1.1 2_0 OK",
        b"HTTP/1.1 200 OK\nX: y",
        b"HTTP/1.1 200 OK\rX: y",
        b"HTTP/1.1 200 \x0c"[:-1] + b"\r",
    ):
        add("a head is strict", f"the start line {start!r}", start + b"\r\n" + HELLO)
    add("a head is bounded", "a header of 65 KiB", OK + b"X: " + b"y" * 64000 + b"\r\nY: " + b"z" * 2000 + b"\r\n" + HELLO)
    add("a head is bounded", "5,000 informational answers", b"HTTP/1.1 103 Early Hints\r\n\r\n" * 5000 + OK + HELLO)
    add(
        "a head is bounded", "two large informational answers", (b"HTTP/1.1 103 Early\r\nX: " + b"y" * 40000 + b"\r\n\r\n") * 2 + OK + HELLO
    )
    add("a head has its time", "a head that drips", *(bytes((each,)) for each in OK + HELLO), pause=0.03)
    add("a head has its time", "informational answers that drip", *([b"HTTP/1.1 102 Processing\r\n\r\n"] * 10), OK + HELLO, pause=0.1)
    add("a body has its pace", "a body that drips", OK + b"Content-Length: 30\r\n\r\n", *([b"x"] * 30), pause=0.03)
    add("a body has its pace", "a body without length that drips", OK + b"\r\n", *([b"x"] * 30), pause=0.03)
    add("a body has its pace", "chunks that drip", CHUNKED, *([b"1\r\nx\r\n"] * 30), END, pause=0.03)
    add("a body has its pace", "trailers that drip", CHUNKED + b"5\r\nhello\r\n0\r\n", *([b"X: y\r\n"] * 30), b"\r\n", pause=0.03)
    chunk = b"1;" + b"x" * 2000 + b"\r\ny\r\n"
    add("extensions of chunks do not count", "chunks that are mostly extensions", CHUNKED, *([chunk] * 60), END, pause=0.03)
    once = "the length of a body is said once"
    for length in (
        b"\xb2",
        b"+5",
        b"0_5",
        b" ",
        b"-5",
        b"5, 6",
        b"5\r\nContent-Length: 6",
        b"0x5",
        b"five",
        b"5;",
        b"5\r\nContent-Length: x",
    ):
        add(once, f"the Content-Length {length!r:.30}", OK + b"Content-Length: " + length + b"\r\n\r\nhello")
    body = b"\r\n\r\n5\r\nhello\r\n" + END
    for coding in (b"gzip, chunked", b"chunked, chunked", b"gzip", b"identity", b"xchunked", b"chunked\r\nTransfer-Encoding: gzip"):
        add(once, f"the transfer coding {coding!r:.50}", OK + b"Transfer-Encoding: " + coding + body)
    add(once, "a transfer coding, and a length", OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5" + body)
    add(once, "a length, and a transfer coding", OK + b"Content-Length: 15\r\nTransfer-Encoding: chunked" + body)
    for size in (b"0x5", b"+5", b"0_5", b" 5", b"5;" + b"x" * 5000):
        add("the size of a chunk is strict", f"the size {size!r:.30}", CHUNKED + size + b"\r\nhello\r\n" + END)
    for end in (b"XX", b"\n\n", b"0\r"):
        add("the end of a chunk is looked at", f"a chunk that ends in {end!r}", CHUNKED + b"5\r\nhello" + end + END)
    # Their number is bounded by later Pythons, too.
    many = (b"A: " + b"b" * 5000 + b"\r\n") * 20 + b"\r\n"
    for trailers in (many, b"X: " + b"y" * 20000 + b"\r\n\r\n", b"X: y\n\r\n", b"X: y\r\n", b"\n"):
        name = f"the trailers {trailers!r:.30}, {len(trailers)} bytes"
        add("trailers are bounded and have an end", name, CHUNKED + b"5\r\nhello\r\n0\r\n" + trailers)
    spoiled = "what nobody asked for spoils a connection"
    for name, content in (
        ("a second answer in the same breath", OK + HELLO + OK + HELLO),
        ("a second answer behind chunks", CHUNKED + END + OK + HELLO),
        ("a body in answer to HEAD", OK + HELLO),
        ("a body that 204 does not have", b"HTTP/1.1 204 No Content\r\n" + HELLO),
        ("a body that 304 does not have", b"HTTP/1.1 304 Not Modified\r\n" + HELLO),
        ("more than was announced", OK + HELLO + b"HTTP/1.1 200 evil\r\n"),
    ):
        add(spoiled, name, content, method="HEAD" if "HEAD" in name else "GET")
    return tuple(found)


ATTACKS = _attacks()


def succeeds(attack: Attack) -> bool:
    """Whether the server got its way: its answer was taken, and for what it is not, or the connection is used on."""
    try:
        _status, _body, again = exchange(attack.pieces, attack.method, attack.pause, limit=100000)
    except Interrupted:
        return False
    return again or attack.guard != "what nobody asked for spoils a connection"


@pytest.mark.parametrize("attack", ATTACKS, ids=[f"{attack.name} ({attack.guard})" for attack in ATTACKS])
def test_an_answer_that_attacks_is_refused(attack):
    assert not succeeds(attack)


@pytest.mark.parametrize("guard", sorted(GUARDS))
def test_its_guard_is_what_refuses_it(guard, monkeypatch):
    attacks = [attack for attack in ATTACKS if attack.guard == guard]
    GUARDS[guard](monkeypatch)
    # Where a guard watches the time, a busy machine may be slower than the server means to be.
    held = [attack.name for attack in attacks if not any(succeeds(attack) for _once in range(3))]
    assert attacks and held == []


TEXTS = ("/a b", "/a\r\nX: y", "/a\nX: y", "/\u00e9", "/\x00", "/a\tb", "/\x7f")


@pytest.mark.parametrize("target", TEXTS)
def test_no_target_adds_to_a_request(scripted, target):
    server = scripted(always(OK + HELLO))
    with pytest.raises(MirrorError):
        client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), target))
    assert server.heads == []


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\r X: y", "a\r\n folded", "a\0", "\u20ac"])
def test_no_header_adds_to_a_request(scripted, value):
    server = scripted(always(OK + HELLO))
    with pytest.raises(MirrorError):
        client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/", (("X-One", value),)))
    assert server.heads == []


def client(**settings: Any) -> Http:
    return Http(Settings.of({"plain_http": True, "retries": {"times": 0}, **settings}, {}))


HOSTS = (
    *(
        "http://\u043f\u0440\u0438\u043c\u0435\u0440.example/x",
        "https://\u00e9.example/",
        "https://[::1/x",
        "https://[/x",
        "http://[::g]/",
        "http:///x",
    ),
    *(
        "http://host:port/",
        "http://host:99999/",
        "http://ho st/",
        "http://host\x00/",
        "http://host\n/",
        "https://\uff11.example/",
        "http://[::1]x/",
    ),
    *(
        "http://user:pw@host/",
        "http://@host/",
        "file:///etc/passwd",
        "gopher://host/",
        "//host/x",
        "",
        "http:host",
        "https://\ud800.example/",
    ),
)


@pytest.mark.parametrize("url", HOSTS, ids=ascii)
def test_a_host_that_is_none_is_an_error_in_words(url):
    with pytest.raises(MirrorError):
        split_url(url)
    with pytest.raises(MirrorError):
        client(timeouts={"connect": 0.2}).get(url)


@pytest.mark.parametrize("location", [url for url in HOSTS if url not in ("", "//host/x", "http:host")], ids=ascii)
def test_a_redirect_to_a_host_that_is_none_is_an_error_in_words(scripted, location):
    server = scripted(always(refusal(307, headers=f"Location: {location}\r\n".encode("utf-8", "surrogatepass").decode("latin-1"))))
    with pytest.raises(MirrorError):
        client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/"))


def test_a_body_beyond_its_bound_is_not_read_to_the_end():
    with pytest.raises(Interrupted, match="longer than the 1000 bytes"):
        exchange((OK + b"\r\n" + b"x" * 100000,))
    with pytest.raises(Interrupted, match="99999 bytes, more than"):
        exchange((OK + b"Content-Length: 99999\r\n\r\n" + b"x" * 99999,))
    with pytest.raises(Interrupted, match="longer than the 1000 bytes"):
        exchange((CHUNKED + b"fffff\r\n" + b"x" * 0xFFFFF,))
