# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page: rendered on the controller, which has Jinja, of the value that the run left on the host.

What `slurp` and `template` do for it packs and starts three modules, which costs more than a run with nothing to do.
"""

from __future__ import annotations

import json
import os
import shlex

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from jinja2 import Environment, StrictUndefined

from ansible_collections.disconnected.mirror.plugins import module_utils

TEMPLATE = os.path.join("roles", "mirror", "templates", "report.html.j2")
# Bytes of the value behind the page that are read.
MOST = 64 * 1024 * 1024


class ActionModule(ActionBase):
    """Changed when the page says something else than before."""

    TRANSFERS_FILES = True
    _VALID_ARGS = frozenset(("workspace",))
    _requires_connection = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        workspace = self._task.args.get("workspace")
        if not workspace:
            raise AnsibleActionFail("workspace is required")
        folder = self._connection._shell.join_path(self._remote_expand_user(str(workspace)), "results")
        path = f"{folder}/report.html"
        result.update(changed=False, path=path)
        value = self._read(f"{folder}/report.json")
        if not value:
            result.update(skipped=True, msg="There is nothing to report yet.")
            return result
        page = rendered(value)
        result["changed"] = page != self._read(path)
        if result["changed"] and not self._task.check_mode:
            self._write(path, page)
        return result

    def _read(self, path):
        """Empty for a file that is not there."""
        quoted = shlex.quote(path)
        answer = self._low_level_execute_command(f"if [ -e {quoted} ]; then head -c {MOST} {quoted}; fi")
        if answer["rc"]:
            raise AnsibleActionFail(f"{path} cannot be read: {answer['stderr'].strip()}")
        return answer["stdout"]

    def _write(self, path, page):
        """Whole or not at all, as whoever owns the workspace."""
        shell = self._connection._shell
        if shell.tmpdir is None:
            self._make_tmp_path()
        brought = self._transfer_data(shell.join_path(shell.tmpdir, "report.html"), page)
        self._fixup_perms2([shell.tmpdir, brought])
        new, old = shlex.quote(f"{path}.new"), shlex.quote(path)
        answer = self._low_level_execute_command(f"cp {shlex.quote(brought)} {new} && chmod 0644 {new} && mv -f {new} {old}")
        if answer["rc"]:
            raise AnsibleActionFail(f"{path} cannot be written: {answer['stderr'].strip()}")


def rendered(value):
    """value: JSON of `module_utils/report/summary.py`."""
    root = os.path.dirname(os.path.dirname(next(iter(module_utils.__path__))))
    with open(os.path.join(root, TEMPLATE), encoding="utf-8") as file:
        template = Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False).from_string(file.read())
    try:
        return template.render(report=json.loads(value))
    except ValueError as error:
        raise AnsibleActionFail(f"The value behind the report is no JSON: {error}. Run the mirror again to write it.") from error
