# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that end a play while a job runs."""

from __future__ import annotations

import os
import signal
import threading
import time


class Interruption:
    """Holds back the signals that end a play until its job was told.

    A worker of ansible-core 2.19 ends at once when it gets one, without an exception that could be caught.  came: the
    number of the signal, 0 for none.
    """

    def __init__(self):
        self.came = 0
        self._before = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_exception):
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if self.came:
            os.kill(os.getpid(), self.came)

    def sleep(self, seconds):
        """Ends early when a signal comes."""
        end = time.monotonic() + seconds
        while not self.came and time.monotonic() < end:
            time.sleep(max(min(0.1, end - time.monotonic()), 0.0))

    def _note(self, number, _frame):
        self.came = self.came or number
