# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Semantic versions as comparable values (semver.org 2.0.0; config-and-releases CH-08, CFG-36)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import total_ordering
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

_IDENTIFIERS = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_STRICT = re.compile(rf"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?\Z", re.ASCII)
_LENIENT = re.compile(rf"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-({_IDENTIFIERS}))?(?:\+({_IDENTIFIERS}))?\Z", re.ASCII)
# Longer texts are refused before numbers are made of them.
_MAX_TEXT = 256


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """A version; equal and ordered by precedence, so build metadata does not count.

    prerelease: its identifiers, empty for a release.  build, text: as written.
    """

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: str = field(default="", compare=False)
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: Any) -> Version:
        """Strict: `X.Y.Z[-pre][+build]`, no leading zeros, no `v`.  Raises InputError."""
        version = cls._read(_STRICT, text)
        if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in version.prerelease):
            raise _refused(text)
        return version

    @classmethod
    def parse_lenient(cls, text: Any) -> Version:
        """As users write bounds: `1`, `1.2`, `v1.2.3` and leading zeros are taken; what is missing is 0.  Raises InputError."""
        return cls._read(_LENIENT, text)

    @classmethod
    def _read(cls, form: re.Pattern[str], text: Any) -> Version:
        match = form.match(text) if isinstance(text, str) and len(text) <= _MAX_TEXT else None
        if match is None:
            raise _refused(text)
        major, minor, patch, prerelease, build = match.groups()
        return cls(int(major), int(minor or 0), int(patch or 0), tuple(prerelease.split(".")) if prerelease else (), build or "", text)

    @property
    def key(self) -> tuple[Any, ...]:
        """Sorts by precedence: a release after its pre-releases, numbers before words, short before long."""
        return (self.major, self.minor, self.patch, not self.prerelease, tuple(_identifier(part) for part in self.prerelease))

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: Version) -> bool:
        return self.key < other.key if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        """As it was written; in canonical form when it was made of numbers."""
        if self.text:
            return self.text
        text = f"{self.major}.{self.minor}.{self.patch}"
        if self.prerelease:
            text += "-" + ".".join(self.prerelease)
        return f"{text}+{self.build}" if self.build else text


def _identifier(part: str) -> tuple[bool, int | str]:
    return (False, int(part)) if part.isdigit() else (True, part)


def _refused(text: Any) -> InputError:
    if text == "":
        return InputError("Version string empty", advice="Write X.Y.Z, such as 4.16.3.")
    return InputError(f"{text!r:.200} is not a semantic version", advice="Write X.Y.Z, such as 4.16.3 or 4.17.0-rc.1.")
