# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""For how long answers of one host are waited for, and since when (user-needs G18)."""

from __future__ import annotations

import threading
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Timeouts

# Registries look through what they were sent before they answer, at no less than this (bytes a second).
_LEAST_RATE = 4 * 1024 * 1024
# What took so long before may take so many times as long.
_AGAIN = 3


class Waits:
    """Shared by all threads."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self._longest = 0.0
        self._since: dict[int, float] = {}

    def limit(self, size: int) -> float:
        """Seconds until the answer to an upload or a push of so many bytes must have come."""
        least = self._timeouts.stall + size // _LEAST_RATE
        # An answer that did not come in time is waited for longer when it is asked for again.
        return min(self._timeouts.answer, max(least, _AGAIN * self._longest))

    def waiting(self, slow: bool) -> _Wait:
        """While an answer is waited for.  slow: to an upload or a push."""
        return _Wait(self, slow)

    def begin(self) -> None:
        """This thread waits."""
        self._since[threading.get_ident()] = time.monotonic()

    def end(self, slow: bool) -> None:
        """It does not any more."""
        began = self._since.pop(threading.get_ident())
        if slow:
            self._longest = max(self._longest, time.monotonic() - began)

    def oldest(self) -> float:
        """For how many seconds somebody has been waiting now."""
        return max((time.monotonic() - began for began in list(self._since.values())), default=0.0)


class _Wait:
    """A class, for a generator would cost each request a hundredth more."""

    __slots__ = ("_slow", "_waits")

    def __init__(self, waits: Waits, slow: bool) -> None:
        self._waits = waits
        self._slow = slow

    def __enter__(self) -> None:
        self._waits.begin()

    def __exit__(self, *_error: object) -> None:
        self._waits.end(self._slow)
