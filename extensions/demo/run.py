# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the demo's playbook so that its steps, its proofs or the reason of its failure are what is seen.

    python run.py --ports 5461 5462 5463 .cache/demo   # the demo; its registries listen on these ports
    python run.py --stop .cache/demo                   # stops what an interrupted demo left running

Everything else that Ansible prints is in demo.log of that directory.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN = "About a minute: three registries on this machine, two runs, an air gap, another client's proof; all of it in {directory}."


def playbook(name: str, directory: str, ports: list[int], folder: str) -> list[str]:
    """Runs one of the collection's playbooks, shows its steps, returns the lines that say why it failed; none after a success."""
    variables: dict[str, Any] = {"demo_directory": directory}
    variables.update(zip(("demo_source_port", "demo_mirror_port", "demo_island_port"), ports))
    command = [sys.executable, "-m", "ansible", "playbook", f"disconnected.mirror.{name}", "-e", json.dumps(variables)]
    failure: list[str] = []
    with subprocess.Popen(
        command, env=environment(directory, folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for line in process.stdout or ():
                if failure or line.startswith("FAILED"):
                    failure.append(line.rstrip())
                else:
                    print(line, end="", flush=True)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            raise
    if process.returncode == 0:
        return []
    return failure or [f"FAILED: ansible-playbook ended with status {process.returncode}."]


def environment(directory: str, folder: str) -> dict[str, str]:
    """Ansible with no settings of the user, and with its files in a temporary folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_") or key == "ANSIBLE_COLLECTIONS_PATH"}
    kept.setdefault("HOME", folder)
    return {
        **kept,
        "ANSIBLE_CONFIG": os.path.join(folder, "ansible.cfg"),
        "ANSIBLE_HOME": os.path.join(folder, "ansible"),
        "ANSIBLE_REMOTE_TMP": os.path.join(folder, "remote"),
        "ANSIBLE_ASYNC_DIR": os.path.join(folder, "jobs"),
        "ANSIBLE_LOG_PATH": os.path.join(directory, "demo.log"),
        "ANSIBLE_CALLBACK_PLUGINS": os.path.join(HERE, "callback"),
        "ANSIBLE_STDOUT_CALLBACK": "steps",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": folder,
    }


def demo(directory: str, ports: list[int], folder: str) -> int:
    print(BEGIN.format(directory=shown(directory)), flush=True)
    try:
        failure = playbook("demo", directory, ports, folder)
    except KeyboardInterrupt:
        failure = ["FAILED: the demo was interrupted."]
    if not failure:
        return 0
    left = playbook("demo_stop", directory, [], folder)
    print("\n".join(failure))
    print(
        f"All that Ansible said is in {shown(os.path.join(directory, 'demo.log'))}. Put right what is named above and run make demo again."
    )
    if left:
        print("Registries of the demo may still run: make demo-stop")
    return 1


def shown(path: str) -> str:
    """As short as it can be said from here."""
    return min(path, os.path.relpath(path), key=len)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument(
        "--ports", type=int, nargs=3, default=[5461, 5462, 5463], metavar="PORT", help="of the source, the mirror, the island"
    )
    parser.add_argument("--stop", action="store_true", help="only stop what an interrupted demo left running")
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.directory)
    os.makedirs(directory, exist_ok=True)
    log = os.path.join(directory, "demo.log")
    if not arguments.stop and os.path.exists(log):
        os.remove(log)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Jobs and sockets get short paths without spaces.
    folder = tempfile.mkdtemp(prefix="demo-")
    with open(os.path.join(folder, "ansible.cfg"), "wb"):
        pass
    try:
        if not arguments.stop:
            return demo(directory, arguments.ports, folder)
        failure = playbook("demo_stop", directory, [], folder)
        print("\n".join(failure or ["Nothing of the demo is running."]))
        return 1 if failure else 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
