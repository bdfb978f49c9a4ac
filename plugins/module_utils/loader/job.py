# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A module that goes on by itself, so that the action plugin can look at how far it is.

What Ansible has for that packs and starts a module of its own, and needs a home that can be written.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

# By this variable a module is asked to go on by itself, and its process is known to be of a job.
VARIABLE = "DISCONNECTED_MIRROR_JOB"
# In the answer of a module that does: where its result will be.
RESULT = "disconnected_mirror_job_result"
# Characters of what a module that died had to say.
_SAID = 4000


def detach(environ: Mapping[str, str]) -> None:
    """Returns in a process of its own where that is asked for; the one that was started ends with an answer.

    A process between the two waits for the end of the second and leaves its result, whole, in a directory of this user.
    """
    if not environ.get(VARIABLE):
        return
    folder = tempfile.mkdtemp(prefix="disconnected-mirror-job-")
    own, begun = os.pipe()
    if os.fork():
        os.close(begun)
        # Until it has a session of its own: the terminal that SSH gives a module hangs up on all that are in the module's.
        os.read(own, 1)
        sys.stdout.write(json.dumps({RESULT: os.path.join(folder, "result")}) + "\n")
        sys.stdout.flush()
        # Without what ends a module: the other process still needs what AnsiballZ would remove.
        os._exit(0)
    os.setsid()
    _redirect(folder)
    os.close(own)
    os.close(begun)
    worker = os.fork()
    if worker:
        _conclude(folder, os.waitpid(worker, 0)[1])
        os._exit(0)


def _redirect(folder: str) -> None:
    """Whoever started it waits until nobody has its output open."""
    for name, number, mode in ((os.devnull, 0, os.O_RDONLY), ("stdout", 1, os.O_WRONLY), ("stderr", 2, os.O_WRONLY)):
        file = os.open(os.path.join(folder, name), mode | os.O_CREAT, 0o600)
        os.dup2(file, number)
        os.close(file)


def _conclude(folder: str, status: int) -> None:
    output = os.path.join(folder, "stdout")
    result = output
    if not _is_document(_text(output)):
        result = os.path.join(folder, "failure")
        with open(result, "w", encoding="utf-8") as file:
            json.dump(_failure(status, _text(os.path.join(folder, "stderr")), _text(output)), file)
    os.rename(result, os.path.join(folder, "result"))


def _failure(status: int, errors: str, output: str) -> dict[str, Any]:
    """As Ansible tells of a module that ended without a result."""
    code = os.waitstatus_to_exitcode(status)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
    msg = f"The job that worked {how} and has left no result. Run the task again to resume."
    return {"failed": True, "msg": msg, "module_stderr": errors[-_SAID:], "module_stdout": output[-_SAID:], "rc": code}


def _is_document(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
