# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The context of the execution environment; `make execution-environment` builds one from it and mirrors in it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile

import pytest
import yaml

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import program


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    program("ansible-builder")
    folder = tmp_path_factory.mktemp("ee")
    given = folder / "awx-awx-24.6.1.tar.gz"
    given.write_bytes(b"")
    command = [sys.executable, os.path.join(ROOT, "extensions", "execution_environment", "context.py"), str(folder / "out")]
    done = subprocess.run([*command, "--collection", str(given)], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "out" / "context"


def test_ansible_builder_takes_the_definition(context):
    steps = (context / "Containerfile").read_text()
    for step in ("ARG HELM=no", "ARG GPG=yes", "COPY _build/files /tmp/files", "ENV HOME=/runner", "USER 1000"):
        assert step in steps.splitlines()
    assert "ansible-runner>=2.4" in steps


def test_the_collection_of_this_tree_is_in_it_with_what_it_needs(context):
    with tarfile.open(context / "_build" / "collections" / "disconnected-mirror.tar.gz") as archive:
        names = set(archive.getnames())
        needs = yaml.safe_load(archive.extractfile("meta/execution-environment.yml").read())
    assert {"playbooks/plan.yml", "extensions/controller/templates.yml", "extensions/eda/plugins/event_source/upstream.py"} <= names
    assert set(needs["dependencies"].values()) <= names
    assert not [name for name in names if name.startswith((".cache", ".git"))]


def test_a_given_collection_is_taken_instead_of_asking_galaxy(context):
    wanted = yaml.safe_load((context / "_build" / "requirements.yml").read_text())["collections"]
    assert {each["name"] for each in wanted} == {f"/build/collections/{name}.tar.gz" for name in ("disconnected-mirror", "awx-awx-24.6.1")}
    assert (context / "_build" / "collections" / "awx-awx-24.6.1.tar.gz").exists()


def test_optional_libraries_are_those_that_the_first_page_names():
    with open(os.path.join(ROOT, "extensions", "execution_environment", "python-packages.txt"), encoding="utf-8") as file:
        named = [line.partition(">")[0] for line in file if line.strip() and not line.startswith("#")]
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        page = file.read()
    assert named and all(f"| `{name}` |" in page for name in named)
