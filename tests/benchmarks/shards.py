# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what several hosts gain that fill one registry: each reads from the source at so many MiB/s and no faster.

    python tests/benchmarks/shards.py                              # 1, 2 and 4 hosts, 20 MiB/s for each, 160 MiB
    python tests/benchmarks/shards.py --hosts 1 8 --rate 10

A host is a process with a workspace, a registries.conf and a throttled way to the source of its own.  Told are the seconds of the
shares (the longest) and of publishing, and how many bytes were read twice.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from typing import Any

if __name__ == "__main__":
    # Started as a file: make the working tree importable, as conftest.py does for pytest.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    import conftest

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [conftest.COLLECTIONS, os.environ.get("PYTHONPATH", "")]))

from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.extensions.demo.images import OCI, layer, single
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard, TransferOptions
from ansible_collections.disconnected.mirror.tests.benchmarks.fill import open_registry
from ansible_collections.disconnected.mirror.tests.fakes.link import Link
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess

MIB = 1024 * 1024


class Bench:
    def __init__(self, arguments: argparse.Namespace, work: str, source: DistributionProcess) -> None:
        self._arguments, self._work, self._source = arguments, work, source
        store = open_registry(source.host, tls=False, writing=True)
        names = [f"app{number}" for number in range(arguments.mib // 4)]
        self._size = 0
        for name in names:
            image = single(f"team/{name}", "1", [layer(name, 4 * MIB)], OCI)
            self._size += sum(map(len, image.blobs))
            push(image, store)
        store.close()
        self._imageset = {
            "apiVersion": "mirror.openshift.io/v2alpha1",
            "kind": "ImageSetConfiguration",
            "mirror": {"additionalImages": [{"name": f"{source.host}/team/{name}:1"} for name in names]},
        }

    def run(self, count: int) -> tuple[float, float, int]:
        """Seconds of the shares and of publishing, and bytes that were read more than once."""
        work = os.path.join(self._work, str(count))
        os.makedirs(work)
        with DistributionProcess(os.path.join(work, "mirror")) as target:
            destination = Destination.parse(f"docker://{target.host}/ocp")
            planner = PlanSource(Workspace(os.path.join(work, "planner")), imageset=self._imageset, connections=self._connections(target))
            handed = plan_imageset(planner, {}, hands_on=True).handed
            before = self._read()
            fork = multiprocessing.get_context("fork")
            hosts = [fork.Process(target=self._host, args=(work, target, destination, handed, number, count)) for number in range(count)]
            began = time.monotonic()
            for host in hosts:
                host.start()
            for host in hosts:
                host.join()
            carried = time.monotonic() - began
            began = time.monotonic()
            self._host(work, target, destination, handed, 0, count, publishes=True)
            return carried, time.monotonic() - began, self._read() - before - self._size

    def _host(
        self,
        work: str,
        target: DistributionProcess,
        destination: Destination,
        handed: str,
        number: int,
        count: int,
        publishes: bool = False,
    ) -> None:
        link = Link(self._source.port, rate=self._arguments.rate * MIB)
        folder = os.path.join(work, f"host{number}")
        os.makedirs(folder, exist_ok=True)
        conf = os.path.join(folder, "registries.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f'[[registry]]\nprefix = "{self._source.host}"\nlocation = "127.0.0.1:{link.port}"\ninsecure = true\n')
        connections = self._connections(target, conf)
        workspace = Workspace(os.path.join(folder, "workspace"))
        plan_imageset(PlanSource(workspace, handed=handed, connections=connections), {})
        options = TransferOptions(shard=Shard(number, count, publishes))
        run = mirror(MirrorRequest(PlanSource(workspace, connections=connections), destination, options=options), {})
        if not run.result.complete:
            raise SystemExit(f"host {number} of {count}: {run.failures[0].message}")

    def _connections(self, target: DistributionProcess, conf: str = os.devnull) -> Connections:
        hosts: dict[str, Any] = {host: {"plain_http": True} for host in (self._source.host, target.host)}
        return Connections(registries_conf=conf, settings={"hosts": hosts})

    def _read(self) -> int:
        self._source.settle()
        return sum(request.size for request in self._source.requests("GET", "/blobs/"))


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--hosts", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rate", type=float, default=20.0, help="MiB/s of each host")
    parser.add_argument("--mib", type=int, default=160, help="of layers")
    parser.add_argument("--work", help="for scratch, best a tmpfs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work) as work, DistributionProcess(os.path.join(work, "source")) as source:
        bench = Bench(arguments, work, source)
        first = 0.0
        for count in arguments.hosts:
            carried, published, twice = bench.run(count)
            first = first or carried + published
            share = (carried + published) / first
            print(
                f"{count} hosts: shares {carried:.1f} s, publishing {published:.1f} s, {share:.2f} of the first; {twice} bytes read twice"
            )


if __name__ == "__main__":
    main()
