# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Why and whether a run has to stop: asked to, or no longer the owner of its workspace."""

from __future__ import annotations

from typing import Callable


class Stop:
    """Like a `threading.Event` that also asks a watchman.

    lost: says whether the right to write was lost (`base.lock.WorkspaceLock.lost`).
    """

    def __init__(self, lost: Callable[[], bool] | None = None) -> None:
        self._set = False
        self._lost = lost
        self.reason = ""

    def set(self, reason: str = "the run was stopped") -> None:
        """Takes no lock, and so is safe in a signal handler."""
        self.reason = self.reason or reason
        self._set = True

    def is_set(self) -> bool:
        if not self._set and self._lost is not None and self._lost():
            self.set("another run took over the workspace")
        return self._set
