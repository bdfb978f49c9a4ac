# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How fast one host may be asked, found out together by all threads (user-needs P09).

No limit until the host answers 429.  That says when to go on (`Retry-After`), not how fast: from half of what was taken
before, the rate grows quickly until the next refusal.  Between two refusals a host's allowance was used up at both ends, so
what it took in that time is its limit, whatever it lets by at once; that rate is kept for a while, and then grows again,
for limits are lifted, too.  A minute without a refusal ends it.

A host that refused and says its rate (`RateLimit-Policy`) is asked at just less than that, evenly, since it may let little by at
once.  It is not believed any more when it refuses that rate, or takes far more.
"""

from __future__ import annotations

import threading
import time
from typing import Callable

# Requests a second where nothing is known, and the slowest of all.
_START = 10.0
_LEAST = 0.05
# While the limit is sought, the rate grows so many times a second; later, when it is only looked for whether it was lifted, slower.
_SEARCH = 8.0
_GROWTH = 2.0
# What is known is kept for so many requests and seconds: one refusal in so many is what it costs to ask for more.
_KEPT_REQUESTS = 24
_KEPT_SECONDS = 5.0
# A guess between a rate that was taken and one that was refused is tried for a shorter time.
_TRIED_REQUESTS = 8
_TRIED_SECONDS = 1.5
# The rate while it is kept, from the beginning to the end.
_LOW, _HIGH = 0.96, 1.02
# Refused so much above what was known, the limit is somewhere between; below that, what is known was all but right.
_FAR = 1.15
_NUDGE = 1.03
# What was not asked for in the last second may be made up for, at so much more than the rate.
_SPARE = 1.0
# Who is asked evenly makes up for what a thread overslept alone.
_SLIP = 0.005
_CATCH_UP = 1.5
# A shorter wait is none: to sleep takes longer.
_SHORTEST = 0.002
# Refusals of requests that were under way together are one (seconds).
_TOGETHER = 0.25
_FORGET = 60.0
# Of the rate that a host says, this is asked for, and after a refusal of that; the least and the most that it may say.
_OF_TOLD = (0.96, 0.9)
_LEAST_TOLD, _MOST_TOLD = 0.2, 10_000.0
# For how long it is believed (seconds) until it is looked whether more would be taken, and how much more is too much.
_BELIEVED = 60.0
_FAR_MORE = 2.0


class Pace:
    """Shared by all threads that talk to one host.  Times are seconds of `clock`.

    queue: to be held while waiting for a turn, so that only one thread asks for the next.
    limited: turns have to be waited for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.queue = threading.Lock()
        self._clock = clock
        self._lock = threading.Lock()
        self.limited = False
        # The rate that the host takes, as far as is known (0: never refused), whether that is a guess, and how sure it is.
        self._known = 0.0
        self._guessed = False
        self._sure = False
        # For how long it is kept, and from when on.
        self._kept = 0.0
        self._since = 0.0
        self._until = 0.0
        self._refused = 0.0
        self._taken = 0
        # The rate that the host says (0: none), how often it refused that, and since when it is gone by.
        self._told = 0.0
        self._broken = 0
        self._told_since = 0.0
        # When the next request is due, and when it may go at the earliest.
        self._due = 0.0
        self._gate = 0.0
        # Accepted requests of the current second and of the one before it.
        self._second = 0.0
        self._count = 0
        self._before = 0

    def turn(self) -> float:
        """0: the next turn is taken, the request may go.  Else after so many seconds, at most, it is worth asking again."""
        if not self.limited:
            return 0.0
        with self._lock:
            now = self._clock()
            if now < self._until:
                return self._until - now
            if not self._known or (now - self._refused > _FORGET and not self._told):
                self._known, self.limited = 0.0, False
                return 0.0
            rate = self._rate(now)
            due = max(self._due, now - (_SLIP if self._told else _SPARE))
            if max(due, self._gate) > now + _SHORTEST:
                return max(due, self._gate) - now
            self._due = due + 1 / rate
            self._gate = now + 1 / (_CATCH_UP * rate)
            return 0.0

    def accepted(self) -> None:
        """The host took a request."""
        with self._lock:
            self._tick(self._clock())
            self._count += 1
            self._taken += 1

    def told(self, rate: float | None) -> None:
        """The host says how many requests a second it takes (None: it does not); heard once it has refused any."""
        if rate is None or not self.limited or self._broken >= len(_OF_TOLD) or not _LEAST_TOLD <= rate <= _MOST_TOLD:
            return
        with self._lock:
            if rate != self._told:
                self._told = self._known = rate
                self._told_since = self._clock()

    def hold(self, seconds: float) -> None:
        """The host asked for silence (`Retry-After`)."""
        with self._lock:
            self._until = max(self._until, self._clock() + seconds)
            self._since = max(self._since, self._until)
            self.limited = True

    def refused(self) -> None:
        """The host answered 429."""
        with self._lock:
            now = self._clock()
            self._tick(now)
            if self._told and now >= max(self._refused + _TOGETHER, self._until):
                self._doubt(now)
            elif not self._known:
                self._known = max(_START, (self._before + self._count) / 2)
                self._guessed, self._sure, self._kept = True, False, 0.0
                self._due = now
            elif now < max(self._refused + _TOGETHER, self._until):
                return
            else:
                self._learn(now)
                self._due = now + 1 / self._known
            self.limited = True
            self._taken = 0
            self._refused = self._since = now

    def _doubt(self, now: float) -> None:
        """Refused at the rate that the host says, or at more: then that was right."""
        if self._rate(now) <= self._told:
            self._broken += 1
            if self._broken == len(_OF_TOLD):
                self._told = 0.0
        self._told_since = self._due = now

    def _rate(self, now: float) -> float:
        if self._told:
            more: float = _GROWTH ** max(0.0, now - max(self._told_since, self._until) - _BELIEVED)
            if more < _FAR_MORE:
                return self._told * _OF_TOLD[self._broken] * more
            self._known, self._since, self._told, self._broken = self._told * more, now, 0.0, len(_OF_TOLD)
        passed = max(0.0, now - self._since)
        if passed >= self._kept:
            grown: float = (_GROWTH if self._kept else _SEARCH) ** min(passed - self._kept, _FORGET)
            return self._known * grown
        return self._known * (1.0 if self._guessed else _LOW + (_HIGH - _LOW) * passed / self._kept)

    def _learn(self, now: float) -> None:
        """From what was taken since the last refusal.  Half a request more may have been possible."""
        if not self._taken:
            # Nothing was measured: too much, or only too early.
            self._known = max(_LEAST, self._known / 2)
            return
        rate = self._rate(now)
        measured = min((self._taken + 0.5) / (now - self._refused), _CATCH_UP * rate)
        if not self._kept or now - self._since < self._kept:
            # Refused at about this rate: little of the allowance can have been left unused.
            self._sure = self._sure or self._guessed
            self._known, self._guessed = max(_LEAST, measured), False
        elif self._sure and measured < _FAR * self._known:
            self._known = max(_NUDGE * self._known, measured)
        else:
            low = max(self._known, measured)
            self._guessed = rate > _FAR * low
            self._sure = not self._guessed
            self._known = (low * min(rate, 3 * low)) ** 0.5
        self._kept = self._keep()

    def _keep(self) -> float:
        if self._guessed:
            return max(_TRIED_SECONDS, _TRIED_REQUESTS / self._known)
        if self._taken < 2:
            # Measured by next to nothing.
            return 4 / self._known
        return max(_KEPT_SECONDS, _KEPT_REQUESTS / self._known)

    def _tick(self, now: float) -> None:
        passed = now - self._second
        if passed >= 1.0:
            self._before = self._count if passed < 2.0 else 0
            self._count = 0
            self._second = now
