# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Ranges of versions, in two dialects that must not be mixed (operator-catalogs 1.6).

`plain` (dialect B) is that of v1alpha2, of dependencies and of skipRange: a prerelease is
ordered like any other version.  `gated` (dialect M) is that of v2alpha1: a prerelease is in
a range only when one of the comparators that are joined by "and" names a prerelease.
"""

from __future__ import annotations

import re
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version

Range = Callable[[Version], bool]

# Longer texts are refused, so that a hostile range costs nothing.
MAX_LENGTH = 4096

_COMPARE: dict[str, Callable[[Version, Version], bool]] = {
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
    """As upstream expands them: `1.x.x` counts as `1.0.x`, and both halves of `!=1.x` would have to hold, so that nothing is in it."""
    parts = ["0" if part == "x" else part for part in number.split(".")[:-1]]
    if len(parts) not in (1, 2) or not all(part.isdigit() for part in parts):
        raise _invalid(text, f"{number!r} is not a version")
    numbers = [int(part) for part in parts]
    low = _version(*numbers)
    high = _version(*numbers[:-1], numbers[-1] + 1)
    tests: dict[str, Range] = {
        ">": lambda version: version >= high,
        ">=": lambda version: version >= low,
        "<": lambda version: version < low,
        "<=": lambda version: version < high,
        "!": lambda version: False,
        "!=": lambda version: False,
    }
    return tests.get(operator, lambda version: low <= version < high)


def _version(*numbers: int) -> Version:
    return Version.parse(".".join(str(number) for number in (*numbers, 0, 0)[:3]))


# --- dialect M ------------------------------------------------------------------------------

_PART = r"(?:\d{1,19}|[xX*])"
_GATED_VERSION = rf"v?({_PART})(?:\.({_PART}))?(?:\.({_PART}))?(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
_GATED_COMPARATOR = re.compile(rf"\s*(=|!=|>=|=>|<=|=<|>|<|~>|~|\^|)\s*{_GATED_VERSION}\s*", re.ASCII)
# Between two comparators; behind a comma one more has to follow.
_GATED_JOINT = re.compile(r",\s*(?=\S)|(?<=\s)(?=\S)", re.ASCII)
_HYPHEN = re.compile(rf"\s*({_GATED_VERSION})\s+-\s+({_GATED_VERSION})\s*", re.ASCII)


class _Bound:
    """The version of a comparator, with what was left open in it (`1`, `1.2`, `1.x`); what is open counts as zero."""

    def __init__(self, major: str, minor: str | None, patch: str | None, prerelease: str | None) -> None:
        self.any = _is_open(major)
        self.minor_open = not self.any and _is_open(minor)
        self.patch_open = not self.any and not self.minor_open and _is_open(patch)
        self.open = self.any or self.minor_open or self.patch_open
        parts = [str(int(part or "0")) for part in (major, minor, patch) if not _is_open(part)]
        known = parts[: 0 if self.any else 1 if self.minor_open else 2 if self.patch_open else 3]
        self.version = Version.parse(".".join([*known, "0", "0", "0"][:3]) + (prerelease or ""))


def _is_open(part: str | None) -> bool:
    return part is None or part in "xX*"


def gated(text: str, prereleases: bool = False) -> Range:
    """Comparators joined by blanks or commas, alternatives by `||`; `~`, `^`, hyphen ranges, open parts.

    A prerelease is in an alternative only when one of its comparators names a prerelease; then all of them order it like
    any other version.  prereleases: lifts this gate.  Raises InputError.
    """
    if len(text) > MAX_LENGTH:
        raise _invalid(text, "it is too long")
    alternatives = [_gated_all(text, part, prereleases) for part in text.split("||")]
    return lambda version: any(alternative(version) for alternative in alternatives)


def _gated_all(text: str, part: str, prereleases: bool) -> Range:
    part = _HYPHEN.sub(lambda match: f" >={match.group(1)} <={match.group(7)} ", part).strip()
    if not part:
        raise _invalid(text, "it is empty")
    tests: list[tuple[Callable[[Version, _Bound], bool], _Bound]] = []
    position: int | None = 0
    while position is not None:
        match = _GATED_COMPARATOR.match(part, position)
        joint = match and _GATED_JOINT.match(part, match.end())
        if match is None or (joint is None and match.end() < len(part)):
            raise _invalid(text, f"{part[position:]!r:.50} is not a comparison")
        tests.append((_GATED[match.group(1)], _bound(text, match)))
        position = joint.end() if joint else None
    if prereleases or any(bound.version.prerelease for _test, bound in tests):
        return lambda version: all(test(version, bound) for test, bound in tests)
    return lambda version: not version.prerelease and all(test(version, bound) for test, bound in tests)


def _bound(text: str, match: re.Match[str]) -> _Bound:
    try:
        return _Bound(*match.groups()[1:5])
    except InputError as error:
        raise _invalid(text, error.message) from error


def _numbers(version: Version) -> tuple[int, int, int]:
    return (version.major, version.minor, version.patch)


def _greater(version: Version, bound: _Bound) -> bool:
    if bound.minor_open:
        return version.major > bound.version.major
    if bound.patch_open:
        return _numbers(version)[:2] > _numbers(bound.version)[:2]
    return version > bound.version


def _at_most(version: Version, bound: _Bound) -> bool:
    if bound.minor_open:
        return version.major <= bound.version.major
    if bound.open:
        return _numbers(version)[:2] <= _numbers(bound.version)[:2]
    return version <= bound.version


def _tilde(version: Version, bound: _Bound) -> bool:
    have, limit = _numbers(version), _numbers(bound.version)
    if version < bound.version:
        return False
    if not any(limit) and not bound.minor_open and not bound.patch_open:
        return True
    return have[0] == limit[0] and (bound.minor_open or have[1] == limit[1])


def _equal(version: Version, bound: _Bound) -> bool:
    return _tilde(version, bound) if bound.open else version == bound.version


def _different(version: Version, bound: _Bound) -> bool:
    if bound.minor_open:
        return version.major != bound.version.major
    if bound.patch_open:
        return _numbers(version)[:2] != _numbers(bound.version)[:2] or version.prerelease != bound.version.prerelease
    return version != bound.version


def _caret(version: Version, bound: _Bound) -> bool:
    have, limit = _numbers(version), _numbers(bound.version)
    if version < bound.version or have[0] != limit[0]:
        return False
    if limit[0] > 0 or bound.minor_open:
        return True
    if limit[1] > 0 or bound.patch_open:
        return have[1] == limit[1]
    return have == limit


_GATED = {
    "": _equal,
    "=": _equal,
    "!=": _different,
    ">": _greater,
    ">=": lambda version, bound: version >= bound.version,
    "=>": lambda version, bound: version >= bound.version,
    "<": lambda version, bound: version < bound.version,
    "<=": _at_most,
    "=<": _at_most,
    "~": _tilde,
    "~>": _tilde,
    "^": _caret,
}
