# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of one tool, measured from outside: time, processor, memory, requests, bytes on the loopback device."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Dict, Optional, Sequence

from ansible_collections.disconnected.mirror.tests.fakes.processes import RegistryProcess

_REQUEST = re.compile(rb'"(GET|HEAD|POST|PUT|PATCH|DELETE) /v2/\S* HTTP')
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sample:
    """wall, tool_cpu, source_cpu, destination_cpu: seconds.  memory: MiB of the largest process.  loopback: MiB."""

    status: int
    wall: float
    tool_cpu: float
    source_cpu: float
    destination_cpu: float
    memory: float
    loopback: float
    source_requests: Dict[str, int] = field(default_factory=dict)
    destination_requests: Dict[str, int] = field(default_factory=dict)

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

    def __init__(self, registry: Optional[RegistryProcess]) -> None:
        self._registry = registry
        self._cpu = self._processor()
        self._mark = os.path.getsize(registry.log) if registry else 0

    def cpu(self) -> float:
        return self._processor() - self._cpu

    def requests(self) -> Dict[str, int]:
        if self._registry is None:
            return {}
        with open(self._registry.log, "rb") as file:
            file.seek(self._mark)
            return dict(Counter(method.decode() for method in _REQUEST.findall(file.read())))

    def _processor(self) -> float:
        if self._registry is None:
            return 0.0
        with open(f"/proc/{self._registry.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS


def loopback_bytes() -> int:
    with open("/proc/net/dev", encoding="ascii") as file:
        for line in file:
            name, _colon, counters = line.partition(":")
            if name.strip() == "lo":
                return int(counters.split()[0])
    return 0


def measure(
    command: Sequence[str], source: RegistryProcess, destination: Optional[RegistryProcess], log: str, environment: Dict[str, str]
) -> Sample:
    """Runs a command to its end; what it prints goes to the log."""
    meters = Meter(source), Meter(destination)
    before = loopback_bytes()
    with open(log, "ab") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, env={**os.environ, **environment})
        _pid, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    # Access logs are written after the answer.
    time.sleep(0.1)
    return Sample(
        status=process.returncode,
        wall=wall,
        tool_cpu=used.ru_utime + used.ru_stime,
        source_cpu=meters[0].cpu(),
        destination_cpu=meters[1].cpu(),
        memory=used.ru_maxrss / 1024,
        loopback=(loopback_bytes() - before) / 2**20,
        source_requests=meters[0].requests(),
        destination_requests=meters[1].requests(),
    )


def interpreter_memory() -> float:
    """MiB of a Python that does nothing, started like the tools are."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    _pid, _status, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_maxrss / 1024
