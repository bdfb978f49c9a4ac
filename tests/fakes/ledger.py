# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: every request that a fake registry answered, for tests to count."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    """One request and what it was answered with.

    endpoint: ping, token, catalog, tags, manifest, blob, upload, referrers, cdn or other.
    target: what follows the endpoint in the path (reference, digest, upload id).
    query: first value of each parameter; headers: as received, names in lower case.
    received, sent: bytes of the bodies. user: who the credentials said, empty for nobody.
    started: seconds of the monotonic clock.
    """

    method: str
    path: str
    endpoint: str
    repository: str
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    status: int
    received: int
    sent: int
    user: str
    started: float


@dataclass
class Ledger:
    """Exchanges in the order in which they were answered."""

    _entries: list[Exchange] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, exchange: Exchange) -> None:
        with self._lock:
            self._entries.append(exchange)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()

    def entries(self, method: str = "", endpoint: str = "", status: int = 0, repository: str = "") -> tuple[Exchange, ...]:
        """Those that fit every given criterion."""
        with self._lock:
            return tuple(
                entry
                for entry in self._entries
                if method in ("", entry.method)
                and endpoint in ("", entry.endpoint)
                and status in (0, entry.status)
                and repository in ("", entry.repository)
            )

    def count(self, method: str = "", endpoint: str = "", status: int = 0, repository: str = "") -> int:
        return len(self.entries(method, endpoint, status, repository))

    def users(self) -> tuple[str, ...]:
        """Everybody who was seen, sorted, nobody as empty text."""
        return tuple(sorted({entry.user for entry in self.entries()}))

    def __len__(self) -> int:
        return self.count()
