# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The lock: one writer at a time for a workspace (user-needs G10).

A file says who holds it.  The holder renews the file's time from a thread; whoever finds
it stale takes it over: the process is gone (same host, same boot), or the time is too
old (another host, or a process that was frozen).  A holder that was replaced notices it
before it writes on: `lost` looks at the file again when its own knowledge has aged.

Taking, renewing and giving back happen under `flock` on a second file, which the system
releases by itself when a process dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Locked, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.process import born

# Seconds between two renewals, and after which a lock that was not renewed counts as abandoned.
RENEW = 10.0
EXPIRE = 120.0
# Seconds after which somebody who is changing the lock, which takes no time, is not waited for any more.
PATIENCE = 30.0


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.  started: seconds since 1970.

    boot, space, born: the start of the system, the container and the start of the process, which together
    tell a process from a later one with the same number.
    """

    owner: str
    host: str
    pid: int
    boot: str
    space: str
    born: str
    token: str
    started: float

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be gone; False when it cannot be known from here."""
        if self.host != socket.gethostname():
            return False
        if self.boot != _boot():
            return True
        if self.space != _space():
            return False
        found = born(self.pid)
        return found is not None and found != self.born

    @classmethod
    def here(cls, owner: str) -> Holder:
        token = os.urandom(16).hex()
        return cls(owner, socket.gethostname(), os.getpid(), _boot(), _space(), born(os.getpid()) or "", token, round(time.time(), 3))


class WorkspaceLock:
    """with WorkspaceLock(workspace.lock, "image_mirror"):  ...

    path: the lock file.  owner: what is shown to others.
    Entering raises Locked (who holds it, since when), StorageError.
    """

    def __init__(self, path: str, owner: str, renew: float = RENEW, expire: float = EXPIRE) -> None:
        self.path = path
        self._owner = owner
        self._renew = renew
        self._expire = expire
        self._holder: Holder | None = None
        self._seen = 0.0
        self._lost = False
        self._released = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> WorkspaceLock:
        self.acquire()
        return self

    def __exit__(self, *_exception: Any) -> None:
        self.release()

    def acquire(self) -> None:
        """Raises Locked, StorageError."""
        with self._guarded():
            present = self._read()
            if present is not None and not present.is_dead and self._age() < self._expire:
                since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(present.started))
                raise Locked(
                    f"the workspace is in use by {present.owner} (process {present.pid} on {present.host}) since {since}",
                    subject=self.path,
                    advice="Wait until it has ended, or stop it.",
                )
            holder = Holder.here(self._owner)
            self._write(holder)
        self._holder = holder
        self._lost = False
        self._seen = time.monotonic()
        self._released.clear()
        self._thread = threading.Thread(target=self._keep, name="lock", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Gives it back; one that was lost is left to its new holder."""
        holder, self._holder = self._holder, None
        if holder is None:
            return
        self._released.set()
        with self._guarded():
            present = self._read()
            if present is not None and present.token == holder.token:
                os.unlink(self.path)

    def lost(self) -> bool:
        """Whether somebody else took it over; cheap, for it asks the file only when the last renewal is long ago."""
        if self._lost or self._holder is None:
            return True
        if time.monotonic() - self._seen > min(2 * self._renew, self._expire / 2):
            self._touch()
        return self._lost

    def _keep(self) -> None:
        while not self._released.wait(self._renew):
            try:
                self._touch()
            except StorageError:
                # Not reachable just now; it ends by itself when this lasts until another takes the lock over.
                continue
            if self._lost:
                return

    def _touch(self) -> None:
        with self._guarded():
            holder, present = self._holder, self._read()
            if holder is None:
                return
            if present is None or present.token != holder.token:
                self._lost = True
                return
            os.utime(self.path)
        self._seen = time.monotonic()

    def _age(self) -> float:
        """Seconds since the last renewal, by the clock of the file's own system."""
        try:
            now = os.stat(self._guard_path).st_mtime
            return now - os.stat(self.path).st_mtime
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {error.strerror}", subject=self.path) from error

    @property
    def _guard_path(self) -> str:
        return f"{self.path}.guard"

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            files.make_folder(os.path.dirname(self.path) or ".")
            handle = files.extend(self._guard_path)
        except OSError as error:
            raise StorageError(f"cannot write {self._guard_path}: {error.strerror}", subject=self.path) from error
        try:
            self._wait_for(handle)
            os.utime(handle)
            yield
        except OSError as error:
            raise StorageError(f"cannot write {self.path}: {error.strerror}", subject=self.path) from error
        finally:
            os.close(handle)

    def _wait_for(self, handle: int) -> None:
        """A process that is frozen while it changes the lock keeps the guard; that must not freeze all others."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StorageError(
                        f"another process keeps {self._guard_path} locked",
                        subject=self.path,
                        advice="End the process that holds it (fuser shows which one), or resume it if it is suspended.",
                    ) from None
            time.sleep(0.005)

    def _read(self) -> Holder | None:
        """The holder; None when there is none, or the file is not one of ours (torn by a crash)."""
        try:
            with open(self.path, "rb") as file:
                document: dict[str, Any] = json_values.parse(file.read(limits.SMALL.size), limits.SMALL)
            return Holder(**document)
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def _write(self, holder: Holder) -> None:
        files.put(self.path, json.dumps(asdict(holder)).encode("utf-8"), sync=False)


def _boot() -> str:
    """Names this start of the system; empty where it cannot be known."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _space() -> str:
    """Names the container that numbers our processes; empty where it cannot be known."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
