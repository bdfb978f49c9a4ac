# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON from outside: what is taken, what is refused, and how much."""

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import DEPTH, Limit


@pytest.mark.parametrize("value", [{}, [], "", 0, -1, 1.5, None, True, {"a": [1, {"b": "ü \u2028 😀"}]}, 2**63, "[[[" * 100])
@pytest.mark.parametrize("ascii", [True, False])
def test_values_come_back_as_they_were_written(value, ascii):
    text = json.dumps(value, ensure_ascii=ascii)
    assert json_values.parse(text) == json_values.parse(text.encode()) == json_values.parse(b"\xef\xbb\xbf" + text.encode()) == value


@pytest.mark.parametrize(
    "text, reason",
    [
        pytest.param(b"NaN", "NaN is no JSON", id="not a number"),
        pytest.param(b'{"a": -Infinity}', "-Infinity is no JSON", id="infinity"),
        pytest.param(b"[1e999]", "out of range", id="a number beyond all numbers"),
        pytest.param(b"[-1e999]", "out of range", id="a number below all numbers"),
        pytest.param(b"1." + b"0" * 5000, "out of range", id="decimals without end"),
        pytest.param(b"9" * 5000, "a number of 5000 digits", id="digits without end"),
        pytest.param(b"[" * 100_000, "nested deeper than 200", id="opened without end"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "nested deeper than 200", id="a hundred thousand levels"),
        pytest.param(b'{"a":' * 300 + b"1" + b"}" * 300, "nested deeper than 200", id="three hundred levels"),
        pytest.param(b'"\xed\xa0\x80"', "can't decode", id="half a character in UTF-8"),
        pytest.param(b'"\xff"', "can't decode", id="no UTF-8"),
        pytest.param("{}".encode("utf-16"), "can't decode", id="UTF-16"),
        pytest.param(b"", "Expecting value", id="nothing"),
        pytest.param(b"{} {}", "Extra data", id="two values"),
    ],
)
def test_what_is_no_json_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        json_values.parse(text)


def test_depth_that_is_allowed():
    depth = DEPTH
    assert json_values.parse(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize("text", ['"a\\ud800b"', '"a\\uDC00b"'])
def test_half_a_character_becomes_the_replacement(text):
    assert json_values.parse(text) == "a\ufffdb"


def test_half_a_character_in_a_name():
    assert json_values.parse('{"\\ud800": ["\\ud83d\\ude00"]}') == {"\ufffd": ["😀"]}


def test_an_escaped_backslash_is_no_half_a_character():
    assert json_values.parse('"\\\\ud800"') == "\\ud800"


def test_size_and_values_are_bounded():
    with pytest.raises(ValueError, match="11 bytes, more than the 10"):
        json_values.parse(b'"123456789"', Limit(10))
    with pytest.raises(ValueError, match="more than the 3 values"):
        json_values.parse(b"[1,2,3,4]", Limit(100, 3))
    assert json_values.parse(b"[1,2,3]", Limit(7, 3)) == [1, 2, 3]
