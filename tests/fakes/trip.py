# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trip across the air gap: a connected side that ships archives and a far side that loads them.

    near = Near(folder / "near")
    archive = near.ship(f"{host}/team/app:1")          # folder of volumes
    far = Far(folder / "far", "docker://127.0.0.1:5001/ns")
    far.load(archive)

As a program it does one step of it, to be killed, measured or cut off: see `process`.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find

if TYPE_CHECKING:
    # As a program it is measured: like the modules it loads what its step needs, and no more.
    from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRun
    from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRun
    from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRun

# Loopback registries without TLS, and no patience with those that are switched off.
CONNECTIONS = Connections(settings={"plain_http": True, "retries": {"times": 1, "delay": 0.01, "max_delay": 0.02}})
MODULE = "ansible_collections.disconnected.mirror.tests.fakes.trip"
V1, V2 = "mirror.openshift.io/v1alpha2", "mirror.openshift.io/v2alpha1"


def imageset(*names: str, api: str = V2, **more: Any) -> dict[str, Any]:
    """A configuration with additional images.  more: further keys of the document."""
    mirror_stanza = {"additionalImages": [{"name": name} for name in names]}
    return {"apiVersion": api, "kind": "ImageSetConfiguration", **more, "mirror": mirror_stanza}


class Near:
    """The connected side: one workspace, one folder of archives for each sequence."""

    def __init__(self, folder: Any) -> None:
        self.folder = str(folder)
        self.workspace = Workspace(os.path.join(self.folder, "workspace"))
        self.count = 0

    def planning(self, *names: str, **more: Any) -> PlanSource:
        return PlanSource(self.workspace, imageset=imageset(*names, **more), connections=CONNECTIONS)

    def write(
        self,
        *names: str,
        folder: str = "",
        check_mode: bool = False,
        document: dict[str, Any] | None = None,
        allow: tuple[str, ...] = (),
        **more: Any,
    ) -> ToDiskRun:
        """document: further keys of the configuration.  allow: failures that are put up with.  more: of the request."""
        from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk

        planning = replace(self.planning(*names, **(document or {})), allow_failures=allow)
        request = ToDiskRequest(planning, folder or self.place, **more)
        return mirror_to_disk(request, {}, check_mode)

    def ship(self, *names: str, **more: Any) -> str:
        """Writes a whole archive into a folder of its own; the folder."""
        self.count += 1
        run = self.write(*names, **more)
        assert run.failures == () and run.volumes and run.archive_id, run
        return self.place

    def mirror(self, destination: str, *names: str, **more: Any) -> MirrorRun:
        from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror

        return mirror(MirrorRequest(self.planning(*names, **more), Destination.parse(destination)), {})

    @property
    def place(self) -> str:
        return os.path.join(self.folder, f"archive{self.count}")


class Far:
    """The disconnected side: a registry, a workspace and archives, nothing else."""

    def __init__(self, folder: Any, destination: str) -> None:
        self.workspace = Workspace(str(folder))
        self.destination = Destination.parse(destination)

    def load(
        self, archive: str, check_mode: bool = False, trusted: Any = None, planning: dict[str, Any] | None = None, **more: Any
    ) -> FromDiskRun:
        """planning: options of content sources.  more: of the request."""
        from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror

        source = PlanSource(self.workspace, archive=archive, trusted=trusted, connections=CONNECTIONS, options=planning or {})
        return disk_to_mirror(FromDiskRequest(source, self.destination, **more), {}, check_mode)


def blobs(folder: str) -> set[str]:
    """Digests of all that the only archive of a folder holds."""
    (found,) = find(folder)
    reader = ArchiveReader(found)
    try:
        return set(reader.segments)
    finally:
        reader.close()


def tags(content: Any, below: str) -> dict[str, dict[str, str]]:
    """Tags by repository of a fake registry, histories aside."""
    found = {name: repository.tags for name, repository in content.repositories.items() if name.startswith(below)}
    return {name: dict(named) for name, named in sorted(found.items()) if named and not name.endswith("oc-mirror")}


def unfit(content: Any, repositories: Iterable[str]) -> list[str]:
    """What is not whole in a fake registry: digests that some manifest needs and its repository lacks."""
    missing: list[str] = []
    for name in repositories:
        repository = content.repositories[name]
        for _digest, (_media_type, manifest) in repository.manifests.items():
            missing += repository.missing(json.loads(manifest), sparse=False)
    return missing


class Peers:
    """Records whom this process looks up or connects to, from now on (there is no way to unhook)."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: Any) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self.asked.add(f"{arguments[1][0]}:{arguments[1][1]}")
        elif event == "socket.getaddrinfo":
            host = arguments[0].decode() if isinstance(arguments[0], bytes) else arguments[0]
            self.asked.add(f"{host}:{arguments[1]}")


def process(*arguments: str, limit: int = 0) -> subprocess.Popen:
    """One side's run as a process of its own: `write FOLDER ARCHIVE [--gib SIZE] NAME...`, `mirror FOLDER DESTINATION NAME...`
    or `load WORKSPACE DESTINATION ARCHIVE...`.

    limit: bytes that no file may exceed, 0 for none.
    """
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, *(["--limit", str(limit)] if limit else []), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def finish(child: subprocess.Popen, seconds: float = 120) -> dict[str, Any]:
    """What a process said, with its status; `error` when it was a mistake of the user's world."""
    output, errors = child.communicate(timeout=seconds)
    document = json.loads(output) if output else {}
    return {**document, "status": child.returncode, "stderr": errors.decode("utf-8", "replace")}


def _peak_memory() -> int:
    """Bytes.  The kernel's own count, since what getrusage says may be that of the process that started this one."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def main(command: str, *arguments: str) -> int:
    if command == "--limit":
        limit, command, *rest = arguments
        arguments = tuple(rest)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    peers = Peers()
    try:
        if command == "write":
            folder, archive, *names = arguments
            size = int(float(names[1]) * GIB) if names[0] == "--gib" else 0
            written = Near(folder).write(*(names[2:] if size else names), folder=archive, volume_size=size)
            failures: list[Any] = [failure.document() for failure in written.failures]
            answer = {"whole": bool(written.archive_id) or not written.volumes, "failures": failures}
        elif command == "mirror":
            folder, destination, *names = arguments
            mirrored = Near(folder).mirror(destination, *names)
            answer = {"whole": mirrored.result.complete, "failures": [failure.document() for failure in mirrored.failures]}
        else:
            workspace, destination, *archives = arguments
            far = Far(workspace, destination)
            runs = [far.load(archive) for archive in archives]
            answer = {"whole": all(run.complete for run in runs), "failures": [str(failure) for run in runs for failure in run.failures]}
    except MirrorError as error:
        answer = {"whole": False, "error": str(error)}
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**answer, "peers": sorted(peers.asked), "memory": _peak_memory(), "cpu": usage.ru_utime + usage.ru_stime}))
    return 0 if answer["whole"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
