# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How one registry takes blobs, as found out so far (user-needs P17, section 2)."""

from __future__ import annotations

import threading

from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.request_limits import RequestLimits

KIB = 1024
MIB = 1024 * KIB
# The sizes of requests to which a 413 leads.
_SIZES = (64 * MIB, 32 * MIB, 16 * MIB, 8 * MIB, 4 * MIB, 2 * MIB, 1000 * 1000, 512 * KIB, 256 * KIB, 128 * KIB, 64 * KIB)
# Mounts that fail before it is concluded that the registry knows none.
_MISUNDERSTANDINGS = 3


class UploadDialect:
    """What a registry turned out to understand; shared by all of its uploads.

    patch: bodies go by PATCH.  chunk: most bytes of one request (0: no limit).  proven: the ways in which bodies were taken.
    mount: `POST ?mount=` is understood at all.  asks_by_mount: mounting from the repository itself tells whether
    a blob is there (None: not known yet).
    """

    def __init__(self, host: str = "", limits: RequestLimits = RequestLimits()) -> None:
        self._host = host
        self._limits = limits
        self.patch = False
        self.chunk = self._kept = limits.of(host)
        self.proven: set[str] = set()
        self.mount = True
        self.asks_by_mount: bool | None = None
        self.probe = threading.Lock()
        self._misunderstood = 0

    def took(self, method: str) -> None:
        """A body was taken in this way."""
        self.proven.add(method)
        if self.chunk != self._kept and self.chunk and method == "PATCH":
            self._kept = self.chunk
            self._limits.put(self._host, self.chunk)

    def mounted(self, foreign: bool) -> None:
        """A mount succeeded; foreign: from another repository."""
        self._misunderstood = -_MISUNDERSTANDINGS
        if not foreign:
            self.asks_by_mount = True

    def not_mounted(self) -> None:
        """A mount was refused where a plain upload was not; a few times may be by chance."""
        self._misunderstood += 1
        if self._misunderstood >= _MISUNDERSTANDINGS:
            self.mount = False
            self.asks_by_mount = False

    def shrink(self, tried: int) -> bool:
        """After a 413 for a request of `tried` bytes; False when they cannot be smaller."""
        smaller = next((size for size in _SIZES if size < tried), 0)
        if smaller and (not self.chunk or smaller < self.chunk):
            self.chunk = smaller
        return bool(smaller)
