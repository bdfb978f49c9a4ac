# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Documents that somebody else may have written, taken apart member by member.

Each method says what a value has to be and gives it, or raises InputError with the place where it stands and what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import TAG, is_path

# What 64 bits hold: sizes, times and counts of the field have no more.
_MOST = 2**63 - 1


@dataclass(frozen=True)
class Shape:
    """A value of a document that anybody may have written.  place: where it stands, such as `images[3].tags`; empty for the whole.

    All that look into it raise InputError, with the place, when it has another form.
    """

    value: Any
    place: str = ""

    def refuse(self, problem: str) -> NoReturn:
        raise InputError(f"{self.place or 'the document'} {problem}")

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.refuse(f"is {self.value!r:.50}, not an object")
        return self.value

    def member(self, name: str) -> Shape:
        """A member that has to be there."""
        if name not in self.mapping():
            self.refuse(f"has no {name}")
        return self.optional(name)

    def optional(self, name: str, default: Any = None) -> Shape:
        """A member, or `default` where there is none."""
        return Shape(self.mapping().get(name, default), f"{self.place}.{name}" if self.place else name)

    def items(self) -> list[Shape]:
        if not isinstance(self.value, list):
            self.refuse(f"is {self.value!r:.50}, not a list")
        return [Shape(value, f"{self.place}[{number}]") for number, value in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.refuse(f"is {self.value!r:.50}, not text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def number(self, least: int = 0) -> int:
        """A whole number from `least` to 2**63 - 1; true and false are none."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= _MOST:
            self.refuse(f"is {self.value!r:.50}, not a whole number of at least {least}")
        return self.value

    def digest(self) -> Digest:
        try:
            return Digest.parse(self.value)
        except InputError as error:
            raise InputError(f"{self.place}: {error.message}") from error

    def digests(self) -> tuple[Digest, ...]:
        return tuple(item.digest() for item in self.items())

    def repository(self) -> str:
        if not is_path(self.text()):
            self.refuse(f"is {self.value!r:.200}, not a repository")
        return self.text()

    def tag(self) -> str:
        if not TAG.match(self.text()):
            self.refuse(f"is {self.value!r:.200}, not a tag")
        return self.text()
