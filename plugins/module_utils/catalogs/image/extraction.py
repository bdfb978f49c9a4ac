# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The configs directory of an image, taken out of its layers as the merged root would show it (IMG-4, P02, G15).

Every layer is read once, as a stream; only files below the directory are kept, under names of our own, so that no path
of a layer ever becomes a path here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import File
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import FOLDER

MAX_NAME = 4096

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"
_CHUNK = 1024 * 1024


@dataclass
class _Found:
    """What one layer says about the directory.

    files: kept, by name in the image.  hidden: names that it takes from the layers below.  emptied: folders that it
    shows without what the layers below have in them.  folders: names that are folders from here on.
    """

    files: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)


def extract(store: Store, repository: str, image: Manifest, directory: str, folder: str, parallel: int = 2) -> tuple[File, ...]:
    """The files below `directory` of an image (`configs`, no slashes around it), kept in `folder`; names relative to it.

    Raises InputError (links or devices where files should be, hostile names), Unsupported (too large), CorruptContent,
    StorageError, and what the store raises.
    """
    layers = [blob for blob in image.blobs[1:] if not blob.foreign]
    return extract_layers(store, repository, layers, directory, folder, parallel)


def extract_layers(
    store: Store, repository: str, layers: Sequence[Descriptor], directory: str, folder: str, parallel: int = 2
) -> tuple[File, ...]:
    """Like `extract`, of layers that are known to hold the whole directory, lowest first."""
    with ThreadPoolExecutor(max_workers=max(1, min(parallel, len(layers) or 1))) as pool:
        found = list(
            pool.map(lambda pair: _read(store, repository, pair[1], directory, os.path.join(folder, str(pair[0]))), enumerate(layers))
        )
    merged: dict[str, str] = {}
    for layer in found:
        merged = {name: path for name, path in merged.items() if not _covered(name, layer)}
        merged.update(layer.files)
    _check_total(merged.values(), repository)
    return tuple(File(path, name[len(directory) + 1 :]) for name, path in sorted(merged.items()))


def _covered(name: str, layer: _Found) -> bool:
    """Whether a layer takes a file of the layers below away."""
    if name in layer.folders or name in layer.hidden:
        return True
    return any(above in layer.hidden or above in layer.emptied or above in layer.files for above in _above(name))


def _above(name: str) -> Iterator[str]:
    while name:
        name = name.rpartition("/")[0]
        yield name


def _read(store: Store, repository: str, blob: Descriptor, directory: str, prefix: str) -> _Found:
    """prefix: of the paths under which this layer's files are kept."""
    subject = f"{repository}@{blob.digest}"
    found = _Found()
    # A name may come twice, or become a folder: paths are counted on, so that none is written to again.
    kept = total = 0
    with Layer(store, repository, blob) as layer:
        for name, member, content in layer.members():
            if len(name) > MAX_NAME or not _concerns(name, directory):
                continue
            folder, _slash, base = name.rpartition("/")
            if base == _OPAQUE:
                found.emptied.add(folder)
            elif base.startswith(_WHITEOUT):
                found.hidden.add(f"{folder}/{base[len(_WHITEOUT):]}" if folder else base[len(_WHITEOUT) :])
            elif member.kind == FOLDER:
                found.folders.add(name)
                found.files.pop(name, None)
            elif not member.is_file or not name.startswith(directory + "/"):
                raise InputError(
                    f"{name} in the layer is not a regular file",
                    subject=subject,
                    advice="A catalog's configs directory holds files and directories only.",
                )
            else:
                total += member.size
                if kept >= limits.CATALOG_FILES or total > limits.CATALOG:
                    problem = (
                        f"more than {limits.CATALOG_FILES} files"
                        if kept >= limits.CATALOG_FILES
                        else f"more than the {limits.CATALOG} bytes that are accepted"
                    )
                    raise Unsupported(f"the catalog has {problem}", subject=subject)
                found.files[name] = f"{prefix}-{kept}"
                kept += 1
                _keep(content, found.files[name], subject)
    return found


def _concerns(name: str, directory: str) -> bool:
    """Whether a member lies in the directory, is it, or says something about a folder on the way to it."""
    if name == directory or name.startswith(directory + "/"):
        return True
    folder, _slash, base = name.rpartition("/")
    if base == _OPAQUE:
        return not folder or directory == folder or directory.startswith(folder + "/")
    if not base.startswith(_WHITEOUT):
        return False
    hidden = f"{folder}/{base[len(_WHITEOUT):]}" if folder else base[len(_WHITEOUT) :]
    return directory == hidden or directory.startswith(hidden + "/")


def _keep(source: Any, path: str, subject: str) -> None:
    count = 0
    try:
        with open(path, "wb") as file:
            while True:
                content = source.read(_CHUNK)
                if not content:
                    return
                count += len(content)
                if count > limits.CATALOG_FILE:
                    raise Unsupported(f"a file of the catalog has more than {limits.CATALOG_FILE} bytes", subject=subject)
                file.write(content)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}", subject=path) from error


def _check_total(paths: Iterable[str], subject: str) -> None:
    total = sum(os.path.getsize(path) for path in paths)
    if total > limits.CATALOG:
        raise Unsupported(f"the catalog has {total} bytes, more than the {limits.CATALOG} that are accepted", subject=subject)


def unused(folder: str, files: Sequence[File]) -> list[str]:
    """Paths that `extract` wrote and a higher layer replaced."""
    kept = {file.path for file in files}
    return [path for path in (os.path.join(folder, name) for name in os.listdir(folder)) if path not in kept]
