# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Processes of this host, told from later ones that have the same number."""

from __future__ import annotations

import os
from typing import Optional


def born(pid: int) -> Optional[str]:
    """When a process started, in ticks since boot; empty when there is none, None when it cannot be known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return "" if os.path.isdir("/proc/self") else None
    # A zombie does nothing any more.
    return "" if fields[0] in "ZX" else fields[19]
