# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Work with single catalogs, apart from an image set: filter one into a directory or a layout, look into one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import related_images as images
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import render
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image import rebuild
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.info import overview, updates
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filtering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import IMAGE_SET, Package, PackageChannel
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import Resolver
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.signals import stopped_by_signals
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.working_place import working_place
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import LAYOUT
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import copy_blob, write_blob

# The catalogs that are published for each version of OpenShift (operator-catalogs 9.1).
PUBLISHED = tuple(
    f"registry.redhat.io/redhat/{name}-index"
    for name in ("redhat-operator", "certified-operator", "community-operator", "redhat-marketplace")
)


@dataclass(frozen=True)
class CatalogRequest:
    """catalog: a directory, `oci://layout`, or a reference with or without `docker://`.

    workspace: where what is read of images is kept; None to keep nothing.
    """

    catalog: str
    workspace: Workspace | None = None
    connections: Connections = Connections()
    parallel: int = 4

    @property
    def is_directory(self) -> bool:
        return _is_directory(self.catalog)


@dataclass(frozen=True)
class FilterRequest(CatalogRequest):
    """packages, full: as an entry of `operators` has them.

    dest: a directory or `oci://layout`; empty to write nothing.
    """

    generation: Generation = Generation.V2
    packages: tuple[Mapping[str, Any], ...] = ()
    full: bool = False
    options: Options = Options()
    dest: str = ""


@dataclass(frozen=True)
class FilterRun:
    """digest: of the rebuilt image's index, where there is one."""

    changed: bool
    packages: list[dict[str, Any]]
    bundles: list[dict[str, Any]]
    related_images: list[dict[str, Any]]
    warnings: tuple[str, ...]
    digest: str = ""


@dataclass(frozen=True)
class InfoRequest(CatalogRequest):
    """package, channel: what to look at, empty for all.  sizes: whether images at heads are asked for their sizes.

    openshift: version whose published catalogs are looked for, instead of looking into one.
    since: another catalog, in the forms of `catalog`; only what it has not, or has otherwise, is looked for.
    """

    package: str = ""
    channel: str = ""
    since: str = ""
    sizes: bool = False
    openshift: str = ""


@dataclass(frozen=True)
class _Source:
    """A catalog that is open, and the image that it is of; None for a directory."""

    catalog: Catalog
    kept: Kept
    store: Store
    place: Workspace
    reference: Reference | None = None
    root: Manifest | None = field(default=None, repr=False)


def filter_catalog(request: FilterRequest, environ: Mapping[str, str], check_mode: bool = False) -> FilterRun:
    """Filters one catalog.  Raises InputError, Unsupported, StorageError, and what reading the catalog raises."""
    wanted = _wanted(request)
    if request.options.additive and request.generation is not Generation.V1:
        raise InputError(
            "packages are added to the heads of all others by the rules of v1alpha2 only",
            subject="additive",
            advice="Set api_version: v1alpha2, or list all packages.",
        )
    if request.dest.startswith(LAYOUT) and request.is_directory:
        raise InputError(
            "a layout can be built only upon an image", subject=request.dest, advice="Give a directory as dest, or an image as the catalog."
        )
    with _opened(request, environ, check_mode) as source:
        found = filtering.apply(source.catalog, wanted, request.generation, request.options)
        bundles = images.of_selection(found.selection)
        changed, digest = _written(request, source, found.selection, check_mode)
        return FilterRun(
            changed=changed,
            packages=summary.packages(found.selection, found.chosen, "entries"),
            bundles=[_bundle(found.selection, each) for each in bundles],
            related_images=images.related_images(bundles),
            warnings=(*found.warnings, *images.notes(bundles)),
            digest=digest,
        )


