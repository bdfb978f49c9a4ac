# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs playbooks of the collection as users do, and reads what they tell.

run = play(tmp_path, "disconnected.mirror.mirror_to_mirror", {"mirror_workspace": ...}, "--check")
assert run.ok and run.changed == 0
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.one_truth import require_one_truth

_RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.M)
# As the callback of Ansible prints what set_stats passes on.
_STATS = re.compile(r"^\tRUN: (\{.*\})$", re.M)
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass(frozen=True)
class Played:
    """status: of the process.  text: all that it printed.  seconds: how long it took."""

    status: int
    text: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.status == 0

    @property
    def changed(self) -> int:
        """Changed tasks over all hosts, from the recap."""
        return sum(int(changed) for _host, _ok, changed, _unreachable, _failed in _RECAP.findall(self.text))

    @property
    def stats(self) -> dict[str, Any]:
        """What the play passes to later jobs, as a controller keeps it."""
        found = _STATS.search(self.text)
        return json.loads(found.group(1)) if found else {}


def environment(folder: str) -> dict[str, str]:
    """Of a user with a home of their own and no settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    collections = os.path.join(_ROOT, ".cache", "collections")
    inside = "ansible_collections" in _ROOT.split(os.sep)
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": _ROOT.split(f"{os.sep}ansible_collections{os.sep}")[0] if inside else collections,
        "ANSIBLE_HOME": os.path.join(folder, "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),
    }


def play(
    folder: Any,
    playbook: Any,
    variables: Mapping[str, Any] | None = None,
    *options: str,
    meanwhile: Callable[..., None] | None = None,
    within: Sequence[str] = (),
) -> Played:
    """playbook: a name, or a list of plays.  meanwhile: called with the process while it runs.  within: a command that runs others."""
    folder = str(folder)
    os.makedirs(folder, exist_ok=True)
    if not isinstance(playbook, str):
        playbook = _write(os.path.join(folder, "play.json"), playbook)
    given = _write(os.path.join(folder, "vars.json"), dict(variables or {}))
    command = [*within, program("ansible-playbook"), playbook, "-e", f"@{given}", *options]
    began, wall = time.monotonic(), time.time()
    with open(os.path.join(folder, "output.txt"), "w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment(folder), start_new_session=True
        )
        try:
            if meanwhile is not None:
                meanwhile(process)
            status = process.wait(600)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        output.seek(0)
        played = Played(status, output.read(), time.monotonic() - began)
    if "--check" not in options and (variables or {}).get("mirror_workspace"):
        require_one_truth(os.path.expanduser(str((variables or {})["mirror_workspace"])), played.text, wall)
    return played


def tasks(*entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A playbook of one play on this host."""
    return [{"hosts": "localhost", "gather_facts": False, "tasks": list(entries)}]


def program(name: str) -> str:
    """The path of a program that is installed with this Python; skips the test when it is not."""
    path = os.path.join(os.path.dirname(sys.executable), name)
    if not os.path.exists(path):
        pytest.skip(f"{name} is not installed next to this Python; make setup installs it")
    return path


def _write(path: str, document: Any) -> str:
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file)
    return path
