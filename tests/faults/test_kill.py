# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that are killed, stopped or frozen: the destination stays whole, and the next run does what is left.

`MIRROR_KILLS` sets how many random moments are tried (a few by default; hundreds for a campaign).
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import threading
import time
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault, Pending
from ansible_collections.disconnected.mirror.tests.faults.conftest import PATIENCE, World, assert_closed

KILLS = int(os.environ.get("MIRROR_KILLS", "5"))
# Requests that a run makes at the destination, about.
SPAN = 150


def rerun_does_the_rest(world: World) -> None:
    """After an interruption: nothing is incomplete, and a second run moves what is missing only."""
    world.settle()
    assert_closed(world.destination.content)
    missing = world.missing_blobs()
    world.calm()
    document = world.finish(world.start())
    assert document["status"] == 0, document
    world.arrived(world.tagged)
    fetched = [entry.target for entry in world.source.ledger.entries("GET", "blob")]
    assert len(fetched) == len(set(fetched)) and set(fetched) <= missing
    assert world.destination.violations == []
    world.settle()
    world.calm()
    document = world.finish(world.start())
    assert document["status"] == 0 and not document["changed"]
    assert world.source.ledger.count("GET") == 0 and world.destination.ledger.count() <= len(world.tagged)


@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_at_a_random_request(world: World, seed: int) -> None:
    count = random.Random(seed).randrange(1, SPAN)
    process = world.kill_on(world.destination, count)
    process.communicate(timeout=PATIENCE)
    assert process.returncode in (-signal.SIGKILL, 0)
    rerun_does_the_rest(world)


@pytest.mark.parametrize("method,count", [("PUT", 1), ("POST", 5), ("GET", 3), ("PUT", 40)])
def test_kill_at_a_named_point(world: World, method: str, count: int) -> None:
    process = world.kill_on(world.destination, count, method=method)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL
    rerun_does_the_rest(world)


def test_killed_twice_in_a_row(world: World) -> None:
    for count in (60, 30):
        world.kill_on(world.destination, count).communicate(timeout=PATIENCE)
        world.destination.faults.on_request = lambda method, endpoint, path: None
    rerun_does_the_rest(world)


@pytest.mark.parametrize("count", [1, 40, 90])
def test_terminated_run_ends_in_time_and_says_so(world: World, count: int) -> None:
    # What comes last comes only when the signal was heard, so that the run cannot be complete before.
    world.source.faults = Pending("GET", "blob", 50)
    world.source.inject(Fault(method="GET", endpoint="blob", slow=(32768, 0.1), times=0))
    later = threading.Timer(1, world.source.faults.go_on.set)
    document = world.finish(world.kill_on(world.destination, count, signal.SIGTERM, then=later.start))
    assert document["status"] == 130 and document["cancelled"] and not document["complete"] and document["failures"] == []
    assert not os.path.exists(os.path.join(world.state, "lock"))
    rerun_does_the_rest(world)


def test_terminated_while_the_source_says_nothing(world: World) -> None:
    """Workers that wait for bytes that never come do not hold the end up (user-needs G30)."""
    world.source.faults = Pending("GET", "blob")
    process = world.start()
    try:
        assert world.source.faults.reached.wait(PATIENCE)
        process.terminate()
        began = time.monotonic()
        assert world.finish(process)["status"] == 130
        # A client waits longer than this for a host that says nothing.
        assert time.monotonic() - began < 50
    finally:
        world.source.faults.go_on.set()


def test_frozen_run_that_lost_its_lock_writes_no_more(world: World) -> None:
    """Frozen past the expiry and replaced: it must notice before it writes on (user-needs G10)."""
    flags = ("--renew", "0.2", "--expire", "1", "--parallel", "2")
    world.destination.inject(Fault(method="POST", endpoint="upload", delay=0.02, times=0))
    frozen = world.kill_on(world.destination, 40, signal.SIGSTOP, flags=flags)
    _await_stopped(frozen)
    while _guarded(world):
        # Frozen in the very moment of a renewal: that is another story.
        frozen.send_signal(signal.SIGCONT)
        time.sleep(0.05)
        frozen.send_signal(signal.SIGSTOP)
        _await_stopped(frozen)
    time.sleep(1.2)
    world.calm()
    second = world.finish(world.start(*flags))
    assert second["status"] == 0, second
    before = world.destination.content.snapshot()
    world.destination.ledger.clear()
    frozen.send_signal(signal.SIGCONT)
    document = world.finish(frozen)
    assert document["status"] == 130 and document["cancelled"]
    assert world.destination.content.snapshot() == before
    # Each thread may end what it was about to send; nothing else was put.
    assert world.destination.ledger.count("PUT", "manifest") <= 2
    world.arrived(world.tagged)


def _guarded(world: World) -> bool:
    """Whether somebody is about to change the lock."""
    with open(os.path.join(world.state, "lock.guard"), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _await_stopped(process: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
            if file.read().rpartition(")")[2].split()[0] in "Tt":
                return
        time.sleep(0.01)
    raise AssertionError("the process was not stopped")


def test_second_writer_is_refused(world: World) -> None:
    world.source.faults = Pending("GET", "blob")
    first = world.start()
    try:
        assert world.source.faults.reached.wait(PATIENCE)
        second = world.start()
        _output, errors = second.communicate(timeout=PATIENCE)
    finally:
        world.source.faults.go_on.set()
    assert second.returncode == 2 and b"in use" in errors
    assert world.finish(first)["status"] == 0
