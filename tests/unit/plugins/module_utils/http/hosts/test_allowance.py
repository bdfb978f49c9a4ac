# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say of their rate limits, in all forms; what makes no sense says nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.allowance import Allowance, allowance
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.tests.fakes.scripted import refusal, starting

NOW = 1_700_000_000.0
scripted = pytest.fixture(starting)


@pytest.mark.parametrize(
    ("headers", "rate", "wait"),
    [
        pytest.param({}, None, None, id="nothing"),
        pytest.param({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}, None, None, id="Docker Hub: a budget"),
        pytest.param({"ratelimit-limit": "600;w=60"}, 10.0, None, id="a window"),
        pytest.param({"ratelimit-limit": "100, 100;w=10, 1000;w=60"}, 10.0, None, id="several windows: the slowest"),
        pytest.param({"ratelimit-policy": '"burst";q=20;w=1,"hour";q=1000;w=3600'}, 20.0, None, id="policies"),
        pytest.param({"ratelimit": '"burst";r=0;t=7'}, None, 7.0, id="one header"),
        pytest.param({"ratelimit": "limit=100, remaining=0, reset=7"}, None, 7.0, id="one header of an older draft"),
        pytest.param({"ratelimit": '"burst";r=3;t=7'}, None, None, id="some are left"),
        pytest.param({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, None, 30.0, id="seconds"),
        pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000012"}, None, 12.0, id="GitHub: a moment"),
        pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1600000000"}, None, 0.0, id="a moment that has passed"),
        pytest.param({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700003600"}, None, None, id="an hour is not waited for"),
        pytest.param({"ratelimit-limit": "100;w=0"}, None, None, id="no window at all"),
        pytest.param({"ratelimit-limit": "0;w=10"}, None, None, id="nothing allowed"),
        pytest.param({"ratelimit-limit": "-5;w=10", "ratelimit-reset": "-1"}, None, None, id="below nothing"),
        pytest.param({"ratelimit-limit": "\u0661\u0660;w=10", "ratelimit-reset": "NaN"}, None, None, id="no digits"),
        pytest.param({"ratelimit-limit": "9" * 400 + ";w=1"}, None, None, id="a number without end"),
    ],
)
def test_what_hosts_say(headers, rate, wait):
    assert allowance(headers, NOW) == Allowance(rate, wait)


@given(
    st.dictionaries(
        st.sampled_from(["ratelimit", "ratelimit-limit", "ratelimit-policy", "ratelimit-reset", "x-ratelimit-reset"]), st.text()
    )
)
def test_nothing_that_hosts_say_is_more_than_a_bounded_number(headers):
    found = allowance(headers, NOW)
    assert found.rate is None or 0 < found.rate < 1e13
    assert found.wait is None or 0 <= found.wait <= 60


def test_a_refusal_without_retry_after_is_waited_for_as_long_as_its_headers_say(scripted):
    refused = refusal(429, headers="X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\n")
    server = scripted(lambda connection, number, head: connection.sendall(refused if number == 1 else refusal(200, b"ok")))
    http = Http(Settings.of({"plain_http": True, "retries": {"delay": 0.01, "max_delay": 0.01}}, {}))
    began = time.monotonic()
    assert http.exchange(Request("GET", Origin.of("http", server.host), "/v2/")).body == b"ok"
    assert time.monotonic() - began >= 1
