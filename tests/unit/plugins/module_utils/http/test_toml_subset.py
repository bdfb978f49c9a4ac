# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What registries.conf is written in, read without a TOML library: the same as with one, or refused."""

from __future__ import annotations

import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http import toml_subset

tomllib = pytest.importorskip("tomllib")

RHEL = """
# For more information on this configuration file, see containers-registries.conf(5).
unqualified-search-registries = ["registry.access.redhat.com", "registry.redhat.io", "docker.io"]
short-name-mode = "enforcing"

[[registry]]
prefix = "*.example.com"  # all of them
insecure = false
blocked = true
location = 'internal.example.com:5000/a'

[[registry.mirror]]
location = "mirror-1.test/b"
[[registry.mirror]]
location = "mirror-2.test/b"
pull-from-mirror = "digest-only"

[[registry]]
location = "r.io"
mirror = [{ location = "m.io", insecure = true },
  { location = "n\\u0021.io" },  # the last
]

[aliases]
"ubi9/ubi" = "registry.access.redhat.com/ubi9/ubi"
almalinux = "docker.io/library/almalinux"
a.b.c = 12
"""


def test_the_files_of_the_field():
    assert toml_subset.loads(RHEL) == tomllib.loads(RHEL)
    assert toml_subset.loads("") == toml_subset.loads("\r\n# only a comment") == {}


@pytest.mark.parametrize(
    "text",
    [
        *('a = """b"""', "a = '''b'''", "a = 1.5", "a = 2026-01-01", "a =", "a", "= 1", "[a", "[[a]", "[a]]", "a = [1", "a = [1 2]"),
        *(
            "a = { b = 1",
            "a = 1 b = 2",
            "a = 1\na = 2",
            "a.b = 1\na = 2",
            "a = 1\na.b = 2",
            "a = 1\n[[a]]",
            "a = yes",
            'a = "',
            "a = 'b\nc'",
        ),
        *("a = \x00", "a = \u00e9", "a = 1e3", "a = +-1", "[a.]", "[]", "a = [,]", "a = " + "9" * 5000),
    ],
)
def test_what_is_beyond_or_wrong_is_refused(text):
    with pytest.raises(ValueError):
        toml_subset.loads(text)


def test_what_is_read_is_what_the_library_reads():
    pieces = ["a", "b.c", '"d e"', "=", " = ", "1", "true", "'x'", '"y"', "[", "]", "[[", "]]", "{", "}", ",", "\n", "\n", " ", "# z", "."]
    chosen = random.Random(15)
    same = 0
    for _each in range(30000):
        text = "".join(chosen.choice(pieces) for _piece in range(chosen.randint(1, 12)))
        try:
            found = toml_subset.loads(text)
        except ValueError:
            continue
        assert found == tomllib.loads(text), text
        same += 1
    assert same > 500
