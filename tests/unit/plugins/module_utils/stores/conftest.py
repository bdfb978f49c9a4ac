# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry store whose server gives one answer, byte by byte, to everything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore

QUICK = {"plain_http": True, "retries": {"times": 1, "delay": 0.001}}


def _answer_all(listener: socket.socket, answer: bytes) -> None:
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        with connection:
            try:
                data = b""
                # A hello of TLS has no end of that kind, and gets the same answer.
                while b"\r\n\r\n" not in data and not data.startswith(b"\x16"):
                    data += connection.recv(65536) or b"\r\n\r\n"
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)
            except OSError:
                continue


@pytest.fixture
def scripted_registry() -> Iterator[Callable[[bytes], RegistryStore]]:
    listeners: list[socket.socket] = []

    def start(answer: bytes) -> RegistryStore:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_answer_all, args=(listener, answer), daemon=True).start()
        return RegistryStore(f"127.0.0.1:{listener.getsockname()[1]}", Http(Settings.of(QUICK, {})))

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
