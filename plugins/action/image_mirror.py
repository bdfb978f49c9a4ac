# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows the progress of image_mirror: starts the module as a job on the target and reads the status file that it keeps."""

from __future__ import annotations

import json
import os
import shlex
import signal
import threading
import time

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown

# A job may run for so many seconds; it ends by itself long before, or is stopped.
LONGEST = 30 * 24 * 3600
# Seconds between two looks at the job: short ones first, so that a run with nothing to do ends at once.
SHORTEST_LOOK, LONGEST_LOOK = 0.05, 2.0
# A job that has held its workspace's lock for none of so many seconds is gone.
VANISHED = 240.0
# A job that was just started takes some of these seconds until it holds the lock.
STARTING = 20.0
# Lines of progress become rarer in long runs, up to one in so many seconds.
RAREST_LINE = 30.0
# What the job mechanism adds to a result.
JOB_KEYS = ("ansible_job_id", "started", "finished", "results_file", "_ansible_no_log", "_ansible_delegated_vars")
# What Ansible itself adds to a result, in forms that change with its version.
ANSIBLE_KEYS = ("warnings", "deprecations", "exception", "error")
# Bytes of a result or a status that are read.
MOST = 16 * 1024 * 1024
# By this variable a process is known to be of a job.
VARIABLE = "DISCONNECTED_MIRROR_JOB"


class ActionModule(ActionBase):
    """Without progress, in check mode and in tasks with `async` this is the plain module."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = self._task.args
        if (
            self._task.check_mode
            or self._task.async_val
            or not boolean(arguments.get("progress", True), strict=False)
            or self._splits(task_vars)
        ):
            result.update(self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val))
            return result
        host = task_vars.get("inventory_hostname", "") if task_vars else ""
        status_path = self._connection._shell.join_path(str(arguments.get("workspace", "")), "status.json")
        job = Job(self, status_path, task_vars)
        with Interruption() as interruption:
            started = job.start()
            if "ansible_job_id" not in started:
                result.update(started)
                return result
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
        result.update(job.result())
        return result

    def _splits(self, task_vars):
        """Whether the path of the interpreter has blanks, at which the job mechanism would cut it."""
        local = getattr(self._connection, "_remote_is_local", False)
        path = (task_vars or {}).get("ansible_playbook_python" if local else "ansible_python_interpreter") or ""
        return any(character.isspace() for character in str(path))


class Interruption:
    """Holds back the signals that end a play until its job was told.

    A worker of ansible-core 2.19 ends at once when it gets one, without an exception that could be caught.  came: the
    number of the signal, 0 for none.
    """

    def __init__(self):
        self.came = 0
        self._before = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_exception):
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if self.came:
            os.kill(os.getpid(), self.came)

    def sleep(self, seconds):
        """Ends early when a signal comes."""
        end = time.monotonic() + seconds
        while not self.came and time.monotonic() < end:
            time.sleep(max(min(0.1, end - time.monotonic()), 0.0))

    def _note(self, number, _frame):
        self.came = self.came or number


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
        """What the start of the job answered."""
        task = self._action._task
        before = task.async_val, task.environment
        task.async_val, task.environment = LONGEST, [*(task.environment or []), {VARIABLE: self._token}]
        try:
            answer = self._action._execute_module(task_vars=self._task_vars, wrap_async=True)
        finally:
            task.async_val, task.environment = before
        self._results = answer.get("results_file", "")
        return answer

    def look(self):
        """Reads how far it is; says whether it has ended."""
        results, status = self._read(self._results, self._status_path)
        if status and status != self._before:
            self.status = _document(status) or self.status
        if _is_final(results):
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
        """The module's result, without what the job mechanism adds; the job's file is removed."""
        answer = _document(self._answer) or {}
        if not answer or any(key in answer for key in ANSIBLE_KEYS):
            answer = self._read_by_ansible()
        self._action._low_level_execute_command(f"rm -f {shlex.quote(self._results)}")
        return {key: value for key, value in answer.items() if key not in JOB_KEYS}

    def _read_by_ansible(self):
        """The result as Ansible's own module reads it, which takes longer than a run with nothing to do."""
        folder, _slash, name = self._results.rpartition("/")
        arguments = {"jid": name, "mode": "status", "_async_dir": folder}
        return self._action._execute_module(module_name="ansible.legacy.async_status", module_args=arguments, task_vars=self._task_vars)

    def stop(self, patience=0.0):
        """Asks the job to end; what it has done so far is kept, and the next run goes on from there.

        patience: for so many seconds a job is waited for that was started and has not come to its lock.
        """
        end = time.monotonic() + patience
        while not _is_final(self._read(self._results)[0]):
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


class Lines:
    """Lines of progress, often enough to see that it lives and rarely enough to be read."""

    def __init__(self, host, interval):
        self._host = host
        self._interval = interval
        self._began = self._shown = time.monotonic()
        self._any = False

    def show(self, status, last=False):
        now = time.monotonic()
        wait = min(max(self._interval, (now - self._began) / 20), max(RAREST_LINE, self._interval))
        if (last and self._any) or (not last and now - self._shown >= wait):
            self._shown, self._any = now, True
            Display().display(shown.line(f"  {self._host}: {line(status, now - self._began)}"))


def line(status, seconds):
    """One line about a status document (`transfer.progress`), None for none yet."""
    try:
        return _line(status, seconds) if status else f"starting, {duration(seconds)} so far"
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        # A status that another version wrote, or somebody else.
        return f"running, {duration(seconds)} so far"


def _line(status, seconds):
    images, size = status["images"], status["bytes"]
    if not images["total"]:
        return f"{status['phase']}, {duration(seconds)} so far"
    parts = [f"{images['done']}/{images['total']} {'image' if images['total'] == 1 else 'images'}"]
    if size["total"]:
        parts.append(f"{amount(size['done'])} of {amount(size['total'])}")
    if status["rate"]:
        parts.append(f"{amount(status['rate'])}/s")
    if status["retries"]:
        parts.append(f"{status['retries']} retried")
    if images["failed"]:
        parts.append(f"{images['failed']} failed")
    if status.get("waiting"):
        parts.append(f"waiting for {status['waiting']['host']} for {duration(status['waiting']['seconds'])}")
    if status["eta"] is not None:
        parts.append(f"about {duration(status['eta'])} left")
    return f"{status['phase']}: {', '.join(parts)}"


def amount(size):
    """Bytes in the largest unit that keeps them above one."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def duration(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _is_final(results):
    """Whether the results file of a job is that of one that has ended, or was never started."""
    answer = _document(results)
    return answer is not None and bool(not answer.get("started") or answer.get("finished"))


def _document(text):
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
