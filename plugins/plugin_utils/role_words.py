# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says, in the words of whoever uses a role: by its variables, not by the module's options that they are passed to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

# Where a word that is also plain English names an option: at the beginning of a sentence without an article, after a verb that asks
# for it, and in the lists of Ansible's own checks of arguments.
_SAID = r"(?=(?:\[\d+\]|\.\w+)*(?:: | is | has | must | needs | cannot | and \w+ are ))"
_ASKED = r"(?<=\b[Ss]et )|(?<=\b[Gg]ive )|(?<=\b[Ss]ee )|(?<=\bvalue of )|(?<=\bargument ')"
_LISTS = re.compile(r"(?:mutually exclusive|required arguments|required|missing): [a-z_]+(?:(?:\||, )[a-z_]+)*")
_SAYING = ("msg", "message", "advice", "subject")


def variables_of(arguments: Any, prefix: str, known: Iterable[str]) -> dict[str, str]:
    """Variables by the options that they are passed to.

    arguments: of the task as it is written.  prefix: of the role's variables.  known: all of them.
    """
    found = {name[len(prefix) :]: name for name in known if name.startswith(prefix)}
    used = re.compile(rf"\b(?:__{prefix}(?:given|vars)\.|{prefix})(\w+)")
    for option, value in arguments.items() if isinstance(arguments, Mapping) else ():
        name = used.search(value) if isinstance(value, str) else None
        if name and name[1] in found:
            found[option] = f"{prefix}{name[1]}"
    return found


def in_words_of(variables: Mapping[str, str], result: Mapping[str, Any]) -> dict[str, Any]:
    """A module's result with the variables where its texts name options."""
    told = dict(result)
    for key in _SAYING:
        if isinstance(told.get(key), str):
            told[key] = renamed(variables, told[key])
    for key in ("failures", "warnings"):
        if isinstance(told.get(key), list):
            told[key] = [_in_words(variables, each) for each in told[key]]
    if "error" in told:
        told["error"] = _in_words(variables, told["error"])
    return told


def _in_words(variables: Mapping[str, str], value: Any) -> Any:
    if isinstance(value, Mapping):
        return in_words_of(variables, value)
    return renamed(variables, value) if isinstance(value, str) else value


def renamed(variables: Mapping[str, str], text: str) -> str:
    """A sentence with the variables in place of the options that it names."""
    options = sorted(variables, key=len, reverse=True)
    if not options:
        return text
    plain = "|".join(map(re.escape, options))
    text = _LISTS.sub(lambda found: _each(variables, found[0]), text)
    compound = "|".join(re.escape(option) for option in options if "_" in option) or "(?!)"
    alone = rf"(?<![\w./:'\"-])(?:{compound})(?![\w/-]|\.\w+/)"
    said = rf"(?:\A|(?<=[.!?;] )|{_ASKED})\b(?:{plain})\b{_SAID}"
    asked = rf"(?:{_ASKED})(?:{plain})(?![\w/-])"
    named = re.compile(f"{alone}|{said}|{asked}")
    return named.sub(lambda found: variables[found[0]], text)


def _each(variables: Mapping[str, str], text: str) -> str:
    head, mark, names = text.partition(": ")
    return head + mark + re.sub(r"[a-z_]+", lambda found: variables.get(found[0], found[0]), names)
