# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate at which a host is asked follows what it takes: threads, latency and retries on a simulated clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Sequence
from statistics import fmean
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.pace import Pace

Limits = Sequence[tuple[float, float]]
UNLIMITED = 1e9


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bucket:
    """A host with a token bucket.  limits: (from second, requests a second); depth: what is let by at once, in seconds of the limit."""

    def __init__(self, clock: Clock, limits: Limits, depth: float) -> None:
        self.clock, self.limits, self.depth = clock, limits, depth
        self.began = self.filled = clock.now
        self.level: float | None = None
        self.answers: list[tuple[float, bool]] = []

    def rate(self, second: float) -> float:
        return [rate for begin, rate in self.limits if begin <= second][-1]

    def ask(self) -> bool:
        second = self.clock.now - self.began
        most = max(1.0, self.depth * self.rate(second))
        level = most if self.level is None else self.level
        self.level = min(most, level + (self.clock.now - self.filled) * self.rate(second))
        self.filled = self.clock.now
        taken = self.level >= 1
        self.level -= taken
        self.answers.append((second, taken))
        return taken

    def share(self, begin: float, end: float) -> tuple[float, float]:
        """(taken of what was allowed, refused of what was asked) in a time of one limit."""
        inside = [taken for second, taken in self.answers if begin <= second < end]
        return sum(inside) / (self.rate(begin) * (end - begin)), inside.count(False) / len(inside)


class Burst(Bucket):
    """No limit, but the first five requests are refused."""

    def ask(self) -> bool:
        self.answers.append((self.clock.now - self.began, len(self.answers) >= 5))
        return self.answers[-1][1]


class Crew:
    """Threads that ask a host as fast as its pace lets them, and repeat what was refused as the session does."""

    def __init__(
        self,
        clock: Clock,
        host: Bucket,
        retry_after: float | None,
        parallel: int = 16,
        latency: float = 0.02,
        says: Callable[[float], float] | None = None,
    ) -> None:
        self.clock, self.host, self.retry_after, self.latency, self.says = clock, host, retry_after, latency, says
        self.pace = Pace(clock)
        self.chance = random.Random(7)
        self.number = itertools.count()
        self.events: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self.waiting: list[int] = [0] * parallel
        self.after(0, self._take_turns, None)

    def after(self, seconds: float, act: Callable[[Any], None], what: Any) -> None:
        heapq.heappush(self.events, (self.clock.now + seconds, next(self.number), act, what))

    def run(self, seconds: float, requests: float = UNLIMITED) -> float:
        """For so long, or until so many requests were taken; tells how long it was."""
        began = self.clock.now
        while (
            self.events[0][0] < began + seconds
            and sum(taken for _second, taken in self.host.answers[-1:]) + len(self.host.answers) < requests
        ):
            self.clock.now, _number, act, what = heapq.heappop(self.events)
            act(what)
        return self.clock.now - began

    def _wait(self, attempts: int) -> None:
        self.waiting.append(attempts)
        if len(self.waiting) == 1:
            self._take_turns(None)

    def _take_turns(self, _nothing: Any) -> None:
        while self.waiting:
            seconds = self.pace.turn()
            if seconds:
                self.after(min(seconds, 0.25) + 0.0002, self._take_turns, None)
                return
            self.after(self._way(), self._arrive, self.waiting.pop(0))

    def _way(self) -> float:
        return self.latency / 2 * self.chance.uniform(0.7, 1.5)

    def _arrive(self, attempts: int) -> None:
        self.after(self._way(), self._hear, (self.host.ask(), attempts + 1))

    def _hear(self, answer: tuple[bool, int]) -> None:
        taken, attempts = answer
        if taken:
            self.pace.accepted()
            self._listen()
            self._wait(0)
            return
        self.pace.refused()
        self._listen()
        delay = min(30.0, 2.0 ** (attempts - 1)) * self.chance.uniform(0.75, 1.25)
        if self.retry_after is not None:
            self.pace.hold(self.retry_after)
            delay = max(self.retry_after, min(delay, 1.0))
        self.after(delay, self._wait, attempts)

    def _listen(self) -> None:
        """What the host says of its rate."""
        if self.says is not None:
            self.pace.told(self.says(self.host.rate(self.clock.now - self.host.began)))


def host(limits: Limits, depth: float, retry_after: float | None, **crew: Any) -> tuple[Bucket, Crew]:
    clock = Clock()
    bucket = Bucket(clock, limits, depth)
    return bucket, Crew(clock, bucket, retry_after, **crew)


def test_no_limit_until_a_refusal():
    pace = Pace(Clock())
    for _each in range(1000):
        assert pace.turn() == 0
        pace.accepted()


