# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the core comes to a host, in whole plays: how often it is brought, where it is kept, and what runs where it cannot be."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import zipfile

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.place import digest_of
from ansible_collections.disconnected.mirror.plugins.plugin_utils import core
from ansible_collections.disconnected.mirror.tests.conftest import COLLECTIONS
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import environment, program
from ansible_collections.disconnected.mirror.tests.tools.sanity import interpreter


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


class Site:
    """A home, and a document to ask for."""

    def __init__(self, folder):
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.document = folder / "document.json"
        self.document.write_text('{"answer": 42}')
        self.variables = {}

    @property
    def kept(self):
        return self.home / ".cache" / "disconnected.mirror"

    def play(self, *tasks, **variables):
        """What it printed; the tasks ask for the document."""
        asked = [{"disconnected.mirror.plan_info": {"path": str(self.document)}, **task} for task in tasks or [{}]]
        path = self.folder / "play.json"
        path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": asked}]))
        given = {**environment(str(self.folder)), "HOME": str(self.home), "XDG_CACHE_HOME": "", **self.variables, **variables}
        done = subprocess.run(
            [program("ansible-playbook"), str(path), "-vvv"], env=given, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def brought(output):
    return output.count("disconnected.mirror-" + core.digest())


def test_the_core_is_brought_once_and_found_by_the_next_run(site):
    first = site.play({}, {})
    assert brought(first) == 1 and first.count('"answer": 42') == 2
    assert os.listdir(site.kept) == [core.digest()]
    assert brought(site.play({})) == 0


def test_a_damaged_core_mends_itself(site):
    site.play()
    os.remove(site.kept / core.digest() / "adapters" / "plan_info.py")
    assert brought(site.play()) == 1


def test_without_a_home_the_core_comes_with_each_task(site):
    """Run from the zip, which goes with the task's directory."""
    # Ansible has sockets below it, whose paths are short.
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        output = site.play({}, {}, XDG_CACHE_HOME="/proc/nowhere", TMPDIR=temporary)
        assert brought(output) == 2 and output.count('"answer": 42') == 2
        assert os.listdir(temporary) == []


def test_a_task_that_nobody_waits_for_brings_the_core(site):
    output = site.play({"async": 60, "poll": 1}, ANSIBLE_ASYNC_DIR=str(site.folder / "jobs"))
    assert '"answer": 42' in output and brought(output) == 1


def test_pipelining_and_check_mode(site):
    site.play({"check_mode": True}, {}, ANSIBLE_PIPELINING="true")
    assert os.listdir(site.kept) == [core.digest()]


def test_a_kept_core_is_compiled_once(site):
    site.play(PYTHONDONTWRITEBYTECODE="1")
    assert any(name.endswith(".pyc") for _path, _folders, names in os.walk(site.kept) for name in names)


def test_the_zip_is_the_version_that_its_name_says(tmp_path, monkeypatch):
    monkeypatch.setattr(core.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    path = core.archive()
    with zipfile.ZipFile(path) as packed:
        assert digest_of((name, packed.read(name)) for name in packed.namelist()) == core.digest()
        assert {"adapters/plan_info.py", "base/errors.py"} <= set(packed.namelist())
    assert core.archive() == path and os.listdir(tmp_path) == [os.path.basename(path)]


@pytest.mark.parametrize("version, newer", [("3.6", False), ("2.7", False), ("3.9", True)])
def test_a_host_whose_python_is_too_old_gets_a_sentence(site, version, newer):
    """As RHEL 8's, which cannot even read what Ansible sends."""
    python = site.folder / "python"
    python.write_text(
        f'#!/bin/sh\nif [ "$1" = -c ]; then echo Python {version}; exit; fi\n'
        "echo 'SyntaxError: future feature annotations is not defined' >&2; exit 1\n"
    )
    python.chmod(0o755)
    output = site.play({"ignore_errors": True, "vars": {"ansible_python_interpreter": str(python)}})
    said = f"{python} is Python {version}; disconnected.mirror needs Python 3.9 or later on the host that mirrors."
    assert (said in output) is not newer
    assert ("future feature annotations" in output) is newer


@pytest.mark.parametrize("version", ["3.6", "3.8"])
def test_real_old_pythons_get_it_too(site, version):
    python = interpreter(version)
    if not python:
        pytest.skip(f"Python {version} is not installed; pyenv install {version} brings it")
    output = site.play({"ignore_errors": True, "vars": {"ansible_python_interpreter": python}})
    assert "disconnected.mirror needs Python 3.9" in output or "Ansible requires Python 3." in output


def test_planning_shows_a_line_soon_and_leaves_the_output_to_the_callback(site):
    """A registry that is away for some seconds."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
        imageset["mirror"] = {"additionalImages": [{"name": f"{host}/team/app:1"}]}
        plan = {"imageset": imageset, "workspace": str(site.folder / "workspace"), "retry_times": 2, "retry_delay": 2}
        path = site.folder / "play.json"
        task = {"disconnected.mirror.imageset_plan": {**plan, "tls": [{"host": "*", "plain_http": True}]}, "ignore_errors": True}
        path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
        callbacks = os.path.join(ROOT, "tests", "fakes", "callback")
        given = {**environment(str(site.folder)), "HOME": str(site.home), "XDG_CACHE_HOME": ""}
        given.update(ANSIBLE_CALLBACK_PLUGINS=callbacks, ANSIBLE_STDOUT_CALLBACK="document")
        done = subprocess.run([program("ansible-playbook"), str(path)], env=given, capture_output=True, text=True, check=False, timeout=120)
    assert json.loads(done.stdout)["localhost"]["ignored"] == 1, done.stderr
    assert re.search(r"^  localhost: plan: 0 of 1 images resolved", done.stderr, re.M), done.stderr
    assert not os.path.exists(site.home / ".ansible_async")


def test_a_module_alone_says_what_it_lacks(tmp_path):
    """As when somebody runs its file without its action."""
    code = (
        "import sys, types; from ansible_collections.disconnected.mirror.plugins.module_utils.loader import adapter as a; "
        "a._ROOM = a.module_utils.__name__ + '.nowhere'; a.adapter('plan_info')"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": COLLECTIONS}, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["msg"].startswith("This module does its work through the action plugin")
