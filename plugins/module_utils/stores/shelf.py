# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The shelf: manifests by digest in the workspace, so that nobody asks a registry twice (design, sections 1 and 6).

Content is checked against its digest when it is taken down, so a file that was cut short by a
power failure counts as absent and writing needs no fsync.
"""

from __future__ import annotations

import os
import tempfile
from typing import Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest


class Shelf:
    """Safe for several threads and several processes: a file is whole or not there."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get(self, digest: Digest) -> Optional[Manifest]:
        """The manifest with this digest; None when it is not here or was damaged.  Raises StorageError."""
        try:
            return Manifest.parse(files.read(self._file(digest)), digest=digest)
        except (FileNotFoundError, CorruptContent):
            return None

    def put(self, manifest: Manifest) -> None:
        """Keeps the exact bytes.  Raises StorageError."""
        path = self._file(manifest.digest)
        if os.path.exists(path) and self.get(manifest.digest) is not None:
            return
        temporary = ""
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=os.path.dirname(path))
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(manifest.content)
            os.replace(temporary, path)
        except OSError as error:
            if temporary and os.path.exists(temporary):
                os.unlink(temporary)
            raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error

    def _file(self, digest: Digest) -> str:
        return os.path.join(self.path, digest.algorithm, digest.hex[:2], digest.hex)
