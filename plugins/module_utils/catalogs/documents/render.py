# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A selection as documents: one file for each package, always the same bytes (operator-catalogs 1.3)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Document, Package, Selection

FILE = "catalog.json"


def documents(package: Package) -> Iterator[Document]:
    """Package, channels and bundles by name, other documents by schema, deprecations."""
    if package.document is not None:
        yield package.document
    for _name, channel in sorted(package.channels.items()):
        yield channel.document
    for _name, bundle in sorted(package.bundles.items()):
        yield bundle.document
    yield from sorted(package.others, key=lambda document: str(document.get("schema")))
    yield from package.deprecations


def rendered(selection: Selection) -> Iterator[tuple[str, bytes]]:
    """Each file's name and content; what belongs to no package is the file at the top.  Raises InputError."""
    if selection.others:
        yield FILE, _content(list(selection.others))
    for name, package in sorted(selection.packages.items()):
        if "/" in name or name in (".", "..") or "\x00" in name:
            raise InputError(f"{name!r:.200} cannot be the name of a package", advice="Package names are DNS labels.")
        yield f"{name}/{FILE}", _content(list(documents(package)))


def write(selection: Selection, folder: str) -> bool:
    """Makes a directory hold a selection and nothing else; says whether anything changed.

    Raises InputError (the directory holds files that this function would not have written: they are not touched), StorageError.
    """
    before = _written_before(folder)
    changed = False
    wanted = set()
    for name, content in rendered(selection):
        path = os.path.join(folder, name)
        wanted.add(path)
        changed |= files.write(path, content)
    for path in sorted(before - wanted):
        os.unlink(path)
        if os.path.dirname(path) != folder and not os.listdir(os.path.dirname(path)):
            os.rmdir(os.path.dirname(path))
        changed = True
    return changed


def differs(selection: Selection, folder: str) -> bool:
    """Whether `write` would change anything.  Raises InputError, StorageError."""
    wanted: dict[str, bytes] = {os.path.join(folder, name): content for name, content in rendered(selection)}
    return _written_before(folder) != set(wanted) or any(files.read(path) != content for path, content in wanted.items())


def _written_before(folder: str) -> set[str]:
    """The files of an earlier selection."""
    found = {os.path.join(path, name) for path, _folders, names in os.walk(folder) for name in names}
    for path in found:
        parts = os.path.relpath(path, folder).split(os.sep)
        if parts[-1] != FILE or len(parts) > 2:
            raise InputError(
                f"the directory holds {path}, which no filtered catalog has", subject=folder, advice="Give an empty directory."
            )
    return found


def _content(found: list[Any]) -> bytes:
    return "".join(json.dumps(document, indent=4, ensure_ascii=False) + "\n" for document in found).encode("utf-8")
