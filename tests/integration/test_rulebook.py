# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks as ansible-rulebook runs them: what changed while it was stopped starts one playbook, or one workflow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.runs.watch import write
from ansible_collections.disconnected.mirror.tests.fakes.controller_api import TOKEN, ControllerApi
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.images import image, put
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import environment
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer

PROGRAM = os.path.join(ROOT, ".cache", "rulebook", "bin", "ansible-rulebook")
RULEBOOKS = os.path.join(ROOT, "extensions", "eda", "rulebooks")
pytestmark = pytest.mark.skipif(
    not os.path.exists(PROGRAM), reason="there is no ansible-rulebook; make tools installs it where Java 17 or later is"
)


def started(folder, name, variables, arguments, *options, **more):
    """The rulebook's process.  arguments: those of its source that a rulebook for everybody does not have."""
    with open(os.path.join(RULEBOOKS, name), encoding="utf-8") as file:
        rulebook = yaml.safe_load(file)
    rulebook[0]["sources"][0]["disconnected.mirror.upstream"].update(arguments)
    for rule in rulebook[0]["rules"]:
        if "throttle" in rule:
            assert rule["throttle"]["once_after"] == "1 minutes"
            rule["throttle"]["once_after"] = "3 seconds"
    (folder / "rulebook.yml").write_text(yaml.safe_dump(rulebook))
    here = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    (folder / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": {"localhost": here}}}))
    (folder / "vars.yml").write_text(yaml.safe_dump(variables))
    command = [PROGRAM, "--rulebook", "rulebook.yml", "--inventory", "inventory.yml", "--vars", "vars.yml", "--verbose", *options]
    own = {**environment(str(folder)), **more}
    own["PATH"] = os.pathsep.join([os.path.dirname(PROGRAM), own["PATH"]])
    with open(folder / "output.txt", "wb") as output:
        return subprocess.Popen(
            command, cwd=folder, env=own, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def until(process, folder, seen, seconds=120.0):
    end = time.monotonic() + seconds
    try:
        while not seen() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(1.0)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert seen(), (folder / "output.txt").read_text()[-4000:]
    return (folder / "output.txt").read_text()


@pytest.fixture
def place(tmp_path):
    """A service and a registry that have changed since the state was written; the variables and arguments that say so."""
    with ReleaseServer({("amd64", "stable-4.18"): answer(["4.18.1", "4.18.2"])}) as service, FakeRegistry() as registry:
        put(image("newer"), registry.content, "redhat/index", "v4.18")
        watched = f"{registry.host}/redhat/index:v4.18"
        memory = {"graph amd64 stable-4.18": {"versions": ["4.18.1"], "updates": 0}, f"image {watched}": {"digest": "sha256:" + "0" * 64}}
        write(str(tmp_path / "state.json"), memory, 0.0)
        variables = {"upstream_channels": ["stable-4.18"], "upstream_images": [watched], "upstream_state": str(tmp_path / "state.json")}
        tls = [{"host": host, "plain_http": True} for host in (service.host, registry.host)]
        yield variables, {"update_url": service.url(), "tls": tls}


def test_what_changed_runs_the_playbook_once(place, tmp_path):
    variables, arguments = place
    task = {"ansible.builtin.shell": f"echo run >> {tmp_path}/runs", "changed_when": False}
    (tmp_path / "mirror.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    process = started(tmp_path, "mirror_upstream_changes.yml", {**variables, "upstream_playbook": "mirror.yml"}, arguments)
    until(process, tmp_path, (tmp_path / "runs").exists)
    assert (tmp_path / "runs").read_text().split() == ["run"]
    assert json.loads((tmp_path / "state.json").read_text())["seen"]["graph amd64 stable-4.18"]["versions"] == ["4.18.1", "4.18.2"]


def test_what_changed_starts_the_workflow_once(place, tmp_path):
    variables, arguments = place
    with ControllerApi() as api:
        default = api.one("organizations", "Default")["id"]
        for name in ("Mirror - load", "Mirror - update"):
            api.create("workflow_job_templates", {"name": name, "organization": default})
        account = {"EDA_CONTROLLER_URL": api.environment["CONTROLLER_HOST"], "EDA_CONTROLLER_TOKEN": TOKEN}
        process = started(tmp_path, "plan_upstream_changes.yml", variables, arguments, **account)
        output = until(process, tmp_path, lambda: api.launched)
    assert api.launched == ["Mirror - update"]
    assert TOKEN not in output
