# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes into a route of the fake registry and what comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from ansible_collections.disconnected.mirror.tests.fakes.content import Blob

if TYPE_CHECKING:
    from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry


@dataclass
class Question:
    """One request, taken apart; see `ledger.Exchange` for the names.  read: gives the body.  path: with its query, as it came."""

    registry: FakeRegistry
    method: str
    query: dict[str, str]
    scopes: list[str]
    headers: dict[str, str]
    read: Callable[[], bytes]
    endpoint: str = "other"
    repository: str = ""
    target: str = ""
    user: str = ""
    forget: bool = False
    ignore_range: bool = False
    path: str = ""


@dataclass
class Answer:
    """length: what Content-Length says; the body's own unless given."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Blob = b""

    @property
    def length(self) -> int:
        return len(self.body)


class Refused(Exception):
    """Ends a route with an error in the form of the OCI distribution specification."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        return as_json({"errors": [{"code": self.code, "message": self.message, "detail": {}}]}, self.status, self.headers)


def as_json(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "application/json", **(headers or {})}, json.dumps(document).encode("utf-8"))
