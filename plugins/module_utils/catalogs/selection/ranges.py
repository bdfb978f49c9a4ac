# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Ranges of versions, in two dialects that must not be mixed (operator-catalogs 1.6).

`plain` (dialect B) is that of v1alpha2, of dependencies and of skipRange: a prerelease is
ordered like any other version.  `gated` (dialect M) is that of v2alpha1: a prerelease is in
a range only when the comparator's own version has one.
"""

from __future__ import annotations

import re
from typing import Callable, List, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version

Range = Callable[[Version], bool]

# Longer texts are refused, so that a hostile range costs nothing.
MAX_LENGTH = 4096

_COMPARE = {
    "": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def bounds(minimum: str, maximum: str) -> str:
    """The text of a range with these bounds, either of which may be empty."""
    return " ".join(part for part in (minimum and f">={minimum}", maximum and f"<={maximum}") if part)


def _invalid(text: str, reason: str) -> InputError:
    return InputError(f"error parsing version range {text!r:.200}: {reason}", advice="Write comparisons such as >=1.2.0 <2.0.0.")


# --- dialect B ------------------------------------------------------------------------------

_PLAIN_PART = re.compile(r"([<>=!]*)\s*([0-9][^\s<>=!|]*)\Z")
_PLAIN_SPLIT = re.compile(r"[<>=!]*\s*[^\s<>=!|]+")


def plain(text: str) -> Range:
    """Comparators joined by blanks (and), alternatives by `||`; `1.x` and `1.2.x` are wildcards.  Raises InputError."""
    if len(text) > MAX_LENGTH:
        raise _invalid(text, "it is too long")
    alternatives = [_plain_all(text, part) for part in text.split("||")]
    return lambda version: any(alternative(version) for alternative in alternatives)


def _plain_all(text: str, part: str) -> Range:
    words = _PLAIN_SPLIT.findall(part)
    if not words or "".join(words).replace(" ", "") != "".join(part.split()):
        raise _invalid(text, "empty or malformed comparison")
    tests = [_plain_comparator(text, word) for word in words]
    return lambda version: all(test(version) for test in tests)


def _plain_comparator(text: str, word: str) -> Range:
    match = _PLAIN_PART.match(word.strip())
    if match is None or match.group(1) not in _COMPARE:
        raise _invalid(text, f"{word!r} is not a comparison")
    operator, number = match.groups()
    if number.endswith(".x"):
        return _plain_wildcard(text, operator, number)
    try:
        limit = Version.parse(number)
    except InputError as error:
        raise _invalid(text, error.message) from error
    compare = _COMPARE[operator]
    return lambda version: compare(version, limit)


def _plain_wildcard(text: str, operator: str, number: str) -> Range:
    parts = number.split(".")[:-1]
    if parts and parts[-1] == "x":
        parts.pop()
    if len(parts) not in (1, 2) or not all(part.isdigit() for part in parts):
        raise _invalid(text, f"{number!r} is not a version")
    numbers = [int(part) for part in parts]
    low = _version(*numbers)
    high = _version(*numbers[:-1], numbers[-1] + 1)
    tests = {
        ">": lambda version: version >= high,
        ">=": lambda version: version >= low,
        "<": lambda version: version < low,
        "<=": lambda version: version < high,
        "!": lambda version: version < low or version >= high,
        "!=": lambda version: version < low or version >= high,
    }
    return tests.get(operator, lambda version: low <= version < high)


def _version(*numbers: int) -> Version:
    return Version.parse(".".join(str(number) for number in (*numbers, 0, 0)[:3]))


# --- dialect M ------------------------------------------------------------------------------

_PART = r"(?:\d{1,19}|[xX*])"
_GATED_VERSION = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
_GATED_COMPARATOR = re.compile(rf"\s*(=|!=|>=|=>|<=|=<|>|<|~>|~|\^|)\s*{_GATED_VERSION}\s*(?:,|(?=\s|[=!<>~^])|\Z)", re.ASCII)
_HYPHEN = re.compile(rf"\s*({_GATED_VERSION})\s+-\s+({_GATED_VERSION})\s*(?=,|\s|\Z)", re.ASCII)


class _Bound:
    """The version of a comparator, with what was left open in it (`1`, `1.2`, `1.x`)."""

    def __init__(self, major: str, minor: Optional[str], patch: Optional[str], prerelease: Optional[str]) -> None:
        numbers = [_open(part) for part in (major, minor, patch)]
        self.any = numbers[0] is None
        self.minor_open = numbers[1] is None
        self.patch_open = numbers[2] is None or self.minor_open
        self.open = self.any or self.patch_open
        known: List[int] = []
        for number in numbers:
            known.append(0 if number is None or len(known) and self.any else number)
        if self.minor_open:
            known[2] = 0
        text = ".".join(str(number) for number in known) + ("" if self.open else prerelease or "")
        self.version = Version.parse_lenient(text)


def _open(part: Optional[str]) -> Optional[int]:
    return None if part is None or part in "xX*" else int(part)


def gated(text: str, prereleases: bool = False) -> Range:
    """Comparators joined by blanks or commas, alternatives by `||`; `~`, `^`, hyphen ranges, open parts.

    prereleases: lifts the gate, so that prereleases are ordered like any other version.  Raises InputError.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(text, "it is too long")
    alternatives = [_gated_all(text, part, prereleases) for part in text.split("||")]
    return lambda version: any(alternative(version) for alternative in alternatives)


