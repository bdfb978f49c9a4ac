# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that take tasks by rank, and what becomes of them when the run is stopped."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run import worker_pool as crew_module
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.worker_pool import Crew

PATIENCE = 60


@pytest.fixture
def stop():
    return threading.Event()


def crew_of(size, stop, stopping=lambda: None):
    return Crew(size, 0, stop, lambda: None, stopping)


def test_tasks_are_taken_by_rank_and_may_add_others(stop):
    crew, taken = crew_of(1, stop), []

    def first(_buffer):
        taken.append("first")
        crew.add((0, 0), lambda _buffer: taken.append("urgent"))
        crew.add((2, 0), lambda _buffer: taken.append("late"))

    crew.add((1, 0), first, lambda _buffer: taken.append("second"))
    crew.drain()
    crew.end()
    assert taken == ["first", "urgent", "second", "late"]


def test_the_error_of_a_task_ends_it(stop):
    crew = crew_of(2, stop)

    def broken(_buffer):
        raise ValueError("a fault")

    crew.add((0, 0), broken)
    with pytest.raises(ValueError):
        crew.drain()


def test_threads_that_are_held_up_get_their_time_once(stop, monkeypatch):
    monkeypatch.setattr(crew_module, "GRACE", 0.1)
    held, go_on, told = threading.Event(), threading.Event(), []
    crew = crew_of(1, stop, lambda: told.append(True))

    def task(_buffer):
        held.set()
        go_on.wait(PATIENCE)

    try:
        crew.add((0, 0), task)
        assert held.wait(PATIENCE)
        stop.set()
        for _phase in range(3):
            crew.drain()
            crew.add((1, 0), lambda _buffer: told.append("never"))
        crew.end()
    finally:
        go_on.set()
    assert told == [True]
