# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version

ASCENDING = [
    "0.0.0-0",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "4.0.0-0.okd-0",
    "4.0.0-4",
    "4.0.0-5",
    "4.0.0-10",
    "4.0.0",
    "4.9.9",
    "4.10.0",
    "4.16.0-ec.4",
    "4.16.0-rc.0",
    "4.16.0",
]


def test_precedence():
    for low, high in itertools.combinations(ASCENDING, 2):
        assert Version.parse(low) < Version.parse(high)
        assert Version.parse(high) > Version.parse(low)
    assert [str(version) for version in sorted(map(Version.parse, reversed(ASCENDING)))] == ASCENDING


def test_build_metadata_is_kept_and_does_not_count():
    plain, built = Version.parse("0.8.0"), Version.parse("0.8.0+0.1634606167.p")
    assert plain == built and hash(plain) == hash(built)
    assert built.build == "0.1634606167.p" and str(built) == "0.8.0+0.1634606167.p"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4",
        "4.12",
        "v4.12.0",
        "v4.0.0-0.1",
        "4-0-0+0.1",
        "0.1.0.1",
        "04.1.0",
        "4.1.0-01",
        "4.1.0-",
        "4.1.0+",
        "4.1.0-a..b",
        "4.1.0\n",
        " 4.1.0",
        "4.٢.0",
        None,
        4.12,
    ],
)
def test_strict_refuses(text):
    with pytest.raises(InputError) as raised:
        Version.parse(text)
    assert raised.value.advice


def test_the_empty_version_is_named():
    with pytest.raises(InputError, match="Version string empty"):
        Version.parse("")


@pytest.mark.parametrize(
    "text, same", [("1.2", "1.2.0"), ("v1.2.3", "1.2.3"), ("4", "4.0.0"), ("1.02.3", "1.2.3"), ("v1.2-rc.1+x", "1.2.0-rc.1")]
)
def test_lenient_takes_what_users_write(text, same):
    version = Version.parse_lenient(text)
    assert version == Version.parse(same)
    assert str(version) == text


@pytest.mark.parametrize("text", ["", "abc", "-+?", "1.2.3.4", "1..2", "V1.2", "1.2.x", "9" * 300, None, 1])
def test_lenient_refuses(text):
    with pytest.raises(InputError):
        Version.parse_lenient(text)


def test_a_computed_version_has_the_canonical_text():
    assert str(Version(4, 16, 0, ("rc", "1"), "b")) == "4.16.0-rc.1+b"


VERSIONS = st.builds(
    Version,
    st.integers(0, 3),
    st.integers(0, 3),
    st.integers(0, 3),
    st.lists(st.sampled_from(["0", "1", "10", "a", "rc", "-"]), max_size=3).map(tuple),
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_total_and_the_text_round_trips(one, two, three):
    assert Version.parse(str(one)) == one
    assert (one < two) + (two < one) + (one == two) == 1
    if one <= two <= three:
        assert one <= three
