# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The crew: threads that take tasks by rank, where a task may add further ones."""

from __future__ import annotations

import heapq
import threading
import time
from typing import Any, Callable

# How long threads that are held up in a request may take to notice that the run was stopped (seconds; user-needs G30).
GRACE = 8.0
# How often the waiting thread looks around (seconds).
LOOK = 0.25

Task = Callable[[memoryview], None]
Rank = tuple[int, int]


class Crew:
    """`size` threads, each with a buffer of its own that its tasks may use.

    stop: anything with `is_set()`; once it is set, no further task is taken.
    tick: called about once a second while the crew works.  stopping: called when the stop was seen.
    A task handles its own `MirrorError`s; any other exception ends the crew and is raised by `drain`.
    """

    def __init__(self, size: int, buffer: int, stop: Any, tick: Callable[[], None], stopping: Callable[[], None]) -> None:
        self._stop = stop
        self._tick = tick
        self._stopping = stopping
        self._size = size
        self._buffer = buffer
        self._tasks: list[tuple[Rank, int, Task]] = []
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._rest = threading.Condition(self._lock)
        self._busy = 0
        self._count = 0
        self._ended = False
        self._deadline: float | None = None
        self._error: BaseException | None = None
        self._threads: list[threading.Thread] = []

    def add(self, rank: Rank, *tasks: Task) -> None:
        """Queues tasks; the smallest rank is taken first, equal ranks in the order in which they came."""
        with self._lock:
            for task in tasks:
                self._count += 1
                heapq.heappush(self._tasks, (rank, self._count, task))
            while len(self._threads) < self._size and self._busy + len(self._tasks) > len(self._threads):
                self._hire()
            self._work.notify(len(tasks))

    def drain(self) -> None:
        """Waits until all tasks are done, or the stop was seen and every thread came to rest or had its time.

        That time is given once, however often this is called after the stop.
        """
        ticked = time.monotonic()
        with self._lock:
            while (self._tasks or self._busy) and self._error is None:
                self._rest.wait(LOOK)
                now = time.monotonic()
                if self._stop.is_set():
                    if self._deadline is None:
                        self._deadline = now + GRACE
                        self._stopping()
                    if not self._busy or now >= self._deadline:
                        break
                if now - ticked >= 1.0:
                    ticked = now
                    self._lock.release()
                    try:
                        self._tick()
                    finally:
                        self._lock.acquire()
        if self._error is not None:
            self.end()
            raise self._error

    def end(self) -> None:
        """Sends everyone home; tasks that were not taken are dropped."""
        with self._lock:
            self._ended = True
            self._tasks.clear()
            self._work.notify_all()
        for thread in self._threads:
            thread.join(0 if self._stop.is_set() or self._error else None)

    def _hire(self) -> None:
        # Daemons, so that a thread that hangs in a request cannot keep a stopped process alive.
        thread = threading.Thread(target=self._serve, name=f"transfer-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        buffer = memoryview(bytearray(self._buffer))
        while True:
            task = self._next()
            if task is None:
                return
            try:
                task(buffer)
            except BaseException as error:
                with self._lock:
                    self._error = self._error or error
                    self._ended = True
                return
            finally:
                with self._lock:
                    self._busy -= 1
                    if self._error or not (self._busy or self._tasks) or self._stop.is_set():
                        self._rest.notify_all()

    def _next(self) -> Task | None:
        with self._lock:
            while not self._ended:
                if self._tasks and not self._stop.is_set():
                    self._busy += 1
                    return heapq.heappop(self._tasks)[2]
                self._work.wait(None if not self._stop.is_set() else LOOK)
            return None