def shares(limits: Limits, depth: float, retry_after: float | None, begin: float, end: float) -> tuple[float, float]:
    """Of slow hosts the means of three runs, since one refusal is much of what they answer."""
    found = []
    for seed in range(1 if limits[-1][1] >= 200 else 3):
        bucket, crew = host(limits, depth, retry_after)
        crew.chance.seed(seed)
        crew.run(end)
        found.append(bucket.share(begin, end))
    return fmean(taken for taken, _refused in found), fmean(refused for _taken, refused in found)


# What a host takes at best, and refuses at most 5 % of, when it is asked evenly by somebody who knows its limit: (requests a second,
# tokens) and the share of the limit at which that is.  A bucket of one token refuses any two requests that arrive nearer than a token
# takes to grow, and on the way of 20 ms they come nearer by up to 8: that is more than the 5 ms between them at 200 a second.
BEST = {(2, 1): (0.98, 0.98), (10, 1): (0.94, 0.92), (50, 1): (0.75, 0.74), (200, 1): (0.4, 0.4), (200, 2): (0.92, 0.88)}


class Metronome(Pace):
    """Knows the limit, and asks evenly at a share of it."""

    rate = 0.0

    def turn(self) -> float:
        now = self._clock()
        if self._due > now + 0.0005:
            return self._due - now
        self._due = max(self._due, now - 0.005) + 1 / self.rate
        return 0.0


@pytest.mark.parametrize("rate,tokens", BEST)
def test_what_a_host_takes_that_is_asked_evenly(rate, tokens):
    found = {}
    for share in (BEST[rate, tokens][0] + step for step in (-0.06, 0, 0.02, 0.04, 0.06)):
        bucket, crew = host([(0, rate)], tokens / rate, None)
        crew.pace = Metronome(crew.clock)
        crew.pace.rate = share * rate
        crew.run(60)
        taken, refused = bucket.share(10, 60)
        found[taken if refused <= 0.05 else 0.0] = share
    assert max(found) <= BEST[rate, tokens][1] + 0.02


def reachable(rate: float, tokens: float, retry_after: float | None, changed: bool = False) -> float:
    """0.9 of the limit, but for two kinds of hosts that say no limit.

    Those to which nobody can come near: 0.85 of what they take at best.

    Those that ask for silence and save up nothing meanwhile: a second of it is lost with each refusal.  Whoever wants to see within ten
    seconds that a limit was lifted has to be refused once in ten seconds, and gets 0.9 of what lies just below the limit; a lift
    that comes just behind a refusal is seen ten seconds later, and a refusal above the old limit tells where the new one is not.
    """
    best = 0.85 * BEST[rate, tokens][1] if (rate, tokens) in BEST else 0.9
    if retry_after is None or tokens >= rate:
        return best * (0.95 if changed and (rate, tokens) in BEST else 1)
    return best * (0.7 if changed else 0.85)


@pytest.mark.parametrize("rate", [2, 10, 50, 200])
@pytest.mark.parametrize("tokens", [1, 2, 3, 10])
@pytest.mark.parametrize("retry_after", [None, 1])
def test_finds_a_steady_limit_of_hosts_that_let_little_by_at_once(rate, tokens, retry_after):
    taken, refused = shares([(0, rate)], tokens / rate, retry_after, 10, 100 if rate == 2 else 50)
    assert taken >= reachable(rate, tokens, retry_after) and refused <= 0.05


@pytest.mark.parametrize("rate", [2, 10, 50, 200])
@pytest.mark.parametrize("depth", [1, 5, 30])
@pytest.mark.parametrize("retry_after", [None, 1])
def test_finds_a_steady_limit_within_ten_seconds(rate, depth, retry_after):
    taken, refused = shares([(0, rate)], depth, retry_after, 10, 100 if rate == 2 else 50)
    assert taken >= 0.9 and refused <= 0.05


@pytest.mark.parametrize("before,after", [(10, 50), (50, 10), (50, 200), (200, 50), (10, 2), (2, 10)])
@pytest.mark.parametrize("depth", [0.001, 0.2, 1, 2, 5])
@pytest.mark.parametrize("retry_after", [None, 1])
def test_follows_a_limit_that_changes(before, after, depth, retry_after):
    """One refusal in twenty requests is one in ten seconds at 2 a second, so a lift of that may be seen as late, and then is far off."""
    taken, refused = shares([(0, before), (20, after)], depth, retry_after, 30, 110 if after == 2 else 60)
    least = reachable(after, max(1, round(depth * after)), retry_after, changed=True)
    assert taken >= least * (0.85 if before == 2 else 1)
    assert refused <= (0.09 if (before, depth) == (2, 5) else 0.05)


