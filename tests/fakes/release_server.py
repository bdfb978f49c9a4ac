# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The services that releases come from, on loopback: update graphs, signatures, graph data.

    with ReleaseServer() as server:
        server.graphs["amd64", "stable-4.14"] = answer([...])
        server.files["/signatures/sha256=.../signature-1"] = message
        server.url("/graph")

Run by hand it serves a directory of recorded graphs (`<architecture>-<channel>.json`):

    python -m ansible_collections.disconnected.mirror.tests.fakes.release_server DIRECTORY
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

from ansible_collections.disconnected.mirror.tests.fakes.loopback import Loopback

EMPTY = b'{"version":1,"nodes":[],"edges":[],"conditionalEdges":[]}'
_CHANNEL = re.compile(r"[0-9a-z\-.]+\Z")
_ARCHITECTURE = re.compile(r"[0-9a-z]+\Z")


class ReleaseServer(Loopback):
    """graphs: answers by (architecture, channel); everything else is an empty graph, as the service has it.

    files: contents by path.  asked: (path, query) of each question, in order.  sent: the statuses of the answers.
    entity_tags: whether it gives them, and answers to those that are still good with 304.
    """

    def __init__(self, graphs: dict[tuple[str, str], bytes] | None = None) -> None:
        self.graphs: dict[tuple[str, str], bytes] = graphs or {}
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.entity_tags = False
        self.sent: list[int] = []
        super().__init__(_handler(self))

    @classmethod
    def of_directory(cls, *folders: str) -> ReleaseServer:
        """Serves `<architecture>-<channel>.json` of each folder; an earlier folder wins."""
        graphs: dict[tuple[str, str], bytes] = {}
        for folder in folders:
            for name in sorted(os.listdir(folder)):
                architecture, dash, channel = name[: -len(".json")].partition("-")
                if dash and name.endswith(".json"):
                    with open(os.path.join(folder, name), "rb") as file:
                        graphs.setdefault((architecture, channel), file.read())
        return cls(graphs)

    def url(self, path: str = "/graph") -> str:
        return super().url(path)

    def answer(self, target: str, accept: str) -> tuple[int, bytes]:
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, query))
        if parts.path != "/graph":
            content = self.files.get(parts.path)
            return (200, content) if content is not None else (404, b"not found")
        if "application/json" not in accept:
            return 406, b"invalid Content-Type requested"
        for name, form in (("channel", _CHANNEL), ("arch", _ARCHITECTURE)):
            if not form.match(query.get(name, "")):
                return 400, json.dumps({"kind": "missing_params" if name not in query else "invalid_params", "value": name}).encode()
        return 200, self.graphs.get((query["arch"], query["channel"]), EMPTY)


def fetch(url: str, headers: Mapping[str, str] | None, limit: int) -> bytes:
    """Reads a document of this server, as `Context.fetch` does it."""
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, RegistryError

    try:
        with urlopen(Request(url, headers=dict(headers or {})), timeout=10) as response:
            return response.read(limit + 1)
    except HTTPError as error:
        kind = NotFound if error.code == 404 else RegistryError
        raise kind(f"{urlsplit(url).netloc} answered {error.code}", subject=url, status=error.code) from error


def _handler(server: ReleaseServer) -> Any:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, content = server.answer(self.path, self.headers.get("Accept", ""))
            entity_tag = f'"{hashlib.sha256(content).hexdigest()}"' if server.entity_tags else ""
            if entity_tag and self.headers.get("If-None-Match") == entity_tag:
                status, content = 304, b""
            server.sent.append(status)
            self.send_response(status)
            if entity_tag:
                self.send_header("ETag", entity_tag)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    return Handler


def main() -> None:
    with ReleaseServer.of_directory(*sys.argv[1:]) as server:
        print(server.url(), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
