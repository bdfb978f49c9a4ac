# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How long the rest of a transfer takes.

Bytes take time, and so do requests, whatever they carry: the largest blobs go first, and the many small ones and the
manifests after them take far longer than their bytes.  Both costs are learned as the transfer goes, by least squares.
"""

from __future__ import annotations

# Seconds for one blob or image, believed until the transfer shows another number, and how strongly.
_ITEM = 0.03
_BELIEF = 100.0
# What an interval still counts after each further one, so that a link that became slower is noticed within a minute.
_FADING = 0.98
_MIB = 1024 * 1024


class Pace:
    """Sums over intervals of one transfer: x MiB, y items and t seconds each."""

    def __init__(self) -> None:
        self._last: tuple[float, int, int] | None = None
        self._xx = self._xy = self._yy = self._xt = self._yt = 0.0

    def saw(self, now: float, size: int, items: int) -> None:
        """size, items: bytes sent, and blobs and images done, in all."""
        if self._last is not None and now <= self._last[0]:
            return
        if self._last is not None:
            then, before, done = self._last
            self._add((size - before) / _MIB, items - done, now - then)
        self._last = (now, size, items)

    def _add(self, x: float, y: float, t: float) -> None:
        self._xx = self._xx * _FADING + x * x
        self._xy = self._xy * _FADING + x * y
        self._yy = self._yy * _FADING + y * y
        self._xt = self._xt * _FADING + x * t
        self._yt = self._yt * _FADING + y * t

    def time_for(self, size: int, items: int) -> float | None:
        """Seconds for so many further bytes and items; None while that cannot be told."""
        if size <= 0 and items <= 0 or not (self._xx or self._yy) or (size > 0 and not self._xx):
            return None
        for_mib, for_item = self._costs()
        return max(size, 0) / _MIB * for_mib + max(items, 0) * for_item

    def _costs(self) -> tuple[float, float]:
        """Seconds for a MiB and for an item."""
        yy, yt = self._yy + _BELIEF, self._yt + _BELIEF * _ITEM
        whole = self._xx * yy - self._xy * self._xy
        if whole <= 0:
            return 0.0, yt / yy
        for_mib = (self._xt * yy - yt * self._xy) / whole
        for_item = (self._xx * yt - self._xy * self._xt) / whole
        if for_mib < 0:
            return 0.0, yt / yy
        return (for_mib, for_item) if for_item >= 0 else (self._xt / self._xx, 0.0)
