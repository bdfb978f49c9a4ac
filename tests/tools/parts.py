# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every check and test of the project in parts, as many at a time as there are cores, and tells what came of each.

python tests/tools/parts.py             # all parts
python tests/tools/parts.py lint unit   # these

The parts are fixed: linters and roles' scenarios are targets of the Makefile, and each folder of tests is run by one
pytest of its own.  They share a temporary folder and a home directory, which are gone afterwards; so is each process
that a part left running, and leaving one is a failure.  Output goes to .cache/test/<part>.log.  The last line is
`N passed, N failed, N skipped`.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections import Counter as Count
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOGS = os.path.join(ROOT, ".cache", "test")
# Seconds after which a part is ended: none comes near on a machine that works.
LONGEST = 2400
# A process of a part carries this in its environment.
MARK = "MIRROR_TEST_RUN"
# What others need comes first, then what takes long; parts that are not named here come between the two groups.
FIRST = ("tools", "integration", "sanity", "faults")
LAST = ("molecule", "lint")
_DESELECTED = re.compile(r"\b(\d+) deselected")


@dataclass(frozen=True)
class Part:
    """after: parts that have to be over before.  tests: paths for pytest, none for a target of the Makefile."""

    name: str
    tests: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def log(self) -> str:
        return os.path.join(LOGS, f"{self.name}.log")

    @property
    def results(self) -> str:
        return os.path.join(LOGS, f"{self.name}.xml")

    def command(self) -> list[str]:
        if not self.tests:
            return ["make", "--no-print-directory", "--keep-going", self.name, "READY=1"]
        return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={self.results}", *self.tests]


@dataclass
class Outcome:
    """What came of a part.  failures: names and first lines.  skipped: how often for which reason.  left_out: tests by marker."""

    part: Part
    seconds: float = 0.0
    passed: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: Count[str] = field(default_factory=Counter)
    left_out: int = 0


def parts(root: str = ROOT) -> list[Part]:
    """Each test file belongs to exactly one part, but for those of `make browser`, which installs a browser."""
    found = [Part("tools"), *(Part(name) for name in ("lint", "sanity", "molecule"))]
    tests = os.path.join(root, "tests")
    for name in sorted(os.listdir(tests)):
        if name not in ("integration", "browser") and _test_files(os.path.join(tests, name)):
            found.append(Part(name, (f"tests/{name}",), ("tools",)))
    integration = os.path.join(tests, "integration")
    own = [name for name in sorted(os.listdir(integration)) if name.startswith("test_")]
    folders = [name for name in sorted(os.listdir(integration)) if _test_files(os.path.join(integration, name))]
    found += [Part(f"integration-{name}", (f"tests/integration/{name}",), ("tools",)) for name in folders]
    found.append(Part("integration", tuple(f"tests/integration/{name}" for name in own), ("tools",)))
    return sorted(found, key=_rank)


def _test_files(folder: str) -> bool:
    return any(name.startswith("test_") and name.endswith(".py") for _path, _folders, names in os.walk(folder) for name in names)


def _rank(part: Part) -> tuple[int, int]:
    if part.name in FIRST:
        return 0, FIRST.index(part.name)
    return (2, LAST.index(part.name)) if part.name in LAST else (1, 0)


class Run:
    """All parts, some at a time."""

    def __init__(self, wanted: Sequence[Part], jobs: int, folder: str) -> None:
        self._waiting = list(wanted)
        self._jobs = jobs
        self._folder = folder
        self._running: dict[Part, tuple[subprocess.Popen, float]] = {}
        self.outcomes: list[Outcome] = []

    def go(self) -> list[Outcome]:
        try:
            while self._waiting or self._running:
                self._start()
                self._collect()
                time.sleep(0.2)
        finally:
            for process, _began in self._running.values():
                _end(process)
        return self.outcomes

    def _start(self) -> None:
        while len(self._running) < self._jobs:
            open_names = {part.name for part in [*self._waiting, *self._running]}
            part = next((part for part in self._waiting if not open_names & set(part.after)), None)
            if part is None:
                return
            self._waiting.remove(part)
            print(f"{_clock()}  {part.name} ...", flush=True)
            with open(part.log, "wb") as log:
                process = subprocess.Popen(
                    part.command(),
                    cwd=ROOT,
                    env=environment(self._folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            self._running[part] = (process, time.monotonic())

    def _collect(self) -> None:
        for part, (process, began) in list(self._running.items()):
            seconds = time.monotonic() - began
            if process.poll() is None and seconds < LONGEST:
                continue
            ended = process.returncode is not None
            _end(process)
            del self._running[part]
            outcome = read(part, process.returncode if ended else None)
            outcome.seconds = seconds
            self.outcomes.append(outcome)
            print(f"{_clock()}  {part.name}: {_verdict(outcome)}, {seconds:.0f} s", flush=True)


def environment(folder: str) -> dict[str, str]:
    """A home and temporary files of the run's own; programs of the user's home that tests use stay known."""
    home = os.path.join(folder, "home")
    os.makedirs(home, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "MAKE", "MFLAGS"))}
    own = os.path.expanduser("~")
    shims = {"PYENV_ROOT": os.environ.get("PYENV_ROOT", os.path.join(own, ".pyenv"))}
    caches = {"GOPATH": os.path.join(own, "go"), "GOCACHE": os.path.join(own, ".cache", "go-build")}
    return {**shims, **caches, **kept, "HOME": home, "TMPDIR": folder, MARK: folder}


