# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Reads a blob from a registry; a broken stream goes on where it ended (user-needs P01, G06)."""

from __future__ import annotations

import re
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)\Z")
# So many bytes after a break are progress: the attempts are counted anew.
_PROGRESS = 1024 * 1024


class RegistryBlobReader(BlobReader):
    """opener: sends the request for the bytes from an offset on; raises when the registry refuses.

    mend: called as (attempt, reason) after a break; waits, and raises when there is no use in going on.
    size: of the whole blob; subject, giver: for messages.
    """

    def __init__(
        self,
        opener: Callable[[int], Response],
        mend: Callable[[int, str], None],
        size: int,
        offset: int,
        subject: str,
        giver: str = "the registry",
    ) -> None:
        self._opener = opener
        self._mend = mend
        self._size = size
        self._position = offset
        self._subject = subject
        self._giver = giver
        self._attempts = 0
        self._broken_at = offset
        self._response: Response | None = None
        try:
            self._response = self._open()
        except Interrupted as error:
            self._break(error)

    def readinto(self, buffer: memoryview) -> int:
        while True:
            response = self._response
            if response is None:
                return 0
            try:
                size = response.readinto(buffer)
            except Interrupted as error:
                self._break(error)
                continue
            if not size and self._position < self._size and len(buffer):
                self._break(Interrupted(f"the blob broke off {self._size - self._position} bytes before its end"))
                continue
            self._position += size
            if self._position > self._size:
                raise self._corrupt(f"{self._giver} sends more than the {self._size} bytes that its manifest names")
            return size

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None

    def _open(self) -> Response:
        response = self._opener(self._position)
        try:
            if response.status == 206:
                self._check_range(response)
            else:
                if response.length not in (None, self._size):
                    raise self._corrupt(f"{self._giver} has {response.length} bytes where its manifest names {self._size}")
                self._skip(response)
        except BaseException:
            response.close()
            raise
        return response

    def _check_range(self, response: Response) -> None:
        told = response.headers.get("content-range", "")
        match = _CONTENT_RANGE.match(told)
        if match is None or int(match.group(1)) != self._position or match.group(3) not in ("*", str(self._size)):
            wanted = f"bytes from {self._position} of {self._size}"
            raise self._corrupt(f"{self._giver} answered with the range {told!r:.60} where {wanted} were wanted")

    def _skip(self, response: Response) -> None:
        """A registry that does not know ranges sends all of it again."""
        left = self._position
        scratch = memoryview(bytearray(min(left, 256 * 1024)))
        while left:
            size = response.readinto(scratch[:left])
            if not size:
                raise Interrupted("the blob broke off")
            left -= size

    def _break(self, error: Interrupted) -> None:
        """Opens the blob again from the first byte that was not given out."""
        if self._response is not None:
            self._response.close()
            self._response = None
        while self._response is None:
            if self._position - self._broken_at >= _PROGRESS:
                self._attempts = 0
            self._broken_at = self._position
            self._attempts += 1
            self._mend(self._attempts, error.reason)
            try:
                self._response = self._open()
            except Interrupted as again:
                error = again

    def _corrupt(self, problem: str) -> CorruptContent:
        return CorruptContent(problem, subject=self._subject)
