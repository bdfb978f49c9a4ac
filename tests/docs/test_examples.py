# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of examples, and what it is made by."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.tests.docs.blocks import Block
from ansible_collections.disconnected.mirror.tests.docs.proofs import proof_of
from ansible_collections.disconnected.mirror.tests.tools import examples


def test_every_example_is_listed_with_the_test_that_runs_it():
    with open(examples.PAGE, encoding="utf-8") as file:
        assert file.read() == examples.text(), "run make examples"


@pytest.mark.parametrize(
    "block",
    [
        Block("page", 1, "bash", "ls\n"),
        Block("page", 1, "console", "ls\n", "it takes long"),
        Block("page", 1, "console", "ls\n", "tests/no/test_such.py does it"),
    ],
    ids=["a language that nothing runs", "a reason that names no test", "a reason that names a test that is not there"],
)
def test_an_example_that_nothing_runs_is_refused(block):
    with pytest.raises(ValueError, match="page:1"):
        proof_of(block)
