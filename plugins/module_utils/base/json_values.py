# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""JSON from outside as plain values, within bounds (RFC 8259).

The standard library's reader takes what no JSON is (NaN, Infinity), gives numbers without end and halves of characters that
can be written nowhere, breaks off at depths that differ with its version, and needs up to thirty times the memory of its input.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import Limit

_TOO_DEEP = f"it is nested deeper than {limits.DEPTH} levels"
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_OTHERS = bytes(byte for byte in range(256) if byte not in _STEP)
# An escaped half of a character (a surrogate); most are one of a pair.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class TooMuch(ValueError):
    """More than its limit allows."""


def parse(content: bytes | str, limit: Limit = limits.DOCUMENT) -> Any:
    """The value of a JSON text in UTF-8, texts in it whole: half a character becomes U+FFFD, as in most of the field's readers.

    Raises ValueError with the reason when it is no JSON, TooMuch when it is more than the limit allows.
    """
    if len(content) > limit.size:
        raise TooMuch(f"it has {len(content)} bytes, more than the {limit.size} that are accepted")
    encoded = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    # Each value comes after one of these; those inside of texts are counted too, which limits leave room for.
    if encoded.count(b",") + encoded.count(b"[") + encoded.count(b"{") > limit.values:
        raise TooMuch(f"it has more than the {limit.values} values that are accepted")
    text = encoded.decode("utf-8-sig")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise TooMuch(_TOO_DEEP) from None
    # Brackets inside of texts count here; what looks deep is looked at.
    if max(itertools.accumulate(map(_STEP.__getitem__, encoded.translate(None, _OTHERS))), default=0) > limits.DEPTH:
        _check_depth(value)
    return _mended(value) if _HALF.search(text) else value


def _check_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _depth in range(limits.DEPTH + 1):
        below = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, (dict, list)))
        level = [inner for values in below for inner in values]
    if level:
        raise TooMuch(_TOO_DEEP)


def _integer(digits: str) -> int:
    if len(digits) > limits.DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits) if len(digits) <= 10 * limits.DIGITS else float("inf")
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"it has the number {digits:.40}, which is out of range")
    return number


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _mended(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
        return value
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)
