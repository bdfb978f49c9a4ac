# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults: what the fake registry does wrong, on which requests, how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Callable


@dataclass(frozen=True)
class Fault:
    """One wrong behaviour.

    Which requests: method and endpoint (empty: any; endpoints are those of `ledger.Exchange`), repository, path_part
    (a piece of the raw path), skip (let so many pass first), times (0: for ever).

    status, body, retry_after: answer with an error instead; body is `oci`, `html`, `empty` or `text`.
    code: the error code inside an `oci` body.
    delay: seconds before the answer begins.
    truncate_at: send so many bytes of the body and close; framing says how the body is announced:
      `length` (true Content-Length), `short` (Content-Length of what is sent), `chunked` (no last chunk), `close` (neither).
    reset_at: send so many bytes of the body, then reset the connection.
    slow: (bytes, seconds): send so many bytes, wait so long, again.
    corrupt_at: flip one bit of the body at this offset (negative: from the end).
    reset_request_at: read so many bytes of the request's body, keep them, then reset the connection.
    digest_header: send this Docker-Content-Digest; `none` leaves it out.
    location: send this Location; `none` leaves it out.
    forget: answer an accepted PUT with success, then lose the object.
    ignore_range: answer 200 with the whole blob although a Range was asked for.
    """

    method: str = ""
    endpoint: str = ""
    repository: str = ""
    path_part: str = ""
    skip: int = 0
    times: int = 1
    status: int = 0
    body: str = "oci"
    code: str = ""
    retry_after: str = ""
    delay: float = 0.0
    truncate_at: int | None = None
    framing: str = "length"
    reset_at: int | None = None
    slow: tuple[int, float] | None = None
    corrupt_at: int | None = None
    reset_request_at: int | None = None
    digest_header: str = ""
    location: str = ""
    forget: bool = False
    ignore_range: bool = False

    def meets(self, method: str, endpoint: str, repository: str, path: str) -> bool:
        return (
            self.method in ("", method)
            and self.endpoint in ("", endpoint)
            and self.repository in ("", repository)
            and self.path_part in path
        )


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0


@dataclass
class Faults:
    """The faults of one registry; counts how often each was met."""

    _armed: list[_Armed] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._armed.extend(_Armed(fault) for fault in faults)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def unused(self) -> list[Fault]:
        """Those that no request has met."""
        with self._lock:
            return [armed.fault for armed in self._armed if armed.seen <= armed.fault.skip]

    def take(self, method: str, endpoint: str, repository: str, path: str) -> Fault:
        """The fault for this request; one without effect when there is none."""
        with self._lock:
            for armed in self._armed:
                fault = armed.fault
                if not fault.meets(method, endpoint, repository, path):
                    continue
                armed.seen += 1
                if armed.seen > fault.skip and (fault.times == 0 or armed.seen <= fault.skip + fault.times):
                    return fault
        return _NONE


class Watch(Faults):
    """Faults that also tell of every request, before it is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.on_request: Callable[[str, str, str], None] = lambda method, endpoint, path: None

    def take(self, method: str, endpoint: str, repository: str, path: str) -> Fault:
        self.on_request(method, endpoint, path)
        return super().take(method, endpoint, repository, path)


class Pending(Faults):
    """Requests of one kind get no answer, after the first few, until they may go on.

    reached: set when the first of them has come.  go_on: to be set in the end.
    """

    def __init__(self, method: str, endpoint: str, skip: int = 0) -> None:
        super().__init__()
        self._method, self._endpoint, self._left = method, endpoint, skip
        self.reached, self.go_on = threading.Event(), threading.Event()

    def take(self, method: str, endpoint: str, repository: str, path: str) -> Fault:
        if (method, endpoint) == (self._method, self._endpoint):
            with self._lock:
                self._left -= 1
                waits = self._left < 0
            if waits:
                self.reached.set()
                self.go_on.wait(_LONG)
        return super().take(method, endpoint, repository, path)


# Seconds, for tests that forget the ones who wait.
_LONG = 600
_NONE = Fault()
