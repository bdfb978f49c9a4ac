# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The hash of a blob on its way, parts of which may have to be read again (user-needs G04)."""

from __future__ import annotations

from typing import Any

# How far apart the places are from which reading can begin again, in pieces.
_APART = 8

Mark = tuple[int, Any]


class ReadingHash:
    """Stands for the bytes that the other side was given, also where a later reading gave it the rest.

    hasher: of the blob's algorithm.  end: how many bytes it has seen.
    """

    def __init__(self, hasher: Any) -> None:
        self._hasher = hasher
        self.end = 0
        self._marks: list[Mark] = [(0, hasher.copy())]
        self._pieces = 0
        # What an earlier reading came to, further on: the bytes between are those that were sent then.
        self._proofs: list[Mark] = []

    @property
    def digest(self) -> str:
        """In hexadecimal digits."""
        return str(self._hasher.hexdigest())

    def rewind(self, offset: int) -> int:
        """The other side has the bytes up to `offset`: where to read from, at or before that."""
        later = [(self.end, self._hasher)]
        while self._marks[-1][0] > offset:
            later.append(self._marks.pop())
        begin, hasher = self._marks[-1]
        self._proofs = [proof for proof in self._proofs if proof[0] > begin]
        if begin < offset:
            self._proofs.append(later[-1])
        self._hasher, self.end, self._pieces = hasher.copy(), begin, 0
        return begin

    def update(self, start: int, piece: memoryview) -> bool:
        """The bytes from `start` on, as far as they are new; False when they are not those that were read there before."""
        end = start + len(piece)
        while self.end < end:
            proof = min((mark for mark in self._proofs if mark[0] <= end), key=lambda mark: mark[0], default=None)
            until = proof[0] if proof else end
            self._hasher.update(piece[self.end - start : until - start])
            self.end = until
            if proof is not None:
                self._proofs.remove(proof)
                if proof[1].hexdigest() != self._hasher.hexdigest():
                    return False
        self._pieces += 1
        if self._pieces >= _APART and end == self.end > self._marks[-1][0]:
            self._marks.append((end, self._hasher.copy()))
            self._pieces = 0
        return True
