# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long to wait, and for how long to have patience."""

from __future__ import annotations

import statistics

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED, backoff, patience, retry_after
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries


def test_only_passing_failures_are_retried():
    assert {429, 500, 502, 503, 504} == RETRIED


@pytest.mark.parametrize(
    "text, expected",
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thursday, 01-Jan-70 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after(text, expected):
    assert retry_after(text, now=100.0) == expected


def test_delays_double_up_to_a_limit_and_are_spread():
    retries = Retries(times=10, delay=1.0, max_delay=30.0)
    for attempt, middle in ((1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (50, 30)):
        delays = [backoff(attempt, retries) for _each in range(200)]
        assert all(0.75 * middle <= delay <= 1.25 * middle for delay in delays)
        assert statistics.pstdev(delays) > 0.05 * middle


def test_the_default_outlasts_an_outage_of_a_minute():
    retries = Retries()
    least = sum(0.75 * min(retries.max_delay, retries.delay * 2**number) for number in range(retries.times))
    assert least > 60
    assert patience(retries) > least


def test_patience_outlasts_slow_requests_even_where_delays_are_short():
    assert patience(Retries(times=3, delay=0.001)) == 30
