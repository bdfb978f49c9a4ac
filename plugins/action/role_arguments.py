# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the variables of a role by its argument specs; needs nothing of the host."""

from __future__ import annotations

import os

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.action import ActionBase

from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_arguments import Wrong, plain, take
from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_specs import options_of


class ActionModule(ActionBase):
    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        role, entry_point = self._task._role, self._task.args.get("entry_point") or "main"
        if role is None:
            raise AnsibleError("role_arguments is for tasks of a role")
        options = options_of(role._role_path, entry_point)
        variables, wrong = self._variables(options, task_vars or {})
        arguments = take({name: option for name, option in options.items() if name not in wrong}, variables, self._absolute)
        mistakes = (*wrong.values(), *arguments.wrong)
        result.update(entry_point=entry_point, working_directory=os.getcwd() if self._is_local() else "")
        if mistakes:
            return {**result, "failed": True, "msg": " ".join(mistakes)}
        prefix = f"{role.get_name(False)}_"
        values = {name: _without_prefix(getattr(arguments, name), prefix) for name in ("all", "given")}
        # Passwords are among them.
        return {**result, "changed": False, **values, "_ansible_no_log": True}

    def _variables(self, options, task_vars):
        """The variables that are there, and a sentence for each that cannot be resolved."""
        found, wrong = {}, {}
        for name in options:
            if name in task_vars:
                try:
                    value = self._templar.template(task_vars[name])
                    # Whoever leaves an option out does so with a value of Ansible.
                    found[name] = None if _is_omitted(value, task_vars.get("omit")) else plain(value)
                except Exception as error:
                    wrong[name] = f"{name} cannot be resolved: {_reason(error)}."
        return found, wrong

    def _absolute(self, path):
        """For this machine, what it is where ansible-playbook was started."""
        if not self._is_local():
            raise Wrong("which has no meaning on another host. Write an absolute path.")
        return os.path.normpath(os.path.join(os.getcwd(), path))

    def _is_local(self):
        return self._connection.transport == "local"


def _without_prefix(values, prefix):
    return {name[len(prefix) :] if name.startswith(prefix) else name: value for name, value in values.items()}


def _is_omitted(value, omit):
    return omit is not None and (value is omit or (isinstance(omit, str) and isinstance(value, str) and value == omit))


def _reason(error):
    return " ".join(to_text(error).split()).rstrip(".")[:300]
