# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the engine with other tools: same registries, same run, rounds alternated.

    python tests/benchmarks/run.py                         # all cases, three rounds
    python tests/benchmarks/run.py --case smoke --rounds 1
    python tests/benchmarks/run.py --case many-small --scale 0.1 --json samples.json

Each cell starts an empty destination, runs the tool cold, checks every image's digest there, and runs the tool again
with nothing changed.  Ratios of one run mean something; seconds of two runs do not.  Scratch goes to --work, best a
tmpfs; few-large needs 8 GiB there.  Peers (`skopeo`, `crane`) take part where they are installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

if __name__ == "__main__":
    # Started as a file: make the working tree importable, as conftest.py does for pytest.
    here = os.path.realpath(__file__)
    root = here.partition(f"{os.sep}ansible_collections{os.sep}")[0]
    if root == here:
        sys.path.insert(0, os.path.dirname(os.path.dirname(here)))
        import conftest

        root = conftest.COLLECTIONS
    sys.path.insert(0, root)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.tests.benchmarks.content import PRESETS, scaled
from ansible_collections.disconnected.mirror.tests.benchmarks.fill import fill, open_registry
from ansible_collections.disconnected.mirror.tests.benchmarks.measure import Sample, bytecode, interpreter_memory, measure
from ansible_collections.disconnected.mirror.tests.benchmarks.targets import CASES, COLD, UNCHANGED, Case, verdicts
from ansible_collections.disconnected.mirror.tests.benchmarks.tools import LAYOUT, Files, available, to_folder
from ansible_collections.disconnected.mirror.tests.fakes.processes import (
    DISTRIBUTION,
    DistributionProcess,
    RegistryProcess,
    SmallProcess,
    find,
)


def certificate(work: str) -> tuple[str, str]:
    pair = os.path.join(work, "tls.crt"), os.path.join(work, "tls.key")
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", pair[0], "-keyout", pair[1]]
    subprocess.run([*request, *name], check=True, stderr=subprocess.DEVNULL)
    return pair


class Bench:
    """All cells of one case."""

    def __init__(self, case: Case, arguments: argparse.Namespace, work: str) -> None:
        self.case = case
        self.rounds = arguments.rounds
        self.work = work
        self.tls = certificate(work) if case.tls else None
        self.tools = available([name for name in case.tools if not arguments.tools or name in arguments.tools])
        self.preset = scaled(PRESETS[case.preset], arguments.scale)
        self.seed = arguments.seed
        self.samples: dict[tuple[str, str], list[Sample]] = {}
        self.figures: dict[str, float] = {"interpreter": interpreter_memory()}
        self.problems: list[str] = []
        self.bytecode = bytecode(work)

    def _registry(self, folder: str) -> RegistryProcess:
        return SmallProcess(folder) if self.case.memory else DistributionProcess(folder, tls=self.tls)

    def run(self) -> None:
        with self._registry(os.path.join(self.work, "source")) as source:
            filled = fill(source.host, self.preset, self.work, self.seed, bool(self.tls))
            images = filled["images"]
            repositories = {image["repo"] for image in images}
            self.figures.update(images=len(images), repositories=len(repositories), bytes=filled["totals"]["bytes"] / 2**20)
            say(f"{self.case.name}: {filled['totals']}")
            files = Files(self.work, images, source.host, bool(self.tls))
            for number in range(self.rounds):
                for name in self.tools if number % 2 == 0 else list(reversed(self.tools)):
                    self._cell(name, source, files, images)

    def _cell(self, name: str, source: RegistryProcess, files: Files, images: Sequence[dict[str, Any]]) -> None:
        folder = os.path.join(self.work, "cell")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(os.path.join(folder, "home"))
        destination = None if to_folder(name) else self._registry(os.path.join(folder, "destination")).start()
        try:
            command = files.command(name, destination.host if destination else "", folder)
            # A cache of an earlier cell must not help; Python's bytecode is part of an installation.
            environment = {key: os.path.join(folder, "home") for key in ("XDG_DATA_HOME", "XDG_CACHE_HOME")}
            environment.update(self.bytecode)
            for phase in (COLD, UNCHANGED):
                sample = measure(command, source, destination, os.path.join(self.work, f"{name}.log"), environment)
                self.samples.setdefault((name, phase), []).append(sample)
                figures = f"{sample.wall:7.2f} s  cpu {sample.cpu:6.2f}  requests {sample.requests:6}  memory {sample.memory:4.0f} MiB"
                say(f"  {name:14} {phase:9} {figures}")
                if sample.status:
                    self.problems.append(f"{name} {phase}: exit status {sample.status}, see {self.work}/{name}.log")
            self._check(name, destination, folder, images)
        finally:
            if destination is not None:
                destination.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _check(self, name: str, destination: RegistryProcess | None, folder: str, images: Sequence[dict[str, Any]]) -> None:
        if destination is not None:
            store: Store = open_registry(destination.host, bool(self.tls))
        elif name == LAYOUT:
            store = LayoutStore(os.path.join(folder, "layout"))
        else:
            return
        wrong = 0
        for image in images:
            found = store.find_manifest(image["repo"], image["tag"])
            wrong += found is None or found.digest != image["digest"]
        store.close()
        if wrong:
            self.problems.append(f"{name}: {wrong} of {len(images)} images are not at the destination")


