# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are not there are found out once, and objects that cannot be had cost one budget, whoever wants them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts import health as module
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.health import Health
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import backoff
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Unreached
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.scripted import refusal, starting

QUICK = {"plain_http": True, "retries": {"times": 7, "delay": 0.02, "max_delay": 0.1}}
REFUSED = Unreached("cannot connect: refused", "http://host", "")

scripted = pytest.fixture(starting)


class Clock:
    def __init__(self) -> None:
        self.now = 5000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.mark.parametrize("took", [0.0, 0.5, 3.0, 10.0])
def test_a_host_that_is_not_there_is_given_up_within_twenty_seconds_at_the_defaults(clock, took):
    health, retries, began = Health(Retries(), 60.0), Retries(), clock.now
    for attempt in range(1, 20):
        clock.now += took
        health.missed(REFUSED, took)
        if health.exhausted():
            break
        clock.now += min(backoff(attempt, retries), health.left())
    assert health.lost is REFUSED and clock.now - began <= 20


def test_a_host_that_answered_keeps_its_patience(clock):
    health, retries, began = Health(Retries(), 60.0), Retries(), clock.now
    health.alive()
    for attempt in range(1, 8):
        health.missed(REFUSED, 0.0)
        assert not health.exhausted()
        clock.now += min(backoff(attempt, retries), health.left())
    assert health.lost is None and clock.now - began > 60


def test_a_name_that_does_not_exist_is_enough(clock):
    health = Health(Retries(), 60.0)
    health.missed(Unreached("the name cannot be resolved", "http://host", "", lasting=True), 0.1)
    assert health.lost is not None


def test_a_host_that_was_never_heard_gets_a_quarter_of_the_silence_of_others():
    health = Health(Retries(), 60.0)
    assert health.patience(60.0) == 15.0 and health.patience(300.0) == 15.0 and health.patience(2.0) == 2.0
    health.heard()
    assert health.patience(60.0) == 60.0 and health.patience(300.0) == 300.0


def test_a_host_that_takes_connections_and_says_nothing_is_found_out_once(scripted):
    server = scripted(lambda connection, number, head: None)
    http = Http(Settings.of({**QUICK, "timeouts": {"stall": 1.2}}, {}))
    origin = Origin("http", "127.0.0.1", server.port)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda number: _ask_for(http, origin, number), range(24)))
    assert time.monotonic() - began < 5 and server.connections <= 16
    assert all("it accepts connections, but has not answered within" in error.message and "listens there" in error.advice for error in told)


def test_one_that_answered_before_is_waited_for_as_before(scripted):
    def behave(connection: Any, number: int, head: bytes) -> None:
        if number != 2:
            connection.sendall(refusal(200, b"ok"))

    server = scripted(behave)
    http = Http(Settings.of({**QUICK, "timeouts": {"stall": 1.2}}, {}))
    wanted = Request("GET", Origin("http", "127.0.0.1", server.port), "/v2/")
    began = time.monotonic()
    assert [http.exchange(wanted).status, http.exchange(wanted).status] == [200, 200]
    assert time.monotonic() - began >= 1.2 and len(server.heads) == 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_says_nothing_is_named(scripted, scheme):
    server = scripted(lambda connection, number, head: None)
    http = Http(Settings.of({**QUICK, "timeouts": {"stall": 1.2}, "http_proxy": server.url, "https_proxy": server.url}, {}))
    error = _ask_for(http, Origin(scheme, "registry.example.com", 443 if scheme == "https" else 80), 1)
    assert f"no answer from the proxy {server.url}" in error.message and "no_proxy" in error.advice


def _dead_port() -> int:
    with FakeRegistry() as registry:
        return int(registry.host.rpartition(":")[2])


def _ask_for(http: Http, origin: Origin, number: int) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        http.exchange(Request("GET", origin, f"/v2/team/app{number}/manifests/1"))
    return caught.value


def test_it_is_found_out_once_for_all_objects():
    retried: list[Any] = []
    http = Http(Settings.of(QUICK, {}), on_retry=lambda *told: retried.append(told))
    origin = Origin("http", "127.0.0.1", _dead_port())
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        told = {str(error.message).partition(" after ")[0] for error in pool.map(lambda number: _ask_for(http, origin, number), range(40))}
    # Eight threads at once, and nobody after them.
    assert len(retried) <= 8 * 5 and http.requests["GET"] <= 8 * 6
    assert len(told) <= 2 and time.monotonic() - began < 5
    before = http.requests["GET"]
    assert "Check its name and port" in _ask_for(http, origin, 99).advice and http.requests["GET"] == before


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_named_with_what_it_stands_before(scheme):
    port = _dead_port()
    http = Http(Settings.of({**QUICK, "http_proxy": f"http://127.0.0.1:{port}", "https_proxy": f"http://127.0.0.1:{port}"}, {}))
    error = _ask_for(http, Origin(scheme, "registry.example.com", 443 if scheme == "https" else 80), 1)
    assert f"no answer from the proxy http://127.0.0.1:{port}, by which {scheme}://registry.example.com is to be reached" in error.message
    assert "no_proxy" in error.advice


def test_an_object_that_cannot_be_had_costs_one_budget_over_all_tasks():
    with FakeRegistry() as registry:
        registry.inject(Fault(path_part="/broken/", status=500, times=0))
        http = Http(Settings.of(QUICK, {}))
        origin = Origin("http", "127.0.0.1", int(registry.host.rpartition(":")[2]))
        for _task in range(9):
            assert http.exchange(Request("GET", origin, "/v2/broken/manifests/1")).status == 500
            assert http.exchange(Request("GET", origin, "/v2/")).status == 200
        # Five attempts, and one for each further task.
        assert len(registry.ledger.entries()) - 9 == 5 + 8


def test_one_that_is_mended_meanwhile_has_a_budget_again():
    with FakeRegistry() as registry:
        origin = Origin("http", "127.0.0.1", int(registry.host.rpartition(":")[2]))
        http = Http(Settings.of(QUICK, {}))
        wanted = Request("GET", origin, "/v2/")
        registry.inject(Fault(status=503, times=8), Fault(status=503, skip=1, times=2))
        assert http.exchange(wanted).status == 503
        assert http.exchange(wanted).status == 200
        assert http.exchange(wanted).status == 200 and len(registry.ledger.entries()) == 12


def test_threads_that_wait_hear_of_it():
    """One thread finds out while others sleep: none of them sleeps longer than it takes to find out."""
    http = Http(Settings.of({"plain_http": True, "retries": {"times": 3, "delay": 0.2, "max_delay": 30.0}}, {}))
    origin = Origin("http", "127.0.0.1", _dead_port())
    began = time.monotonic()
    threads = [threading.Thread(target=_ask_for, args=(http, origin, number)) for number in range(8)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(20)
    assert time.monotonic() - began < 3
