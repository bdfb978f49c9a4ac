# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP side of the fake registry: reads a request, finds its route, answers, keeps the ledger."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.disconnected.mirror.tests.fakes import routes
from ansible_collections.disconnected.mirror.tests.fakes.answers import Answer, Question, Refused
from ansible_collections.disconnected.mirror.tests.fakes.content import Blob
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.ledger import Exchange

_NAME = r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
_ROUTES = tuple(
    (re.compile(pattern + r"\Z"), endpoint)
    for pattern, endpoint in (
        (r"/v2/", "ping"),
        (r"/token", "token"),
        (r"/v2/_catalog", "catalog"),
        (r"/cdn/(?P<target>[^/]+)", "cdn"),
        (rf"/v2/(?P<name>{_NAME})/tags/list", "tags"),
        (rf"/v2/(?P<name>{_NAME})/manifests/(?P<target>[^/]+)", "manifest"),
        (rf"/v2/(?P<name>{_NAME})/blobs/uploads/(?P<target>[^/]*)", "upload"),
        (rf"/v2/(?P<name>{_NAME})/blobs/(?P<target>[^/]+)", "blob"),
        (rf"/v2/(?P<name>{_NAME})/referrers/(?P<target>[^/]+)", "referrers"),
    )
)
_PIECE = 64 * 1024


class _Cut(Exception):
    """The connection was to be reset, or left, here."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = _PIECE
    disable_nagle_algorithm = True
    timeout = 60
    server_version = "fake-registry"
    sys_version = ""

    def log_message(self, format: str, *args: object) -> None:
        """The ledger is the log."""

    def _serve(self) -> None:
        registry = self.server.registry
        started = time.monotonic()
        self.received = self.sent = 0
        self.chunks_read = False
        question = self._question()
        fault = registry.faults.take(question.method, question.endpoint, question.repository, self.path)
        answer = Answer(0)
        try:
            answer = self._answer(question, fault)
            self._send(question, answer, fault)
        except _Cut:
            self.close_connection = True
        except OSError:
            self.close_connection = True
        finally:
            registry.ledger.add(
                Exchange(
                    question.method,
                    self.path,
                    question.endpoint,
                    question.repository,
                    question.target,
                    question.query,
                    question.headers,
                    answer.status,
                    self.received,
                    self.sent,
                    question.user,
                    started,
                )
            )

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _question(self) -> Question:
        parts = urlsplit(self.path)
        question = Question(
            registry=self.server.registry,
            method=self.command,
            query={key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()},
            scopes=[scope for value in parse_qs(parts.query).get("scope", []) for scope in value.split()],
            headers={key.lower(): value for key, value in self.headers.items()},
            read=self._read_body,
            path=self.path,
        )
        for pattern, endpoint in _ROUTES:
            match = pattern.match(unquote(parts.path))
            if match:
                groups = match.groupdict()
                question.endpoint = endpoint
                question.repository = groups.get("name") or ""
                question.target = groups.get("target") or ""
                break
        return question

    def _answer(self, question: Question, fault: Fault) -> Answer:
        if fault.delay:
            time.sleep(fault.delay)
        if fault.reset_request_at is not None:
            self._reset_in_body(question, fault.reset_request_at)
        if fault.status:
            self._read_body()
            return _failure(question, fault)
        try:
            limit = question.registry.dialect.body_limit
            if limit and int(question.headers.get("content-length") or 0) > limit:
                raise Refused(413, "SIZE_INVALID", "request entity too large")
            question.forget = fault.forget
            question.ignore_range = fault.ignore_range
            answer = question.registry.answer(question)
        except Refused as refused:
            answer = refused.answer()
        self._read_body()
        for name, value in (("Docker-Content-Digest", fault.digest_header), ("Location", fault.location)):
            if value:
                answer.headers.pop(name, None)
            if value and value != "none":
                answer.headers[name] = value
        return answer

    def _read_body(self, most: int | None = None) -> bytes:
        """The request's body as far as it was not read yet, at most so many bytes of a body with a length."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            body = b"" if self.chunks_read else b"".join(self._chunks())
            self.chunks_read = True
            self.received += len(body)
            return body
        left = int(self.headers.get("Content-Length") or 0) - self.received
        body = self.rfile.read(left if most is None else min(left, most)) if left > 0 else b""
        self.received += len(body)
        if most is None and len(body) < left:
            # The client went away: what it sent so far is kept by uploads.
            self.close_connection = True
        return body

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
            yield self.rfile.read(size)
            self.rfile.readline()
            if not size:
                return

    def _reset_in_body(self, question: Question, at: int) -> None:
        piece = self._read_body(at)
        if question.endpoint == "upload" and question.target:
            routes.keep_partial(question, piece)
        self._reset()

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.cut.add(self.connection)
        raise _Cut

    def _send(self, question: Question, answer: Answer, fault: Fault) -> None:
        if not self.server.registry.keep_alive or fault.framing == "close":
            self.close_connection = True
        stop = _stop(len(answer.body), fault)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        chunked = fault.framing == "chunked" and stop is not None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif fault.framing != "close":
            self.send_header("Content-Length", str(stop if fault.framing == "short" and stop is not None else answer.length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if question.method == "HEAD" or not len(answer.body):
            return
        self._send_body(answer.body, fault, stop, chunked)

    def _send_body(self, body: Blob, fault: Fault, stop: int | None, chunked: bool) -> None:
        end = len(body) if stop is None else stop
        step, pause = fault.slow or (_PIECE, 0.0)
        flip = None if fault.corrupt_at is None else fault.corrupt_at % len(body)
        offset = 0
        while offset < end:
            piece = body[offset : min(offset + step, end)]
            if flip is not None and offset <= flip < offset + len(piece):
                piece = _flipped(piece, flip - offset)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            offset += len(piece)
            self.sent += len(piece)
            if pause:
                # The last piece stays back until the exchange is in the ledger.
                if offset < end:
                    self.wfile.flush()
                time.sleep(pause)
        if stop is not None and fault.framing != "short":
            self.wfile.flush()
            if fault.reset_at is not None:
                self._reset()
            raise _Cut


def _stop(size: int, fault: Fault) -> int | None:
    """After how many bytes the body ends too early; None when it does not."""
    at = fault.reset_at if fault.reset_at is not None else fault.truncate_at
    return None if at is None or at >= size else at


def _flipped(piece: bytes, at: int) -> bytes:
    return piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]


def _failure(question: Question, fault: Fault) -> Answer:
    bodies: dict[str, tuple[str, bytes]] = {
        "html": ("text/html; charset=utf-8", b"<html><head><title>Error</title></head><body><h1>Error</h1></body></html>"),
        "text": ("text/plain", b"something is wrong"),
        "empty": ("", b""),
    }
    code = fault.code or {429: "TOOMANYREQUESTS", 401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN"}.get(fault.status, "UNKNOWN")
    document = {"errors": [{"code": code, "message": "scripted fault", "detail": None}]}
    media_type, body = bodies.get(fault.body) or ("application/json", json.dumps(document).encode("ascii"))
    headers = {"Content-Type": media_type} if media_type else {}
    if fault.retry_after:
        headers["Retry-After"] = fault.retry_after
    if fault.status == 401 and question.registry.auth.mode:
        headers["WWW-Authenticate"] = question.registry.auth.challenge(routes.needs(question), question.registry.url)
    return Answer(fault.status, headers, body)
