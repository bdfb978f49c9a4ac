# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How fast one host may be asked, found out together by all threads (user-needs P09).

No limit until the host answers 429.  Then requests are spaced: 0.7 of the rate that it took in the last second or two,
growing by 5 % a second while it takes them all, and no limit again after a minute without a refusal.
"""

from __future__ import annotations

import threading
import time
from typing import Callable

_BACK_OFF = 0.7
_GROWTH = 0.05
_LEAST_RATE = 0.2
_FORGET = 60.0


class Pace:
    """Shared by all threads that talk to one host.  Times are seconds of `clock`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._limited = False
        self._rate = 0.0
        self._next = 0.0
        self._until = 0.0
        self._grown = 0.0
        self._refused = 0.0
        # Accepted requests of the current second and of the one before it.
        self._second = 0.0
        self._count = 0
        self._before = 0

    def turn(self) -> float:
        """Takes the next turn: how many seconds to wait before the request may go."""
        if not self._limited:
            return 0.0
        with self._lock:
            now = self._clock()
            if self._rate and now - self._refused > _FORGET:
                self._rate = 0.0
            if not self._rate:
                self._limited = now < self._until
                return max(0.0, self._until - now)
            slot = max(now, self._until, self._next)
            self._next = slot + 1 / self._rate
            return slot - now

    def accepted(self) -> None:
        """The host took a request."""
        now = self._clock()
        with self._lock:
            self._tick(now)
            self._count += 1
            if self._rate:
                self._rate *= 1 + _GROWTH * min(1.0, max(0.0, now - self._grown))
                self._grown = now

    def hold(self, seconds: float) -> None:
        """The host asked for silence (`Retry-After`)."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)
            self._limited = True

    def refused(self) -> None:
        """The host answered 429."""
        with self._lock:
            now = self._clock()
            self._tick(now)
            # The answers to requests that were under way together count once.
            if not self._rate or now - self._refused > max(1.0, 2 / self._rate):
                taken = self._before + self._count if self._before else self._count
                seen = taken / (1.0 + (now - self._second) if self._before else 1.0)
                base = min(self._rate, max(seen, self._rate / 2)) if self._rate else seen
                self._rate = max(_LEAST_RATE, _BACK_OFF * base)
                self._refused = now
                self._next = max(self._next, now + 1 / self._rate)
            self._grown = now
            self._limited = True

    def _tick(self, now: float) -> None:
        passed = now - self._second
        if passed >= 1.0:
            self._before = self._count if passed < 2.0 else 0
            self._count = 0
            self._second = now