def report(bench: Bench) -> bool:
    """Prints both tables; says whether all targets were met."""
    say(f"\n### {bench.case.name}: {bench.figures['images']:.0f} images, {bench.figures['bytes']:.0f} MiB unique\n")
    say(
        "| tool | phase | wall s: median (least-most) | CPU s: tool+source+destination | memory MiB | requests | source MiB | limit share |"
    )
    say("|---|---|---|---|---|---|---|---|")
    for (name, phase), samples in bench.samples.items():
        walls = [sample.wall for sample in samples]
        middle = sorted(samples, key=lambda sample: sample.wall)[len(samples) // 2]
        cpu = f"{middle.tool_cpu:.2f}+{middle.source_cpu:.2f}+{middle.destination_cpu:.2f}"
        requests = f"{sum(middle.source_requests.values())}+{sum(middle.destination_requests.values())}"
        memory = max(sample.memory for sample in samples)
        say(
            f"| {name} | {phase} | {median(walls):.2f} ({min(walls):.2f}-{max(walls):.2f}) | {cpu} | {memory:.0f} | {requests} "
            f"| {middle.read:.0f} | {middle.limit_share:.0%} |"
        )
    say("\n| target | phase | figure | reached | at most | |\n|---|---|---|---|---|---|")
    found = verdicts(bench.case, bench.samples, bench.figures)
    for verdict in found:
        target = verdict.target
        outcome = "met" if verdict.met else "MISSED"
        figure = f"{target.figure} {verdict.against}"
        say(f"| {target.tool} | {target.phase} | {figure} | {verdict.value:.2f} | {target.most:g} | {outcome} |")
    for problem in bench.problems:
        say(f"\nPROBLEM: {problem}")
    return all(verdict.met for verdict in found) and not bench.problems


def say(text: str) -> None:
    print(text, flush=True)


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=names, help="default: all but smoke")
    parser.add_argument("--tools", action="append", help="only these tools")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the images")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--json", help="write every sample to this file")
    parser.add_argument("--work", default="/dev/shm" if os.path.isdir("/dev/shm") else None, help="where scratch goes")
    arguments = parser.parse_args(words)
    arguments.case = arguments.case or [name for name in names if name != "smoke"]
    known = sorted({tool for case in CASES if case.name in arguments.case for tool in case.tools})
    installed = available(known)
    for name in arguments.tools or []:
        if name not in installed:
            why = "is not installed" if name in known else f"is none of the tools of {', '.join(arguments.case)}"
            parser.error(f"--tools {name}: it {why}; give --tools once for each of: {', '.join(installed)}")
    return arguments


def main() -> int:
    arguments = parse()
    if not find(DISTRIBUTION):
        say("No registry binary was found (docker-registry or registry).")
        return 2
    met = True
    kept: dict[str, Any] = {}
    for case in CASES:
        if case.name not in arguments.case or not {*(arguments.tools or case.tools)} & {*case.tools}:
            continue
        if case.memory and not find(SmallProcess.names):
            say(f"{case.name}: no {SmallProcess.names[0]} was found; make tools builds it.")
            continue
        if arguments.work:
            os.makedirs(arguments.work, exist_ok=True)
        work = tempfile.mkdtemp(prefix="mirror-benchmark-", dir=arguments.work)
        try:
            bench = Bench(case, arguments, work)
            bench.run()
            met = report(bench) and met
            samples = {" ".join(key): [asdict(each) for each in value] for key, value in bench.samples.items()}
            kept[case.name] = {"figures": bench.figures, "samples": samples}
        finally:
            shutil.rmtree(work, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
    return 0 if met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MirrorError as problem:
        sys.exit(str(problem))
