# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`.indexignore`: which files of a catalog are not part of it, in gitignore's syntax (LOAD-2)."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

NAME = ".indexignore"

# More than any catalog has; patterns become regular expressions.
MAX_PATTERNS = 1000
MAX_PATTERN = 1024

_ESCAPED = re.compile(r"\\(.)")
_STARS = re.compile(r"\*{2,}")


@dataclass(frozen=True)
class Rule:
    """One line: what it matches below its folder, and what that means.

    parts: a form for each component of a path; None stands for any number of components (`**`).
    """

    parts: tuple[re.Pattern[str] | None, ...]
    keep: bool
    folders_only: bool

    def matches(self, path: str) -> bool:
        """Whether the rule means a path.  Never looks at a component twice with the same form."""
        names = path.split("/")
        # Places of the path up to which the parts so far can reach.
        reached = {0}
        for number, form in enumerate(self.parts):
            if not reached:
                return False
            if form is None:
                # At the end it means what is inside of a folder, not the folder.
                first = min(reached) + (1 if number == len(self.parts) - 1 else 0)
                reached = set(range(first, len(names) + 1))
            else:
                reached = {place + 1 for place in reached if place < len(names) and form.match(names[place])}
        return len(names) in reached


def rules(content: bytes, subject: str) -> tuple[Rule, ...]:
    """The rules of one file; raises InputError (not UTF-8, too many or too long patterns)."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text", subject=subject) from error
    found: list[Rule] = []
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
    return any(_excluded(parts[:depth], depth < len(parts), files) for depth in range(1, len(parts) + 1))


def _excluded(parts: list[str], folder: bool, files: Mapping[str, Iterable[Rule]]) -> bool:
    answer = False
    for depth in range(len(parts)):
        below = "/".join(parts[depth:])
        for rule in files.get("/".join(parts[:depth]), ()):
            if (folder or not rule.folders_only) and rule.matches(below):
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
    parts = pattern.lstrip("/").split("/")
    if "/" not in pattern:
        parts = ["**", *parts]
    return Rule(tuple(None if part == "**" else _form(part) for part in parts), keep, folders_only)


def _form(part: str) -> re.Pattern[str]:
    """One component; `fnmatch` makes forms whose stars cost no more than their number times the length of a name."""
    part = _ESCAPED.sub(lambda match: f"[{match.group(1)}]" if match.group(1) in "*?[" else match.group(1), part)
    return re.compile(fnmatch.translate(_STARS.sub("*", part)))
