# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers are waited for as long as what was sent and the host's ways warrant."""

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.waits import Waits
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import Tick
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress import Progress
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Pending
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

GIB = 1 << 30


@pytest.mark.parametrize("size,seconds", [(0, 60), (4_000_000, 60), (512 << 20, 188), (4 * GIB, 300)])
def test_the_wait_follows_the_size(size, seconds):
    assert Waits(Timeouts()).limit(size) == seconds


def test_the_wait_follows_what_the_host_needed_before(monkeypatch):
    waits = Waits(Timeouts())
    for took, limit in ((1, 60), (45, 135), (135, 300), (1, 300)):
        began = time.monotonic()
        with waits.waiting(slow=True):
            monkeypatch.setattr(time, "monotonic", lambda began=began, took=took: began + took)
        monkeypatch.undo()
        assert waits.limit(1000) == pytest.approx(limit, abs=0.1)


def test_a_short_patience_of_the_user_holds():
    assert Waits(Timeouts(stall=5, answer=20)).limit(GIB) == 20
    assert Waits(Timeouts(stall=30, answer=20)).limit(0) == 20


def test_a_push_without_an_answer_ends_after_the_wait_for_its_size_and_progress_says_whom_it_waits_for(tmp_path, monkeypatch):
    monkeypatch.setattr("ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.progress.WORTH_TELLING", 0.2)
    settings = {"plain_http": True, "timeouts": {"stall": 1.0, "answer": 300.0}, "retries": {"times": 0}}
    http = Http(Settings.of(settings, {}))
    progress = Progress(clock=time.time)
    progress.watch(http.waiting)
    with FakeRegistry() as registry:
        registry.faults = Pending("PUT", "manifest")
        app = images.image("app")
        store = RegistryStore(registry.host, http, writing=True)
        store.ping()
        assert progress.document()["waiting"] is None
        told = []
        look = threading.Timer(0.6, lambda: (progress(Tick()), told.append(progress.document()["waiting"])))
        look.start()
        began = time.monotonic()
        with pytest.raises(Unreachable, match="no answer"):
            store.put_manifest("team/app", app.manifest(), "1")
        assert time.monotonic() - began < 30
        look.join()
        registry.faults.go_on.set()
    assert told == [{"host": registry.host, "seconds": 0}]
