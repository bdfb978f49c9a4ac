# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What ends a run before it has results, such as a registry that does not answer: then that is its report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace


@contextmanager
def reported(workspace: Workspace, workflow: str, place: str, check_mode: bool) -> Iterator[None]:
    """For a run that holds the workspace; check mode leaves nothing.  Raises whatever is raised inside.

    place: where the images go, for the report.
    """
    before = _written(workspace.run_log)
    try:
        yield
    except MirrorError as error:
        # A run may have noted a part of its work already.
        if not check_mode and _written(workspace.run_log) == before:
            with suppress(StorageError):
                _note(workspace, workflow, place, error)
        raise


def _note(workspace: Workspace, workflow: str, place: str, error: MirrorError) -> None:
    # Most runs do not end so, and start sooner without it.
    from ansible_collections.disconnected.mirror.plugins.module_utils.report.history import Run
    from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.run_log import keep_run

    keep_run(workspace, Run(int(time.time()), workflow, place, "", "incomplete", False, failures=1, problem=Failure.of(error)))


def _written(path: str) -> int:
    """When, in nanoseconds; 0 for never."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
