# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Catalogs of images, each taken out of its layers once and kept in the workspace by digest (spec/performance 4)."""

from __future__ import annotations

import os
import shutil
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible, InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import ignore
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import Contents, File, kept_names, scan
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.parsed_lines import Lines
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.extraction import extract, unused
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import (
    Instance,
    configs_directory,
    inspected,
    instances,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

MAX_CONFIG = 4 * 1024 * 1024
_INDEX = "index.json"
_FILES = "files"


class Kept:
    """The catalogs that the workspace keeps.  One run at a time writes there, as the workspace's lock sees to."""

    def __init__(self, store: Store, workspace: Workspace, parallel: int = 2) -> None:
        self._store = store
        self._shelf = Shelf(workspace.manifests)
        self._root = workspace.catalogs
        self._parallel = parallel

    def root(self, repository: str, selector: str) -> Manifest:
        """The manifest that a reference names; asked for once, since the shelf keeps it."""
        kept = self._shelf.get(Digest.parse(selector)) if ":" in selector else None
        if kept is not None:
            return kept
        manifest = self._store.fetch_manifest(repository, selector)
        self._shelf.put(manifest)
        return manifest

    def instances(self, repository: str, root: Manifest) -> tuple[Instance, ...]:
        """The images of a catalog; their configurations are kept beside it.  Raises what `image.instances` raises."""
        return instances(root, lambda digest: self.root(repository, digest), self._reader(repository, self.folder(root.digest)))

    def _reader(self, repository: str, folder: str = "") -> Callable[[Descriptor], bytes]:
        """Reads configurations, from the folder where they are known."""

        def read(blob: Descriptor) -> bytes:
            path = os.path.join(folder, f"{blob.digest.hex}.json")
            try:
                content = files.read(path) if folder else b""
            except FileNotFoundError:
                content = b""
            if Digest.of(content) == blob.digest:
                return content
            content = read_blob(self._store, repository, blob, MAX_CONFIG)
            if folder:
                files.write(path, content)
            return content

        return read

    def folder(self, digest: Digest) -> str:
        """Where all that is known about one catalog lies."""
        return os.path.join(self._root, f"{digest.algorithm}-{digest.hex}")

    def catalog(self, name: str, repository: str, root: Manifest) -> Opened:
        """The catalog of an image; read from its layers when it was not before.

        name: for messages.  Raises InputError, Unsupported, CorruptContent, StorageError and what the store raises.
        """
        folder = self.folder(root.digest)
        contents = self._known(folder)
        if contents is None:
            contents = self._taken_out(name, repository, root, folder)
        lines = Lines(folder)
        return Opened(Catalog(name, contents, lines), lines)

    def known(self, name: str, digest: Digest) -> Catalog | None:
        """A catalog that was read before; None for any other.  Nothing is asked of its registry.  name: for messages."""
        contents = self._known(self.folder(digest))
        return Catalog(name, contents, Lines(self.folder(digest))) if contents is not None else None

    def forget_others(self, current: dict[str, Digest]) -> list[str]:
        """Drops what is kept of catalogs whose tag has moved on.  current: digests by reference."""
        dropped: list[str] = []
        for name in sorted(os.listdir(self._root)) if os.path.isdir(self._root) else ():
            folder = os.path.join(self._root, name)
            try:
                reference = files.read(os.path.join(folder, "reference")).decode("utf-8", "replace")
            except (FileNotFoundError, NotADirectoryError, StorageError):
                continue
            digest = current.get(reference)
            if digest is not None and self.folder(digest) != folder and folder not in map(self.folder, current.values()):
                shutil.rmtree(folder, ignore_errors=True)
                dropped.append(folder)
        return dropped

    def note(self, reference: str, digest: Digest) -> None:
        """Remembers under which name a catalog was wanted, for `forget_others`."""
        if os.path.isdir(self.folder(digest)):
            files.write(os.path.join(self.folder(digest), "reference"), reference.encode("utf-8"))

    def _known(self, folder: str) -> Contents | None:
        try:
            return Contents.of(files.read_json(os.path.join(folder, _INDEX)), os.path.join(folder, _FILES))
        except (FileNotFoundError, StorageError, Incompatible):
            return None

    def _taken_out(self, name: str, repository: str, root: Manifest, folder: str) -> Contents:
        instance = inspected(root, lambda digest: self.root(repository, digest), self._reader(repository))
        directory = configs_directory(instance, name)
        shutil.rmtree(folder, ignore_errors=True)
        kept = os.path.join(folder, _FILES)
        try:
            files.make_folder(kept)
        except OSError as error:
            raise StorageError(f"cannot make {kept}: {error.strerror}", subject=kept) from error
        try:
            contents = self._indexed(
                name, extract(self._store, repository, instance.manifest, directory, kept, self._parallel), kept, directory
            )
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        files.write_json(os.path.join(folder, _INDEX), contents.document())
        return contents

    def _indexed(self, name: str, found: tuple[File, ...], folder: str, directory: str) -> Contents:
        rules = {
            os.path.dirname(file.name): ignore.rules(files.read(file.path), file.name)
            for file in found
            if os.path.basename(file.name) == ignore.NAME
        }
        names = set(kept_names([file.name for file in found], rules))
        wanted = tuple(file for file in found if file.name in names)
        for path in unused(folder, wanted):
            os.unlink(path)
        contents = scan(wanted)
        if not contents.packages:
            raise InputError(
                f'no content found at "{directory}/" within image', subject=name, advice="The image's label points to an empty directory."
            )
        return contents


class Opened:
    """A catalog in use; `close` keeps what was parsed."""

    def __init__(self, catalog: Catalog, lines: Lines) -> None:
        self.catalog = catalog
        self._lines = lines

    def close(self) -> None:
        self._lines.save()
