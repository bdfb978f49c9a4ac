# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others wrote is shown as it is spelt: nothing of it moves a cursor, hides a line, turns a text around or fails to be written.

The guards: `base/shown.py` (escape) and `adapters/outcome.py` (the one place that it is used for results, warnings, messages and
differences, and that turns an unexpected fault into a sentence); `base/host/files.py` (documents with halves of characters).
"""

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import Outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text import shown

TRICKS = {
    "a window is retitled": "\x1b]0;owned\x07",
    "the screen is cleared": "\x1b[2J\x1b[H",
    "a line is written over": "bad\rgood",
    "a character is taken back": "bad\b\b\bgood",
    "an escape in one byte": "\x9b2J",
    "an operating system command in one byte": "\x9d0;x\x9c",
    "a bell": "\x07",
    "a form feed": "\x0c",
    "a vertical tab": "\x0b",
    "a zero": "a\x00b",
    "a delete": "a\x7fb",
    "a text turned around": "\u202egnp.exe",
    "a text in brackets of direction": "\u2067abc\u2069",
    "a mark of direction": "a\u200fb",
    "a line separator": "a\u2028[WARNING]: b",
    "a paragraph separator": "a\u2029b",
    "half a character": "a\ud800b",
    "the other half": "a\udc00b",
    "a name of a file in no UTF-8": b"caf\xe9".decode("utf-8", "surrogateescape"),
    "a next line in one byte": "a\x85b",
}
UNSHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class Ended(Exception):
    """A module ends its process."""


class Module:
    """What `finish` needs of a module."""

    def __init__(self, params=None):
        self.params = params or {}
        self.no_log_values = set()
        self._diff = True
        self.warnings = []
        self.result = {}

    def warn(self, text):
        self.warnings.append(text)

    def exit_json(self, **result):
        self.result = result
        raise Ended

    fail_json = exit_json


def finished(work, params=None):
    module = Module(params)
    with pytest.raises(Ended):
        outcome.finish(module, work)
    return module


def raises(error):
    def work():
        raise error

    return work


def is_plain(value):
    text = json.dumps(value, ensure_ascii=False)
    text.encode("utf-8")
    return not UNSHOWN.search(text)


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_in_a_result(trick):
    module = finished(lambda: Outcome(True, {"names": [trick], trick: {"deep": (trick,)}}))
    assert is_plain(module.result) and module.result["changed"] is True


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_in_a_warning_which_stays_on_its_line(trick):
    module = finished(lambda: Outcome(False, warnings=(f"a{trick}\n[WARNING]: b",)))
    assert is_plain(module.warnings) and "\n" not in module.warnings[0]


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_in_an_error_of_a_registry(trick):
    module = finished(raises(RegistryError(f"it said {trick}", subject=trick, advice=trick, host=trick)))
    assert is_plain(module.result) and module.result["msg"]


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_in_failures_a_problem_and_a_difference(trick):
    failure = Failure("error", trick, trick, wanted_by=(trick,))
    module = finished(lambda: Outcome(False, {}, (failure,), problem=f"failed: {trick}", diff={"before": trick, "after": ""}))
    assert is_plain(module.result) and "failures" in module.result


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_in_a_document_that_is_written(tmp_path, trick):
    path = str(tmp_path / "last-run.json")
    files.write_json(path, {"failures": [{"message": trick}]})
    assert set(files.read_json(path)) == {"failures"}


@pytest.mark.parametrize("text", ["plain", "two\nlines", "a\ttab", "Grüße 😀", "日本語", "e\u0301", "\u200d"])
def test_honest_texts_stay_as_they_are(text):
    assert shown.text(text) == text


@pytest.mark.parametrize(
    "error",
    [
        UnicodeEncodeError("utf-8", "a", 0, 1, "no"),
        RecursionError("deep"),
        KeyError("x"),
        ValueError("\x1b[2J"),
        AttributeError("x"),
        MemoryError(),
    ],
    ids=["a text that cannot be written", "a depth", "a key", "a value with an escape", "a member", "no memory"],
)
def test_a_fault_of_ours_is_a_sentence_with_its_traceback_aside(error):
    module = finished(raises(error))
    assert is_plain(module.result) and "Traceback" not in module.result["msg"] and "Traceback" in module.result["exception"]
    assert "memory" in module.result["msg"] if isinstance(error, MemoryError) else "Please report it" in module.result["msg"]
