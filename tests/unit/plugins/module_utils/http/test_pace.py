# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rate at which a host is asked follows what it takes."""

from __future__ import annotations

import heapq
from typing import List

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.pace import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Quota:
    """A host that takes so many requests a second, counted over a sliding second."""

    def __init__(self, clock: Clock, rate: int) -> None:
        self.clock, self.rate = clock, rate
        self.taken: List[float] = []
        self.seen: List[float] = []

    def ask(self) -> bool:
        self.seen.append(self.clock.now)
        if len(self.taken) >= self.rate and self.taken[-self.rate] > self.clock.now - 1:
            return False
        self.taken.append(self.clock.now)
        return True


def drive(pace: Pace, quota: Quota, clock: Clock, seconds: float, parallel: int) -> None:
    """As many threads as said: each takes a turn, waits for it, asks, and begins again 5 ms later."""
    end = clock.now + seconds
    events = [(clock.now, thread, False) for thread in range(parallel)]
    while events[0][0] < end:
        clock.now, thread, has_turn = heapq.heappop(events)
        delay = 0.0 if has_turn else pace.turn()
        if delay:
            heapq.heappush(events, (clock.now + delay, thread, True))
            continue
        if quota.ask():
            pace.accepted()
        else:
            pace.refused()
        heapq.heappush(events, (clock.now + 0.005, thread, False))


def test_no_limit_until_a_refusal():
    pace = Pace(Clock())
    for _each in range(1000):
        assert pace.turn() == 0
        pace.accepted()


@pytest.mark.parametrize("rate", [2, 10, 100])
@pytest.mark.parametrize("parallel", [1, 8, 32])
def test_settles_just_below_what_the_host_takes(rate, parallel):
    clock = Clock()
    pace, quota = Pace(clock), Quota(clock, rate)
    drive(pace, quota, clock, 30, parallel)
    settled = clock.now
    drive(pace, quota, clock, 60, parallel)
    late = [moment for moment in quota.seen if moment > settled]
    taken = [moment for moment in quota.taken if moment > settled]
    assert len(late) / 60 <= 1.2 * rate
    assert len(taken) / 60 >= 0.4 * rate


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
    clock = Clock()
    one, many = Pace(clock), Pace(clock)
    for pace, refusals in ((one, 1), (many, 8)):
        for _each in range(20):
            pace.turn()
            pace.accepted()
        for _each in range(refusals):
            pace.refused()
    clock.now += 100 / 7
    assert one.turn() == many.turn()
    assert one.turn() == many.turn() > 0


def test_forgets_after_a_minute_of_peace():
    clock = Clock()
    pace = Pace(clock)
    pace.accepted()
    pace.refused()
    assert pace.turn() > 0
    clock.now += 61
    assert pace.turn() == 0
    assert pace.turn() == 0
