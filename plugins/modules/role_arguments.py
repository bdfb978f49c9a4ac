#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: role_arguments
short_description: Read the variables of a role by its argument specs
version_added: 0.2.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - The first task of every entry point of the roles of this collection. It runs on the controller and needs no connection.
  - Converts what a survey, an inventory or a command line gives to the types in C(meta/argument_specs.yml). Lists and mappings may be given
    as text in YAML or JSON, numbers and booleans as text. Empty text counts as not set.
  - A path may be written as V(file:///path). A relative path is relative to the directory in which C(ansible-playbook) was started, and is
    refused for hosts that are not reached with C(connection=local).
  - Vaulted values within lists and mappings are decrypted. The result is not shown, because it contains passwords.
  - All mistakes are reported at once in C(msg), each in a sentence that names the variable.
extends_documentation_fragment:
  - disconnected.mirror.attributes
attributes:
  check_mode:
    support: full
    details: Nothing is ever written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  entry_point:
    description:
      - The entry point of the role, as in its argument specs.
    type: str
    default: main
"""

EXAMPLES = r"""
- name: Check the variables
  disconnected.mirror.role_arguments:
    entry_point: mirror_to_mirror
  register: arguments
"""

RETURN = r"""
all:
  description: Every option of the entry point by its name without that of the role, with its default where it is not given.
  returned: success
  type: dict
given:
  description: The options that are given and differ from their defaults.
  returned: success
  type: dict
entry_point:
  description: The entry point.
  returned: always
  type: str
working_directory:
  description: The directory in which C(ansible-playbook) was started, for C(connection=local). Empty for other hosts.
  returned: always
  type: str
"""
