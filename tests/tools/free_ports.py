# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints ports of the loopback address that nobody listens on, in one line: python tests/tools/free_ports.py 3"""

from __future__ import annotations

import contextlib
import socket
import sys


def free_ports(count: int) -> list[int]:
    """They are different ones, since all are held until the last is found."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _number in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


if __name__ == "__main__":
    print(*free_ports(int(sys.argv[1])))
