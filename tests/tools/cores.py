# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a whole play on versions of ansible-core, Pythons and connections, and prints the table of docs/dev/cores.md.

python tests/tools/cores.py 2.16 2.18 2.21
python tests/tools/cores.py 2.16 --pythons 3.9 --connections local "ssh with become"
python tests/tools/cores.py 2.21 --environment   # only its virtual environment, whose folder it prints

Callbacks take turns.  As root it makes a user who may become root by sudo, and removes it at the end.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CACHE = os.path.join(ROOT, ".cache")
sys.path.insert(0, os.path.join(CACHE, "collections"))

# pylint: disable=wrong-import-position
from ansible_collections.disconnected.mirror.tests.fakes.playbook import environment  # noqa: E402
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess  # noqa: E402
from ansible_collections.disconnected.mirror.tests.tools.packaged_host import fill  # noqa: E402
from ansible_collections.disconnected.mirror.tests.tools.sanity import interpreter  # noqa: E402
from ansible_collections.disconnected.mirror.tests.tools.ssh_server import PROGRAM, SshServer  # noqa: E402

# Minor versions of Python 3: the lowest of the controller, and the highest of the controller and of the host.
PYTHONS = {"2.16": (10, 12), "2.17": (10, 12), "2.18": (11, 13), "2.19": (11, 13), "2.20": (12, 14), "2.21": (12, 14)}
LOWEST, HIGHEST = 9, 14
CONNECTIONS = ("local", "ssh", "ssh with become")
# Where the collection ansible.posix is not installed, a callback of the tests takes the place of its own.
POSIX = os.path.isdir(os.path.join(CACHE, "collections", "ansible_collections", "ansible", "posix"))
DOCUMENTS = ("ansible.posix.json", "ansible.posix.jsonl") if POSIX else ("document",)
CALLBACKS = ("default", *DOCUMENTS, "default in YAML")
_RECAP = re.compile(r"^mirror\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.M)


@dataclass(frozen=True)
class Row:
    """venv: of the controller.  python: minor version of the host's.  inventory: of one host, `mirror`."""

    venv: str
    python: int
    connection: str
    callback: str
    inventory: str

    def __str__(self) -> str:
        program = "import sys; from importlib.metadata import version; print(version('ansible-core'), '|', '%d.%d' % sys.version_info[:2])"
        controller = subprocess.run([f"{self.venv}/bin/python", "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        return f"| {controller} | 3.{self.python} | {self.connection} | {self.callback} |"


def controller(core: str) -> str:
    """The virtual environment of a core, on the newest Python that is there for it."""
    venv, requirements = os.path.join(CACHE, f"venv-{core}"), os.path.join(CACHE, f"core-{core}.txt")
    lowest, highest = PYTHONS[core]
    found = [path for path in (interpreter(f"3.{minor}") for minor in range(highest, lowest - 1, -1)) if path]
    if not found:
        sys.exit(f"ansible-core {core} needs Python 3.{lowest} to 3.{highest}, and none of them is installed")
    with open(requirements, "w", encoding="utf-8") as file:
        file.write(f"ansible-core~={core}.0\nPyYAML\nrequests\n")
    variables = {**os.environ, "VENV": venv, "CONSTRAINTS": "", "PYTHON": found[0]}
    subprocess.run([os.path.join(ROOT, ".ci", "prepare"), "venv", requirements], env=variables, check=True, stdout=sys.stderr)
    return venv


def host(minor: int) -> str:
    """A Python with what modules need; empty where this machine has none of that version."""
    path, venv = interpreter(f"3.{minor}"), os.path.join(CACHE, f"host-3.{minor}")
    if path and not os.path.exists(os.path.join(venv, ".done")):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([path, "-m", "venv", venv], check=True)
        subprocess.run([f"{venv}/bin/python", "-m", "pip", "install", "--quiet", "PyYAML", "requests"], check=True)
        with open(os.path.join(venv, ".done"), "w", encoding="utf-8"):
            pass
    return f"{venv}/bin/python" if path else ""


@contextlib.contextmanager
def sudoer() -> Iterator[str]:
    """A user who may become root."""
    name = f"mirror-cores-{os.getpid()}"
    rule = os.path.join("/etc/sudoers.d", name)
    subprocess.run(["useradd", "--create-home", "--password", "*", "--shell", "/bin/sh", name], check=True)
    try:
        with open(os.open(rule, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440), "w", encoding="utf-8") as file:
            file.write(f"{name} ALL=(root) NOPASSWD: ALL\n")
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(rule)
        # Connections are kept open for a while, and nobody who is logged in is removed.
        for _attempt in range(30):
            if not subprocess.run(["userdel", "--remove", name], check=False, capture_output=True).returncode:
                break
            time.sleep(1)
        else:
            print(f"the user {name} could not be removed: userdel --remove {name}", file=sys.stderr)


@contextlib.contextmanager
def connections(folder: str, wanted: list[str]) -> Iterator[dict[str, str]]:
    """Variables of the inventory for each that this machine can have."""
    found = {"local": "ansible_connection=local"} if "local" in wanted else {}
    with contextlib.ExitStack() as stack:
        if [name for name in wanted if name != "local"] and os.path.exists(PROGRAM):
            server = stack.enter_context(SshServer(folder))
            brief = "ansible_ssh_args='-o ControlMaster=auto -o ControlPersist=10s'"
            if "ssh" in wanted:
                found["ssh"] = f"{server.reached(getpass.getuser())} {brief}"
            if "ssh with become" in wanted and os.geteuid() == 0 and shutil.which("sudo"):
                found["ssh with become"] = f"{server.reached(stack.enter_context(sudoer()))} {brief} ansible_become=true"
        yield found


def run(row: Row, folder: str, variables: dict[str, Any], *options: str) -> tuple[int, int, str]:
    """Status, tasks that changed something, and what was printed; raises ValueError where that is not what the callback promises."""
    given = os.path.join(folder, "variables.json")
    with open(given, "w", encoding="utf-8") as file:
        json.dump(variables, file)
    settings = {**environment(folder), "ANSIBLE_CALLBACK_PLUGINS": os.path.join(ROOT, "tests", "fakes", "callback")}
    settings["PATH"] = f"{row.venv}/bin:{settings['PATH']}"
    settings["ANSIBLE_STDOUT_CALLBACK"] = row.callback.split()[0]
    settings["ANSIBLE_CALLBACK_RESULT_FORMAT"] = "yaml" if "YAML" in row.callback else "json"
    command = [f"{row.venv}/bin/ansible-playbook", "-i", row.inventory, "disconnected.mirror.mirror_to_mirror", "-e", f"@{given}", *options]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL)
    if "Traceback" in done.stdout + done.stderr:
        raise ValueError(f"a traceback: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode, changed(row.callback, done.stdout), done.stdout + done.stderr


def changed(callback: str, text: str) -> int:
    """As the callback counts it."""
    if callback in DOCUMENTS:
        last = [json.loads(line) for line in (text.splitlines() if callback.endswith("jsonl") else [text])][-1]
        return int(last.get("stats", last)["mirror"]["changed"])
    found = _RECAP.search(text)
    if not found:
        raise ValueError(f"no recap: {text[-2000:]}")
    return int(found[1])


def fault(row: Row, folder: str, source: str, destination: str, names: list[str]) -> str:
    """What went wrong; empty when nothing did."""
    workspace = os.path.join(folder, "workspace")
    absent = f"{source}/nowhere/absent:1"
    imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
    variables: dict[str, Any] = {
        "mirror_hosts": "mirror",
        "mirror_workspace": workspace,
        "mirror_destination": destination,
        "mirror_tls": [{"host": "*", "plain_http": True}],
    }
    listed = [{**variables, "mirror_imageset": {**imageset, "mirror": {"additionalImages": [{"name": name} for name in each]}}}
              for each in (names, [*names, absent])]  # fmt: skip
    try:
        status, count, text = run(row, folder, listed[0], "--check")
        if status or not count or os.path.exists(workspace):
            return f"check mode: status {status}, changed={count}: {text[-2000:]}"
        status, count, text = run(row, folder, listed[0])
        if status or not count:
            return f"the first run: status {status}, changed={count}: {text[-2000:]}"
        status, count, text = run(row, folder, listed[0])
        if status or count:
            return f"the second run: status {status}, changed={count}: {text[-2000:]}"
        status, count, text = run(row, folder, listed[1])
        # The callback of the tests tells numbers alone.
        if status != 2 or absent not in text and row.callback != "document":
            return f"an image that is not there: status {status}: {text[-2000:]}"
    except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ""


def rows(folder: str, cores: list[str], pythons: dict[int, str], reach: dict[str, str], wanted: list[str]) -> Iterator[Row]:
    callbacks = itertools.cycle(wanted)
    for core in cores:
        venv = controller(core)
        for minor, connection in itertools.product([minor for minor in pythons if minor <= PYTHONS[core][1]], reach):
            inventory = os.path.join(folder, "inventory")
            with open(inventory, "w", encoding="utf-8") as file:
                file.write(f"mirror ansible_python_interpreter={pythons[minor]} {reach[connection]}\n")
            yield Row(venv, minor, connection, next(callbacks), inventory)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cores", nargs="+", choices=PYTHONS)
    parser.add_argument("--pythons", nargs="+", default=[f"3.{minor}" for minor in range(LOWEST, HIGHEST + 1)], help="of the host")
    parser.add_argument("--connections", nargs="+", default=CONNECTIONS, choices=CONNECTIONS)
    parser.add_argument("--callbacks", nargs="+", default=CALLBACKS, choices=CALLBACKS, help="which take turns")
    parser.add_argument("--environment", action="store_true", help="make only the virtual environments, and print their folders")
    arguments = parser.parse_args()
    if arguments.environment:
        print("\n".join(controller(core) for core in arguments.cores))
        return 0
    pythons = {minor: host(minor) for minor in (int(version.split(".")[1]) for version in arguments.pythons)}
    failed = 0
    with tempfile.TemporaryDirectory(prefix="cores-") as folder, contextlib.ExitStack() as stack:
        # Whoever logs in reads the key in it.
        os.chmod(folder, 0o711)
        source, mirror = (stack.enter_context(DistributionProcess(os.path.join(folder, name))) for name in ("source", "mirror"))
        names = fill(source.host)[:6]
        reach = stack.enter_context(connections(folder, list(arguments.connections)))
        for missing in [f"Python 3.{minor}" for minor, path in pythons.items() if not path] + sorted({*arguments.connections} - {*reach}):
            print(f"skipped, for this machine does not have it: {missing}")
        print("| ansible-core | Python of the controller | Python of the host | connection | callback |\n|---|---|---|---|---|", flush=True)
        there = {minor: path for minor, path in pythons.items() if path}
        for number, row in enumerate(rows(folder, arguments.cores, there, reach, arguments.callbacks)):
            place = os.path.join(folder, f"row-{number}")
            os.mkdir(place)
            wrong = fault(row, place, source.host, f"docker://{mirror.host}/row-{number}", names)
            failed += bool(wrong)
            print(f"{row}{' FAILED ' + wrong if wrong else ''}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
