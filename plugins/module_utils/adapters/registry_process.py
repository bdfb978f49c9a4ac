# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""registry_process: a registry that keeps running as a process of the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.daemon.process import Daemon, ensure_started, ensure_stopped

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
    "pid_file": {"type": "path", "required": True},
    "command": {"type": "list", "elements": "str"},
    "log_file": {"type": "path"},
    "address": {"type": "str", "default": "127.0.0.1"},
    "port": {"type": "int"},
    "watch": {"type": "list", "elements": "path", "default": []},
    "restart": {"type": "bool", "default": False},
    "timeout": {"type": "int", "default": 30},
}


def run(params: Mapping[str, Any], check_mode: bool) -> Outcome:
    if params["state"] == "stopped":
        return Outcome(changed=ensure_stopped(params["pid_file"], params["timeout"], check_mode), values={"pid": 0})
    daemon = Daemon(
        command=tuple(params["command"]),
        pid_file=params["pid_file"],
        log_file=params["log_file"],
        address=params["address"],
        port=params["port"],
        watch=tuple(params["watch"]),
    )
    changed, pid = ensure_started(daemon, params["timeout"], check_mode, params["restart"])
    return Outcome(changed=changed, values={"pid": pid})
