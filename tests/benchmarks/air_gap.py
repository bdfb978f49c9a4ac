# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares the trip across an air gap with other tools: a registry to archives on disk, and archives into a registry.

    python tests/benchmarks/air_gap.py                                   # release-like, three rounds
    python tests/benchmarks/air_gap.py --preset few-large --rounds 1
    python tests/benchmarks/air_gap.py --preset few-large --gib 1        # volumes of at most so many GiB

Ours are whole runs, planning and bookkeeping included; a peer is `skopeo copy` to OCI directories that share their blobs, and
`tar`, until the file is on the disk as ours is; back it is `tar` and `skopeo copy`.  Scratch goes to --work, which must be a real
disk for the bytes written to be counted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from statistics import median
from typing import Any

if __name__ == "__main__":
    # Started as a file: make the working tree importable, as conftest.py does for pytest.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    import conftest

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [conftest.COLLECTIONS, os.environ.get("PYTHONPATH", "")]))

from ansible_collections.disconnected.mirror.tests.benchmarks.content import PRESETS, scaled
from ansible_collections.disconnected.mirror.tests.benchmarks.fill import fill, open_registry
from ansible_collections.disconnected.mirror.tests.benchmarks.measure import Sample, bytecode, measure
from ansible_collections.disconnected.mirror.tests.benchmarks.tools import OURS, Files
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.fakes.processes import DISTRIBUTION, DistributionProcess, find

OUT, AGAIN, BACK, DIRECT = "to disk", "unchanged", "from disk", "registry to registry"
PEER_OUT = "skopeo and tar to disk"
PEER_AGAIN = "skopeo and tar, unchanged"
PEER_BACK = "tar and skopeo from disk"
# Share of a peer's figure, or of the unique bytes in MiB, that ours may take.  Sources: the collection's performance targets.
MANY = ((OUT, "wall", PEER_OUT, 0.4), (AGAIN, "wall", PEER_AGAIN, 0.1))
# Where a few layers are all there is, the bytes decide.
FEW = ((OUT, "wall", PEER_OUT, 1.0), (AGAIN, "wall", PEER_AGAIN, 1.0))
ALWAYS: tuple[tuple[str, str, str, float], ...] = (
    (OUT, "written", "unique bytes", 1.02),
    (BACK, "wall", DIRECT, 1.1),
    (BACK, "wall", PEER_BACK, 1.0),
    (OUT, "memory", "200 MiB", 1.0),
    (BACK, "memory", "200 MiB", 1.0),
)
_SKOPEO = "{skopeo} --insecure-policy copy -q --all --src-tls-verify=false --dest-tls-verify=false"