def look_into_catalog(request: InfoRequest, environ: Mapping[str, str]) -> dict[str, Any]:
    """`updates`, `packages`, or `package` when one is named.  Raises InputError, and what reading the catalog raises."""
    with _opened(request, environ, check_mode=False) as source:
        if request.since:
            return {"updates": _updates(request, source)}
        if not request.package:
            return {"packages": overview.packages(source.catalog)}
        found = overview.package(source.catalog, request.package, request.channel)
        if request.sizes:
            _add_sizes(source, found, request.parallel)
        return {"package": found}


def _updates(request: InfoRequest, source: _Source) -> list[dict[str, Any]]:
    channels = (PackageChannel(name=request.channel),) if request.channel else ()
    listed = (Package(name=request.package, channels=channels),) if request.package else ()
    with _source(request.since, source.kept, source.store, source.place) as old:
        found = updates.newer(old.catalog, source.catalog, Wanted(catalog=request.catalog, packages=listed))
        return updates.rows(found.selection)


def published_catalogs(request: InfoRequest, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """The catalogs that are published for a version of OpenShift: reference, whether it is there, its digest."""
    tag = f"v{request.openshift.lstrip('v')}"
    network = request.connections.open(environ, lambda host, reason, delay: None)
    try:
        store = network.upstream(Workspace(""))
        return [_published(store, name, tag) for name in PUBLISHED]
    finally:
        network.close()


def _published(store: Store, name: str, tag: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"catalog": f"{name}:{tag}", "exists": False, "digest": ""}
    try:
        found = store.find_manifest(name, tag)
    except MirrorError as error:
        return {**entry, "error": str(error)}
    return {**entry, "exists": True, "digest": str(found.digest)} if found else entry


def _wanted(request: FilterRequest) -> Wanted:
    """The entry of `operators` that the request stands for, checked like one.  Raises ConfigurationError."""
    catalog = f"oci://{os.path.abspath(request.catalog)}" if request.is_directory else request.catalog
    entry = {"catalog": catalog, "full": request.full, "packages": [_without_nothing(package) for package in request.packages]}
    document = {"apiVersion": request.generation.api_version, "kind": IMAGE_SET, "mirror": {"operators": [entry]}}
    return configuration.parse(document, (IMAGE_SET,), "packages").operators[0]


def _without_nothing(value: Any) -> Any:
    """Options that were not given are no keys of the configuration."""
    if isinstance(value, Mapping):
        return {key: _without_nothing(each) for key, each in value.items() if each is not None}
    return [_without_nothing(each) for each in value] if isinstance(value, list) else value


@contextmanager
def _opened(request: CatalogRequest, environ: Mapping[str, str], check_mode: bool) -> Iterator[_Source]:
    with ExitStack() as stack:
        if request.workspace is None:
            place = Workspace(stack.enter_context(temporary_folder()))
        else:
            place = stack.enter_context(working_place(request.workspace, "catalog", check_mode))[0]
        network = request.connections.open(environ, lambda host, reason, delay: None)
        stack.callback(network.close)
        stack.enter_context(stopped_by_signals(lambda reason: network.cancel()))
        store = network.upstream(place)
        yield stack.enter_context(_source(request.catalog, Kept(store, place, request.parallel), store, place))


@contextmanager
def _source(catalog: str, kept: Kept, store: Store, place: Workspace) -> Iterator[_Source]:
    if _is_directory(catalog):
        yield _Source(Catalog.from_directory(os.path.expanduser(catalog)), kept, store, place)
        return
    reference = parse(catalog, Generation.V2)
    root = kept.root(reference.repository, reference.selector)
    opened = kept.catalog(catalog, reference.repository, root)
    try:
        yield _Source(opened.catalog, kept, store, place, reference, root)
    finally:
        opened.close()


def _is_directory(catalog: str) -> bool:
    return catalog.startswith(("/", "./", "../", "~")) or os.path.isdir(catalog)


def _written(request: FilterRequest, source: _Source, selection: Selection, check_mode: bool) -> tuple[bool, str]:
    """Whether the destination changed, and the digest of the image in it."""
    if not request.dest:
        return False, ""
    if not request.dest.startswith(LAYOUT):
        folder = os.path.expanduser(request.dest)
        return (render.differs(selection, folder) if check_mode else render.write(selection, folder)), ""
    return _as_layout(request, source, selection, check_mode)


def _as_layout(request: FilterRequest, source: _Source, selection: Selection, check_mode: bool) -> tuple[bool, str]:
    """A layout that stands alone: what was built here, and the publisher's layers."""
    if source.reference is None or source.root is None:
        raise InputError("a layout can be built only upon an image", subject=request.dest)
    path = request.dest[len(LAYOUT) :]
    unfiltered = request.full and not request.packages
    with temporary_folder() as folder:
        built = LayoutStore(os.path.join(folder, "layout"))
        if unfiltered:
            index = source.root
        else:
            index = rebuild.rebuild(source.kept.instances(source.reference.repository, source.root), selection, built, "latest")
        present = _present(path)
        if check_mode or present == index.digest:
            return present != index.digest, index.digest
        _complete(source, index, built, LayoutStore(path))
    return True, index.digest


def _present(path: str) -> Digest | None:
    """The digest of the only image in a layout; None for no layout.  Raises InputError for anything else, which is never replaced."""
    if not os.path.isdir(path) or not os.listdir(path):
        return None
    if not os.path.isfile(os.path.join(path, "oci-layout")):
        raise InputError(
            "the directory holds something else than a layout", subject=path, advice="Name an empty directory, or a layout to replace."
        )
    try:
        return LayoutStore(path).fetch_manifest("", "").digest
    except NotFound:
        return None


def _complete(source: _Source, index: Manifest, built: LayoutStore, target: LayoutStore) -> None:
    """Puts an image with all its blobs, from where it was built or else from where its base came from, in the place of what is there.

    Whatever breaks off leaves what was there whole, which may be the catalog that is read.
    """
    repository = source.reference.repository if source.reference else ""

    def fetch(digest: Digest) -> Manifest:
        try:
            return built.fetch_manifest("", digest)
        except NotFound:
            return source.kept.root(repository, digest)

    content = content_of(index, (), fetch, repository)
    for blob in content.blobs.values():
        if built.blobs_present("", [blob.digest]):
            copy_blob(built, "", target, "", blob)
        else:
            copy_blob(source.store, repository, target, "", blob)
    for manifest in content.manifests:
        write_blob(target, "", manifest.descriptor(), manifest.content)
    target.keep_only(index, "latest", {*content.blobs, *(manifest.digest for manifest in content.manifests)})


def _bundle(selection: Selection, bundle: images.BundleImages) -> dict[str, Any]:
    version = selection.packages[bundle.package].version(bundle.name)
    return {"package": bundle.package, "name": bundle.name, "version": str(version or ""), "image": bundle.image}


def _add_sizes(source: _Source, found: dict[str, Any], parallel: int) -> None:
    """Bytes of all images of each channel's head, every blob once; None where an image cannot be requested."""
    package = source.catalog.package(found["name"])
    resolver = Resolver(source.store, Shelf(source.place.manifests), parallel=parallel)
    for channel in found["channels"]:
        channel["size"] = 0
        try:
            sizes: dict[Digest, int] = {}
            for bundle in overview.heads(package, [channel["name"]]) if package else ():
                for text in images.BundleImages.of(bundle).references:
                    sizes.update(_sizes(resolver, images.read(text, Generation.V2)))
            channel["size"] = sum(sizes.values())
        except MirrorError as error:
            channel["size"] = None
            channel["size_error"] = str(error)


def _sizes(resolver: Resolver, reference: Reference) -> dict[Digest, int]:
    root = resolver.named(reference.repository, reference.selector)
    return content_of(root, (), lambda digest: resolver.fetch(reference.repository, digest), str(reference)).sizes
