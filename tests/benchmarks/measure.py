# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of one tool, measured from outside: time, processor, memory, requests, bytes read from the source."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.disconnected.mirror.tests.fakes.processes import RegistryProcess

# Method and bytes of the answer.
_REQUEST = re.compile(rb'"(GET|HEAD|POST|PUT|PATCH|DELETE) /v2/\S* HTTP/[\d.]+" \d+ (\d+)')
# Access logs are written a moment after the answer.
_LOG_DELAY = 0.3
# By the path under which our tools are imported, which is the one that bytecode belongs to.
LAUNCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """wall, tool_cpu, source_cpu, destination_cpu: seconds.  memory: MiB of the largest process.  read: MiB that the source sent.

    written: MiB that the tool wrote to disks; nothing for file systems in memory.
    """

    status: int
    wall: float
    tool_cpu: float
    source_cpu: float
    destination_cpu: float
    memory: float
    read: float
    source_requests: dict[str, int] = field(default_factory=dict)
    destination_requests: dict[str, int] = field(default_factory=dict)
    written: float = 0.0

    @property
    def cpu(self) -> float:
        return self.tool_cpu + self.source_cpu + self.destination_cpu

    @property
    def requests(self) -> int:
        return sum(self.source_requests.values()) + sum(self.destination_requests.values())

    @property
    def requests_at_source(self) -> int:
        return sum(self.source_requests.values())

    @property
    def limit_share(self) -> float:
        """Of the wall time, the part that the registries alone would need with all processors."""
        return (self.source_cpu + self.destination_cpu) / (os.cpu_count() or 1) / self.wall if self.wall else 0.0


class Meter:
    """Reads a registry process before and after.  None: there is no registry at that end."""

    def __init__(self, registry: RegistryProcess | None) -> None:
        self._registry = registry
        self._cpu = self._processor()
        self._mark = os.path.getsize(registry.log) if registry else 0

    def cpu(self) -> float:
        return self._processor() - self._cpu

    def requests(self) -> tuple[dict[str, int], int]:
        """By method, and the bytes of all answers."""
        if self._registry is None:
            return {}, 0
        with open(self._registry.log, "rb") as file:
            file.seek(self._mark)
            found = _REQUEST.findall(file.read())
        return dict(Counter(method.decode() for method, _size in found)), sum(int(size) for method, size in found if method != b"HEAD")

    def _processor(self) -> float:
        if self._registry is None:
            return 0.0
        with open(f"/proc/{self._registry.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(
    command: Sequence[str], source: RegistryProcess, destination: RegistryProcess | None, log: str, environment: dict[str, str]
) -> Sample:
    """Runs a command to its end; what it prints goes to the log."""
    time.sleep(_LOG_DELAY)
    meters = Meter(source), Meter(destination)
    status, wall, cpu, memory, written = launch(command, log, environment)
    time.sleep(_LOG_DELAY)
    (source_requests, read), (destination_requests, _written) = meters[0].requests(), meters[1].requests()
    return Sample(
        status=status,
        wall=wall,
        tool_cpu=cpu,
        source_cpu=meters[0].cpu(),
        destination_cpu=meters[1].cpu(),
        memory=memory,
        read=read / 2**20,
        source_requests=source_requests,
        destination_requests=destination_requests,
        written=written,
    )


def launch(command: Sequence[str], log: str, environment: dict[str, str]) -> tuple[int, float, float, float, float]:
    """Exit status, seconds, seconds of processor, peak memory in MiB and MiB written of a command; what it prints goes to the log."""
    reading, writing = os.pipe()
    try:
        with open(log, "ab") as output:
            subprocess.run(
                [sys.executable, "-I", "-S", LAUNCH, str(writing), *command],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **environment},
                pass_fds=(writing,),
                check=True,
            )
        status, wall, cpu, memory, written = json.loads(os.read(reading, 4096))
    finally:
        os.close(reading)
        os.close(writing)
    return int(status), wall, cpu, memory, written


def interpreter_memory() -> float:
    """MiB of a Python that does nothing, started like the tools are."""
    return launch([sys.executable, "-c", "pass"], os.devnull, {})[3]


def bytecode(work: str) -> dict[str, str]:
    """The environment in which our tools find Python's bytecode, as an installation has it; it is written by this call."""
    environment = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": os.path.join(work, "bytecode")}
    root = os.path.dirname(os.path.dirname(os.path.dirname(LAUNCH)))
    folders = [os.path.join(root, *parts) for parts in (("plugins", "module_utils"), ("tests", "fakes"), ("tests", "benchmarks"))]
    compiled = subprocess.run(
        [sys.executable, "-m", "compileall", "-q", *folders], env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if compiled.returncode:
        raise RuntimeError(f"the code does not compile: {compiled.stdout}{compiled.stderr}")
    # What Python and its libraries bring is written by loading it.
    tools = "ansible_collections.disconnected.mirror.tests.benchmarks.engine, ansible_collections.disconnected.mirror.tests.fakes.trip"
    loaded = f"import concurrent.futures, ssl, tarfile, tempfile, uuid, yaml, {tools}"
    subprocess.run([sys.executable, "-c", loaded], env={**os.environ, **environment}, check=True)
    return environment
