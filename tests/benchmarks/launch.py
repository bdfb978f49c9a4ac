# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts a command, waits for it and prints what it used, as JSON, on the descriptor that is given first.

    python -I -S launch.py 5 command argument...

A process inherits the peak memory of whoever forked it, so that the one who forks must be small: no imports of weight here.
"""

import os
import sys
import time


def main() -> None:
    report, command = int(sys.argv[1]), sys.argv[2:]
    os.set_inheritable(report, False)
    began = time.perf_counter()
    child = os.fork()
    if not child:
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    _pid, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    figures = (os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, used.ru_oublock / 2048)
    os.write(report, ("[" + ", ".join(map(repr, figures)) + "]").encode("ascii"))


if __name__ == "__main__":
    main()
