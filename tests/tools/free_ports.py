# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints ports of the loopback address that nobody listens on, in one line: python tests/tools/free_ports.py 3"""

from __future__ import annotations

import sys

from ansible_collections.disconnected.mirror.tests.fakes.processes import free_port


def free_ports(count: int) -> list[int]:
    """They are different ones."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
