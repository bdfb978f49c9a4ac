# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How fast one host may be asked, found out together by all threads (user-needs P09).

No limit until the host answers 429.  That says when to go on (`Retry-After`), not how fast: from half of what was taken
before, the rate grows quickly until the next refusal.  From then on it is held near what is known, a little below it at first,
and grows beyond it in the end, ever faster, for limits are lifted, too.  A minute without a refusal ends it.

What a refusal tells lies between two rates.  Where a host lets much by at once, what it took since the last refusal is its
limit, for the allowance was used up at both ends.  Where it lets by nothing at once, that is the rate at which it refused.  As
long as the rate hardly changes between two refusals they are all but the same, and neither has to be known.  Requests go out
evenly, and what was not asked for is not made up for: a host that lets nothing by at once refuses any two that are too near.

A host that refused and says its rate (`RateLimit-Policy`) is asked at just less than that.  It is not believed any more when it
refuses that rate, or takes far more.
"""

from __future__ import annotations

import math
import threading
import time
from typing import Callable

# Requests a second where nothing is known, and the slowest of all.
_START = 10.0
_LEAST = 0.2
# While the limit is sought, the rate grows so many times a second.
_SEARCH = 8.0
# What is known is kept for so many requests and seconds, and for so many times the silence that a refusal costs; an eighth of that
# where next to nothing was taken before: a host that refuses everything for a while tells little.
_KEPT_REQUESTS = 34
_KEPT_SECONDS = 4.0
_KEPT_SILENCES = 10
# So much less of it at the beginning; so much more after so many seconds or requests beyond the end, and then by their cube.
_LESS, _MORE = 0.03, 0.05
_MORE_SECONDS, _MORE_REQUESTS, _MOST_SECONDS = 1.5, 4, 4.0
# A refusal takes no more than this off the rate at once, but for what follows from how soon it came.
_MOST_OFF = 0.8
# So much of a silence counts as time in which the host takes requests: the allowance of some grows meanwhile.
_SILENCE = 0.25
# So many requests that were taken before the last refusal still speak for the host.
_CREDIT = 4
# A thread that overslept makes up for so much (seconds).
_SLIP = 0.005
# A shorter wait is none: to sleep takes longer.
_SHORTEST = 0.002
# Refusals of requests that were under way together are one (seconds).
_TOGETHER = 0.15
_FORGET = 60.0
# Of the rate that a host says, this is asked for, and after a refusal of that; the most that it may say.
_OF_TOLD = (0.96, 0.9)
_MOST_TOLD = 10_000.0
# For how long it is believed (seconds) until it is looked whether more would be taken, how fast, and how much more is too much.
_BELIEVED = 60.0
_GROWTH = 2.0
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
        # The rate that the host takes, as far as is known (0: never refused), whether it is still sought, and since when it is kept.
        self._known = 0.0
        self._sought = True
        self._since = 0.0
        # Until when the host asked for silence, and for how long.
        self._until = 0.0
        self._silence = 0.0
        # The last refusal, and what was taken since and before.
        self._refused = 0.0
        self._taken = 0
        self._before_last = 0
        # The rate that the host says (0: none), how often it refused that, and since when it is gone by.
        self._told = 0.0
        self._broken = 0
        self._told_since = 0.0
        # When the next request is due.
        self._due = 0.0
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
            if not self._known or (now - self._since > _FORGET + self._kept() and not self._told):
                self._known, self.limited = 0.0, False
                return 0.0
            due = max(self._due, now - _SLIP)
            if due > now + _SHORTEST:
                return due - now
            self._due = due + 1 / self._rate(now)
            return 0.0

    def accepted(self) -> None:
        """The host took a request."""
        with self._lock:
            now = self._clock()
            self._tick(now)
            self._count += 1
            self._taken += now >= self._refused + _TOGETHER

    def told(self, rate: float | None) -> None:
        """The host says how many requests a second it takes (None: it does not); heard once it has refused any."""
        if rate is None or not self.limited or self._broken >= len(_OF_TOLD) or not _LEAST <= rate <= _MOST_TOLD:
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
            self._silence = max(self._silence, seconds)
            self.limited = True

    def refused(self) -> None:
        """The host answered 429."""
        with self._lock:
            now = self._clock()
            self._tick(now)
            first = not self._known
            if first:
                self._known, self._sought = max(_START, (self._before + self._count) / 2), True
                self._due = now
            elif now < max(self._refused + _TOGETHER, self._until):
                return
            else:
                (self._doubt if self._told else self._learn)(now)
                self._due = now + 1 / self._known
            self.limited = True
            self._before_last, self._taken = 0 if first else self._taken, 0
            self._silence = 0.0
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
        passed = min(max(0.0, now - self._since), 2 * _FORGET)
        if self._sought:
            return self._known * math.pow(_SEARCH, min(passed, _FORGET))
        kept = self._kept()
        if passed < kept:
            return self._known * math.exp(_LESS * (passed / kept - 1) ** 3)
        beyond = (passed - kept) / min(_MOST_SECONDS, max(_MORE_SECONDS, _MORE_REQUESTS / self._known))
        return self._known * math.exp(min(_MORE * beyond**3, _FORGET))

    def _kept(self) -> float:
        if self._sought:
            return 0.0
        kept = max(_KEPT_REQUESTS / self._known, min(_FORGET, _KEPT_SILENCES * self._silence))
        return max(_KEPT_SECONDS, kept if self._before_last > 1 else kept / 8)

    def _learn(self, now: float) -> None:
        """From what was taken since the last refusal.  Half a request more may have been possible."""
        rate = self._rate(now)
        asked = now - max(self._refused + _TOGETHER, self._until) + _SILENCE * max(0.0, self._until - self._refused)
        measured = (self._taken + 0.5) / asked
        spoken = self._taken + min(_CREDIT, self._before_last) + 1
        self._known = max(_LEAST, max(_MOST_OFF * rate, min(rate, measured)) * spoken / (spoken + 1))
        self._sought = False

    def _tick(self, now: float) -> None:
        passed = now - self._second
        if passed >= 1.0:
            self._before = self._count if passed < 2.0 else 0
            self._count = 0
            self._second = now
