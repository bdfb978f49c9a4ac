# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What lies where in a catalog's files: an index of documents by package, made without parsing them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible, InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import heading, ignore, splitter

SCHEMA = "disconnected.mirror/catalog-index/1"


class Span(NamedTuple):
    """A document: which file, where in it, and what it says it is."""

    file: int
    offset: int
    length: int
    schema: str
    name: str


@dataclass(frozen=True)
class File:
    """path: where the bytes are now.  name: where they were in the catalog, for messages."""

    path: str
    name: str


@dataclass
class Contents:
    """files: read again when a document is needed.  packages: spans by package; `""` holds what belongs to none."""

    files: tuple[File, ...] = ()
    packages: dict[str, list[Span]] = field(default_factory=dict)

    def read(self, span: Span) -> bytes:
        """The bytes of a document.  Raises StorageError."""
        path = self.files[span.file].path
        try:
            with open(path, "rb") as file:
                file.seek(span.offset)
                return file.read(span.length)
        except OSError as error:
            raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error

    def document(self) -> dict[str, Any]:
        """As JSON, with files by name; see `of`."""
        packages = {
            package: [[span.file, span.offset, span.length, span.schema, span.name] for span in spans]
            for package, spans in sorted(self.packages.items())
        }
        return {"schema": SCHEMA, "files": [[os.path.basename(file.path), file.name] for file in self.files], "packages": packages}

    @classmethod
    def of(cls, document: Any, folder: str) -> Contents:
        """Raises Incompatible when `document` is not such an index."""
        try:
            if document["schema"] != SCHEMA:
                raise KeyError("schema")
            return cls(
                files=tuple(File(os.path.join(folder, path), name) for path, name in document["files"]),
                packages={package: [Span(*span) for span in spans] for package, spans in document["packages"].items()},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Incompatible("not an index of a catalog", subject=folder) from error


def scan(files: tuple[File, ...]) -> Contents:
    """The index of these files.  Raises InputError (a document that cannot be told, too many), StorageError."""
    contents = Contents(files)
    count = 0
    for number, file in enumerate(files):
        try:
            with open(file.path, "rb", buffering=0) as stream:
                for piece in splitter.pieces(stream, file.name):
                    _add(contents.packages, number, piece, file.name)
                    count += len(piece.places)
                    if count > limits.CATALOG_DOCUMENTS:
                        raise InputError(f"the catalog has more than {limits.CATALOG_DOCUMENTS} documents", subject=file.name)
        except OSError as error:
            raise StorageError(f"cannot read {file.path}: {error.strerror}", subject=file.path) from error
    return contents


def _add(packages: dict[str, list[Span]], number: int, piece: splitter.Piece, subject: str) -> None:
    offset, buffer, places = piece
    for start, end in places:
        schema, package, name = heading.look(buffer, subject, start, end)
        packages.setdefault(package, []).append(Span(number, offset + start, end - start, schema, name))


def directory_files(root: str) -> tuple[File, ...]:
    """Every file of a catalog in a directory that `.indexignore` does not leave out, by name.

    Links that lead out of the directory are refused.  Raises InputError, StorageError.
    """
    names = sorted(_walk(root))
    if len(names) > limits.CATALOG_FILES:
        raise InputError(f"the catalog has more than {limits.CATALOG_FILES} files", subject=root)
    rules = {}
    for name in names:
        if os.path.basename(name) == ignore.NAME:
            rules[os.path.dirname(name)] = ignore.rules(_read(os.path.join(root, name)), os.path.join(root, name))
    return tuple(File(os.path.join(root, name), name) for name in kept_names(names, rules))


def kept_names(names: list[str], rules: Mapping[str, Any]) -> list[str]:
    """The names of documents' files among all names, in order."""
    if not rules:
        return names
    return [name for name in names if os.path.basename(name) != ignore.NAME and not ignore.ignored(name, rules)]


def _walk(root: str) -> Iterator[str]:
    if not os.path.isdir(root):
        raise InputError("there is no such directory", subject=root, advice="Name a directory that holds a file-based catalog.")
    inside = os.path.realpath(root) + os.sep
    folders = [""]
    try:
        while folders:
            prefix = folders.pop()
            with os.scandir(os.path.join(root, prefix)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{prefix}{entry.name}/")
                    elif _is_file(entry, inside):
                        yield f"{prefix}{entry.name}"
    except OSError as error:
        raise StorageError(f"cannot read {error.filename}: {error.strerror}", subject=root) from error


def _is_file(entry: os.DirEntry[str], inside: str) -> bool:
    """Links to folders are none, and are not followed.  inside: the catalog's folder.  Raises InputError, OSError."""
    if entry.is_symlink() and not entry.is_dir() and not os.path.realpath(entry.path).startswith(inside):
        raise InputError(f"{entry.path} is a link that leads out of the catalog", subject=inside.rstrip(os.sep))
    return entry.is_file()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(ignore.MAX_PATTERN * ignore.MAX_PATTERNS)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", subject=path) from error
