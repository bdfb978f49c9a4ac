# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin in the place of `normal`, for plays of many tasks on this host: a module of a collection runs in the worker's process.

ANSIBLE_ACTION_PLUGINS=tests/fakes/in_process ansible-playbook ...

It saves the packing and the interpreter, six tenths of a second for each item of a loop.  What is shown and what is hidden is
decided by Ansible all the same.
"""

from __future__ import annotations

import importlib
import os
from unittest import mock

from ansible.plugins.action import ActionBase

from ansible_collections.disconnected.mirror.tests.fakes.module import run_module


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        namespace, collection, name = self._task.resolved_action.split(".")
        module = importlib.import_module(f"ansible_collections.{namespace}.{collection}.plugins.modules.{name}")
        environment = {key: str(value) for part in self._task.environment or [] for key, value in part.items()}
        with mock.patch.dict(os.environ, environment):
            return run_module(module, self._task.args, check_mode=self._task.check_mode, invocation=True)
