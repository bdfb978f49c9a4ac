# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world that README and guides speak of, on loopback: its registries behind a proxy, its folders below one of ours."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.docs import blocks
from ansible_collections.disconnected.mirror.tests.docs.blocks import Block
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.processes import HTPASSWD, DistributionProcess

MIRROR, SOURCE = "registry.example.com", "registry.access.redhat.com"
# What the pages write in whose place; the second is where the first was carried to.
FOLDERS = ("/srv/archives/2026-01", "/media/usb", "/srv/mirror", "/etc/pki/mirror")

_COLLECTIONS = os.path.join(ROOT, ".cache", "collections")


class Tunnels(socketserver.ThreadingTCPServer):
    """A proxy that takes every name to a port of this machine: places, by host."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, places: Mapping[str, int]) -> None:
        self.places = places
        super().__init__(("127.0.0.1", 0), Tunnel)


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        words = self.rfile.readline(4096).split()
        while self.rfile.readline(4096).strip():
            pass
        host = words[1].decode("ascii").rpartition(":")[0] if words[:1] == [b"CONNECT"] else ""
        if host not in self.server.places:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.server.places[host]), 10) as other:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=(other, self.connection), daemon=True)
            back.start()
            _pump(self.connection, other)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            content = source.recv(1 << 16)
            if not content:
                break
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)


class World:
    """folder: holds everything.  run: a script as one who reads the page runs it."""

    def __init__(self, folder: str, proxy: int, authority: str) -> None:
        self.folder = folder
        self.followed: set[str] = set()
        self._proxy = proxy
        self._authority = authority
        for name in ("home", "work"):
            os.makedirs(os.path.join(folder, name))

    def placed(self, text: str) -> str:
        """With the folders of this world."""
        for name in FOLDERS:
            text = text.replace(name, self.place(name))
        return text

    def unplaced(self, text: str) -> str:
        """As a reader sees it, who installed the collection where Ansible installs it."""
        text = text.replace(_COLLECTIONS, "~/.ansible/collections")
        for name in ("work", "home"):
            text = text.replace(os.path.join(self.folder, name), "~")
        for name in FOLDERS:
            text = text.replace(self.place(name), name)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def place(self, path: str) -> str:
        if path.startswith(("/media/usb", "/srv/archives/2026-01")):
            return os.path.join(self.folder, "archives")
        return os.path.join(self.folder, path.lstrip("/")) if path.startswith("/") else os.path.join(self.folder, "work", path)

    def write(self, path: str, text: str) -> None:
        """A file that a page shows; one that is there was shown before and stays."""
        place = self.place(path)
        if not os.path.exists(place):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(self.placed(text))

    def run(self, script: str) -> subprocess.CompletedProcess:
        command: list[str] = ["bash", "-euo", "pipefail", "-c", self.placed(script)]
        return subprocess.run(
            command,
            cwd=os.path.join(self.folder, "work"),
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "XDG_")) and key.lower() != "no_proxy"}
        proxy = f"http://127.0.0.1:{self._proxy}"
        return {
            **kept,
            "HOME": os.path.join(self.folder, "home"),
            "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
            "ANSIBLE_COLLECTIONS_PATH": _COLLECTIONS,
            "ANSIBLE_NOCOLOR": "1",
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "SSL_CERT_FILE": self._authority,
            "LC_ALL": "C.UTF-8",
        }


def follow(here: World, page: str) -> Iterator[tuple[Block, str]]:
    """Writes the page's files and runs its commands, after those of the pages before it; what each printed.

    A page that was followed in this world already is not followed again.
    """
    for other in blocks.before(page):
        yield from follow(here, other)
    if page in here.followed:
        return
    here.followed.add(page)
    for block in blocks.blocks(page):
        if block.path:
            here.write(block.path, block.text)
        if block.commands and not block.reason:
            done = here.run(block.commands)
            assert done.returncode == 0, f"{block}\n{block.commands}\n{done.stdout[-6000:]}"
            yield block, here.unplaced(done.stdout)


@contextlib.contextmanager
def world(folder: str) -> Iterator[World]:
    """The image that the pages name at its source, and a mirror that knows the user `me`."""
    for name in ("source", "mirror", "pki"):
        os.makedirs(os.path.join(folder, name))
    pki = os.path.join(folder, "pki")
    authority = Authority(pki)
    htpasswd = os.path.join(pki, "htpasswd")
    with open(htpasswd, "w", encoding="ascii") as file:
        file.write(HTPASSWD)
    source = DistributionProcess(os.path.join(folder, "source"))
    with source:
        store = RegistryStore(source.host, Http(Settings.of({"plain_http": True}), Credentials.of(environ={})), writing=True)
        images.push(images.multi_arch("ubi"), store, "ubi9/ubi-minimal", "latest")
        store.close()
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(DistributionProcess(os.path.join(folder, "source"), tls=authority.issue(SOURCE)))
        mirror = stack.enter_context(DistributionProcess(os.path.join(folder, "mirror"), tls=authority.issue(MIRROR), htpasswd=htpasswd))
        tunnels = stack.enter_context(Tunnels({SOURCE: source.port, MIRROR: mirror.port}))
        threading.Thread(target=tunnels.serve_forever, daemon=True).start()
        stack.callback(tunnels.shutdown)
        made = World(os.path.join(folder, "pages"), tunnels.server_address[1], authority.path)
        with open(authority.path, encoding="ascii") as file:
            made.write("/etc/pki/mirror/ca.pem", file.read())
        yield made
