# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A program that keeps running as a process of the user: found again by its pid file, started, stopped.

For hosts without a service manager, and for users who may not use it (user-needs, section 7, item 7).
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import time
from dataclasses import dataclass
from subprocess import DEVNULL
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, StorageError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.child import Child
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.process import born

_LOG_END = 2000


@dataclass(frozen=True)
class Daemon:
    """What is to run.

    command: program and arguments.  pid_file, log_file: absolute paths.
    address, port: where it listens once it is ready.
    watch: files that it reads at its start; it is started anew when one of them changed.
    """

    command: tuple[str, ...]
    pid_file: str
    log_file: str
    address: str
    port: int
    watch: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.command:
            raise InputError("the command is empty", subject="command", advice="Name the program and its arguments.")
        if not 0 < self.port < 65536:
            raise InputError(f"{self.port} is not a port", subject="port", advice="Ports are 1 to 65535.")

    def fingerprint(self) -> str:
        """Changes when the command or a watched file does."""
        hasher = hashlib.sha256()
        for word in self.command:
            hasher.update(word.encode("utf-8", "surrogateescape") + b"\0")
        for path in self.watch:
            try:
                hasher.update(hashlib.sha256(files.read(path)).digest())
            except FileNotFoundError:
                hasher.update(b"absent")
        return hasher.hexdigest()


@dataclass(frozen=True)
class Running:
    """A process that a pid file names and that is still the same one."""

    pid: int
    fingerprint: str


def find(pid_file: str) -> Running | None:
    """The process that was started with this pid file; None when it has ended, whoever has its number now.  Raises StorageError."""
    try:
        record = files.read_json(pid_file)
    except FileNotFoundError:
        return None
    if not isinstance(record, dict) or not isinstance(record.get("pid"), int):
        raise StorageError("the pid file was not written by this collection", subject=pid_file, advice="Remove it, or name another one.")
    birth = born(record["pid"])
    if not birth or birth != record.get("birth"):
        return None
    return Running(record["pid"], str(record.get("fingerprint")))


def ensure_started(daemon: Daemon, timeout: float, check_mode: bool = False, anew: bool = False) -> tuple[bool, int]:
    """Whether it had to be started, and its pid (0 in check mode).

    Started anew when its fingerprint is another one, and with `anew` in any case.

    Raises what `start` raises.
    """
    running = find(daemon.pid_file)
    if running is not None and not anew and running.fingerprint == daemon.fingerprint():
        return False, running.pid
    if check_mode:
        return True, 0
    if running is not None:
        stop(daemon.pid_file, timeout)
    return True, start(daemon, timeout)


def ensure_stopped(pid_file: str, timeout: float, check_mode: bool = False) -> bool:
    """Whether it had to be stopped."""
    return find(pid_file) is not None if check_mode else stop(pid_file, timeout)


def start(daemon: Daemon, timeout: float) -> int:
    """Starts the program in a session of its own and waits until it listens; returns its pid.

    Raises InputError (no such program, port in use), StorageError, Unreachable (it ended, or does not listen within `timeout` seconds).
    """
    if _listens(daemon.address, daemon.port):
        raise InputError(
            f"another program already listens on {daemon.address}:{daemon.port}",
            subject=daemon.command[0],
            advice="Choose another port, or stop that program.",
        )
    process = _spawn(daemon)
    record: dict[str, Any] = {"pid": process.pid, "birth": born(process.pid), "fingerprint": daemon.fingerprint()}
    try:
        files.write_json(daemon.pid_file, record, 0o600)
    except StorageError:
        # Nobody would find it again.
        process.kill()
        process.wait()
        raise
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            os.unlink(daemon.pid_file)
            raise Unreachable(
                f"{daemon.command[0]} ended at once with status {process.returncode}: {_log_end(daemon.log_file)}", subject=daemon.log_file
            )
        if _listens(daemon.address, daemon.port):
            return process.pid
        time.sleep(0.05)
    stop(daemon.pid_file, 5)
    raise Unreachable(
        f"{daemon.command[0]} does not listen on {daemon.address}:{daemon.port} after {timeout:g} seconds: {_log_end(daemon.log_file)}",
        subject=daemon.log_file,
    )


def stop(pid_file: str, timeout: float) -> bool:
    """Ends the process, with SIGKILL when `timeout` seconds after SIGTERM it is still there; says whether there was one."""
    running = find(pid_file)
    birth = born(running.pid) if running else None
    if running is not None:
        _signal(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        while born(running.pid) == birth and time.monotonic() < deadline:
            time.sleep(0.05)
        if born(running.pid) == birth:
            _signal(running.pid, signal.SIGKILL)
    if os.path.exists(pid_file):
        os.unlink(pid_file)
    return running is not None


def _spawn(daemon: Daemon) -> Child:
    try:
        files.make_folder(os.path.dirname(daemon.log_file))
        log = files.extend(daemon.log_file, os.O_APPEND, 0o600)
    except OSError as error:
        raise StorageError(f"cannot write the log: {error.strerror}", subject=daemon.log_file) from error
    try:
        return Child(daemon.command, stdin=DEVNULL, stdout=log, stderr=log, cwd="/")
    except OSError as error:
        raise InputError(f"cannot start {daemon.command[0]}: {error.strerror}", subject=daemon.command[0]) from error
    finally:
        os.close(log)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise AccessDenied(f"the process {pid} belongs to another user", advice="Become that user for this task.") from error


def _listens(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def _log_end(path: str) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LOG_END))
            return file.read(_LOG_END).decode("utf-8", "replace").strip() or "its log is empty"
    except OSError:
        return "it wrote no log"
