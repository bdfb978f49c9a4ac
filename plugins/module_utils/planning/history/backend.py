# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where histories are kept: a directory here; whoever adds another place implements `Backend` (mirroring 4.4)."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files


class Backend(ABC):
    """Keeps JSON documents by name."""

    @abstractmethod
    def read(self, name: str) -> Any | None:
        """None when there is none.  Raises MirrorError: it could not be read, or not be told whether it is there."""

    @abstractmethod
    def write(self, name: str, document: Any) -> bool:
        """Replaces the document as a whole; says whether it changed."""


class Directory(Backend):
    """One file for each document, replaced atomically."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, name: str) -> Any | None:
        try:
            return files.read_json(self._file(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, document: Any) -> bool:
        return files.write_json(self._file(name), document, mode=0o640)

    def _file(self, name: str) -> str:
        return os.path.join(self._path, f"{name}.json")
