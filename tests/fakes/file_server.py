# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server with large files on loopback, which breaks off where it is told to.

with FileServer() as server:
    server.files["/art/live.iso"] = content
    server.cuts = [1000]
    server.url("/art/live.iso")
"""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes.loopback import Loopback


class FileServer(Loopback):
    """files: contents by path.  asked: (method, path, Range) of each request.  logins: the Authorization headers that came.

    cuts: for each answer to come, in order, after how many bytes it breaks off.  ranges: whether it knows them.
    redirects: locations by path.  sizes: what is said of a path's length instead; None for nothing.
    closed: `Authorization` that it wants, empty for none.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.logins: list[str] = []
        self.cuts: list[int] = []
        self.ranges = True
        self.redirects: dict[str, str] = {}
        self.sizes: dict[str, int | None] = {}
        self.closed = ""
        super().__init__(_handler(self))


def _handler(server: FileServer) -> Any:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(False)

        def do_GET(self) -> None:
            self._answer(True)

        def _answer(self, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            server.asked.append((self.command, self.path, wanted))
            server.logins.append(self.headers.get("Authorization", ""))
            content = server.files.get(self.path)
            if self.path in server.redirects:
                self._head(302, {"Location": server.redirects[self.path], "Content-Length": "0"})
                return
            if server.closed and self.headers.get("Authorization") != server.closed:
                self._head(401, {"Content-Length": "0"})
                return
            if content is None:
                self._head(404, {"Content-Length": "0"})
                return
            start = re.match(r"bytes=(\d+)-\Z", wanted)
            first = int(start.group(1)) if start and server.ranges else 0
            told = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"} if first else {}
            size = server.sizes.get(self.path, len(content) - first)
            length = {"Content-Length": str(size)} if size is not None else {"Connection": "close"}
            self._head(206 if first else 200, {**length, **told})
            if not body:
                return
            cut = server.cuts.pop(0) if server.cuts else len(content)
            self.wfile.write(content[first:][:cut])
            if cut < len(content) - first or size is None:
                self.close_connection = True

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Nothing is logged."""

    return Handler
