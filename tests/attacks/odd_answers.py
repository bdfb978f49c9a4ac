# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three hundred answers that a server should not give, or seldom gives: each as bytes after which the connection ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = b"Content-Length: 5\r\n\r\nhello"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Odd(NamedTuple):
    """name: in plain words.  step: bytes that are sent at once, 0 for all."""

    name: str
    answer: bytes
    method: str = "GET"
    step: int = 0


def odd_answers() -> tuple[Odd, ...]:
    whole = tuple(_whole())
    dripped = tuple(odd._replace(name=f"{odd.name}, in steps of {step}", step=step) for step, odd in zip((1, 2, 3, 5, 7) * 99, whole[::3]))
    return (*whole, *dripped)


def _whole() -> Iterator[Odd]:
    last = b"\r\nhello\r\n" + END
    kinds = (
        ("start line", _STARTS, lambda text: text + b"\r\n" + HELLO),
        ("header", _LINES, lambda text: OK + text + b"\r\n" + HELLO),
        ("Content-Length", _LENGTHS, lambda text: OK + b"Content-Length:" + text + b"\r\n\r\nhello"),
        ("coding", _CODINGS, lambda text: OK + text + b"\r\n\r\n5" + last),
        ("size of a chunk", _SIZES, lambda text: CHUNKED + text + last),
        ("chunks", _CHUNKS, lambda text: CHUNKED + text),
        ("trailers", _TRAILERS, lambda text: CHUNKED + b"5\r\nhello\r\n0\r\n" + text),
        ("an answer before it", _INTERIM, lambda text: text + OK + HELLO),
        ("body", _BODIES, lambda text: text),
    )
    for kind, texts, build in kinds:
        for number, text in enumerate(texts):
            yield Odd(f"{kind} {number}: {text!r:.60}", build(text))
    for number, (method, text) in enumerate(_WITHOUT_BODY):
        yield Odd(f"answer to {method} {number}: {text!r:.60}", text, method)


