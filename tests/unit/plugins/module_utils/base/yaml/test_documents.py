# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML from outside is read within bounds, however it is written (user-needs G16)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents


def laughs(levels, merged=False):
    lines = ["a0: &a0 {x: 1}"]
    for level in range(1, levels + 1):
        copies = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} {{<<: [{copies}]}}" if merged else f"a{level}: &a{level} [{copies}]")
    return "\n".join(lines) + "\n"


BOMBS = {
    "aliases": laughs(9),
    "merged mappings": laughs(9, merged=True),
    "brackets": "[" * 100_000,
    "braces": "{a: " * 100_000,
    "dashes": "- " * 100_000,
    "questions": "? " * 100_000,
    "indentation": "\n".join(" " * depth + "a:" for depth in range(2000)),
    "itself": "a: &a [*a]",
}


@pytest.mark.parametrize("name", sorted(BOMBS))
@pytest.mark.parametrize("write", [str, str.encode, lambda text: text.encode("utf-16"), lambda text: text.replace("\n", "\x85")])
def test_what_would_take_all_memory_is_refused(name, write):
    # libyaml from 0.2.6 on refuses by itself, at a depth of its own, what is bounded here for the versions before.
    with pytest.raises(
        InputError, match=r"values once|nested deeper|refers to itself|line \d+, column \d+: .*nesting depth|nesting depth.*line \d+"
    ):
        documents.load(write(BOMBS[name]), "index.yaml")


def test_aliases_and_merges_of_a_decent_size_are_read():
    text = "base: &base {a: 1, b: 2}\nlist: [*base, *base]\nown:\n  <<: *base\n  b: 3\n"
    assert documents.load(text, "x") == {"base": {"a": 1, "b": 2}, "list": [{"a": 1, "b": 2}] * 2, "own": {"a": 1, "b": 3}}
    assert documents.load_all("a: 1\n---\nb: '" + "-" * 200 + "'\n", "x") == [{"a": 1}, {"b": "-" * 200}]


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "\x00", "a: !!python/object:os.system x", b"\xff\xff"])
def test_what_is_no_yaml_is_told(text):
    with pytest.raises(InputError, match="not YAML"):
        documents.load(text, "x")
