# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make demo` shows: little when all is well, the reason last when it is not, and no proof that was not made."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys

import pytest
import yaml

from ansible_collections.disconnected.mirror.extensions.demo import prove
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import environment, play
from ansible_collections.disconnected.mirror.tests.fakes.processes import free_port, require

SOME = {"rc": 0, "stdout": "skopeo pulled 26 images"}
NONE = {"rc": prove.UNPROVEN, "stdout": "no other client pulled from the mirrors"}


def demo(folder, *arguments):
    """Exit status and lines."""
    command = [sys.executable, os.path.join(ROOT, "extensions", "demo", "run.py"), *arguments, str(folder / "a demo")]
    home = {**environment(str(folder)), "HOME": str(folder / "home")}
    os.makedirs(home["HOME"], exist_ok=True)
    done = subprocess.run(command, env=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


def test_it_opens_with_a_line_and_ends_with_what_was_proven_by_whom(tmp_path):
    require("docker-registry", "registry")
    if not shutil.which("skopeo") or not shutil.which("gpg"):
        pytest.skip("skopeo or gpg is missing; make setup installs them")
    ports = [str(free_port()) for _registry in range(3)]
    status, lines = demo(tmp_path, "--ports", *ports)
    text = "\n".join(lines)
    assert status == 0, text
    assert len(lines) <= 60 and lines[0].startswith("About a minute:")
    assert "WARNING" not in text and "deprecated" not in text.lower()
    end = lines[-10:]
    assert end[0].startswith("Mirrored    29 images") and end[3] == "Proven      by skopeo, with the source switched off"
    assert end[6].startswith("Verified    the signatures") and end[9].startswith("Try next")
    assert os.path.isfile(end[7].split(None, 1)[1])
    assert not os.path.exists(tmp_path / "home" / ".ansible_async")
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port)))


def test_a_port_that_is_taken_is_the_reason_and_read_last(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, lines = demo(tmp_path, "--ports", str(port), str(free_port()), str(free_port()))
    assert status == 1
    assert lines[-2].startswith("FAILED: ") and f"Port {port} is taken. Name another one: SOURCE_PORT=" in lines[-2]
    assert "demo.log" in lines[-1]


def test_without_another_client_nothing_is_proven(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(prove.shutil, "which", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["prove.py", str(tmp_path / "plan.json"), str(tmp_path)])
    assert prove.main() == prove.UNPROVEN
    assert "no other client" in capsys.readouterr().out


@pytest.mark.parametrize(
    "mirror, island, unproven, first",
    [
        (SOME, SOME, [], "Mirrored"),
        (NONE, NONE, [], "NOT PROVEN: no other client"),
        (SOME, NONE, [], "NOT PROVEN: no other client"),
        (SOME, SOME, ["the releases are not signed"], "NOT PROVEN: the releases are not signed"),
    ],
)
def test_what_is_not_proven_is_said_first_and_never_called_proven(tmp_path, mirror, island, unproven, first):
    with open(os.path.join(ROOT, "playbooks", "demo.yml"), encoding="utf-8") as file:
        last = yaml.safe_load(file)[-1]
    last["vars_files"] = os.path.join(ROOT, "playbooks", "vars", "demo.yml")
    summary = {"copied": 29, "images": 29, "bytes": 1, "seconds": 1}
    variables = {"demo_mirror_proof": mirror, "demo_island_proof": island, "demo_unproven": unproven, "demo_first": summary}
    done = play(tmp_path, [last], {**variables, "demo_requests": 1, "demo_new": 1, "demo_results": "/somewhere"})
    assert done.ok, done.text
    said = done.text.partition('"msg": [')[2]
    assert said.split('"')[1].startswith(first)
    assert ("Proven   " in said) == (mirror["rc"] == island["rc"] == 0)
    assert ("Verified   " in said) == (not unproven)
