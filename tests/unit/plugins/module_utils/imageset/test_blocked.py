# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import Blocked, compile_pattern

V1, V2 = Generation.V1, Generation.V2
UBI = "registry.redhat.io/ubi8/ubi:latest"


@pytest.mark.parametrize(
    "pattern, reference, blocked",
    [
        ("alpine", "docker.io/library/alpine:latest", True),
        ("alpine", "quay.io/x/alpine-tools:1", True),
        ("alpine", UBI, False),
        ("^alpine", "docker.io/library/notalpine:latest", False),
        ("^docker.io", "docker.io/library/notalpine:latest", True),
        ("ub*", UBI, True),
        (UBI, UBI, True),
        ("(?i)UBI8", UBI, True),
        ("ubi[89]/ubi:[^:]+$", UBI, True),
        ("ub+?i8", UBI, True),
        (r"\bubi8\b", "docker://" + UBI, True),
        ("docker://", "docker://" + UBI, False),
        ("(?P<name>ubi)(?:8|9)", UBI, True),
        ("[]a]lpine", "x/alpine:1", True),
        ("[^]]lpine", "x/alpine:1", True),
    ],
)
def test_expressions_are_searched(pattern, reference, blocked):
    for generation in Generation:
        assert bool(Blocked([pattern], generation).matches(reference)) is blocked


def test_the_second_generation_looks_at_the_destination_too():
    assert Blocked(["^mirror.acme.com/custom"], V2).matches(UBI, "docker://mirror.acme.com/custom/ubi:latest") == "^mirror.acme.com/custom"
    assert not Blocked(["^mirror.acme.com/custom"], V1).matches(UBI, "mirror.acme.com/custom/ubi:latest")
    assert not Blocked(["."], V2).matches("", "mirror.acme.com/custom/ubi:latest")


def test_the_first_expression_that_matches_is_named():
    assert Blocked(["x^", "ubi", "ubi8"], V2).matches(UBI) == "ubi"
    assert not Blocked([], V2) and Blocked(["a"], V2)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P<x>a)(?P=x)",
        "(a)?(?(1)b|c)",
        "(?>a)",
        "(?#note)a",
        "a*+",
        "a++",
        "a{1,2}+",
        r"a\Z",
        r"\u0061",
    ],
)
def test_what_re2_does_not_know_is_refused(pattern):
    with pytest.raises(InputError) as raised:
        compile_pattern(pattern)
    assert "RE2 does not know" in raised.value.message and f'"{pattern}"' in raised.value.message


@pytest.mark.parametrize("pattern", [r"a\z", r"\pL", r"\Qa.b\E", "[[:alpha:]]"])
def test_what_python_does_not_know_is_refused(pattern):
    with pytest.raises(InputError, match="Python does not know"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["a(b", "[invalid", "a**", "*", "a{2,1}", "\\"])
def test_what_is_no_expression_is_refused(pattern):
    with pytest.raises(InputError, match="invalid regular expression"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"\(?=", "[(?=]", "[*+]+", r"a\++", r"[\]+]+", "a+?b", "(a+)+", r"[\1]"])
def test_what_only_looks_like_it_is_taken(pattern):
    assert compile_pattern(pattern).pattern == pattern
