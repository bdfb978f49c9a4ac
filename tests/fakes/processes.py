# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real registries as processes on free loopback ports, each in a folder of its own.

    with DistributionProcess(str(tmp_path)) as registry:
        ... registry.host ... registry.requests() ...

`DistributionProcess` runs a `docker-registry` or `registry` binary (distribution), `SmallProcess` a registry that is a library
and keeps all in memory.  `require` skips the test with a reason where no binary is installed.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

DISTRIBUTION = ("docker-registry", "registry")
REMEDIES = {
    **dict.fromkeys(("helm", "opm", "registry3", "upstream-answers"), "make tools builds it where there is Go 1.22 or later"),
    "small-registries": "make tools builds it where there is Go 1.25 or later",
}
# The content of an htpasswd file with the user `me`, password `secret`.
HTPASSWD = "me:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"
# Ports below are those of well-known services.
_FIRST_PORT = 10000
# States of connections that their server has not closed yet (include/net/tcp_states.h).
_ESTABLISHED, _CLOSE_WAIT = "01", "08"
_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>\S+) HTTP/[\d.]+" (?P<status>\d{3}) (?P<size>\d+)')


def find(names: Sequence[str]) -> str:
    """Path of the first of these programs that is installed; empty for none.  Go's own folder is searched too."""
    places = os.pathsep.join([os.environ.get("PATH", ""), os.environ.get("GOBIN", ""), os.path.expanduser("~/go/bin")])
    return next((path for path in (shutil.which(name, path=places) for name in names) if path), "")


def require(*names: str) -> str:
    """`find`, or skips the test."""
    path = find(names)
    if not path:
        # Benchmarks use these processes as well, and stay light without it.
        import pytest

        pytest.skip(f"no {' or '.join(names)} is installed; {REMEDIES.get(names[0], 'make setup installs it')}")
    return path


def free_port() -> int:
    """A port that nobody listens on.

    If possible one below those that the system gives to clients: between now and the start of its server nobody takes it then.
    """
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            end = int(file.read().split()[0])
    except (OSError, ValueError):
        end = 0
    chance = random.SystemRandom()
    wanted = [chance.randrange(_FIRST_PORT, end) for _attempt in range(50)] if end > 2 * _FIRST_PORT else []
    for port in (*wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no port is free")


def _is_connected(port: int) -> bool:
    """Whether a server on this port has connections that it has not closed."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        for line in list(file)[1:]:
            _number, local, _remote, state = line.split()[:4]
            if int(local.rpartition(":")[2], 16) == port and state in (_ESTABLISHED, _CLOSE_WAIT):
                return True
    return False


@dataclass(frozen=True)
class LoggedRequest:
    """A line of the access log; size: bytes of the answer's body."""

    method: str
    path: str
    status: int
    size: int


class RegistryProcess:
    """Starts a program, waits until it answers, ends it by its process id.

    program: path of the binary; found by name, or the test is skipped.
    tls: (certificate file, key file).  htpasswd: file of users with bcrypt hashes.
    """

    names: tuple[str, ...] = ()

    def __init__(
        self,
        folder: str,
        program: str = "",
        tls: tuple[str, str] | None = None,
        htpasswd: str = "",
        delete: bool = True,
    ) -> None:
        self.folder = folder
        self.program = program or require(*self.names)
        self.tls = tls
        self.htpasswd = htpasswd
        self.delete = delete
        self.port = 0
        self._process: subprocess.Popen | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}"

    @property
    def storage(self) -> str:
        return os.path.join(self.folder, "storage")

    @property
    def log(self) -> str:
        return os.path.join(self.folder, "registry.log")

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def configuration(self) -> dict[str, Any]:
        """The program's own configuration document."""
        raise NotImplementedError

    def command(self, configuration: str) -> list[str]:
        return [self.program, "serve", configuration]

    def start(self, seconds: float = 60.0) -> RegistryProcess:
        """On the port it had before, when it was stopped.  Raises RuntimeError with the log's end when it does not answer."""
        os.makedirs(self.storage, exist_ok=True)
        before = self.port
        for attempt in range(5):
            self.port = before or free_port()
            try:
                self._launch(seconds)
                return self
            except RuntimeError as error:
                # Somebody else was quicker.
                if attempt == 4 or "address already in use" not in str(error):
                    raise
            time.sleep(0.2)
        return self

    def _launch(self, seconds: float) -> None:
        configuration = os.path.join(self.folder, "config.json")
        with open(configuration, "w", encoding="utf-8") as file:
            json.dump(self.configuration(), file)
        with open(self.log, "ab") as log:
            written = log.tell()
            environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
            self._process = subprocess.Popen(
                self.command(configuration), stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.folder, env=environment
            )
        deadline = time.monotonic() + seconds
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                with open(self.log, encoding="utf-8", errors="replace") as log_file:
                    log_file.seek(written)
                    raise RuntimeError(f"{self.program} did not start: {log_file.read()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            if self.tls:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return True
            with urlopen(f"{self.url}/v2/", timeout=2):
                return True
        except HTTPError as error:
            error.close()
            return error.code == 401
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Without a chance to tidy up."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def settle(self, seconds: float = 60.0) -> None:
        """Waits until nobody is connected: a registry writes its log after it has answered, and hangs up after that.

        Raises TimeoutError when a client stays.
        """
        deadline = time.monotonic() + seconds
        while _is_connected(self.port):
            if time.monotonic() > deadline:
                raise TimeoutError(f"clients of {self.host} stay connected")
            time.sleep(0.01)

    def requests(self, method: str = "", path_part: str = "") -> tuple[LoggedRequest, ...]:
        """From the access log, the waiting for the start aside."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            found = [LoggedRequest(m["method"], m["path"], int(m["status"]), int(m["size"])) for m in map(_REQUEST.search, file) if m]
        return tuple(each for each in found if each.path != "/v2/" and method in ("", each.method) and path_part in each.path)

    def __enter__(self) -> RegistryProcess:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()


class DistributionProcess(RegistryProcess):
    """distribution 2.8 or 3.  extra: sections merged over the configuration, one level deep."""

    names = DISTRIBUTION

    def __init__(self, folder: str, extra: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(folder, **options)
        self.extra = extra or {}

    def configuration(self) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": self.host, "secret": "not-a-secret"}
        if self.tls:
            http["tls"] = {"certificate": self.tls[0], "key": self.tls[1]}
        document: dict[str, Any] = {
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": False}},
            "storage": {"filesystem": {"rootdirectory": self.storage}, "delete": {"enabled": self.delete}},
            "http": http,
        }
        if self.htpasswd:
            document["auth"] = {"htpasswd": {"realm": "registry", "path": self.htpasswd}}
        for section, members in self.extra.items():
            document[section] = {**document.get(section, {}), **members}
        return document

    def version(self) -> str:
        """Such as `2.8.2` or `v3.0.0`."""
        text = subprocess.run([self.program, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
        return text.split()[-1].split("+")[0] if text.split() else ""


class SmallProcess(RegistryProcess):
    """The program of tests/tools/registries.  arguments: which registry it is, and what it cannot do."""

    names = ("small-registries",)

    def __init__(self, folder: str, *arguments: str) -> None:
        super().__init__(folder)
        self.arguments = arguments

    def configuration(self) -> dict[str, Any]:
        return {}

    def command(self, configuration: str) -> list[str]:
        return [self.program, "-addr", self.host, *self.arguments]