def _end(process: subprocess.Popen) -> None:
    """The part's whole process group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def read(part: Part, status: int | None) -> Outcome:
    """What a part's log and results say.  status: of its process, None when it was ended."""
    outcome = Outcome(part)
    if part.tests:
        _read_tests(outcome)
    else:
        with open(part.log, encoding="utf-8", errors="replace") as log:
            outcome.skipped.update(line[len("skipped: ") :].strip() for line in log if line.startswith("skipped: "))
        outcome.passed = int(status == 0)
    if status is None:
        outcome.failures.append(f"{part.name} had not ended after {LONGEST} seconds")
    elif status and not outcome.failures:
        outcome.failures.append(f"{part.name} ended with status {status}")
    elif part.tests and not outcome.passed:
        outcome.failures.append(f"{part.name} ran no test")
    return outcome


def _read_tests(outcome: Outcome) -> None:
    with open(outcome.part.log, encoding="utf-8", errors="replace") as log:
        outcome.left_out = sum(int(count) for count in _DESELECTED.findall(log.read()[-500:]))
    try:
        cases = ElementTree.parse(outcome.part.results).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return
    for case in cases:
        name = f"{case.get('classname', '')}::{case.get('name', '')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped")
        if bad is not None:
            outcome.failures.append(f"{name}: {(bad.get('message') or '').strip().splitlines()[:1]}")
        elif skipped is not None:
            outcome.skipped[skipped.get("message") or "no reason given"] += 1
        else:
            outcome.passed += 1


def left_running(folder: str) -> Iterator[tuple[int, str]]:
    """Processes with the mark of this run."""
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                marked = f"{MARK}={folder}".encode() in file.read().split(b"\0")
            with open(f"/proc/{name}/cmdline", "rb") as file:
                command = file.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except (OSError, ValueError):
            continue
        if marked and command:
            yield int(name), command


def tidy(folder: str, patience: float = 10.0) -> Outcome:
    """Ends what the parts left running and removes what they left lying."""
    outcome = Outcome(Part("tidy"), passed=1)
    deadline = time.monotonic() + patience
    while list(left_running(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    for pid, command in left_running(folder):
        outcome.failures.append(f"left running: {command[:200]}")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    outcome.failures += [f"left lying: {name}" for name in sorted(os.listdir(folder)) if name.startswith("key-")]
    outcome.passed = int(not outcome.failures)
    shutil.rmtree(folder, ignore_errors=True)
    return outcome


_BEGAN = time.monotonic()


def _clock() -> str:
    seconds = int(time.monotonic() - _BEGAN)
    return f"{seconds // 60:3d}:{seconds % 60:02d}"


def _verdict(outcome: Outcome) -> str:
    words = [f"{outcome.passed} passed"]
    words += [f"{len(outcome.failures)} FAILED"] if outcome.failures else []
    words += [f"{sum(outcome.skipped.values())} skipped"] if outcome.skipped else []
    words += [f"{outcome.left_out} left out"] if outcome.left_out else []
    return ", ".join(words)


def tell(outcomes: Sequence[Outcome]) -> None:
    """The logs of failed parts, the table, the reasons, the last line."""
    for outcome in outcomes:
        if outcome.failures and os.path.exists(outcome.part.log):
            print(f"\n{'=' * 20} {outcome.part.name} {'=' * 20}")
            with open(outcome.part.log, encoding="utf-8", errors="replace") as log:
                print(log.read())
    print(f"\n{'part':<26}{'seconds':>8}{'passed':>8}{'failed':>8}{'skipped':>9}")
    for outcome in outcomes:
        print(
            f"{outcome.part.name:<26}{outcome.seconds:>8.0f}{outcome.passed:>8}{len(outcome.failures):>8}{sum(outcome.skipped.values()):>9}"
        )
    for reason, count in sum((outcome.skipped for outcome in outcomes), Counter()).most_common():
        print(f"skipped {count}: {reason}")
    left_out = sum(outcome.left_out for outcome in outcomes)
    if left_out:
        print(f"left out {left_out}: they read collected data that is no part of the project (pytest -m needs_data)")
    for outcome in outcomes:
        for failure in outcome.failures:
            print(f"FAILED {failure}")
    passed, failed = sum(outcome.passed for outcome in outcomes), sum(len(outcome.failures) for outcome in outcomes)
    print(f"{passed} passed, {failed} failed, {sum(sum(outcome.skipped.values()) for outcome in outcomes)} skipped", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = parts()
    parser.add_argument("names", nargs="*", choices=[[], *(part.name for part in known)], metavar="part")
    parser.add_argument("--jobs", type=int, default=max(2, len(os.sched_getaffinity(0))), help="how many parts run at a time")
    arguments = parser.parse_args()
    wanted = [part for part in known if part.name in arguments.names or not arguments.names]
    shutil.rmtree(LOGS, ignore_errors=True)
    os.makedirs(LOGS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Sockets below it need a short path.
    folder = tempfile.mkdtemp(prefix="dm-")
    try:
        outcomes = Run(wanted, arguments.jobs, folder).go()
    finally:
        tidied = tidy(folder)
    tell([*outcomes, tidied])
    return 1 if any(outcome.failures for outcome in [*outcomes, tidied]) else 0


if __name__ == "__main__":
    sys.exit(main())
