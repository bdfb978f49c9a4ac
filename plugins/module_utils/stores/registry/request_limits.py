# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How large requests to a host may be, remembered from run to run.

A proxy's limit shows by refusals only, each of a request that was sent for nothing.
"""

from __future__ import annotations

import threading
import time

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files

# A limit may have been raised: it is looked for again after so many seconds.
_BELIEVED = 7 * 24 * 3600


class RequestLimits:
    """path: of the file; empty to remember nothing.  A file that cannot be read or written costs requests, and fails nothing."""

    def __init__(self, path: str = "") -> None:
        self._path = path
        self._lock = threading.Lock()

    def of(self, host: str) -> int:
        """In bytes; 0 for none known."""
        entry = self._entries().get(host, {})
        return entry["bytes"] if entry and 0 <= time.time() - entry["found"] < _BELIEVED else 0

    def put(self, host: str, size: int) -> None:
        if not self._path:
            return
        with self._lock:
            entries = {**self._entries(), host: {"bytes": size, "found": int(time.time())}}
            try:
                files.write(self._path, files.json_bytes(entries))
            except StorageError:
                return

    def _entries(self) -> dict[str, dict[str, int]]:
        try:
            found = json_values.parse(files.read(self._path)) if self._path else {}
            return {str(host): {"bytes": int(entry["bytes"]), "found": int(entry["found"])} for host, entry in found.items()}
        except (FileNotFoundError, StorageError, ValueError, TypeError, KeyError, AttributeError):
            return {}
