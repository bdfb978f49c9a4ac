# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The operator catalogs of a v1 archive: base image and filtered content become an image again (mirroring 4.6, step 7)."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import MAX_CONFIG
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import instances
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.rebuild import rebuild
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import Target, map_catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.takeover import ARCHIVE
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v1 import V1Archive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import BUILT, ORIGIN

FOLDER = "taken-over"
_FIELDS = {"targetCatalog": "target_catalog", "targetName": "target_name", "targetTag": "target_tag"}


def with_catalogs(plan: Plan, archive: V1Archive, place: Workspace) -> Plan:
    """A plan with the archive's catalogs, which are built in the workspace.  One that cannot be built is a failure in it."""
    images, entries, failures = list(plan.images), list(plan.catalogs), list(plan.failures)
    for folder in archive.catalogs:
        name = _reference(folder)
        try:
            image, entry = _catalog(folder, name, archive, place)
        except MirrorError as error:
            failures.append(Failure.of(error, name, CATEGORIES[CATALOG]))
            continue
        images.append(image)
        entries.append(entry)
    return replace(plan, images=tuple(images), catalogs=tuple(entries), failures=tuple(failures)).sorted()


def _catalog(folder: str, name: str, archive: V1Archive, place: Workspace) -> tuple[PlanImage, dict[str, Any]]:
    root = archive.fetch_manifest(folder, archive.catalog_digest(folder))
    wanted = _wanted(name, archive)
    target = map_catalog(wanted, Generation.V1, root.digest)
    layout = Digest.of(folder.encode("utf-8")).hex
    selection = _content(folder, archive, place).everything()
    read = instances(root, lambda digest: archive.fetch_manifest(folder, digest), lambda blob: read_blob(archive, folder, blob, MAX_CONFIG))
    path = os.path.join(place.content, FOLDER, layout)
    shutil.rmtree(path, ignore_errors=True)
    store = LayoutStore(path)
    index = rebuild(read, selection, store, layout)
    files.write(os.path.join(path, ORIGIN), f"{ARCHIVE}/{folder}".encode())
    image = _image(name, f"{BUILT}{FOLDER}/{layout}", index, store, target, place)
    entry = {
        "catalog": wanted.catalog,
        "name": name,
        "digest": str(root.digest),
        "destination": target.repository,
        "tag": target.tag,
        "packages": summary.packages(selection, {}, "bundles"),
        "rebuilt": str(index.digest),
    }
    return image, entry


def _image(name: str, source: str, index: Manifest, store: LayoutStore, target: Target, place: Workspace) -> PlanImage:
    content = content_of(index, (), lambda digest: store.fetch_manifest("", digest), name)
    shelf = Shelf(place.manifests)
    for manifest in content.manifests:
        shelf.put(manifest)
    return PlanImage(
        type=CATALOG,
        origin=name,
        source=source,
        digest=index.digest,
        media_type=index.media_type,
        size=content.size,
        destination=target.repository,
        tags=(target.tag,),
        why=((f"operators: {name}",),),
    )


def _content(folder: str, archive: V1Archive, place: Workspace) -> Catalog:
    """The filtered catalog, taken out into the workspace."""
    path = os.path.join(place.catalogs, FOLDER, Digest.of(folder.encode("utf-8")).hex)
    shutil.rmtree(path, ignore_errors=True)
    files.write(os.path.join(path, "index.json"), archive.index.read(f"{folder}/index/index.json"))
    return Catalog.from_directory(path)


def _reference(folder: str) -> str:
    """`catalogs/<registry>/<path>/<tag or digest>` as a reference."""
    name, _slash, version = folder.partition("/")[2].rpartition("/")
    return f"{name}@{version}" if ":" in version else f"{name}:{version}"


def _wanted(name: str, archive: V1Archive) -> Wanted:
    """The entry of the configuration that a catalog came from, for where it goes; a plain one where none fits."""
    bare = parse(name, Generation.V1).repository
    listed: list[Any] = (archive.metadata.mirror or {}).get("operators") or []
    for entry in listed:
        catalog = entry.get("catalog") if isinstance(entry, dict) else None
        if isinstance(catalog, str) and catalog.partition("@")[0].startswith(bare):
            given: dict[str, Any] = {field: str(entry[key]) for key, field in _FIELDS.items() if entry.get(key)}
            return Wanted(catalog=name, **given)
    return Wanted(catalog=name)
