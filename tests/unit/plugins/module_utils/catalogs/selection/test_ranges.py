# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.ranges import MAX_LENGTH, bounds, gated, plain


@pytest.mark.parametrize(
    ("version", "text", "by_plain", "by_gated"),
    [
        ("1.51.0-1", ">=1.47.1", True, False),
        ("1.51.0-1", ">=1.47.1-5", True, True),
        ("1.34.1-5", ">=1.34.1", False, False),
        ("1.42.0-5+x.p", "<=1.42.0-5", True, True),
        ("0.8.0+0.1634606167.p", "<=0.8.0", True, True),
        ("1.30.2", "<=1.51.0-1", True, True),
        ("0.11.0-mas", ">=0.10.0-mas", True, True),
        ("0.11.0-mas", ">=0.10.0", True, False),
        ("1.42.0-5", ">=1.34.1", True, False),
        ("1.42.0-5", ">=1.30.2 <=1.51.0-1", True, True),
        ("1.51.0-1", ">=1.34.1-5 <=1.51.0", True, True),
        ("1.42.0-5", ">=1.30.2 || <=1.51.0-1", True, True),
        ("1.42.0-5", ">=1.51.0-1 || >=1.30.2", True, False),
    ],
)
def test_the_dialects_of_the_specification(version, text, by_plain, by_gated):
    assert (plain(text)(Version.parse(version)), gated(text)(Version.parse(version))) == (by_plain, by_gated)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        ("==1.2.3 || >=2.0.0 <3.0.0", ["1.2.3", "2.9.9"], ["1.2.4", "3.0.0"]),
        ("!=1.2.3", ["1.2.4"], ["1.2.3"]),
        ("!1.2.3", ["1.2.4"], ["1.2.3"]),
        ("1.x", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.0"]),
        ("1.2.x", ["1.2.0", "1.2.9"], ["1.3.0"]),
        (">1.x", ["2.0.0"], ["1.9.9"]),
        ("<=1.2.x", ["1.2.9", "1.0.0"], ["1.3.0"]),
        ("<1.2.x", ["1.1.9"], ["1.2.0"]),
        (">=1.2.x", ["1.2.0"], ["1.1.9"]),
        ("!=1.2.x", [], ["1.3.0", "1.1.9", "1.2.5"]),
        ("1.x.x", ["1.0.9"], ["1.1.0"]),
        (">= 1.0.0 < 2.0.0", ["1.5.0"], ["2.0.0"]),
        (">=1.0.0<2.0.0", ["1.5.0"], ["2.0.0"]),
        (" >=1.0.0   <2.0.0 ", ["1.5.0"], ["2.0.0"]),
    ],
)
def test_plain_ranges(text, inside, outside):
    test = plain(text)
    assert [version for version in inside + outside if test(Version.parse(version))] == inside


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("1.2.3", ["1.2.3"], ["1.2.4"]),
        (">=1.0.0, <2.0.0", ["1.5.0"], ["2.0.0"]),
        (" <=1.2.3", ["1.2.3"], ["1.2.4"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        (">1", ["2.0.0"], ["1.9.0"]),
        ("<=1.2", ["1.2.9", "1.1.0"], ["1.3.0"]),
        ("<=1", ["1.9.0"], ["2.0.0"]),
        ("<1.2", ["1.1.9"], ["1.2.0"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0"]),
        ("v1.2.3", ["1.2.3"], ["1.2.2"]),
        ("*", ["0.0.1", "9.9.9"], ["1.0.0-rc1"]),
        ("!=1.2", ["1.3.0"], ["1.2.4"]),
        ("!=1.2.3", ["1.2.4"], ["1.2.3", "1.2.3-rc1"]),
        ("!=1.2.3-rc1", ["1.2.4", "1.2.3-rc2"], ["1.2.3-rc1"]),
        (">=1.2-5", ["1.2.0-5", "1.2.0"], ["1.2.0-4"]),
        ("~1.2.3", ["1.2.9"], ["1.3.0", "1.2.2"]),
        ("~1", ["1.9.0"], ["2.0.0"]),
        ("^1.2.3", ["1.9.0"], ["2.0.0", "1.2.2"]),
        ("^0.2.3", ["0.2.9"], ["0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4", "0.1.0"]),
        ("^0", ["0.9.0"], ["1.0.0"]),
        ("1.2 - 1.4", ["1.2.0", "1.4.9"], ["1.5.0"]),
        ("=>1.0.0 =<1.5.0", ["1.0.0"], ["1.6.0"]),
    ],
)
def test_gated_ranges(text, inside, outside):
    test = gated(text)
    assert [version for version in inside + outside if test(Version.parse(version))] == inside


def test_the_gate_can_be_lifted():
    assert gated(">=1.30.2 <=1.51.0", prereleases=True)(Version.parse("1.47.1-5"))
    assert not gated(">=1.30.2 <=1.51.0")(Version.parse("1.47.1-5"))


@pytest.mark.parametrize("dialect", [plain, gated])
@pytest.mark.parametrize(
    "text", ["", "   ", "something-isnt-right", ">", "1.0.0 ||", ">=1.0.0 nonsense", "~>", "1.0.0,,", "x" * (MAX_LENGTH + 1)]
)
def test_what_is_no_range_is_told(dialect, text):
    with pytest.raises(InputError, match="error parsing version range"):
        dialect(text)


@pytest.mark.parametrize("text", [">=1.0.0<2.0.0", "1.0.0,", ">=1.0.0-01", ", 1.0.0"])
def test_gated_ranges_are_strict_where_upstream_is(text):
    with pytest.raises(InputError, match="error parsing version range"):
        gated(text)


@pytest.mark.parametrize("text", ["1.0", ">=v1.0.0", ">=01.0.0", "x", "1.x.2", "=>1.0.0"])
def test_plain_ranges_are_strict(text):
    with pytest.raises(InputError):
        plain(text)


@pytest.mark.parametrize(
    ("minimum", "maximum", "text"),
    [("1.0.0", "2.0.0", ">=1.0.0 <=2.0.0"), ("1.0.0", "", ">=1.0.0"), ("", "2.0.0", "<=2.0.0"), ("", "", "")],
)
def test_bounds(minimum, maximum, text):
    assert bounds(minimum, maximum) == text
