# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""blockedImages: regular expressions that keep images out (config-and-releases 1.3.5, mirroring 2.7).

The reference implementation compiles RE2 syntax.  What only one of RE2 and Python knows is
refused, so that a configuration means the same everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.expression import Expression

_NOT_IN_RE2 = (
    ("(?=", "look-ahead"),
    ("(?!", "look-ahead"),
    ("(?<=", "look-behind"),
    ("(?<!", "look-behind"),
    ("(?P=", "a back-reference"),
    ("(?P>", "a recursive group"),
    ("(?(", "a conditional group"),
    ("(?>", "an atomic group"),
    ("(?#", "a comment"),
)
_ESCAPES_NOT_IN_RE2 = {"Z": "\\Z", "u": "\\u", "U": "\\U", "N": "\\N"}
_ESCAPES_NOT_IN_PYTHON = {"z": "$", "p": "a plain set", "P": "a plain set", "Q": "escaped characters", "C": "a dot"}
_ADVICE = "Use the syntax that RE2 and Python share."


def compile_pattern(text: str) -> Expression:
    """Raises InputError naming the pattern and its fault."""
    _check_portable(text)
    try:
        return Expression(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f'blocked image "{text}": invalid regular expression: {error}', advice=_ADVICE) from error


class Blocked:
    """The blocked images of an image set.  Raises InputError when an expression is invalid."""

    def __init__(self, patterns: Iterable[str], generation: Generation) -> None:
        self._patterns: tuple[Expression, ...] = tuple(compile_pattern(text) for text in patterns)
        self._generation = generation

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def matches(self, origin: str, destination: str = "") -> str:
        """The first expression found in an image's references, empty when it is not blocked.

        origin, destination: as texts; a transport in front does not count.  V1 looks at the origin only; V2 at both,
        and never blocks what has no origin.  Raises InputError when an expression takes too long.
        """
        if not origin:
            return ""
        texts = [_without_transport(origin)]
        if self._generation is Generation.V2 and destination:
            texts.append(_without_transport(destination))
        for pattern in self._patterns:
            if any(pattern.search(text) for text in texts):
                return pattern.pattern
        return ""


def _without_transport(text: str) -> str:
    return text.split("://", 1)[-1]


def _check_portable(text: str) -> None:
    position, in_set, after_repeat = 0, False, False
    while position < len(text):
        character = text[position]
        if character == "\\":
            _check_escape(text, position, in_set)
            position, after_repeat = position + 2, False
            continue
        if in_set:
            in_set = character != "]" or text[position - 1] == "[" or text[position - 2 : position] == "[^"
            if text.startswith("[:", position):
                raise _refused(text, "[: in a set", "Python")
        elif character == "[":
            in_set, after_repeat = True, False
        elif character == "(":
            _check_group(text, position)
            after_repeat = False
        elif character == "+" and after_repeat:
            raise _refused(text, "a possessive repetition", "RE2")
        else:
            after_repeat = character in "*+?}" and not (after_repeat and character == "?")
        position += 1


def _check_group(text: str, position: int) -> None:
    for start, name in _NOT_IN_RE2:
        if text.startswith(start, position):
            raise _refused(text, name, "RE2")


def _check_escape(text: str, position: int, in_set: bool) -> None:
    following = text[position + 1 : position + 2]
    if not in_set and following in "123456789" and following:
        raise _refused(text, "a back-reference", "RE2")
    if following in _ESCAPES_NOT_IN_RE2 and following:
        raise _refused(text, _ESCAPES_NOT_IN_RE2[following], "RE2")
    if following in _ESCAPES_NOT_IN_PYTHON:
        raise _refused(text, f"\\{following} (use {_ESCAPES_NOT_IN_PYTHON[following]})", "Python")


def _refused(text: str, construct: str, missing_in: str) -> InputError:
    return InputError(f'blocked image "{text}": invalid regular expression: {missing_in} does not know {construct}', advice=_ADVICE)
