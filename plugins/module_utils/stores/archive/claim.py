# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One writer at a time for an archive in a folder, whatever its workspace (user-needs G10).

Workspaces have locks of their own; two of them may name one folder, and either would give its name to what the other
has only half written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TextIO

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Locked
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files


class Claim:
    """Of one sequence in a folder; the system ends it when the process dies."""

    def __init__(self, folder: str, sequence: int) -> None:
        self._folder = folder
        self._sequence = sequence
        self._file: TextIO | None = None

    def take(self) -> None:
        """Raises Locked, OSError."""
        path = os.path.join(self._folder, f".mirror_seq{self._sequence}.lock")
        file = open(path, "w", encoding="ascii", opener=lambda name, flags: files.extend(name))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who had it before may have removed it meanwhile.
            mine = os.path.exists(path) and os.path.samestat(os.stat(path), os.fstat(file.fileno()))
        except BlockingIOError:
            mine = False
        except OSError:
            file.close()
            raise
        if not mine:
            file.close()
            raise Locked(
                f"another run writes the archive with sequence {self._sequence} there",
                subject=self._folder,
                advice="Wait until it has ended, or choose another folder.",
            )
        self._file = file

    def give_back(self) -> None:
        """May be called twice."""
        file, self._file = self._file, None
        if file is None:
            return
        # It is only a name: the claim ends with the file.
        with contextlib.suppress(OSError):
            os.unlink(file.name)
        file.close()
