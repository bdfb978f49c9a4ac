# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs: whatever they do, they end within their bounds."""

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import process

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def run(text, **details):
    return process.run(["/bin/sh", "-c", text], ENVIRONMENT, **details)


def test_input_output_errors_and_status():
    assert run("cat; echo no >&2; exit 3", content=b"x" * 300_000) == (3, b"x" * 300_000, b"no\n")


def test_it_has_no_environment_but_the_given_one():
    assert run("env | grep -v -e ^PWD= -e ^_= -e ^SHLVL=").output.decode().split() == [f"PATH={ENVIRONMENT['PATH']}"]


def test_what_does_not_end_is_ended_with_all_that_it_started(tmp_path):
    started = time.monotonic()
    with pytest.raises(Unsupported, match="did not end within 0.3 seconds"):
        run(f"sleep 300 & echo $! > {tmp_path}/pid; wait", seconds=0.3)
    assert time.monotonic() - started < 5
    deadline = time.monotonic() + 5
    while process.born(int((tmp_path / "pid").read_text())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.born(int((tmp_path / "pid").read_text()))


def test_it_is_not_ended_by_closing_its_output():
    with pytest.raises(Unsupported, match="did not end within"):
        run("exec >&- 2>&-; exec sleep 300", seconds=0.3)


def test_output_without_end():
    with pytest.raises(Unsupported, match="said more than the 1000 bytes"):
        run("yes", output=1000)


def test_errors_without_end_are_cut():
    done = run("yes no | head -c 10000000 >&2; echo last >&2")
    assert done.status == 0 and len(done.errors) <= 64 * 1024 and done.errors.endswith(b"last\n")


def test_what_it_leaves_running_does_not_hold_up(tmp_path):
    started = time.monotonic()
    assert run("sleep 5 & echo done").output == b"done\n"
    assert time.monotonic() - started < 4


def test_files_that_it_writes_are_bounded(tmp_path):
    done = run(f"head -c 10000000 /dev/zero > {tmp_path}/file", file=100_000)
    assert done.status != 0
    assert os.path.getsize(tmp_path / "file") <= 100_352


def test_what_is_not_there():
    with pytest.raises(Unsupported, match="nothing-like-that cannot be run"):
        process.run(["/nothing-like-that"], ENVIRONMENT)
