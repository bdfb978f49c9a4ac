# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a host lives, found out by all threads together and once for all that is wanted of it (user-needs G19)."""

from __future__ import annotations

import math
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import first_patience, patience
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Unreached

# Of the silence that is borne from others, a host that was never heard gets this part.
_FIRST = 4


class Health:
    """A host that answered once is waited for; one that never did is given up for the whole run after a quarter of a minute.

    stall: seconds of silence that are borne from a host that answered before.
    lost: why no connection to it came about, or nothing was heard over it, once that is given up.
    """

    def __init__(self, retries: Retries, stall: float) -> None:
        self.lost: Unreached | None = None
        self._stall = stall
        self._patience = patience(retries)
        self._first = first_patience(retries)
        self._answered = False
        self._failing_since = 0.0
        self._missing_since = 0.0

    def heard(self) -> None:
        """The host is there, if only to say that it cannot answer now."""
        self._answered = True

    def alive(self) -> None:
        """The host answered."""
        self._failing_since = 0.0
        self._answered = True

    def patience(self, seconds: float) -> float:
        """Of the seconds that an answer may take, those that a host gets that was never heard."""
        return seconds if self._answered else min(seconds, self._stall / _FIRST)

    @property
    def unheard(self) -> bool:
        """It never answered."""
        return not self._answered

    def missed(self, error: Unreached, took: float) -> None:
        """No connection came about, or nothing was heard over it, after so many seconds."""
        now = time.monotonic()
        if self._answered:
            return
        self._missing_since = self._missing_since or now - took
        # Another attempt takes about as long.
        if error.lasting or now + took - self._missing_since >= self._first:
            self.lost = self.lost or error

    def exhausted(self) -> bool:
        """After a failure: whether nothing good is to be expected of the host any more."""
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        return self.lost is not None or now - self._failing_since > self._patience

    def left(self) -> float:
        """Seconds until it is worth knowing whether a host is there that never answered; else without end."""
        if self._answered or not self._missing_since:
            return math.inf
        return max(0.0, self._missing_since + self._first - time.monotonic())
