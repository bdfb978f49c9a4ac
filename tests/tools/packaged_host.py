# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors from a host that has what its distribution packages and nothing else, reached over SSH as any mirror host is.

python tests/tools/packaged_host.py ROOT   # as root; ROOT: an unpacked system with openssh-server, Python, PyYAML and requests

The system runs in a chroot beside two registries of this machine; `make bare` builds it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
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
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess  # noqa: E402
from ansible_collections.disconnected.mirror.tests.tools.ssh_server import SshServer  # noqa: E402


def fill(host: str) -> list[str]:
    """Pushes the images of the demo to a registry; the names of those that people would list."""
    store = RegistryStore(host, Http(Settings.of({"plain_http": True})), writing=True)
    images = image_set()
    for image in images:
        push(image, store)
    store.close()
    return [f"{host}/{image.repository}:{image.tag}" for image in mirrored(images)]


def mount(root: str) -> None:
    """What a system in a chroot needs of this one."""
    subprocess.run(["mount", "--rbind", "/dev", os.path.join(root, "dev")], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", os.path.join(root, "proc")], check=True)


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
    mount(root)
    with tempfile.TemporaryDirectory(prefix="packaged-") as folder, contextlib.ExitStack() as stack:
        server = stack.enter_context(SshServer("/root", root))
        inventory = os.path.join(folder, "inventory")
        with open(inventory, "w", encoding="utf-8") as file:
            file.write(f"packaged ansible_python_interpreter=/usr/bin/python3 {server.reached('root')}\n")
        source, mirror = (stack.enter_context(DistributionProcess(os.path.join(folder, name))) for name in ("source", "mirror"))
        names = fill(source.host)
        print(versions(root), flush=True)
        for name, playbook, variables, unchanged in steps(source.host, mirror.host, names):
            done = play(os.path.join(folder, "play"), f"disconnected.mirror.{playbook}", variables, "-i", inventory)
            good = done.ok and not (unchanged and done.changed)
            failed += not good
            print(f"{name:<18}{'ok' if good else 'FAILED':<8}{done.seconds:5.0f} s, changed={done.changed}", flush=True)
            if not good:
                print(done.text[-4000:])
    print(f"{6 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
