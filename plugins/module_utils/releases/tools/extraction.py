# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Takes one file out of an image into a file of the host, as it streams by.

Nothing is unpacked: the one member that is asked for is copied under a name that we chose, and no name, mode, owner or link of the archive
is believed.  It counts only when the whole layer has the digest that names it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, BinaryIO, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Content, Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

_STEP = 1024 * 1024
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


def instance(store: Store, repository: str, digest: Digest, platform: Platform | None, fallback: Platform | None = None) -> Manifest:
    """The manifest for a platform, any that is there for None.

    fallback: the platform of an image that is no index and names none itself.  Raises NotFound.
    """
    root = store.fetch_manifest(repository, digest)
    if not root.is_index:
        if platform is None or fallback is None or fallback.serves(platform):
            return root
        raise NotFound(f"the image is for {fallback} alone, not for {platform}", subject=f"{repository}@{digest}")
    for child in root.children:
        fits = child.platform is not None and child.platform.os == "linux" and (platform is None or child.platform.serves(platform))
        # Of an index a mirror may hold some instances only.
        if fits and store.find_manifest(repository, child.digest) is not None:
            return store.fetch_manifest(repository, child.digest)
    raise NotFound(f"the mirror holds no instance for {platform or 'linux'}", subject=f"{repository}@{digest}")


def extract(store: Store, repository: str, manifest: Manifest, path: str, target: str, finish: Callable[[BinaryIO], Any]) -> None:
    """Writes the file at a path of an image to `target`, executable, in the place of whatever is there.

    finish: called with the whole file, open for reading and writing, before it gets its name.
    Raises NotFound (no such file), CorruptContent, Unsupported (too large, or no regular file), StorageError.
    """
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".{os.urandom(8).hex()}.part")
    try:
        files.make_folder(folder)
        with os.fdopen(files.create(temporary, 0o755), "w+b") as file:
            _copy(store, repository, manifest.blobs[1:], path, file)
            finish(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}", subject=target) from error
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def _copy(store: Store, repository: str, layers: Sequence[Descriptor], path: str, file: BinaryIO) -> None:
    """From the topmost layer down."""
    for blob in reversed(layers):
        if blob.foreign:
            continue
        with Layer(store, repository, blob) as layer:
            found = hidden = False
            for name, member, content in layer.members():
                hidden = hidden or _hides(name, path)
                if name != path:
                    continue
                if not member.is_file:
                    raise Unsupported(f"{path} is not a regular file", subject=f"{repository}@{blob.digest}")
                if member.size > limits.PROGRAM:
                    problem = f"{path} has {member.size} bytes, more than the {limits.PROGRAM} that are accepted"
                    raise Unsupported(problem, subject=f"{repository}@{blob.digest}")
                file.seek(0)
                file.truncate()
                _stream(content, file)
                found = True
        if found:
            return
        if hidden:
            break
    raise NotFound(f"the image has no {path}", subject=repository)


def _hides(name: str, path: str) -> bool:
    """Whether a member takes away what the layers below have at a path."""
    folder, _slash, base = name.rpartition("/")
    if base == _OPAQUE:
        return path.startswith(f"{folder}/") if folder else True
    if not base.startswith(_WHITEOUT):
        return False
    gone = f"{folder}/{base[len(_WHITEOUT):]}" if folder else base[len(_WHITEOUT) :]
    return path == gone or path.startswith(f"{gone}/")


def _stream(content: Content, file: BinaryIO) -> None:
    piece = content.read(_STEP)
    while piece:
        file.write(piece)
        piece = content.read(_STEP)
