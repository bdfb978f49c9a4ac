# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every block of README and guides: commands are run as printed, configurations, variables and tasks are what the collection takes."""

from __future__ import annotations

import glob
import json
import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.tests.docs import blocks
from ansible_collections.disconnected.mirror.tests.docs.world import world
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play

ALL = [block for page in blocks.pages() for block in blocks.blocks(page)]
YAML = [(block, document) for block in ALL if block.language == "yaml" for document in yaml.safe_load_all(block.text)]
RUN = [page for page in blocks.pages() if any(block.commands and not block.reason for block in blocks.blocks(page))]


def follow(here, page):
    """Writes the page's files and runs its commands, after those of the pages before it."""
    for other in blocks.before(page):
        follow(here, other)
    for block in blocks.blocks(page):
        if block.path:
            here.write(block.path, block.text)
        if block.commands and not block.reason:
            done = here.run(block.commands)
            assert done.returncode == 0, f"{block}\n{block.commands}\n{done.stdout[-6000:]}"


@pytest.mark.parametrize("page", RUN)
def test_commands_run_as_printed(page, tmp_path):
    with world(str(tmp_path)) as here:
        follow(here, page)


def test_readme_and_guides_have_blocks():
    assert {"README.md", "docs/docsite/rst/guide_getting_started.rst"} <= set(RUN)
    assert len(YAML) > 10


@pytest.mark.parametrize(
    "document", [pytest.param(value, id=str(block)) for block, value in YAML if "kind" in value and value["kind"] != "ClusterRole"]
)
def test_configurations_are_taken_without_a_warning(document):
    assert not parse(document).warnings


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


def test_plays_and_tasks_are_taken_by_ansible(tmp_path):
    lists = [document for _block, document in YAML if isinstance(document, list)]
    plays = [play for document in lists for play in document if "hosts" in play]
    tasks = [task for document in lists for task in document if "hosts" not in task]
    assert plays and tasks
    done = play(tmp_path, [*plays, {"hosts": "localhost", "tasks": tasks}], {}, "--syntax-check")
    assert done.ok, json.dumps(done.text)
