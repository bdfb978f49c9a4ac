# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a line for each play and what tasks with the tag `told` say; what Ansible prints otherwise goes to its log alone."""

from __future__ import annotations

import time

from ansible.plugins.callback.default import CallbackModule as Default

DOCUMENTATION = """
name: steps
type: stdout
short_description: The demo's steps
description: A line for each play, what tasks with the tag C(told) say, and the reason of a failure.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
"""


class LogOnly:
    """A display that writes nothing to the screen."""

    def __init__(self, display):
        self._display = display

    def __getattr__(self, name):
        return getattr(self._display, name)

    def display(self, message, *_arguments, **_options):
        self._display.display(message, log_only=True)

    def error(self, message, *_arguments, **_options):
        self._display.display(f"ERROR: {message}", log_only=True)

    def banner(self, message, *_arguments, **_options):
        self._display.display(f"\n{message}", log_only=True)


class CallbackModule(Default):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "steps"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._screen = self._display
        self._display = LogOnly(self._screen)
        self._began = time.monotonic()
        self._failure = None
        self._items = []

    def v2_playbook_on_play_start(self, play):
        super().v2_playbook_on_play_start(play)
        if "quiet" not in play.tags:
            self._screen.display(f"{time.monotonic() - self._began:4.0f} s  {play.get_name()}")

    def v2_runner_on_ok(self, result):
        super().v2_runner_on_ok(result)
        task, answer = _parts(result)
        if "told" in task.tags:
            said = answer.get("msg", [])
            for line in [said] if isinstance(said, str) else said:
                if line:
                    self._screen.display(line)

    def v2_runner_item_on_failed(self, result):
        # Newer versions of ansible-core do not repeat them in the result of the loop.
        self._items.append(_parts(result)[1])
        super().v2_runner_item_on_failed(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        task, answer = _parts(result)
        if not ignore_errors:
            # Of a loop and of a command the message says only that something failed; what a loop has is taken away by what follows.
            failed = [each for each in answer.get("results", []) if each.get("failed")] or self._items or [answer]
            details = [each.get(name) for each in failed for name in ("msg", "stdout", "stderr")]
            self._failure = task.name, "\n".join(str(detail).strip() for detail in details if detail)
        self._items = []
        super().v2_runner_on_failed(result, ignore_errors)

    def v2_playbook_on_stats(self, stats):
        super().v2_playbook_on_stats(stats)
        if self._failure and any(stats.failures.values()):
            self._screen.display("FAILED: {}: {}".format(*self._failure))


def _parts(result):
    """Names of these differ between versions of Ansible."""
    return getattr(result, "task", None) or result._task, getattr(result, "result", None) or result._result
