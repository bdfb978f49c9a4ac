# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The catalog images that were built here, each in a layout of the workspace that has the name of its content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import Instance
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.rebuild import rebuild
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import BUILT, ORIGIN

FOLDER = "catalogs"


class BuiltCatalogs:
    """One run at a time writes there, as the workspace's lock sees to."""

    def __init__(self, workspace: Workspace) -> None:
        self._root = os.path.join(workspace.content, FOLDER)

    def has(self, name: str) -> bool:
        return os.path.exists(os.path.join(self._root, name, ORIGIN))

    @staticmethod
    def source(name: str) -> str:
        """Where `stores.upstream` finds a catalog by the name of its layout; empty for none."""
        return f"{BUILT}{FOLDER}/{name}" if name else ""

    def build(self, instances: Sequence[Instance], selection: Selection, repository: str, tag: str) -> tuple[str, Manifest]:
        """The catalog with the selection in it: the name of its layout and its index.

        repository: where the layers stay that it is built upon.  Raises what `rebuild` raises.
        """
        folder = os.path.join(self._root, ".building")
        shutil.rmtree(folder, ignore_errors=True)
        index = rebuild(instances, selection, LayoutStore(folder), tag)
        files.write(os.path.join(folder, ORIGIN), repository.encode("utf-8"))
        name = index.digest.hex
        kept = os.path.join(self._root, name)
        try:
            if self.has(name):
                shutil.rmtree(folder)
            else:
                shutil.rmtree(kept, ignore_errors=True)
                os.rename(folder, kept)
        except OSError as error:
            raise StorageError(f"cannot keep the rebuilt catalog in {kept}: {error.strerror}", subject=folder) from error
        return name, index
