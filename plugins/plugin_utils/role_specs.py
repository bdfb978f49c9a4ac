# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument specs of a role, as its file has them."""

from __future__ import annotations

import os

import yaml
from ansible.errors import AnsibleError


def entry_points(role_path):
    """The options of each entry point."""
    path = os.path.join(role_path, "meta", "argument_specs.yml")
    with open(path, encoding="utf-8") as file:
        specs = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["argument_specs"]
    return {name: entry_point.get("options") or {} for name, entry_point in specs.items()}


def options_of(role_path, entry_point):
    found = entry_points(role_path)
    if entry_point not in found:
        raise AnsibleError(f"the role in {role_path} has no entry point {entry_point}")
    return found[entry_point]


def all_options(role_path):
    """The names of the variables of all entry points."""
    return {name for options in entry_points(role_path).values() for name in options}
