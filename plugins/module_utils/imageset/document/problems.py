# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is wrong with a configuration: all of it, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError


@dataclass(frozen=True)
class Problem:
    """One fault.

    rule: id of the rule it breaks (config-and-releases part 1).
    path: the key, such as `mirror.platform.channels[1].name`; empty for the whole document.
    line: in the file, from 1; 0 where there is no file.
    """

    rule: str
    path: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        place = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.path) if part)
        return f"{place}: {self.message} [{self.rule}]" if place else f"{self.message} [{self.rule}]"


class ConfigurationError(InputError):
    """A configuration that cannot be used; the message lists every problem."""

    code = "invalid_configuration"

    def __init__(self, problems: Sequence[Problem], subject: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        name = subject or "the configuration"
        super().__init__(f"invalid configuration: {name} has {count}:\n{lines}", subject=subject)
