# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module as a job on the target, and the status file that it keeps."""

from __future__ import annotations

import json
import os
import shlex
import time

from ansible.errors import AnsibleActionFail

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.job import RESULT, VARIABLE

# Seconds between two looks at the job: short ones first, so that a run with nothing to do ends at once.
SHORTEST_LOOK, LONGEST_LOOK = 0.05, 2.0
# A job that has held its workspace's lock for none of so many seconds is gone.
VANISHED = 240.0
# A job that was just started takes some of these seconds until it holds the lock.
STARTING = 20.0
# What its module for jobs adds to a result.
JOB_KEYS = ("ansible_job_id", "started", "finished", "results_file", "_ansible_no_log", "_ansible_delegated_vars")
# What Ansible itself adds to a result, in forms that change with its version.
ANSIBLE_KEYS = ("warnings", "deprecations", "exception", "error")
# Bytes of a result or a status that are read.
MOST = 16 * 1024 * 1024


class Job:
    """The module as a job on the target.  status: what its status file says, None as long as it says nothing new."""

    def __init__(self, action, status_path, task_vars):
        self.status = None
        self._action = action
        self._task_vars = task_vars
        self._status_path = action._remote_expand_user(status_path)
        self._lock_path = self._status_path[: -len("status.json")] + "lock"
        self._results = self._answer = ""
        self._began = self._alive = time.monotonic()
        self._token = os.urandom(16).hex()
        self._before = self._read(self._status_path)[0]

    def start(self):
        """None when it runs; else what the module answered instead."""
        answer = self._action.module(self._task_vars, **{VARIABLE: self._token})
        self._results = answer.get(RESULT, "")
        return None if self._results else answer

    def look(self):
        """Reads how far it is; says whether it has ended."""
        results, status = self._read(self._results, self._status_path)
        if status and status != self._before:
            self.status = _document(status) or self.status
        if _document(results) is not None:
            self._answer = results
            return True
        now = time.monotonic()
        if now - self._alive > VANISHED / 4 and self._holder():
            self._alive = now
        if now - self._alive > VANISHED:
            raise AnsibleActionFail(
                "The job that mirrors images has ended without a result; it was killed, or its host was restarted. "
                "Run the task again to resume."
            )
        return False

    def pause(self):
        """Seconds until the next look: a twentieth of the time that it has taken so far."""
        return min(max((time.monotonic() - self._began) / 20, SHORTEST_LOOK), LONGEST_LOOK)

    def result(self):
        """The module's result; its file is removed."""
        answer = _document(self._answer) or {}
        if not answer or any(key in answer for key in ANSIBLE_KEYS):
            answer = self._read_by_ansible()
        self._action._low_level_execute_command(f"rm -r -f {shlex.quote(os.path.dirname(self._results))}")
        return answer

    def _read_by_ansible(self):
        """The result as Ansible's own module reads it, which takes longer than a run with nothing to do."""
        folder, _slash, name = self._results.rpartition("/")
        arguments = {"jid": name, "mode": "status", "_async_dir": folder}
        answer = self._action._execute_module(module_name="ansible.legacy.async_status", module_args=arguments, task_vars=self._task_vars)
        return {key: value for key, value in answer.items() if key not in JOB_KEYS}

    def stop(self, patience=0.0):
        """Asks the job to end; what it has done so far is kept, and the next run goes on from there.

        patience: for so many seconds a job is waited for that was started and has not come to its lock.
        """
        end = time.monotonic() + patience
        while _document(self._read(self._results)[0]) is None:
            process = (self._holder() or {}).get("pid")
            if isinstance(process, int) and process > 1:
                # Whoever can write the lock could name any process: only one that this job started is told to end.
                own = f"grep -qzxF {VARIABLE}={self._token} /proc/{process}/environ 2>/dev/null"
                self._action._low_level_execute_command(f"{own} && kill -TERM {process}")
                return
            if time.monotonic() >= end:
                return
            time.sleep(SHORTEST_LOOK)

    def _holder(self):
        """Who works in the workspace, from its lock; None when nobody has renewed it for a while."""
        path = shlex.quote(self._lock_path)
        answer = self._action._low_level_execute_command(f"find {path} -type f -mmin -3 -exec head -c {MOST} {path} ';' 2>/dev/null")
        return _document(answer.get("stdout", ""))

    def _read(self, *paths):
        """The texts of files on the target, empty for those that are not there."""
        # What is in a file may be what a registry said, and must not be taken for its end.
        mark = os.urandom(16).hex()
        commands = "; ".join(f"[ -f {path} ] && head -c {MOST} {path} 2>/dev/null; echo {mark}" for path in map(shlex.quote, paths))
        texts = self._action._low_level_execute_command(commands).get("stdout", "").split(mark)
        return [text.strip() for text in (*texts[: len(paths)], *[""] * len(paths))][: len(paths)]


def _document(text):
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
