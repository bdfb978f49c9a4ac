# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands before a real registry: a gate that does wrong what a test says, and a link that is cut every so many bytes."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes import routes
from ansible_collections.disconnected.mirror.tests.fakes.answers import Answer, Question
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

# Of the connection, not of the message (RFC 9110, 7.6.1).
_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "date", "te", "upgrade"))


class _Length(bytes):
    """Stands for a body that is only announced."""

    size = 0

    def __len__(self) -> int:
        return self.size


class Gate(FakeRegistry):
    """Faults, tokens and the ledger of the fake registry; the answers are those of a real one.

    behind: its host:port.
    """

    def __init__(self, behind: str, **options: Any) -> None:
        super().__init__(**options)
        self.behind = behind

    def answer(self, question: Question) -> Answer:
        if question.endpoint == "token":
            return routes.answer(question)
        if self.auth.mode:
            routes.check_door(question)
        if not self.dialect.put_body and question.endpoint == "upload" and question.method == "PUT" and _has_body(question):
            return Answer(405, {"Content-Type": "application/json"}, b'{"errors": [{"code": "UNSUPPORTED", "message": "by PATCH only"}]}')
        if question.forget:
            # Taken, and lost at once.
            question.read()
            return Answer(201, {"Location": question.path, "Docker-Content-Digest": question.query.get("digest", "")})
        return self._ask(question)

    def _ask(self, question: Question) -> Answer:
        line = http.client.HTTPConnection(self.behind, timeout=60)
        try:
            headers = {name: value for name, value in question.headers.items() if name not in _HOP and name != "authorization"}
            if question.ignore_range:
                headers.pop("range", None)
            line.request(question.method, question.path, question.read() or None, headers)
            answer = line.getresponse()
            body: Any = answer.read()
            if question.method == "HEAD":
                body = _Length()
                body.size = int(answer.headers.get("Content-Length") or 0)
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            return Answer(answer.status, kept, body)
        finally:
            line.close()


def _has_body(question: Question) -> bool:
    return question.headers.get("content-length", "0") != "0"


class Link:
    """A way to a server on which every connection is cut after so many bytes, those of both directions together.

    carried: (to the server, to the client) in bytes.  cuts: how many connections were.
    """

    def __init__(self, behind: str, most: int) -> None:
        host, _colon, port = behind.rpartition(":")
        self._behind = (host, int(port))
        self._most = most
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._closing = False
        self.carried = [0, 0]
        self.cuts = 0
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                client = self._listener.accept()[0]
                server = socket.create_connection(self._behind, 30)
            except OSError:
                continue
            ends = (client, server)
            left = [self._most]
            for way in (0, 1):
                threading.Thread(target=self._carry, args=(ends, way, left), daemon=True).start()

    def _carry(self, ends: tuple[socket.socket, socket.socket], way: int, left: list[int]) -> None:
        source, target = ends if way == 0 else ends[::-1]
        try:
            while True:
                piece = source.recv(65536)
                if not piece:
                    break
                target.sendall(piece)
                with self._lock:
                    self.carried[way] += len(piece)
                    left[0] -= len(piece)
                    cut = left[0] < 0 <= left[0] + len(piece)
                    self.cuts += cut
                if left[0] < 0:
                    break
        except OSError:
            pass
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
