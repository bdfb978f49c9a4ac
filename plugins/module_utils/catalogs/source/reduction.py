# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A planned catalog without some bundles, built from what planning left in the workspace (user-needs P03, P15; mirroring K8).

Nothing is filtered again and no tag is asked for again: what remains is what was planned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import scan
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.built import BuiltCatalogs
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.extraction import extract_layers
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.identity import identity
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.rebuild import CONFIGS
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import exclusion
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import map_catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import BUILT


@dataclass(frozen=True)
class Reduced:
    """entry: of the plan's `catalogs`.  origin, source: where the image is read, as a planned image has them.

    bundles: those that are left, (package, name).  notes: sentences about what else changed.
    """

    entry: dict[str, Any]
    origin: str
    source: str
    index: Manifest
    bundles: set[tuple[str, str]]
    notes: tuple[str, ...]


class Reducer:
    """upstream: the store of all origins, what was built in the workspace among them."""

    def __init__(self, upstream: Store, workspace: Workspace, generation: Generation) -> None:
        self._upstream = upstream
        self._kept = Kept(upstream, workspace)
        self._built = BuiltCatalogs(workspace)
        self._generation = generation

    def reduce(self, entry: Mapping[str, Any], wanted: Wanted, source: str, gone: Mapping[str, Collection[str]]) -> Reduced:
        """The catalog of a plan's entry without bundles (names by package).

        source: of the planned image; a catalog that was taken as it is is rebuilt now.
        Raises InputError when nothing would be left, and what reading and building raise.
        """
        reference = parse(wanted.catalog, self._generation)
        root = self._kept.root(reference.repository, str(Digest.parse(entry["digest"])))
        with ExitStack() as stack:
            if source.startswith(BUILT):
                selection = self._selection(wanted.catalog, source, stack)
            else:
                opened = self._kept.catalog(wanted.catalog, reference.repository, root)
                stack.callback(opened.close)
                selection = opened.catalog.everything()
            left, notes = exclusion.without(selection, gone)
            if not left.packages:
                raise InputError("no bundle of the catalog is left", subject=wanted.catalog)
            name, index = self._built.build(
                self._kept.instances(reference.repository, root), left, reference.repository, identity(wanted, root.digest)
            )
            return Reduced(
                entry={
                    **entry,
                    "tag": map_catalog(wanted, self._generation, self._pushed(root, index)).tag,
                    "packages": summary.packages(left, _chosen(entry), "bundles"),
                    "filter": identity(wanted, root.digest),
                    "rebuilt": str(index.digest),
                },
                origin=str(reference),
                source=self._built.source(name),
                index=index,
                bundles={(package.name, bundle) for package in left.packages.values() for bundle in package.bundles},
                notes=notes,
            )

    def _pushed(self, root: Manifest, index: Manifest) -> Digest:
        """The digest that names a catalog without a tag."""
        return index.digest if self._generation is Generation.V2 else root.digest

    def _selection(self, name: str, source: str, stack: ExitStack) -> Selection:
        """What the rebuilt catalog holds: all of it is in the last layer, the same in every instance."""
        index = self._upstream.fetch_manifest(source, "")
        image = self._upstream.fetch_manifest(source, index.children[0].digest)
        folder = stack.enter_context(temporary_folder())
        files = extract_layers(self._upstream, source, image.blobs[-1:], CONFIGS, folder)
        return Catalog(name, scan(files)).everything()


def _chosen(entry: Mapping[str, Any]) -> dict[str, str]:
    """Why packages have their default channels, as the plan's entry tells it."""
    return {package["name"]: package["default_channel_reason"] for package in entry["packages"] if package.get("default_channel_reason")}
