# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One writer at a time: processes that die, freeze, or come from elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Locked, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import lock as lock_module
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.lock import Holder, WorkspaceLock


@pytest.fixture
def path(tmp_path: Any) -> str:
    return str(tmp_path / "workspace" / "lock")


def age(path: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_second_writer_is_told_who_works(path: str) -> None:
    with WorkspaceLock(path, "image_mirror"), pytest.raises(Locked) as error:
        WorkspaceLock(path, "image_prune").acquire()
    assert "image_mirror" in str(error.value) and str(os.getpid()) in str(error.value)
    assert not os.path.exists(path)
    with WorkspaceLock(path, "image_prune") as second:
        assert not second.lost()


HOLD = f"""
import sys
from {lock_module.__name__} import WorkspaceLock
WorkspaceLock(sys.argv[1], "child").acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_killed_holder_is_replaced_at_once(path: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", HOLD, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Locked):
            WorkspaceLock(path, "next").acquire()
        process.kill()
        process.wait()
        with WorkspaceLock(path, "next") as held:
            assert not held.lost()


def test_frozen_holder_loses_the_lock_and_knows(path: str) -> None:
    frozen = WorkspaceLock(path, "frozen", renew=0.05, expire=30)
    frozen._keep = lambda: None
    frozen.acquire()
    age(path, 31)
    with WorkspaceLock(path, "second", renew=10, expire=30) as second:
        time.sleep(0.15)
        assert frozen.lost() and not second.lost()
        frozen.release()
        assert os.path.exists(path)


def test_slow_holder_that_nobody_replaced_keeps_it(path: str) -> None:
    slow = WorkspaceLock(path, "slow", renew=0.05)
    slow._keep = lambda: None
    slow.acquire()
    age(path, 1000)
    time.sleep(0.15)
    assert not slow.lost()
    with pytest.raises(Locked):
        WorkspaceLock(path, "second").acquire()
    slow.release()


def test_renewal_keeps_it_alive(path: str) -> None:
    with WorkspaceLock(path, "first", renew=0.01):
        age(path, 1000)
        deadline = time.monotonic() + 60
        while time.time() - os.stat(path).st_mtime > 500 and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(Locked):
            WorkspaceLock(path, "second").acquire()


def rewrite(path: str, **changes: Any) -> None:
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    document.update(changes)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)


@pytest.mark.parametrize(
    "changes,taken",
    [
        ({"host": "elsewhere", "pid": 1}, False),
        ({"boot": "another start"}, True),
        ({"born": "1"}, True),
        ({"space": "another container", "pid": 999999}, False),
        ({"pid": 2**22 + 5}, True),
    ],
)
def test_staleness(path: str, changes: Any, taken: bool) -> None:
    first = WorkspaceLock(path, "first", renew=100)
    first.acquire()
    rewrite(path, token="other", **changes)
    second = WorkspaceLock(path, "second")
    if taken:
        second.acquire()
        second.release()
    else:
        with pytest.raises(Locked):
            second.acquire()
        age(path, 10000)
        second.acquire()
        second.release()
    first.release()


def test_torn_lock_file_locks_nobody_out(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"owner": "im')
    with WorkspaceLock(path, "next"):
        pass


def test_only_one_of_many_gets_it(path: str) -> None:
    start, won, refused = threading.Barrier(12, timeout=60), [], []

    def attempt() -> None:
        held = WorkspaceLock(path, "one of many")
        start.wait()
        try:
            held.acquire()
            won.append(held)
        except Locked:
            refused.append(held)

    threads: list[threading.Thread] = [threading.Thread(target=attempt) for _number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and len(refused) == 11
    won[0].release()


def test_who_froze_while_changing_the_lock_does_not_freeze_others(path: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(lock_module, "PATIENCE", 0.05)
    with WorkspaceLock(path, "first", renew=100), open(f"{path}.guard", "rb") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        with pytest.raises(StorageError, match="another process keeps"):
            WorkspaceLock(path, "second").acquire()
    with WorkspaceLock(path, "second"):
        pass


def test_place_that_cannot_be_written(tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        WorkspaceLock(str(tmp_path / "file" / "lock"), "x").acquire()


def test_where_nothing_is_known_about_processes_only_time_decides(monkeypatch: Any) -> None:
    holder = Holder.here("x")
    monkeypatch.setattr(lock_module, "born", lambda pid: None)
    assert not holder.is_dead
