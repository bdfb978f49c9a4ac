# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program for the far side of an air gap: in a network namespace of its own, where the machine allows one.

It starts a registry, loads archives, writes the cluster resources and has another client pull every image by its original
name.  Whom it connects to is recorded as well, so that the proof does not hang on the namespace.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from ansible_collections.disconnected.mirror.extensions.demo import prove
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.fakes.processes import DISTRIBUTION, DistributionProcess, find

MODULE = "ansible_collections.disconnected.mirror.tests.integration.cut_off"
# From linux/sockios.h and linux/if.h.
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
# An address for documentation (RFC 5737): nobody is there, and without a route that is known at once.
_OUTSIDE = ("192.0.2.1", 443)


def start(folder: str, archives: Sequence[str]) -> dict[str, Any]:
    """Runs this program; what it found."""
    os.makedirs(folder)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    alone = ["unshare", "--net", "--map-root-user"]
    possible = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0 if shutil.which("unshare") else False
    command = [*(alone if possible else []), sys.executable, "-m", MODULE, folder, "alone" if possible else "beside", *archives]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def main(folder: str, how: str, *archives: str) -> int:
    if how == "alone":
        _loopback_up()
    with DistributionProcess(os.path.join(folder, "registry"), program=find(DISTRIBUTION)) as registry:
        peers = trip.Peers()
        far = trip.Far(os.path.join(folder, "workspace"), f"docker://{registry.host}/ocp")
        runs = [far.load(archive) for archive in archives]
        write_cluster_resources(ResourcesRequest(PlanSource(far.workspace, connections=trip.CONNECTIONS), far.destination), {})
        document = {
            "loaded": [list(run.loaded) for run in runs],
            "complete": all(run.complete for run in runs),
            "peers": sorted(peers.asked),
            "registry": registry.host,
            "namespace": how == "alone",
            "outside": _outside() if how == "alone" else "",
            "pulled": len(_pulled(far, folder)) if shutil.which("skopeo") else 0,
        }
    print(json.dumps(document))
    return 0


def _pulled(far: trip.Far, folder: str) -> list[str]:
    conf = os.path.join(folder, "registries.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(prove.registries_conf(far.workspace.cluster_resources))
    names = []
    for number, image in enumerate(prove.images(far.workspace.plan)):
        assert prove.pull(image["origin"], conf, os.path.join(folder, f"pulled-{number}")) == image["digest"]
        names.append(image["origin"])
    return names


def _outside() -> str:
    """What an attempt to reach the internet comes to."""
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect(_OUTSIDE)
        except OSError:
            return "unreachable"
    return "reached"


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
