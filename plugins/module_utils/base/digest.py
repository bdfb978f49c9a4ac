# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Digests: content addresses that were checked before anything uses them.

A digest ends up in paths, URLs and cache keys, so a string from a registry, a file or an
archive becomes a `Digest` before it goes there (OCI image specification, descriptor.md,
"Digests"; user-needs G14).
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError

# Hexadecimal length of each registered algorithm; others are refused.
LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_FORM = re.compile(r"(sha256|sha384|sha512):([0-9a-f]+)\Z")


class Digest(str):
    """A checked `algorithm:hex` string; compares and serializes as plain text."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: Any) -> Digest:
        """Raises InputError unless `text` is a digest of a known algorithm, lower case, full length."""
        match = _FORM.match(text) if isinstance(text, str) else None
        if match is None or len(match.group(2)) != LENGTHS[match.group(1)]:
            raise InputError(f"{text!r:.200} is not a digest", advice="A digest is sha256: and 64 lower-case hexadecimal digits.")
        return cls(text)

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """The sha256 digest of some bytes."""
        return cls("sha256:" + hashlib.sha256(content).hexdigest())

    @property
    def algorithm(self) -> str:
        return self[: self.index(":")]

    @property
    def hex(self) -> str:
        return self[self.index(":") + 1 :]

    def hasher(self) -> Any:
        """A fresh hashlib object of this digest's algorithm."""
        return hashlib.new(self.algorithm)

    def check(self, content: bytes, subject: str = "") -> None:
        """Raises CorruptContent unless `content` has this digest."""
        hasher = self.hasher()
        hasher.update(content)
        if hasher.hexdigest() != self.hex:
            raise CorruptContent(
                f"content has digest {self.algorithm}:{hasher.hexdigest()} where {self} was expected", subject=subject or str(self)
            )
