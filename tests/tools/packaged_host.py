# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors from a host that has what its distribution packages and nothing else, reached over SSH as any mirror host is.

python tests/tools/packaged_host.py ROOT   # as root; ROOT: an unpacked system with openssh-server, Python, PyYAML and requests

The system runs in a chroot beside two registries of this machine; `make bare` builds it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, ".cache", "collections"))

# pylint: disable=wrong-import-position
from ansible_collections.disconnected.mirror.extensions.demo.fill import push  # noqa: E402
from ansible_collections.disconnected.mirror.extensions.demo.images import image_set, mirrored  # noqa: E402
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http  # noqa: E402
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings  # noqa: E402
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore  # noqa: E402
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play  # noqa: E402
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, free_port  # noqa: E402


def make_keys(folder: str) -> None:
    """`host` for the server, `user` for whoever may log in."""
    for kind in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(folder, kind)], check=True)


def sshd(port: int, host_key: str, *more: str) -> list[str]:
    """The command of a server for this machine alone.  more: options of its configuration."""
    options = ["ListenAddress=127.0.0.1", f"Port={port}", f"HostKey={host_key}", "PermitRootLogin=yes", "UsePAM=no", "PidFile=none", *more]
    return ["/usr/sbin/sshd", "-D", "-e", *(word for option in options for word in ("-o", option))]


def reached(port: int, user: str, key: str) -> str:
    """Variables of an inventory for a host behind such a server."""
    ssh = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    address = f"ansible_host=127.0.0.1 ansible_port={port} ansible_user={user}"
    return f"{address} ansible_ssh_private_key_file={key} ansible_ssh_common_args='{ssh}'"


def fill(host: str) -> list[str]:
    """Pushes the images of the demo to a registry; the names of those that people would list."""
    store = RegistryStore(host, Http(Settings.of({"plain_http": True})), writing=True)
    images = image_set()
    for image in images:
        push(image, store)
    store.close()
    return [f"{host}/{image.repository}:{image.tag}" for image in mirrored(images)]


class Host:
    """A running sshd.  inventory: of one host, `packaged`."""

    def __init__(self, root: str, folder: str) -> None:
        make_keys(folder)
        subprocess.run(["mount", "--rbind", "/dev", os.path.join(root, "dev")], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", os.path.join(root, "proc")], check=True)
        os.makedirs(os.path.join(root, "root", ".ssh"), mode=0o700, exist_ok=True)
        os.makedirs(os.path.join(root, "run", "sshd"), exist_ok=True)
        subprocess.run(["cp", os.path.join(folder, "user.pub"), os.path.join(root, "root", ".ssh", "authorized_keys")], check=True)
        subprocess.run(["cp", os.path.join(folder, "host"), os.path.join(root, "root", "host_key")], check=True)
        port = free_port()
        with open(os.path.join(folder, "sshd.log"), "wb") as log:
            self.process = subprocess.Popen(["chroot", root, *sshd(port, "/root/host_key")], stdin=subprocess.DEVNULL, stderr=log)
        self.inventory = os.path.join(folder, "inventory")
        with open(self.inventory, "w", encoding="utf-8") as file:
            file.write(f"packaged ansible_python_interpreter=/usr/bin/python3 {reached(port, 'root', os.path.join(folder, 'user'))}\n")
        time.sleep(1)


def versions(root: str) -> str:
    """Of Python and of what modules need beside it, in one line."""
    program = "import sys, requests, urllib3, yaml; print('Python', sys.version.split()[0], 'requests', requests.__version__, "
    program += "'urllib3', urllib3.__version__, 'PyYAML', yaml.__version__)"
    return subprocess.run(["chroot", root, "/usr/bin/python3", "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def steps(source: str, mirror: str, names: list[str]) -> list[Any]:
    """Name, playbook, variables, whether nothing may change."""
    imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
    common: dict[str, Any] = {
        "mirror_hosts": "packaged",
        "mirror_workspace": "/srv/workspace",
        "mirror_tls": [{"host": host, "plain_http": True} for host in (source, mirror)],
    }
    wanted = {**common, "mirror_imageset": {**imageset, "mirror": {"additionalImages": [{"name": name} for name in names]}}}
    there = {**wanted, "mirror_destination": f"docker://{mirror}/ocp"}
    island = {
        **common,
        "mirror_workspace": "/srv/island",
        "mirror_archive": "file:///srv/archives",
        "mirror_destination": f"docker://{mirror}/island",
    }
    return [
        ("plan", "plan", there, False),
        ("mirror", "mirror_to_mirror", there, False),
        ("mirror again", "mirror_to_mirror", there, True),
        ("verify", "verify", {**common, "mirror_destination": f"docker://{mirror}/ocp"}, False),
        (
            "write an archive",
            "mirror_to_disk",
            {**wanted, "mirror_workspace": "/srv/near", "mirror_archive": "file:///srv/archives"},
            False,
        ),
        ("load it", "disk_to_mirror", island, False),
    ]


def main() -> int:
    root = sys.argv[1]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="packaged-") as folder:
        host = Host(root, folder)
        try:
            for name in ("source", "mirror"):
                os.mkdir(os.path.join(folder, name))
            with DistributionProcess(os.path.join(folder, "source")) as source, DistributionProcess(
                os.path.join(folder, "mirror")
            ) as mirror:
                names = fill(source.host)
                print(versions(root), flush=True)
                for name, playbook, variables, unchanged in steps(source.host, mirror.host, names):
                    done = play(os.path.join(folder, "play"), f"disconnected.mirror.{playbook}", variables, "-i", host.inventory)
                    good = done.ok and not (unchanged and done.changed)
                    failed += not good
                    print(f"{name:<18}{'ok' if good else 'FAILED':<8}{done.seconds:5.0f} s, changed={done.changed}", flush=True)
                    if not good:
                        print(done.text[-4000:])
        finally:
            host.process.terminate()
            host.process.wait()
    print(f"{6 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
