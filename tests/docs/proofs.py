# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which test proves which block."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import yaml

from ansible_collections.disconnected.mirror.tests.docs.blocks import Block
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT

COMMANDS, CONFIGURATIONS = "test_commands_run_as_printed", "test_configurations_are_taken_without_a_warning"
VARIABLES, TASKS = "test_variables_are_those_of_the_roles", "test_plays_and_tasks_are_taken_by_ansible"
RESOURCES = "test_resources_of_clusters_are_whole"
INVENTORIES = "test_inventories_are_read_by_ansible"
RECORDED = "test_sessions_are_those_of_the_pages"
_TEST = re.compile(r"tests/[\w/]+(?:\.py)?|make [a-z-]+")


def proof_of(block: Block) -> str:
    """Raises ValueError when there is none."""
    if block.reason:
        named = _TEST.findall(block.reason)
        if not named or not all(name.startswith("make ") or os.path.exists(os.path.join(ROOT, name)) for name in named):
            raise ValueError(f"{block}: no test of this tree is named by {block.reason!r}")
        return block.reason
    if block.commands:
        return COMMANDS
    if block.language == "text":
        return RECORDED
    if block.language == "yaml":
        return ", ".join(dict.fromkeys(_of(document) for document in yaml.safe_load_all(block.text)))
    raise ValueError(f"{block}: nothing runs a block of {block.language}")


def _of(document: object) -> str:
    if isinstance(document, list):
        return TASKS
    if isinstance(document, dict) and "kind" in document:
        return CONFIGURATIONS if str(document["kind"]).endswith("ImageSetConfiguration") else RESOURCES
    if isinstance(document, dict) and any(isinstance(value, dict) and {"hosts", "children"} & set(value) for value in document.values()):
        return INVENTORIES
    return VARIABLES


def inventories(blocks: list[Block]) -> Iterator[Block]:
    return (block for block in blocks if block.language == "yaml" and not block.reason and INVENTORIES in proof_of(block))
