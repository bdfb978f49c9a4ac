# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A gzip stream of one member or many, whose members bring something (RFC 1952)."""

from __future__ import annotations

import zlib
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits

_GZIP = 16 + zlib.MAX_WBITS
# What is left behind the end of a member is copied, so that steps are short.
_STEP = 8 * 1024


class Gunzip:
    """source: has `read`.  Zeros behind the last member are taken for padding.

    Raises zlib.error, EOFError (truncated), ValueError (members without end that bring nothing).
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._member = zlib.decompressobj(_GZIP)
        self._packed = b""
        self._members = 1
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        while True:
            if self._member.eof and not self._next_member():
                return b""
            if not self._packed:
                self._packed = self._source.read(_STEP)
            content = self._member.decompress(self._packed, size)
            if not content and not self._packed and not self._member.eof:
                raise EOFError("it is truncated")
            self._packed = self._member.unconsumed_tail
            if content:
                self._unpacked += len(content)
                return content

    def _next_member(self) -> bool:
        packed = self._member.unused_data.lstrip(b"\0")
        while not packed:
            packed = self._source.read(_STEP)
            if not packed:
                return False
            packed = packed.lstrip(b"\0")
        self._members += 1
        if self._members > limits.GZIP_MEMBERS + self._unpacked // limits.GZIP_MEMBER:
            raise ValueError("it is cut into more pieces than any real one")
        self._packed, self._member = packed, zlib.decompressobj(_GZIP)
        return True
