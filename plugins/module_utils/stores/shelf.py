# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The shelf: manifests by digest in the workspace, so that no later step asks for them again.

One file for each manifest: a line with its media type as it was served and the checksum of
that, then the exact bytes.  It is a cache of content that names itself: a file that was
torn by a crash fails its digest when it is read and counts as absent, so nothing needs to
be synchronized.
"""

from __future__ import annotations

import os
import zlib

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest


class Shelf:
    """Manifests below one directory; may be used by several threads and processes at once.

    path: the directory, made on the first `put`.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._folders: set[str] = set()

    def has(self, digest: Digest) -> bool:
        """Whether a file is there; only `get` knows whether it is whole."""
        return os.path.exists(self._file(digest))

    def get(self, digest: Digest) -> Manifest | None:
        """The manifest, verified; None when it is not there or not whole.  Raises StorageError."""
        path = self._file(digest)
        try:
            with open(path, "rb") as file:
                heading, _newline, content = file.read().partition(b"\n")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error
        media_type = heading.rpartition(b" ")[0]
        if heading != _heading(media_type):
            return None
        try:
            return Manifest.parse(content, media_type.decode("ascii", "replace"), digest)
        except (CorruptContent, InputError, Unsupported):
            return None

    def put(self, manifest: Manifest) -> None:
        """Keeps a manifest.  Raises StorageError."""
        path = self._file(manifest.digest)
        if os.path.exists(path) and self.get(manifest.digest) is not None:
            return
        try:
            self._make_folder(os.path.dirname(path))
            heading = _heading(manifest.media_type.encode("ascii", "replace"))
            # A manifest that a crash tears is asked for again.
            files.put(path, heading + b"\n" + manifest.content, sync=False)
        except OSError as error:
            raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error

    def _file(self, digest: Digest) -> str:
        return os.path.join(self.path, digest.algorithm, digest.hex)

    def _make_folder(self, folder: str) -> None:
        if folder not in self._folders:
            files.make_folder(folder)
            self._folders.add(folder)


def _heading(media_type: bytes) -> bytes:
    return b"%s %08x" % (media_type, zlib.crc32(media_type))
