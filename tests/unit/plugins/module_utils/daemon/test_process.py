# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that keeps running: started once, found again, started anew on change, stopped."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.daemon import process
from ansible_collections.disconnected.mirror.plugins.module_utils.daemon.process import Daemon
from ansible_collections.disconnected.mirror.tests.fakes.processes import free_port

# Seconds after which a test gives up.
PATIENCE = 60
SERVE = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print('ready', flush=True); time.sleep(600)"


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def daemon(tmp_path, port):
    configuration = tmp_path / "config"
    configuration.write_text("one")
    yield Daemon(
        command=(sys.executable, "-c", SERVE, str(port)),
        pid_file=str(tmp_path / "run" / "pid"),
        log_file=str(tmp_path / "run" / "log"),
        address="127.0.0.1",
        port=port,
        watch=(str(configuration),),
    )
    process.stop(str(tmp_path / "run" / "pid"), 5)


def test_it_is_started_once_and_found_again(daemon):
    changed, pid = process.ensure_started(daemon, PATIENCE)
    assert changed and os.path.exists(f"/proc/{pid}")
    assert process.ensure_started(daemon, PATIENCE) == (False, pid)


def test_a_changed_file_starts_it_anew(daemon):
    _changed, pid = process.ensure_started(daemon, PATIENCE)
    with open(daemon.watch[0], "w", encoding="utf-8") as file:
        file.write("two")
    changed, successor = process.ensure_started(daemon, PATIENCE)
    assert changed and successor != pid


def test_check_mode_starts_and_stops_nothing(daemon):
    assert process.ensure_started(daemon, PATIENCE, check_mode=True) == (True, 0)
    assert process.find(daemon.pid_file) is None and not os.path.exists(os.path.dirname(daemon.pid_file))
    process.ensure_started(daemon, PATIENCE)
    assert process.ensure_stopped(daemon.pid_file, 5, check_mode=True)
    assert process.find(daemon.pid_file) is not None


def test_it_is_stopped_once(daemon):
    process.ensure_started(daemon, PATIENCE)
    assert process.ensure_stopped(daemon.pid_file, 5)
    assert not process.ensure_stopped(daemon.pid_file, 5)
    assert not os.path.exists(daemon.pid_file)


def test_another_process_with_its_number_is_left_alone(daemon):
    os.makedirs(os.path.dirname(daemon.pid_file))
    with open(daemon.pid_file, "w", encoding="utf-8") as file:
        file.write(f'{{"pid": {os.getpid()}, "birth": "1", "fingerprint": ""}}')
    assert process.find(daemon.pid_file) is None
    assert not process.stop(daemon.pid_file, 5)


def test_a_port_in_use_is_told(daemon):
    with socket.create_server(("127.0.0.1", daemon.port)), pytest.raises(InputError, match="already listens"):
        process.start(daemon, PATIENCE)


def test_a_program_that_ends_at_once_shows_the_end_of_its_log(daemon):
    failing = Daemon(
        (sys.executable, "-c", "print('no storage'); raise SystemExit(3)"), daemon.pid_file, daemon.log_file, "127.0.0.1", daemon.port
    )
    with pytest.raises(Unreachable, match="status 3: no storage"):
        process.start(failing, PATIENCE)
    assert process.find(daemon.pid_file) is None


def test_a_missing_program_is_told(daemon):
    with pytest.raises(InputError, match="cannot start"):
        process.start(Daemon(("/no/such/program",), daemon.pid_file, daemon.log_file, "127.0.0.1", daemon.port), PATIENCE)


def test_a_foreign_pid_file_is_not_trusted(tmp_path):
    path = tmp_path / "pid"
    path.write_text("1234\n")
    with pytest.raises(StorageError, match="not written by this collection"):
        process.stop(str(path), 1)
    assert path.exists()


@pytest.mark.parametrize(
    "command, port, told", [((), 5000, "command"), (("/bin/true",), 0, "0 is not a port"), (("/bin/true",), 70000, "70000")]
)
def test_what_cannot_be_started_is_told(tmp_path, command, port, told):
    with pytest.raises(InputError, match=told):
        Daemon(command, str(tmp_path / "pid"), str(tmp_path / "log"), "127.0.0.1", port)


def test_a_program_that_could_not_be_found_again_is_not_left_running(daemon):
    """The folder of its pid file is a file."""
    unkept = replace(daemon, pid_file=os.path.join(daemon.watch[0], "pid"))
    with pytest.raises(StorageError, match="pid"):
        process.start(unkept, PATIENCE)
    assert process.ensure_started(daemon, PATIENCE)[0]
