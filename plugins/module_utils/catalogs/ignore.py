# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`.indexignore`: which files of a catalog are not part of it, in gitignore's syntax (LOAD-2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Iterable, List, Mapping, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

NAME = ".indexignore"

# More than any catalog has; patterns become regular expressions.
MAX_PATTERNS = 1000
MAX_PATTERN = 1024


@dataclass(frozen=True)
class Rule:
    """One line: what it matches below its folder, and what that means."""

    form: "re.Pattern[str]"
    keep: bool
    folders_only: bool


def rules(content: bytes, subject: str) -> Tuple[Rule, ...]:
    """The rules of one file; raises InputError (not UTF-8, too many or too long patterns)."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", subject=subject) from error
    found: List[Rule] = []
    for line in lines:
        pattern = _trimmed(line)
        if not pattern or pattern.startswith("#"):
            continue
        if len(found) == MAX_PATTERNS or len(pattern) > MAX_PATTERN:
            raise InputError(f"more than {MAX_PATTERNS} patterns, or one of more than {MAX_PATTERN} characters", subject=subject)
        found.append(_rule(pattern))
    return tuple(found)


def ignored(path: str, files: Mapping[str, Iterable[Rule]]) -> bool:
    """Whether a file is left out.

    path: relative to the catalog, with slashes.  files: rules by the folder they lie in, the catalog itself is ``""``.
    A file below a folder that is left out cannot be taken back in.
    """
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        if _excluded(parts[:depth], depth < len(parts), files):
            return True
    return False


def _excluded(parts: List[str], folder: bool, files: Mapping[str, Iterable[Rule]]) -> bool:
    answer = False
    for depth in range(len(parts)):
        below = "/".join(parts[depth:])
        for rule in files.get("/".join(parts[:depth]), ()):
            if (folder or not rule.folders_only) and rule.form.match(below):
                answer = not rule.keep
    return answer


def _trimmed(line: str) -> str:
    stripped = line.rstrip(" \t\r")
    if stripped.endswith("\\") and len(stripped) < len(line):
        stripped += " "
    return stripped


def _rule(pattern: str) -> Rule:
    keep = pattern.startswith("!")
    if keep or pattern.startswith(("\\!", "\\#")):
        pattern = pattern[1:]
    folders_only = pattern.endswith("/")
    pattern = pattern.rstrip("/")
    anchored = "/" in pattern
    body = _translated(pattern.lstrip("/"))
    return Rule(re.compile(body + r"\Z" if anchored else r"(?:.*/)?" + body + r"\Z", re.S), keep, folders_only)


def _translated(pattern: str) -> str:
    """A pattern as a regular expression: `**` spans folders, `*` and `?` do not."""
    text, place = "", 0
    # Runs of stars mean no more than two do, and cost a regular expression dearly.
    pattern = re.sub(r"\*{3,}", "**", pattern)
    while place < len(pattern):
        rest = pattern[place:]
        if rest.startswith("**/") and (place == 0 or pattern[place - 1] == "/"):
            text, place = text + r"(?:[^/]+/)*", place + 3
        elif rest == "**" and (place == 0 or pattern[place - 1] == "/"):
            text, place = text + r".+", place + 2
        elif rest[0] == "*":
            text, place = text + r"[^/]*", place + (2 if rest.startswith("**") else 1)
        elif rest[0] == "?":
            text, place = text + r"[^/]", place + 1
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            inside = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            text, place = text + f"[{'^' + inside[1:] if inside[0] in '!^' else inside}]", place + end + 1
        elif rest[0] == "\\" and len(rest) > 1:
            text, place = text + re.escape(rest[1]), place + 2
        else:
            text, place = text + re.escape(rest[0]), place + 1
    return text
