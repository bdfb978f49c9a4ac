# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible adds to a run: tasks of a playbook beside the same run as a process of its own, both with nothing to do.

    python tests/benchmarks/task.py
    python tests/benchmarks/task.py --rounds 5

A play is timed with one and with five equal tasks, so that the start of `ansible-playbook` drops out; rounds alternate.

The second table counts seconds of processor of everything that a command started, on the controller that is its own target: an
unchanged `mirror_to_mirror` of the collection beside `ansible -m ping`, and what one more module task adds to a play beside one more
ping.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from statistics import median
from typing import Any

if __name__ == "__main__":
    # Started as a file: make the working tree importable, as conftest.py does for pytest.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    import conftest

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [conftest.COLLECTIONS, os.environ.get("PYTHONPATH", "")]))

from ansible_collections.disconnected.mirror.tests.benchmarks.content import PRESETS
from ansible_collections.disconnected.mirror.tests.benchmarks.fill import fill
from ansible_collections.disconnected.mirror.tests.benchmarks.measure import bytecode, launch
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.fakes.playbook import environment, program
from ansible_collections.disconnected.mirror.tests.fakes.processes import DISTRIBUTION, DistributionProcess, find

# Seconds that Ansible may add to one task.
MOST = 1.0
# How many tasks the longer play has more than the shorter one.
MORE = 4
# How many pings a play may cost, and seconds of processor that a further module task may cost over a further ping.
MOST_PINGS, MOST_FURTHER = 4.0, 0.4
# Runs a command and counts what came of it, jobs that it left behind included.
_COUNT = """
import ctypes, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
status = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
try:
    while True:
        os.wait()
except ChildProcessError:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
sys.exit(status)
"""


class Bench:
    def __init__(self, work: str, source: DistributionProcess, mirror: DistributionProcess) -> None:
        self._work = work
        self._log = os.path.join(work, "log")
        names = [f"{source.host}/{image['repo']}:{image['tag']}" for image in fill(source.host, PRESETS["smoke"], work)["images"]]
        self._environment = {**environment(work), **bytecode(work)}
        self._process = [sys.executable, "-m", trip.MODULE, "mirror", os.path.join(work, "near"), f"docker://{mirror.host}", *names]
        task = {
            "imageset": trip.imageset(*names),
            "workspace": os.path.join(work, "workspace"),
            "destination": f"docker://{mirror.host}",
            "tls": [{"host": "*", "plain_http": True}],
        }
        self._variables = os.path.join(work, "variables.json")
        with open(self._variables, "w", encoding="utf-8") as file:
            common = {"mirror_workspace": os.path.join(work, "of-the-role"), "mirror_destination": f"docker://{mirror.host}/role"}
            json.dump({**common, "mirror_imageset": task["imageset"], "mirror_tls": task["tls"]}, file)
        actions: dict[str, dict[str, Any]] = {
            "task": {"disconnected.mirror.image_mirror": {**task, "progress": False}},
            "progress": {"disconnected.mirror.image_mirror": {**task, "progress": True}},
            "ping": {"ansible.builtin.ping": {}},
        }
        self._plays = {kind: [self._play(kind, count, action) for count in (1, 1 + MORE)] for kind, action in actions.items()}

    def _play(self, kind: str, count: int, action: dict[str, Any]) -> str:
        tasks = [{"name": f"Task {number}", **action} for number in range(count)]
        play = {"name": "Mirror", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
        path = os.path.join(self._work, f"play-{kind}-{count}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump([play], file)
        return path

    def process(self) -> float:
        """Seconds of the run as a process."""
        return self._seconds(self._process)

    def task(self, kind: str) -> float:
        """Seconds of one task."""
        seconds = [self._seconds([program("ansible-playbook"), play]) for play in self._plays[kind]]
        return (seconds[1] - seconds[0]) / MORE

    def ping(self) -> float:
        """Seconds of processor of the smallest run of Ansible."""
        return self._processor([program("ansible"), "localhost", "-m", "ansible.builtin.ping"])

    def role(self) -> float:
        """Seconds of processor of an unchanged mirror, as the playbook does it."""
        return self._processor([program("ansible-playbook"), "disconnected.mirror.mirror_to_mirror", "-e", f"@{self._variables}"])

    def further(self, kind: str) -> float:
        """Seconds of processor that one more task costs."""
        seconds = [self._processor([program("ansible-playbook"), play]) for play in self._plays[kind]]
        return (seconds[1] - seconds[0]) / MORE

    def _processor(self, command: list[str]) -> float:
        counted = [sys.executable, "-c", _COUNT, *command]
        done = subprocess.run(counted, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
        return float(done.stdout)

    def _seconds(self, command: list[str]) -> float:
        status, wall = launch(command, self._log, self._environment)[:2]
        if status:
            with open(self._log, encoding="utf-8", errors="replace") as file:
                sys.exit(f"{command[0]} failed: {file.read()[-2000:]}")
        return wall


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", default=None, help="where scratch goes")
    arguments = parser.parse_args()
    if not find(DISTRIBUTION):
        print("No registry binary was found (docker-registry or registry).")
        return 2
    work = tempfile.mkdtemp(prefix="mirror-task-", dir=arguments.work)
    rows: dict[str, list[float]] = {"a process": [], "a task": [], "a task that shows progress": []}
    costs: dict[str, list[float]] = {"ansible -m ping": [], "mirror_to_mirror": [], "one more module task": [], "one more ping": []}
    try:
        with DistributionProcess(os.path.join(work, "source")) as source, DistributionProcess(os.path.join(work, "mirror")) as mirror:
            bench = Bench(work, source, mirror)
            # The first ones mirror; what is measured has nothing to do.
            bench.process()
            bench.task("task")
            bench.role()
            for _round in range(arguments.rounds):
                rows["a process"].append(bench.process())
                rows["a task"].append(bench.task("task"))
                rows["a task that shows progress"].append(bench.task("progress"))
                costs["ansible -m ping"].append(bench.ping())
                costs["mirror_to_mirror"].append(bench.role())
                costs["one more module task"].append(bench.further("task"))
                costs["one more ping"].append(bench.further("ping"))
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(table("an unchanged run as | seconds: median (least-most)", rows))
    added = median(rows["a task that shows progress"]) - median(rows["a process"])
    print(f"\nAnsible adds {added:.2f} s to a task; at most {MOST:g} s are wanted: {'met' if added <= MOST else 'MISSED'}\n")
    print(table("an unchanged run as | seconds of processor: median (least-most)", costs))
    pings = median(costs["mirror_to_mirror"]) / median(costs["ansible -m ping"])
    further = median(costs["one more module task"]) - median(costs["one more ping"])
    few = pings <= MOST_PINGS and further <= MOST_FURTHER
    print(
        f"\nThe playbook costs {pings:.1f} pings (at most {MOST_PINGS:g} are wanted), a further task {further:.2f} s of processor over ",
        end="",
    )
    print(f"a further ping (at most {MOST_FURTHER:g}): {'met' if few else 'MISSED'}")
    return 0 if added <= MOST and few else 1


def table(head: str, rows: dict[str, list[float]]) -> str:
    lines = [f"| {name} | {median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f}) |" for name, seconds in rows.items()]
    return "\n".join([f"| {head} |", "|---|---|", *lines])


if __name__ == "__main__":
    sys.exit(main())
