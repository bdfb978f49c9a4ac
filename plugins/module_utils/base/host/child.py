# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A program that was started from here; every start of one, short or long, is here."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any


class Child(subprocess.Popen[bytes]):
    """In a session of its own: it never reads from the terminal of the user, nor gets what is typed there.

    Takes the arguments of `subprocess.Popen`; raises OSError when the program cannot be started.
    """

    def __init__(self, command: Any, **settings: Any) -> None:
        super().__init__(command, start_new_session=True, **settings)

    def end(self) -> None:
        """Ends it at once, with all that it started."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return