_STARTS = (
    *(
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 ",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 200 \xff\xfe",
        b"HTTP/1.1 999 Odd",
        b"HTTP/1.1 600",
    ),
    *(
        b"HTTP/1.2 200 OK",
        b"HTTP/2 200 OK",
        b"HTTP/2.0 200 OK",
        b"HTTP/0.9 200 OK",
        b"HTTP/1.10 200 OK",
        b"HTTP/01.1 200 OK",
        b"HTTP/1 200",
    ),
    *(b"http/1.1 200 OK", b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b" HTTP/1.1 200 OK", b"\r\nHTTP/1.1 200 OK", b"\nHTTP/1.1 200 OK"),
    *(b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 +20 OK", b"HTTP/1.1 2_0 OK", b"HTTP/1.1 -20 OK", b"HTTP/1.1 \xb2\xb2\xb2 OK"),
    *(
        b"HTTP/1.1 two OK",
        b"HTTP/1.1",
        b"HTTP/1.1 ",
        b"",
        b"ICY 200 OK",
        b"SSH-2.0-OpenSSH_9.2",
        b"220 mail ready",
        b"\x15\x03\x01\x00\x02\x02",
    ),
    *(b"HTTP/1.1 000 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 200OK", b"HTTP/1.1 200 OK\rX: y", b"HTTP/1.1 200 OK\nX: y", b"HTTP/1.1 200 \x00"),
)
_LINES = (
    *(
        b"X: y",
        b"X:y",
        b"X:",
        b"X: ",
        b"X:\ty",
        b"x" * 8000 + b": y",
        b"X: " + b"y" * 40000,
        b"X: " + b"y" * 70000,
        b"A: b\r\n" * 90 + b"X: y",
    ),
    *(
        b"no colon",
        b": no name",
        b"X : y",
        b"X\t: y",
        b" X: y",
        b"\tX: y",
        b"X: y\r\n folded",
        b"X: y\r\n\tfolded",
        b"X: y\r\n ",
        b"X y: z",
    ),
    *(
        b"X: a\nY: b",
        b"X: a\rY: b",
        b"X: a\0b",
        b"X: a\x1b[2Jb",
        b"X: a\x7fb",
        b"X\0: y",
        b"X\xff: y",
        b"\xc3\xa9: y",
        b"X: \xc3\xa9",
        b"X: \xff",
    ),
    *(
        b"(X): y",
        b"X@Y: z",
        b"X{}: y",
        b"X: y\r\nX: z",
        b"From me: y",
        b"From : y",
        b"X: y\x0bZ: a",
        b"X: y\x0cZ: a",
        b"X: y\x85Z: a",
        b"X: y\x1cZ: a",
    ),
    *(
        b"\n",
        b"\r\r\n",
        b"X: y\r\r\n",
        b"Content-Type: multipart/mixed; boundary=x",
        b"Content-Type: multipart/mixed",
        b"Content-Type: ;;;",
    ),
)
_LENGTHS = (
    *(
        b" 5",
        b"5",
        b"\t5",
        b" 5 ",
        b" 05",
        b" 0005",
        b" 5, 5",
        b" 5,5",
        b" 5\r\nContent-Length: 5",
        b" 5\r\ncontent-length:5",
        b" 5, 05",
        b" 5,",
    ),
    *(
        b" 4",
        b" 6",
        b" 0",
        b" 5, 6",
        b" 5\r\nContent-Length: 6",
        b" 6\r\nContent-Length: 5",
        b" -5",
        b" +5",
        b" 0x5",
        b" 5_0",
        b" 5.0",
        b" 5e0",
    ),
    *(
        b" \xb2",
        b" \xb5",
        b" five",
        b"",
        b" ",
        b" ,",
        b" ,5",
        b" 5;",
        b" 5 5",
        b" 5\x0b",
        b" 1" + b"0" * 17,
        b" " + b"9" * 5000,
        b" 1" + b"0" * 30,
    ),
)
_CODINGS = (
    *(b"Transfer-Encoding: chunked", b"Transfer-Encoding:chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: CHUNKED "),
    *(
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, gzip",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: gzip",
    ),
    *(b"Transfer-Encoding: identity", b"Transfer-Encoding: ", b"Transfer-Encoding: xchunked", b"Transfer-Encoding: chunked;q=1"),
    *(b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: \xa0chunked", b"Transfer-Encoding : chunked", b"Transfer_Encoding: chunked"),
    *(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
    *(b"Transfer-Encoding: chunked\r\nContent-Length: 5", b"Content-Length: 15\r\nTransfer-Encoding: chunked"),
    *(
        b"Transfer-Encoding:\r\n chunked",
        b"TE: chunked",
        b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: 'chunked'",
    ),
)
_SIZES = (
    *(
        b"5",
        b"05",
        b"0000000005",
        b"5;x=y",
        b"5 ;x",
        b'5; x="y"',
        b"5\t",
        b"5 ",
        b"5;",
        b"5;" + b"x" * 1000,
        b"5;" + b"x" * 4000,
        b"5;" + b"x" * 60000,
    ),
    *(
        b"-5",
        b"+5",
        b"0x5",
        b"5_",
        b"0_5",
        b" 5",
        b"five",
        b"",
        b"5h",
        b"5,",
        b"5\x00",
        b"5;\n",
        b"5\r",
        b"\xb2",
        b"5.0",
        b"4",
        b"6",
        b"ffffffffffffffff",
    ),
    *(b"f" * 16, b"0" * 15 + b"5", b"0" * 14 + b"5", b"A", b"a", b"5\r\n", b"7fffffffffffffff", b"5;x=y;z", b"5;\xff", b"0" * 5000 + b"5"),
)
_CHUNKS = (
    *(END, b"5\r\nhello\r\n" + END, b"1\r\nh\r\n4\r\nello\r\n" + END, b"5\r\nhello\r\n000\r\n\r\n", b"5\r\nhello\r\n0;x=y\r\n\r\n", b""),
    *(b"5", b"5\r", b"5\r\n", b"5\r\nhel", b"5\r\nhello", b"5\r\nhello\r", b"5\r\nhello\r\n", b"5\r\nhello\r\n0", b"5\r\nhello\r\n0\r\n"),
    *(
        b"5\r\nhelloXX" + END,
        b"5\r\nhello\n" + END,
        b"5\r\nhello" + END,
        b"5\nhello\n0\n\n",
        b"5\r\nhello\r\n\r\n" + END,
        b"5\r\nhelloX\r\n" + END,
    ),
    *(b"1;" + b"x" * 3000 + b"\r\nh\r\n" + END, b"5\r\nhello\r\n" + END + b"HTTP/1.1 200 OK\r\n\r\n", b"5\r\nhello\r\n" + END + END),
)
_TRAILERS = (
    *(
        b"\r\n",
        b"X: y\r\n\r\n",
        b"X: y\r\nZ: a\r\n\r\n",
        b"no colon\r\n\r\n",
        b"X: y\n\r\n",
        b"\n",
        b"X: y\r\n",
        b"X: y",
        b"",
        b" folded\r\n\r\n",
    ),
    *(b"X: " + b"y" * 8000 + b"\r\n\r\n", b"X: " + b"y" * 30000 + b"\r\n\r\n", b"A: b\r\n" * 1000 + b"\r\n", b"A: b\r\n" * 20000 + b"\r\n"),
    *(b"X: " + b"y" * 70000, b"Content-Length: 3\r\n\r\n", b"Transfer-Encoding: gzip\r\n\r\n", b"\0\r\n\r\n"),
)
_INTERIM = (
    *(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    *(b"HTTP/1.1 199 Odd\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", b"HTTP/1.0 100 Continue\r\n\r\n"),
    *(
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 5000,
        b"HTTP/1.1 103 Early Hints\r\nX: " + b"y" * 60000 + b"\r\n\r\n",
    ),
    *(
        b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 100 Continue\r\nbad\r\n\r\n",
        b"HTTP/1.1 1_0\r\n\r\n",
        b"\r\n\r\n",
    ),
)
_BODIES = (
    *(
        OK + b"\r\nhello",
        OK + b"\r\n",
        OK + b"Connection: close\r\n\r\nhello",
        OK + b"Connection: keep-alive\r\n\r\nhello",
        OK + HELLO[:-1],
        OK,
    ),
    *(
        OK + b"Content-Length: 5",
        OK + b"Content-Length: 5\r\n",
        OK + b"Content-Length: 5\r\n\r\n",
        OK + HELLO + b"more",
        OK + HELLO + OK + HELLO,
    ),
    *(
        OK + b"Connection: close\r\n" + HELLO,
        OK + b"Connection: Close\r\n" + HELLO,
        b"HTTP/1.0 200 OK\r\n" + HELLO,
        OK + HELLO + b"\r\n",
        b"",
    ),
    *(
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + HELLO,
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        OK + b"Connection: keep-alive, close\r\n" + HELLO,
    ),
    *(
        OK + b"Content-Encoding: gzip\r\n" + HELLO,
        OK + b"Content-Encoding: br\r\n" + HELLO,
        b"HTTP/1.1 204 No\r\n\r\nhello",
        b"H",
        b"HTTP/1.1 200",
    ),
    *(
        b"HTTP/1.1 204 No\r\n" + HELLO,
        b"HTTP/1.1 304 No\r\n" + HELLO,
        b"HTTP/1.1 205 No\r\n" + HELLO,
        b"HTTP/1.1 404 No\r\n" + HELLO,
        b"\0" * 100,
    ),
    *(
        b"HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Content-Length: 150\r\n\r\n" + b"x" * 150,
        OK + b"\r\n" + b"x" * 150,
    ),
)
_WITHOUT_BODY = (
    *(
        ("HEAD", OK + b"Content-Length: 5\r\n\r\n"),
        ("HEAD", OK + HELLO),
        ("HEAD", OK + b"\r\n"),
        ("HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
    ),
    *(("HEAD", OK + b"Content-Length: 99999\r\n\r\n"), ("HEAD", OK + b"Content-Length: x\r\n\r\n"), ("HEAD", b"HTTP/1.0 200 OK\r\n\r\n")),
    *(
        ("HEAD", OK + b"Transfer-Encoding: gzip\r\n\r\n"),
        ("PUT", b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
        ("PUT", OK + HELLO),
    ),
    *(("DELETE", b"HTTP/1.1 202 Accepted\r\n\r\n"), ("HEAD", b"HTTP/1.1 404 No\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")),
)
