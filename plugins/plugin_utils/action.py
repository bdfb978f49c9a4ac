# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens on the controller for every module: it brings the core to a host that does not keep it, shows progress, and
lets what a module says name the variables of the role that uses it.
"""

from __future__ import annotations

import contextlib
import os

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import ARCHIVE, DIGEST, MISSING
from ansible_collections.disconnected.mirror.plugins.plugin_utils import core
from ansible_collections.disconnected.mirror.plugins.plugin_utils.interpreter import explained
from ansible_collections.disconnected.mirror.plugins.plugin_utils.interruption import Interruption
from ansible_collections.disconnected.mirror.plugins.plugin_utils.job import STARTING, Job
from ansible_collections.disconnected.mirror.plugins.plugin_utils.lines import Lines
from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_specs import all_options
from ansible_collections.disconnected.mirror.plugins.plugin_utils.role_words import in_words_of, variables_of

COLLECTION = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


class ActionModule(ActionBase):
    """Runs the module that the task names.  SHOWS_PROGRESS: whether it keeps a status file while it works."""

    TRANSFERS_FILES = False
    SHOWS_PROGRESS = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        run = self._watched if self._is_watched() else self._plain
        # Nobody could bring the core later to a module that nobody waits for.
        answer = {MISSING: True} if self._task.async_val else run(task_vars)
        if answer.get(MISSING):
            with self.environment({ARCHIVE: self._brought()}):
                answer = run(task_vars)
        answer.pop(MISSING, None)
        result.update(explained(self, answer))
        return self._in_words_of_the_role(result)

    @contextlib.contextmanager
    def environment(self, variables):
        """More variables for the module than the task has."""
        before = self._task.environment
        self._task.environment = [*(before or []), variables]
        try:
            yield
        finally:
            self._task.environment = before

    def module(self, task_vars, **variables):
        """The module's answer.  variables: more that it finds in its environment."""
        with self.environment({DIGEST: core.digest(), **variables}):
            return self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)

    def _in_words_of_the_role(self, result):
        """Whoever uses a role has given its variables, and none of the module's options."""
        role = self._task._role
        told = result.get("failed") or result.get("failures") or result.get("warnings")
        if not told or role is None or not os.path.realpath(role._role_path).startswith(os.path.join(COLLECTION, "roles")):
            return result
        written = getattr(self._task, "_ds", None) or {}
        arguments = next((value for name, value in written.items() if name.endswith(self._task.action.rpartition(".")[2])), {})
        return in_words_of(variables_of(arguments, f"{role.get_name(False)}_", all_options(role._role_path)), result)

    def _brought(self):
        """Path on the target of a zip of the core, beside the module, with which it is removed."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        path = shell.join_path(shell.tmpdir, "core.zip")
        self._transfer_file(core.archive(), path)
        self._fixup_perms2([shell.tmpdir, path])
        return path

    def _plain(self, task_vars):
        return self.module(task_vars)

    def _is_watched(self):
        """Not in check mode, which keeps no status file, and not in tasks with `async`, which are jobs already."""
        return (
            self.SHOWS_PROGRESS
            and not self._task.check_mode
            and not self._task.async_val
            and boolean(self._task.args.get("progress", True), strict=False)
        )

    def _watched(self, task_vars):
        """The module as a job, with lines that tell how far it is."""
        arguments = self._task.args
        host = task_vars.get("inventory_hostname", "") if task_vars else ""
        status_path = self._connection._shell.join_path(str(arguments.get("workspace", "")), "status.json")
        job = Job(self, status_path, task_vars)
        with Interruption() as interruption:
            answer = job.start()
            if answer is not None:
                return answer
            lines = Lines(host, float(arguments.get("progress_interval") or 10))
            try:
                while not (interruption.came or job.look()):
                    lines.show(job.status)
                    interruption.sleep(job.pause())
            except BaseException:
                job.stop(STARTING if interruption.came else 0.0)
                raise
            if interruption.came:
                job.stop(STARTING)
                raise AnsibleActionFail("The run was interrupted, and its job was stopped. Run the task again to resume.")
        lines.show(job.status, last=True)
        return job.result()