@pytest.mark.parametrize("retry_after", [None, 1])
def test_a_host_that_refused_everything_for_a_while_is_soon_asked_as_before(retry_after):
    taken, refused = shares([(0, 100), (20, 0.001), (50, 100)], 2, retry_after, 100, 150)
    assert taken >= 0.9 and refused <= 0.05


@pytest.mark.parametrize("rate,depth", [(2, 0.5), (10, 0.2), (10, 0.3), (50, 0.05), (50, 0.2), (200, 0.02), (200, 0.1), (500, 0.05)])
@pytest.mark.parametrize("retry_after", [None, 1, 5])
def test_a_host_that_says_its_limit_is_asked_at_that(rate, depth, retry_after):
    """However little it lets by at once."""
    bucket, crew = host([(0, rate)], depth, retry_after, says=lambda limit: limit)
    crew.run(50)
    taken, refused = bucket.share(10, 50)
    assert taken >= 0.9 and refused <= 0.05


@pytest.mark.parametrize("before,after", [(10, 50), (50, 10), (200, 50), (2, 10)])
@pytest.mark.parametrize("depth", [0.3, 2])
@pytest.mark.parametrize("retry_after", [None, 1])
def test_a_limit_that_changes_is_followed_as_the_host_says_it(before, after, depth, retry_after):
    bucket, crew = host([(0, before), (20, after)], depth, retry_after, says=lambda limit: limit)
    crew.run(60)
    taken, refused = bucket.share(30, 60)
    assert taken >= 0.9 and refused <= 0.05


@pytest.mark.parametrize("says", [lambda limit: limit * 20, lambda limit: 1e30, lambda limit: 0.0, lambda limit: 1e-9, lambda limit: -1.0])
@pytest.mark.parametrize("retry_after", [None, 1])
def test_a_host_that_says_more_than_it_takes_or_what_makes_no_sense_is_not_believed(says, retry_after):
    bucket, crew = host([(0, 20)], 2, retry_after, says=says)
    crew.run(60)
    taken, refused = bucket.share(20, 60)
    assert taken >= 0.9 and refused <= 0.05


def test_a_host_that_takes_far_more_than_it_says_is_asked_for_more():
    bucket, crew = host([(0, 100)], 2, None, says=lambda limit: 1.0)
    crew.run(160)
    taken, refused = bucket.share(100, 160)
    assert taken >= 0.9 and refused <= 0.05


def test_what_a_host_says_counts_for_nothing_before_it_refused_anything():
    pace = Pace(Clock())
    pace.told(1.0)
    assert [pace.turn() for _each in range(100)] == [0.0] * 100


@pytest.mark.parametrize("retry_after", [1, 2, 5])
@pytest.mark.parametrize("parallel,latency", [(16, 0.05), (8, 0.02)])
def test_one_burst_of_refusals_costs_what_was_asked_for_and_little_more(retry_after, parallel, latency):
    """As a run of fourteen seconds that is refused five times at its start."""
    most = parallel / latency * 14
    clock, times = Clock(), {}
    for kind in (Bucket, Burst):
        crew = Crew(clock, kind(clock, [(0, UNLIMITED)], 1), retry_after, parallel, latency)
        times[kind] = crew.run(1000, most)
    assert times[Burst] - times[Bucket] <= retry_after + 3


def test_goes_on_at_no_less_than_half_of_what_was_taken():
    clock = Clock()
    pace = Pace(clock)
    for _each in range(200):
        clock.now += 0.01
        pace.accepted()
    pace.refused()
    clock.now += 0.01
    assert pace.turn() == 0
    assert pace.turn() <= 1 / 50


def test_holds_still_for_as_long_as_the_host_asks():
    clock = Clock()
    pace = Pace(clock)
    pace.hold(5)
    assert pace.turn() == 5
    clock.now += 4
    assert pace.turn() == 1
    clock.now += 1
    assert pace.turn() == 0
    assert pace.turn() == 0


def test_refusals_of_one_moment_count_once():
    rates: dict[int, float] = {}
    for refusals in (1, 8):
        clock = Clock()
        pace = Pace(clock)
        for _each in range(20):
            pace.accepted()
        for _each in range(refusals):
            pace.refused()
        clock.now += 0.5
        pace.turn()
        rates[refusals] = pace.turn()
    assert rates[1] == rates[8] > 0


def test_forgets_after_a_minute_of_peace():
    clock = Clock()
    pace = Pace(clock)
    pace.accepted()
    pace.refused()
    pace.turn()
    assert pace.turn() > 0
    clock.now += 61
    assert pace.turn() == 0
    assert pace.turn() == 0
