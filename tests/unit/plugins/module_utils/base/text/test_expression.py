# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of users: the same answers as `re`, whoever matches, and an end to those that take too long."""

from __future__ import annotations

import gc
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import process
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.expression import Expression, is_quick

QUICK = ["", "alpine", "^quay.io/a", "ubi[89]", r"ub+?i8\b", "(?i)UBI8", "(?:a|b)/c$", ".*", r"4\.20\.1\d?"]
OTHERS = [
    "(a+)+$",
    "([^/]+/)*ubi",
    ".*/.*:",
    "(a|aa)* b",
    r"(a)\1",
    "(?P<x>u)(?P=x)",
    "(?x) a +",
    "(?:ubi){1,3}",
    "a?" * 10,
    "a{1,9}b{1,9}",
]
TEXTS = ["", "alpine", "quay.io/ubi8/ubi:1", "quay.io/aa/UBI9", "4.20.11", "\u00e9\n\U0001f600\udc80", "a" * 20 + " b", "x" * 3000 + "ubi"]


@pytest.mark.parametrize("pattern", QUICK + OTHERS)
def test_it_finds_what_re_finds(pattern):
    assert is_quick(pattern) is (pattern in QUICK)
    expression = Expression(pattern, re.ASCII)
    assert [expression.search(text) for text in TEXTS] == [bool(re.search(pattern, text, re.ASCII)) for text in TEXTS]


def test_what_takes_too_long_ends_with_what_to_do(monkeypatch):
    monkeypatch.setattr(limits, "EXPRESSION_SECONDS", 1)
    expression = Expression("(a+)+$")
    assert expression.search("baaa")
    for _time in range(2):
        with pytest.raises(InputError, match=r"'\(a\+\)\+\$' takes more than 1 seconds"):
            expression.search("a" * 100 + "!")


def test_threads_get_each_their_own_answer():
    expression = Expression("(a|b)*c")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(expression.search, ["abc", "abd"] * 200))
    assert found == [True, False] * 200


def test_nothing_is_left_running():
    expression = Expression("(a|b)*c")
    expression.search("abc")
    pid = expression._matcher.pid
    assert process.born(pid)
    del expression
    gc.collect()
    assert not process.born(pid)


def test_what_is_no_expression_is_refused():
    with pytest.raises(re.error):
        Expression("(")
