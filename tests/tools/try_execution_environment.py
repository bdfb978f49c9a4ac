# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors by ansible-runner in an execution environment, as a controller does: a user that the image does not know, a read-only root.

python tests/tools/try_execution_environment.py localhost/disconnected-mirror-ee

Prints what the job's events tell, and fails unless the mirror is complete and progress came in its interval.
"""

from __future__ import annotations

import glob
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, ".cache", "collections"))

from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault  # noqa: E402
from ansible_collections.disconnected.mirror.tests.fakes.images import image, layer, put  # noqa: E402
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry  # noqa: E402

# Seconds between two lines of progress, and how much later one may come on a busy machine.
INTERVAL, LATE = 2, 4.0
USER = "20417:0"
PODMAN = (
    *("podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "run", "--rm", "--network", "host"),
    *("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--read-only", "--read-only-tmpfs=false", "--user", USER),
    # Ansible itself needs a place for temporary files.
    *("--tmpfs", "/tmp", "--env", "ANSIBLE_NOCOLOR=1"),
)
_PROGRESS = re.compile(r": (?:copy|complete): \d+/\d+ images")
PLAYBOOK = "- ansible.builtin.import_playbook: disconnected.mirror.mirror_to_mirror\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, FakeRegistry() as source, FakeRegistry() as mirror:
        prepare(folder, source, mirror)
        tell("programs", run(folder, "sh", "-c", "id -u; helm version --short; gpg --version | head -n 1; touch /nowhere 2>&1; true"))
        done = run(folder, "ansible-runner", "run", "/runner", "--playbook", "mirror.yml", "--ident", "1")
        tell("ansible-runner", done)
        check(done.returncode, sorted(events_in(folder), key=lambda event: event["counter"]), source, mirror)


def events_in(folder: str) -> Iterator[dict]:
    for path in glob.glob(f"{folder}/artifacts/1/job_events/*.json"):
        with open(path, encoding="utf-8") as file:
            yield json.load(file)


def prepare(folder: str, source: FakeRegistry, mirror: FakeRegistry) -> None:
    names = [f"apps/app-{number}" for number in range(6)]
    for name in names:
        put(image(name, [layer(name, 100_000)]), source.content, name, "1")
    source.inject(Fault(endpoint="blob", slow=(20_000, 1.0), times=0))
    images = [{"name": f"{source.host}/{name}:1"} for name in names]
    imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"additionalImages": images}}
    variables = {
        "mirror_imageset": imageset,
        "mirror_destination": f"docker://{mirror.host}/mirror",
        "mirror_workspace": "/runner/workspace",
        "mirror_tls": [{"host": host, "plain_http": True} for host in (source.host, mirror.host)],
        "mirror_parallel_layers": 2,
        "mirror_progress_interval": INTERVAL,
    }
    for path, text in (("project/mirror.yml", PLAYBOOK), ("env/extravars", json.dumps(variables))):
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(text)
    # Of whoever the user in the image is; the group is root's, as on OpenShift.
    for place, _folders, files in os.walk(folder):
        os.chmod(place, 0o770)
        for name in files:
            os.chmod(os.path.join(place, name), 0o660)


def run(folder: str, *command: str) -> subprocess.CompletedProcess[str]:
    image_name = sys.argv[1]
    return subprocess.run([*PODMAN, "--volume", f"{folder}:/runner", image_name, *command], capture_output=True, text=True, check=False)


def tell(title: str, done: subprocess.CompletedProcess[str]) -> None:
    print(f"== {title}: status {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-2000:]}", flush=True)


def check(status: int, events: list[dict], source: FakeRegistry, mirror: FakeRegistry) -> None:
    told = [moment(event) for event in events for line in event["stdout"].splitlines() if _PROGRESS.search(line)]
    gaps = [round(later - earlier, 1) for earlier, later in zip(told, told[1:])]
    print(f"== {len(events)} events; seconds between lines of progress: {gaps}")
    assert status == 0, "the job failed"
    assert len(gaps) >= 2 and max(gaps) <= INTERVAL + LATE, gaps
    held = {digest for repository in mirror.content.repositories.values() for digest in repository.blobs}
    wanted = {digest for repository in source.content.repositories.values() for digest in repository.blobs}
    assert wanted <= held, "the mirror lacks content"
    print("the mirror is complete")


def moment(event: dict) -> float:
    return datetime.fromisoformat(event["created"]).timestamp()


if __name__ == "__main__":
    main()
