# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of README and guides: commands are run as printed, configurations, variables and tasks are what the collection takes."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.tests.docs import blocks
from ansible_collections.disconnected.mirror.tests.docs.proofs import inventories
from ansible_collections.disconnected.mirror.tests.docs.world import follow, world
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play

ALL = [block for page in blocks.pages() for block in blocks.blocks(page)]
YAML = [(block, document) for block in ALL if block.language == "yaml" for document in yaml.safe_load_all(block.text)]
RUN = [page for page in blocks.pages() if any(block.commands and not block.reason for block in blocks.blocks(page))]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    """One for all pages that follow the same first page, which is followed in it once."""
    with contextlib.ExitStack() as stack:
        made = {}

        def of(page):
            first = page
            while blocks.before(first):
                first = blocks.before(first)[0]
            if first not in made:
                made[first] = stack.enter_context(world(str(tmp_path_factory.mktemp("world"))))
            return made[first]

        yield of


def headings(text):
    """What a session has in common with another one of the same commands: plays, tasks, and what came of them."""
    return re.findall(
        r"^(?:PLAY|TASK) \[[^]]*\]|^ok: .*|^changed: .*|^[\w.-]+ +: ok=\d+ +changed=\d+ +unreachable=\d+ +failed=\d+", text, re.M
    )


@pytest.mark.parametrize("page", RUN)
def test_commands_run_as_printed(page, worlds):
    """What a page shows as printed, is printed."""
    for block, printed in follow(worlds(page), page):
        shown = blocks.recording_of(block)
        if shown is not None:
            assert headings(shown.text) == headings(printed), f"{shown}: run make recordings"


def test_readme_and_guides_have_blocks():
    assert {"README.md", "docs/docsite/rst/guide_getting_started.rst"} <= set(RUN)
    assert len(YAML) > 10


KINDS = [(block, value) for block, value in YAML if "kind" in value]
OURS = [pytest.param(value, id=str(block)) for block, value in KINDS if value["kind"].endswith("ImageSetConfiguration")]


@pytest.mark.parametrize("document", OURS)
def test_configurations_are_taken_without_a_warning(document):
    assert not parse(document).warnings


def test_resources_of_clusters_are_whole():
    for block, value in KINDS:
        assert value["apiVersion"] and (value["kind"].endswith("ImageSetConfiguration") or value["metadata"]["name"]), block


def test_variables_are_those_of_the_roles():
    known = set()
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")):
        with open(path, encoding="utf-8") as file:
            for spec in yaml.safe_load(file)["argument_specs"].values():
                known |= set(spec.get("options") or {})
    with open(os.path.join(ROOT, "extensions", "controller", "settings.yml"), encoding="utf-8") as file:
        known |= set(yaml.safe_load(file))
    given = [(str(block), name) for block, document in YAML if isinstance(document, dict) for name in document]
    wrong = [(place, name) for place, name in given if name.startswith(("mirror_", "registry_")) and name not in known | {"mirror_hosts"}]
    assert not wrong


def test_sessions_are_those_of_the_pages():
    """Text without a language of its own is what the commands before it print."""
    shown = [block for block in ALL if block.language == "text"]
    recorded = [blocks.recording_of(block) for block in ALL]
    assert shown and set(shown) == set(filter(None, recorded))


@pytest.mark.parametrize("block", [pytest.param(block, id=str(block)) for block in inventories(ALL)])
def test_inventories_are_read_by_ansible(block, tmp_path):
    path = tmp_path / "inventory.yml"
    path.write_text(block.text)
    program = os.path.join(os.path.dirname(sys.executable), "ansible-inventory")
    done = subprocess.run([program, "-i", str(path), "--list"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "WARNING" not in done.stderr and "hostvars" in done.stdout, done.stderr


def test_plays_and_tasks_are_taken_by_ansible(tmp_path):
    lists = [document for _block, document in YAML if isinstance(document, list)]
    plays = [play for document in lists for play in document if "hosts" in play]
    tasks = [task for document in lists for task in document if "hosts" not in task]
    assert plays and tasks
    done = play(tmp_path, [*plays, {"hosts": "localhost", "tasks": tasks}], {}, "--syntax-check")
    assert done.ok, json.dumps(done.text)