def _gated_all(text: str, part: str, prereleases: bool) -> Range:
    part = _HYPHEN.sub(lambda match: f" >={match.group(1)} <={match.group(7)} ", part).strip()
    tests: List[Range] = []
    position = 0
    while position < len(part):
        match = _GATED_COMPARATOR.match(part, position)
        if match is None or match.end() == position:
            raise _invalid(text, f"{part[position:]!r:.50} is not a comparison")
        tests.append(_gated_comparator(match.group(1), _Bound(*match.groups()[1:5]), prereleases))
        position = match.end()
    if not tests:
        raise _invalid(text, "it is empty")
    return lambda version: all(test(version) for test in tests)


def _gated_comparator(operator: str, bound: _Bound, prereleases: bool) -> Range:
    test = _GATED[operator]
    if prereleases:
        return lambda version: test(version, bound)
    if operator == "!=" and not bound.open:
        return lambda version: test(version, bound)
    gate = not bound.version.prerelease
    return lambda version: not (gate and version.prerelease) and test(version, bound)


def _numbers(version: Version, bound: _Bound) -> Tuple[Tuple[int, int, int], Tuple[int, int, int]]:
    limit = bound.version
    return (version.major, version.minor, version.patch), (limit.major, limit.minor, limit.patch)


def _greater(version: Version, bound: _Bound) -> bool:
    if not bound.open:
        return version > bound.version
    have, limit = _numbers(version, bound)
    if bound.any:
        return False
    if have[0] != limit[0]:
        return have[0] > limit[0]
    return not bound.minor_open and have[1] > limit[1]


def _at_most(version: Version, bound: _Bound) -> bool:
    if not bound.open:
        return version <= bound.version
    have, limit = _numbers(version, bound)
    if bound.any:
        return True
    if have[0] != limit[0]:
        return have[0] < limit[0]
    return bound.minor_open or have[1] <= limit[1]


def _tilde(version: Version, bound: _Bound) -> bool:
    if bound.any:
        return True
    have, limit = _numbers(version, bound)
    return version >= bound.version and have[0] == limit[0] and (bound.minor_open or have[1] == limit[1])


def _equal(version: Version, bound: _Bound) -> bool:
    return _tilde(version, bound) if bound.open else version == bound.version


def _caret(version: Version, bound: _Bound) -> bool:
    have, limit = _numbers(version, bound)
    if bound.any:
        return True
    if version < bound.version or have[0] != limit[0]:
        return False
    if limit[0] > 0 or bound.minor_open:
        return True
    if limit[1] > 0 or bound.patch_open:
        return have[1] == limit[1]
    return have[1] == 0 and have[2] == limit[2]


_GATED = {
    "": _equal,
    "=": _equal,
    "!=": lambda version, bound: not _equal(version, bound),
    ">": _greater,
    ">=": lambda version, bound: version >= bound.version,
    "=>": lambda version, bound: version >= bound.version,
    "<": lambda version, bound: not bound.any and version < bound.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
