# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module's `main` in this process, as AnsiballZ would with these arguments."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import parameters, warnings


def run_module(
    module: Any, arguments: Mapping[str, Any], check_mode: bool = False, diff: bool = False, invocation: bool = False
) -> dict[str, Any]:
    """The module's result; `failed` is there when it failed.

    invocation: keep the options that Ansible repeats in it and shows when it is verbose.
    """
    given = {**arguments, "_ansible_check_mode": check_mode, "_ansible_diff": diff}
    # Newer versions keep it only on request.
    if invocation and "inject_invocation" in parameters.PASS_VARS:
        given["_ansible_inject_invocation"] = True
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode("utf-8")
    printed = io.StringIO()
    with mock.patch.object(basic, "_ANSIBLE_ARGS", encoded), mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True), _alone():
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            module.main()
    result = json.loads(printed.getvalue())
    if not invocation:
        result.pop("invocation", None)
    return result


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """As in a process of its own: no warnings of earlier modules, and none of the controller's code, which shows them instead."""
    internal = getattr(warnings, "_internal", None)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(warnings, "_global_warnings", type(warnings._global_warnings)()))
        if internal is not None:
            stack.enter_context(mock.patch.object(internal, "is_controller", False))
        yield
