# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Layers made here: tar archives whose bytes depend on nothing but what they hold (user-needs P02).

Every member has its mode, owner and time said, so that umask, user and clock of this host leave no trace.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob, write_file

WHITEOUT = ".wh."
FOLDER_MODE = 0o755
FILE_MODE = 0o644
# Folders that a whiteout lies in and that do not have the usual mode: everybody writes to /tmp.
MODES = {"tmp": 0o1777}


@dataclass(frozen=True)
class BuiltLayer:
    """blob: without media type, for each manifest says its own.  diff_id: digest of what it unpacks to."""

    blob: Descriptor
    diff_id: Digest


class _Hashing(io.RawIOBase):
    """Hands on what is written, and hashes it."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self._target = target
        self.hasher = hashlib.sha256()
        self.count = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.hasher.update(content)
        self.count += len(content)
        self._target.write(content)
        return len(content)

    @property
    def digest(self) -> Digest:
        return Digest(f"sha256:{self.hasher.hexdigest()}")


def whiteouts(paths: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The members that hide these paths of the layers below."""
    for path in sorted(set(paths)):
        folder, _slash, base = path.rpartition("/")
        yield (f"{folder}/{WHITEOUT}{base}" if folder else f"{WHITEOUT}{base}"), b""


def build(store: Store, repository: str, members: Iterable[tuple[str, bytes]]) -> BuiltLayer:
    """Writes a layer of these files to a store; the folders on the way to them come first.

    A layer is spooled to a temporary file, since its digest is known when it is whole.  Raises StorageError.
    """
    try:
        with tempfile.TemporaryFile() as spool:
            packed = _Hashing(spool)
            with gzip.GzipFile(filename="", fileobj=packed, mode="wb", compresslevel=6, mtime=0) as compressed:
                plain = _Hashing(compressed)
                _write_tar(plain, members)
            blob = Descriptor("", packed.digest, packed.count)
            write_file(store, repository, blob, spool)
            return BuiltLayer(blob, plain.digest)
    except OSError as error:
        raise StorageError(f"cannot build a layer: {error.strerror}", subject=repository) from error


def _write_tar(target: _Hashing, members: Iterable[tuple[str, bytes]]) -> None:
    made: set[str] = set()
    with tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            parts = name.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                folder = "/".join(parts[:depth])
                if folder not in made:
                    made.add(folder)
                    archive.addfile(_member(f"{folder}/", tarfile.DIRTYPE, MODES.get(folder, FOLDER_MODE), 0))
            archive.addfile(_member(name, tarfile.REGTYPE, FILE_MODE, len(content)), io.BytesIO(content))


def _member(name: str, kind: bytes, mode: int, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size = kind, mode, size
    member.uid = member.gid = 0
    member.mtime = 0
    return member


def put(store: Store, repository: str, content: bytes) -> Descriptor:
    """Writes a small blob; its descriptor has no media type yet."""
    blob = Descriptor("", Digest.of(content), len(content))
    write_blob(store, repository, blob, content)
    return blob