class Bench:
    def __init__(self, arguments: argparse.Namespace, work: str) -> None:
        self._rounds = arguments.rounds
        self._work = work
        self._preset = scaled(PRESETS[arguments.preset], arguments.scale)
        self._gib = arguments.gib
        self._peers = not arguments.alone
        self.samples: dict[str, list[Sample]] = {}
        self.unique = 0.0
        self.images = 0
        self.problems: list[str] = []
        self._bytecode = bytecode(work)

    def run(self) -> None:
        with DistributionProcess(os.path.join(self._work, "source")) as source:
            filled = fill(source.host, self._preset, self._work)
            self.unique = filled["totals"]["bytes"] / 2**20
            self.images = len(filled["images"])
            print(f"{len(filled['images'])} images, {self.unique:.0f} MiB unique", flush=True)
            for number in range(self._rounds):
                for ours in (True, False) if number % 2 == 0 else (False, True):
                    folder = os.path.join(self._work, "cell")
                    os.makedirs(folder)
                    try:
                        self._ours(folder, source, filled["images"]) if ours else self._peer(folder, source, filled["images"])
                    finally:
                        shutil.rmtree(folder)

    def _ours(self, folder: str, source: DistributionProcess, images: Sequence[dict[str, Any]]) -> None:
        names = [f"{source.host}/{image['repo']}:{image['tag']}" for image in images]
        program = [sys.executable, "-m", trip.MODULE]
        size = ["--gib", str(self._gib)] if self._gib else []
        near, archive, far = (os.path.join(folder, name) for name in ("near", "archive", "far"))
        write = [*program, "write", near, archive, *size, *names]
        self._measure(OUT, write, source, None)
        self._measure(AGAIN, write, source, None)
        for name in os.listdir(archive):
            if self._gib and os.path.getsize(os.path.join(archive, name)) > self._gib * 2**30:
                self.problems.append(f"{name} is larger than {self._gib} GiB")
        with DistributionProcess(os.path.join(folder, "mirror")) as mirror:
            self._measure(BACK, [*program, "load", far, f"docker://{mirror.host}", archive], source, mirror)
            self._check(mirror, images)
        shutil.rmtree(archive)
        if self._peers:
            with DistributionProcess(os.path.join(folder, "direct")) as mirror:
                files = Files(self._work, images, source.host, False)
                self._measure(DIRECT, files.command(OURS, mirror.host, os.path.join(folder, "state")), source, mirror)

    def _peer(self, folder: str, source: DistributionProcess, images: Sequence[dict[str, Any]]) -> None:
        if not self._peers or not find(["skopeo"]):
            return
        list_path = os.path.join(folder, "list")
        layouts, taken_out, archive = (os.path.join(folder, name) for name in ("layouts", "taken-out", "archive.tar"))
        with open(list_path, "w", encoding="utf-8") as file:
            file.write("".join(f"{image['repo']}:{image['tag']}\n" for image in images))
        for image in images:
            os.makedirs(os.path.join(layouts, os.path.dirname(image["repo"])), exist_ok=True)
        os.makedirs(taken_out)
        copy = _SKOPEO.format(skopeo=find(["skopeo"]))
        out = f"xargs -P 4 -I@ {copy} --dest-shared-blob-dir {layouts}/.blobs docker://{source.host}/@ oci:{layouts}/@ < {list_path}"
        for name in (PEER_OUT, PEER_AGAIN):
            self._measure(name, ["bash", "-c", f"set -e; {out}; tar cf {archive} -C {layouts} .; sync {archive}"], source, None)
        shutil.rmtree(layouts)
        with DistributionProcess(os.path.join(folder, "mirror")) as mirror:
            shared = f"--src-shared-blob-dir {taken_out}/.blobs"
            back = f"xargs -P 4 -I@ {copy} {shared} oci:{taken_out}/@ docker://{mirror.host}/@ < {list_path}"
            self._measure(PEER_BACK, ["bash", "-c", f"set -e; tar xf {archive} -C {taken_out}; {back}"], source, mirror)

    def _measure(self, name: str, command: Sequence[str], source: DistributionProcess, mirror: DistributionProcess | None) -> None:
        sample = measure(command, source, mirror, os.path.join(self._work, "tool.log"), self._bytecode)
        self.samples.setdefault(name, []).append(sample)
        figures = f"{sample.wall:7.2f} s  cpu {sample.cpu:6.2f}  written {sample.written:6.0f} MiB  memory {sample.memory:4.0f} MiB"
        print(f"  {name:26} {figures}  requests {sample.requests}", flush=True)
        if sample.status:
            self.problems.append(f"{name}: exit status {sample.status}, see {self._work}/tool.log")

    def _check(self, mirror: DistributionProcess, images: Sequence[dict[str, Any]]) -> None:
        store = open_registry(mirror.host, False)
        found = [store.find_manifest(image["repo"], image["tag"]) for image in images]
        store.close()
        wrong = sum(each is None or each.digest != image["digest"] for each, image in zip(found, images))
        if wrong:
            self.problems.append(f"{wrong} of {len(images)} images are not at the mirror")


def report(bench: Bench) -> bool:
    print("\n| ours | figure | of | reached | at most | |\n|---|---|---|---|---|---|")
    met = not bench.problems
    for name, figure, base, most in (*(MANY if bench.images >= 50 else FEW), *ALWAYS):
        value = _middle(bench.samples.get(name, ()), figure)
        measure_of = {"unique bytes": bench.unique, "200 MiB": 200.0}.get(base) or _middle(bench.samples.get(base, ()), figure)
        if value is None or not measure_of or (figure == "written" and not value):
            continue
        share = value / measure_of
        met = met and share <= most
        print(f"| {name} | {figure} | {base} | {share:.2f} | {most:g} | {'met' if share <= most else 'MISSED'} |")
    for problem in bench.problems:
        print(f"\nPROBLEM: {problem}")
    return met


def _middle(samples: Sequence[Sample], figure: str) -> float | None:
    good = [getattr(sample, figure) for sample in samples if sample.status == 0]
    return float(median(good)) if good else None


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="release-like")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the images")
    parser.add_argument("--gib", type=float, default=0, help="largest size of a volume")
    parser.add_argument("--alone", action="store_true", help="without peers")
    parser.add_argument("--work", default=None, help="where scratch goes")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    if not find(DISTRIBUTION):
        print("No registry binary was found (docker-registry or registry).")
        return 2
    if arguments.work:
        os.makedirs(arguments.work, exist_ok=True)
    work = tempfile.mkdtemp(prefix="mirror-air-gap-", dir=arguments.work)
    try:
        bench = Bench(arguments, work)
        bench.run()
        return 0 if report(bench) else 1
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
