# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs, and says so when something is missing at the destination."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.tests.benchmarks import run
from ansible_collections.disconnected.mirror.tests.benchmarks.content import PRESETS, scaled, wishes
from ansible_collections.disconnected.mirror.tests.fakes.processes import DISTRIBUTION, require


def test_smoke_case_meets_its_targets(tmp_path: Any) -> None:
    require(*DISTRIBUTION)
    command = [sys.executable, run.__file__, "--case", "smoke", "--rounds", "1", "--tools", "ours", "--tools", "ours-layout"]
    done = subprocess.run([*command, "--work", str(tmp_path)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| ours | cold |" in done.stdout and "| ours-layout | unchanged |" in done.stdout and "MISSED" not in done.stdout


@pytest.mark.parametrize(
    "words,said",
    [
        (["--tools", "ours,crane"], "--tools ours,crane: it is none of the tools of "),
        (["--case", "many-small", "--tools", "ours", "--tools", "crane"], "--tools crane: it is none of the tools of many-small; "),
        (["--case", "smoke", "--tools", "ours", "--tools", "skopeo"], "--tools skopeo: it is not installed; "),
    ],
)
def test_a_tool_that_would_not_run_is_refused_with_those_that_would(monkeypatch: Any, capsys: Any, words: list[str], said: str) -> None:
    monkeypatch.setattr(run, "available", lambda names: [name for name in names if name.startswith("ours")])
    with pytest.raises(SystemExit):
        run.parse(words)
    error = capsys.readouterr().err
    assert said in error and "once for each of: ours, " in error


def test_same_seed_gives_the_same_image_set() -> None:
    small = scaled(PRESETS["many-small"], 0.05)
    assert wishes(small, "1") == wishes(small, "1") != wishes(small, "2")
    assert len(wishes(small, "1")) == small.repositories * small.tags == 100
