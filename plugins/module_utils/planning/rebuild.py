# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Builds again what a locked plan built: filtered catalogs and the graph image, from what the plan says that their names meant.

The same content gives the same bytes, so that it either is what the plan locked or is of no use to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import BOOT_IMAGE, CATALOG
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Collected, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import parts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


def rebuild(plan: Plan, imageset: ImageSet, context: Context) -> tuple[Failure, ...]:
    """Builds what the workspace lacks; why it could not be built, where that is known."""
    lacking = [image for image in parts.built(plan) if not parts.is_there(image, context.workspace)]
    locked = replace(context, upstream=AsLocked(context.upstream, plan, imageset))
    found = []
    if any(image.type == CATALOG for image in lacking):
        found.append(_catalogs(plan, imageset, locked))
    if any(image.type == BOOT_IMAGE for image in lacking):
        found.append(_boot_images(plan, locked))
    if any(image.type not in (BOOT_IMAGE, CATALOG) for image in lacking):
        found.append(_graph_image(plan, imageset, locked))
    return tuple(failure for part in found for failure in part.failures)


def _catalogs(plan: Plan, imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.collect import collect

    records = {entry["name"]: entry["record"] for entry in plan.catalogs if entry.get("record")}
    return collect(imageset, replace(context, options={**context.options, "catalog_records": records}))


def _boot_images(plan: Plan, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.boot_images import again

    wanted = {image.source for image in plan.images if image.type == BOOT_IMAGE}
    return again(plan.releases, wanted, context)


def _graph_image(plan: Plan, imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.collect import settings_of
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph_image import source
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.signatures import documents

    return source.collect(imageset, context, settings_of(imageset, context), documents(plan.releases))


class AsLocked(ReadOnlyStore):
    """The sources, where tags mean what they meant when a plan was made."""

    refusal = "content is only read from where it comes from, never written there"

    def __init__(self, upstream: Store, plan: Plan, imageset: ImageSet) -> None:
        self.name = upstream.name
        self.capabilities = upstream.capabilities
        self._upstream = upstream
        self._meant: dict[tuple[str, str], Digest] = {}
        for image in plan.images:
            repository, _colon, tag = image.origin.rpartition(":")
            self._meant[repository, tag] = image.digest
        for entry in plan.catalogs:
            reference = parse(str(entry["catalog"]), imageset.generation)
            self._meant[reference.repository, reference.selector] = Digest.parse(entry["digest"])

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        return self._upstream.fetch_manifest(repository, self._meant.get((repository, reference), reference))

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        return self._upstream.find_manifest(repository, self._meant.get((repository, reference), reference))

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        return self._upstream.open_blob(repository, blob, offset)

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        return self._upstream.blob_size(repository, blob)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return self._upstream.tags(repository)

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return self._upstream.referrers(repository, digest)

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return self._upstream.blobs_present(repository, digests)

    @property
    def requests(self) -> Mapping[str, int]:
        return self._upstream.requests
