# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program behind `make test`: no test file is left out, and no failure is hidden."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.tools import parts
from ansible_collections.disconnected.mirror.tests.tools.parts import Outcome, Part, Run

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]


# In its second half the reason of a skip says what brings what is missing.
REMEDY = re.compile(r"; .*(make \w+|pyenv install|run it as root|OLD_PYTHON=)|(data\S*|charts) (is|are) not here")


def reasons():
    """(file, reason) of each test that may be skipped."""
    for folder, _folders, names in os.walk(os.path.join(ROOT, "tests")):
        for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
            with open(path, encoding="utf-8") as file:
                calls = [node for node in ast.walk(ast.parse(file.read())) if isinstance(node, ast.Call)]
            for call in calls:
                if ast.unparse(call.func) in ("pytest.skip", "pytest.mark.skipif"):
                    said = [keyword.value for keyword in call.keywords if keyword.arg == "reason"] or call.args
                    yield path, ast.unparse(said[0])


def test_the_reason_of_a_skip_names_the_remedy():
    """Data that is no part of the project cannot be had; those tests are left out by their marker."""
    found = list(reasons())
    assert len(found) > 10
    assert [(os.path.relpath(path, ROOT), reason) for path, reason in found if not REMEDY.search(reason)] == []


def test_every_test_file_belongs_to_one_part():
    files = []
    for folder, folders, names in os.walk(os.path.join(ROOT, "tests")):
        # `make browser` runs them.
        folders[:] = [name for name in folders if name != "browser"]
        files += [os.path.join(folder, name) for name in names if name.startswith("test_") and name.endswith(".py")]
    paths = [os.path.join(ROOT, path) for part in parts.parts() for path in part.tests]
    owners = Counter(file for file in files for path in paths if file == path or file.startswith(path + os.sep))
    assert owners == dict.fromkeys(files, 1)


def test_targets_are_those_of_the_makefile():
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as file:
        makefile = file.read()
    for part in parts.parts():
        assert part.tests or f"\n{part.name}: " in makefile


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "LOGS", str(tmp_path))
    return tmp_path


def pytest_part(folder, text):
    """What a part is said to be whose only file has this text."""
    part = Part("some", ("x",))
    (folder / "test_x.py").write_text(text)
    with open(part.log, "wb") as log:
        command = [*PYTEST, f"--junitxml={part.results}", str(folder / "test_x.py")]
        status = subprocess.run(command, stdout=log, stderr=log, check=False, cwd=str(folder)).returncode
    return parts.read(part, status)


def test_counts_and_reasons_come_from_pytest(folder):
    outcome = pytest_part(
        folder,
        "import pytest\n"
        "def test_a(): pass\n"
        "def test_b(): pytest.skip('no such tool; install it')\n"
        "def test_c(): assert 1 == 2\n"
        "@pytest.fixture\n"
        "def broken(): raise ValueError('x')\n"
        "def test_d(broken): pass\n",
    )
    assert outcome.passed == 1
    assert outcome.skipped == {"no such tool; install it": 1}
    assert [failure.partition(":")[0] for failure in outcome.failures] == ["test_x", "test_x"]


@pytest.mark.parametrize("text", ["import nothing_of_that_name\n", "this is no python\n", "\n"])
def test_a_part_that_ran_no_test_has_failed(folder, text):
    outcome = pytest_part(folder, text)
    assert outcome.passed == 0
    assert outcome.failures


def test_a_part_that_died_has_failed(folder):
    outcome = pytest_part(folder, "import os\ndef test_a(): pass\ndef test_b(): os._exit(1)\n")
    assert outcome.failures


@pytest.mark.parametrize("status, passed, failures", [(0, 1, 0), (2, 0, 1), (-9, 0, 1), (None, 0, 1)])
def test_a_target_is_one_check(folder, status, passed, failures):
    part = Part("lint")
    with open(part.log, "w", encoding="utf-8") as log:
        log.write("skipped: for a reason\n")
    outcome = parts.read(part, status)
    assert (outcome.passed, len(outcome.failures), outcome.skipped) == (passed, failures, {"for a reason": 1})


class Script(Part):
    """A part that runs a line of shell."""

    def command(self):
        return ["sh", "-c", self.name]


def test_parts_run_after_what_they_need_and_two_at_a_time(folder, capsys):
    order = folder / "order"
    first = Script(f"sleep 1; echo first >> {order}")
    later = Script(f"echo later >> {order}", after=(first.name,))
    beside = Script(f"echo beside >> {order}")
    logs = {part.name: str(number) for number, part in enumerate((first, later, beside))}
    Script.log = property(lambda part: str(folder / logs[part.name]))
    outcomes = Run([first, later, beside], 2, str(folder)).go()
    assert order.read_text().split() == ["beside", "first", "later"]
    assert [outcome.failures for outcome in outcomes] == [[], [], []]


def test_what_a_part_leaves_running_is_ended_and_told(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "key-abc").mkdir()
    process = subprocess.Popen(["sleep", "600"], env={**os.environ, parts.MARK: str(folder)})
    try:
        outcome = parts.tidy(str(folder), patience=0.0)
        assert process.wait(10) == -9
    finally:
        process.kill()
    assert outcome.failures == ["left running: sleep 600", "left lying: key-abc"]
    assert not folder.exists()


def test_the_last_line_counts_everything(capsys):
    good, bad = Outcome(Part("a"), passed=3), Outcome(Part("b"), passed=1, failures=["b::c: broke"])
    bad.skipped["no zstd"] = 2
    parts.tell([good, bad])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "4 passed, 1 failed, 2 skipped"
    assert "FAILED b::c: broke" in lines
    assert "skipped 2: no zstd" in lines


def test_parts_have_a_home_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
    monkeypatch.setenv("MAKEFLAGS", "n")
    given = parts.environment(str(tmp_path))
    assert given["HOME"] == str(tmp_path / "home") and os.path.isdir(given["HOME"])
    assert not {"XDG_CONFIG_HOME", "MAKEFLAGS"} & set(given)
