# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reader with its worst input, in a process of its own: an answer within ten seconds and the memory of its limit."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from ansible_collections.disconnected.mirror.tests.attacks import worst
from ansible_collections.disconnected.mirror.tests.conftest import COLLECTIONS

SECONDS = 10
# Seconds of the clock, on a machine that does other things besides.
PATIENCE = 300
# More address space than any of them needs, so that a reader without bounds harms nobody.
MOST = 6 << 30


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
    resource.setrlimit(resource.RLIMIT_CPU, (3 * SECONDS, 3 * SECONDS))


@pytest.mark.parametrize("number", range(len(worst.CASES)), ids=[f"{case.name} ({case.guard})" for case in worst.CASES])
def test_the_worst_is_answered_at_once_and_in_little_memory(number, tmp_path):
    case = worst.CASES[number]
    case.make(str(tmp_path))
    done = subprocess.run(
        [sys.executable, worst.__file__, str(number), str(tmp_path)],
        env={**os.environ, "COLLECTIONS": COLLECTIONS},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
        preexec_fn=bounded,
    )
    assert done.returncode == 0, done.stderr.decode()[-1500:]
    told = json.loads(done.stdout)
    print(case.name, told)
    assert told["seconds"] <= SECONDS, told
    assert told["memory"] <= case.memory, told
