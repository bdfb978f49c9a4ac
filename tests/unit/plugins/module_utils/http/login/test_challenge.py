# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WWW-Authenticate in all its shapes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.challenge import parse

BEARER = {"realm": "https://auth.example.com/token", "service": "registry.example.com"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a b"', [("basic", {"realm": "a b"})]),
        ('Bearer realm="https://auth.example.com/token",service="registry.example.com"', [("bearer", BEARER)]),
        ('bearer  REALM = "https://auth.example.com/token" , service=registry.example.com', [("bearer", BEARER)]),
        (
            'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push"',
            [("bearer", {**BEARER, "scope": "repository:a/b:pull,push"})],
        ),
        ('Basic realm="x", Bearer realm="y"', [("basic", {"realm": "x"}), ("bearer", {"realm": "y"})]),
        ('Negotiate, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        (r'Basic realm="a \"quoted\" word"', [("basic", {"realm": 'a "quoted" word'})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        ('Bearer realm="never ends', [("bearer", {})]),
        ('realm="without a scheme"', []),
    ],
)
def test_challenges(text, expected):
    assert [(challenge.scheme, challenge.parameters) for challenge in parse(text)] == expected


@settings(derandomize=True, max_examples=300)
@given(st.text(alphabet='Basic erl="\\,; \t=x/:\x00é', max_size=80))
def test_nonsense_is_survived(text):
    for challenge in parse(text):
        assert challenge.scheme == challenge.scheme.lower() != ""
