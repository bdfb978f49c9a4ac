# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module that goes on by itself: its answer at once, its result when it ends, whatever ends it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.job import RESULT, VARIABLE
from ansible_collections.disconnected.mirror.tests.conftest import COLLECTIONS

PROGRAM = """
import os, sys, time
from ansible_collections.disconnected.mirror.plugins.module_utils.loader.job import detach
detach(os.environ)
{}
"""


@pytest.fixture
def run(tmp_path):
    """Starts a program that goes on by itself; gives the folder and the result that it leaves."""

    def started(body, asked=True):
        environment = {**os.environ, "PYTHONPATH": COLLECTIONS, "TMPDIR": str(tmp_path), **({VARIABLE: "1" * 32} if asked else {})}
        program = PROGRAM.format(textwrap.dedent(body))
        # It ends at once, though what goes on has its output open.
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=20)
        return json.loads(done.stdout)

    def result(body):
        path = started(body)[RESULT]
        assert os.stat(os.path.dirname(path)).st_mode & 0o077 == 0
        deadline = time.monotonic() + 30
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.02)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    result.started = started
    return result


def test_a_result_is_there_whole_when_the_module_has_ended(run):
    assert run("""time.sleep(0.2); print('\\n{"changed": true,'); sys.stdout.flush(); time.sleep(0.3); print('"x": 1}')""") == {
        "changed": True,
        "x": 1,
    }


def test_without_being_asked_it_stays_where_it_is(run):
    assert run.started("""print('{"changed": false}')""", asked=False) == {"changed": False}


def test_a_module_that_dies_is_told_of(run):
    answer = run("raise KeyError('oh')")
    assert answer["failed"] and "ended with status 1" in answer["msg"] and "KeyError: 'oh'" in answer["module_stderr"]
    assert "signal 9" in run("os.kill(os.getpid(), 9)")["msg"]
    assert run("print('[1]')")["failed"]


def test_a_terminal_that_hangs_up_after_the_answer_does_not_take_the_job_with_it(tmp_path):
    slow = "import os, time; own = os.setsid; os.setsid = lambda: (time.sleep(1), own())\n"
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS, "TMPDIR": str(tmp_path), VARIABLE: "1" * 32}
    command = [sys.executable, "-c", slow + PROGRAM.format("""print('{"changed": true}')""")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout
        path = json.loads(process.stdout.readline())[RESULT]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGHUP)
    deadline = time.monotonic() + 10
    while not os.path.exists(path) and time.monotonic() < deadline:
        time.sleep(0.02)
    with open(path, encoding="utf-8") as file:
        assert json.load(file) == {"changed": True}
