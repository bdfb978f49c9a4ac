# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import threading

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import SIGNALS, stopped_by_signals

PATIENCE = 60


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_asks_for_a_stop_with_its_name_and_the_process_lives_on(number):
    reasons, heard = [], threading.Event()

    def stop(reason):
        reasons.append(reason)
        heard.set()

    before = signal.getsignal(number)
    with stopped_by_signals(stop):
        os.kill(os.getpid(), number)
        assert heard.wait(PATIENCE)
    assert reasons == [f"the run was stopped by {number.name}"]
    assert signal.getsignal(number) == before


def test_a_lock_that_the_main_thread_holds_does_not_hold_the_stop_for_ever():
    lock, heard = threading.Lock(), threading.Event()

    def stop(_reason):
        with lock:
            heard.set()

    with stopped_by_signals(stop):
        with lock:
            os.kill(os.getpid(), signal.SIGTERM)
            # The handler has run by now; had it waited for the lock, this line would not be reached.
            assert not heard.wait(0.2)
        assert heard.wait(PATIENCE)
