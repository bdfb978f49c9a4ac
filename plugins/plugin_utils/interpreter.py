# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose Python is too old gets a sentence: what its interpreter makes of a module is a traceback."""

from __future__ import annotations

import re

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import OLDEST, TOO_OLD

# Of a result that no module made.
_NO_MODULE = ("module_stdout", "module_stderr")
_ASK = "-c 'import sys; print(\"Python %d.%d\" % sys.version_info[:2])'"
_NAMED = re.compile(r"Python (\d+)\.(\d+)\s*\Z")


def explained(action, answer):
    """The answer, or a sentence in its place where the interpreter is the reason for the failure."""
    interpreter = (action._used_interpreter or "").removeprefix("#!").strip()
    if not interpreter or not any(key in answer for key in _NO_MODULE):
        return answer
    told = action._low_level_execute_command(f"{interpreter} {_ASK}").get("stdout", "")
    found = _NAMED.search(told)
    if not found or tuple(map(int, found.groups())) >= OLDEST:
        return answer
    return {"failed": True, "msg": TOO_OLD.format(interpreter, f"{found[1]}.{found[2]}")}
