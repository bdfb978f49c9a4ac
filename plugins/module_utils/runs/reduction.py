# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A plan after some images of bundles could not be read: without those bundles, where policy or an exception allows it.

The same decisions as planning takes about images that it finds missing (user-needs P03, P15; mirroring K8).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy import availability, exceptions
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.exceptions import Waiver
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.reduction import Reduced, Reducer
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATALOG
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult, joined
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import FAILED

# What is wrong on this side is no reason to leave anything out.
_OWN_TROUBLES = ("storage_error", "locked", "cancelled")
_ENTRY = re.compile(r"operators\[(\d+)\]\Z")


@dataclass
class _Lost:
    """gone: bundles that leave their catalogs, by entry of the configuration and package.

    skipped: keys of images that stay behind while their bundles stay.  sentences: what is told.
    """

    gone: defaultdict[str, defaultdict[str, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    skipped: set[tuple[Any, ...]] = field(default_factory=set)
    sentences: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.gone or self.skipped)


class Reduction:
    """options: of content sources, as the plan was made with.  host: of the destination, empty for an archive."""

    def __init__(self, upstream: Store, workspace: Workspace, shelf: Shelf, options: Mapping[str, Any], host: str) -> None:
        self._upstream = upstream
        self._workspace = workspace
        self._shelf = shelf
        self._policy = str(options.get(availability.OPTION) or availability.REPORT)
        self._waivers = exceptions.read(options.get(exceptions.OPTION))
        self._host = host

    def after(self, plan: Plan, result: TransferResult) -> Plan | None:
        """The plan without what could not be read and may be left out; None when there is no such thing.

        A catalog that cannot be built again stays as it was planned, and the warnings say why.  Raises Cancelled.
        """
        if result.sharded or result.cancelled or result.stopped_by is not None:
            return None
        lost = self._lost(result)
        if not lost:
            return None
        imageset = plan.imageset
        reducer = Reducer(self._upstream, self._workspace, imageset.generation)
        notes: list[str] = []
        for path, gone in sorted(lost.gone.items()):
            try:
                plan, more = self._without(plan, path, gone, imageset, reducer)
                notes += more
            except Cancelled:
                raise
            except MirrorError as error:
                notes.append(f"{path}: the catalog could not be built without the bundles that lack images: {error}")
        images = tuple(image for image in plan.images if image.key not in lost.skipped)
        return replace(plan, images=images, warnings=tuple(dict.fromkeys((*plan.warnings, *lost.sentences, *notes)))).sorted()

    def explained(self, result: TransferResult) -> TransferResult:
        """The result with failures that tell when an exception for them has ended."""
        day = exceptions.today()
        images = []
        for image in result.images:
            bundles = [chain[2] for chain in image.placed.image.why if len(chain) > 2 and _ENTRY.match(chain[0])]
            found = [self._waiver(image.placed.image, bundle) for bundle in bundles if image.failure is not None]
            ended = next((each for each in found if each is not None and not each.holds(day)), None)
            if ended is not None and image.failure is not None:
                error = ended.ended(image.failure.message)
                image = replace(image, failure=replace(image.failure, code=error.code, message=error.message, advice=error.advice))
            images.append(image)
        return replace(result, images=tuple(images))

    def _lost(self, result: TransferResult) -> _Lost:
        lost = _Lost()
        day = exceptions.today()
        for failed in result.images:
            failure, image = failed.failure, failed.placed.image
            if failed.outcome != FAILED or failure is None or not self._is_missing(failure, image):
                continue
            for chain in image.why:
                if len(chain) < 3 or not _ENTRY.match(chain[0]):
                    continue
                path, package, bundle = chain[:3]
                allowed = self._waiver(image, bundle)
                lost_for_good = allowed is None and availability.lasts(failure.code)
                if allowed.holds(day) if allowed is not None else lost_for_good and self._policy == availability.EXCLUDE:
                    lost.gone[path][package].add(bundle)
                    lost.sentences[f"{path}: {availability.leaves(package, bundle, image.origin, failure.message, allowed)}"] = None
                elif lost_for_good and self._policy == availability.KEEP and _for_operators_only(image):
                    lost.skipped.add(image.key)
                    lost.sentences[f"{path}: {availability.stays_behind(image.origin, failure.message)}"] = None
        return lost

    def _waiver(self, image: PlanImage, bundle: str) -> Waiver | None:
        """Exceptions name images as bundles write them, by tag or by digest."""
        found = exceptions.covering(self._waivers, image.origin, bundle)
        return found if found is not None else exceptions.covering(self._waivers, image.origin.partition("@")[0], bundle)

    def _is_missing(self, failure: Failure, image: PlanImage) -> bool:
        """Whether the source is to blame."""
        if failure.code in _OWN_TROUBLES:
            return False
        return not failure.host or failure.host != self._host or image.source.startswith(f"{self._host}/")

    def _without(
        self, plan: Plan, path: str, gone: Mapping[str, set[str]], imageset: ImageSet, reducer: Reducer
    ) -> tuple[Plan, tuple[str, ...]]:
        """The plan with one catalog built anew; sentences about what that changed."""
        match = _ENTRY.match(path)
        wanted = imageset.operators[int(match.group(1))] if match else None
        image = next((image for image in plan.images if image.type == CATALOG and image.why == ((path,),) and not image.subject), None)
        place = (image.destination, image.tags) if image is not None else None
        entry = next((entry for entry in plan.catalogs if (entry["destination"], (entry["tag"],)) == place), None)
        if wanted is None or image is None or entry is None:
            raise MirrorError("the plan holds no catalog of its own for this entry", subject=path)
        reduced = reducer.reduce(entry, wanted, image.source, gone)
        images = [self._catalog(image, reduced) if other is image else other for other in plan.images if not _attached_to(other, path)]
        kept = [trimmed for trimmed in (_trimmed(other, path, reduced.bundles) for other in images) if trimmed.why]
        catalogs = tuple(reduced.entry if other is entry else other for other in plan.catalogs)
        return replace(plan, images=tuple(kept), catalogs=catalogs), tuple(f"{path}: {note}" for note in reduced.notes)

    def _catalog(self, image: PlanImage, reduced: Reduced) -> PlanImage:
        def fetch(digest: Digest) -> Manifest:
            return self._upstream.fetch_manifest(reduced.source, digest)

        content = content_of(reduced.index, (), fetch, reduced.origin)
        for manifest in content.manifests:
            self._shelf.put(manifest)
        return replace(
            image,
            origin=reduced.origin,
            source=reduced.source,
            digest=reduced.index.digest,
            media_type=reduced.index.media_type,
            size=content.size,
            instances=content.instances,
            tags=(reduced.entry["tag"],),
        )


def _for_operators_only(image: PlanImage) -> bool:
    return all(chain and _ENTRY.match(chain[0]) for chain in image.why)


def _attached_to(image: PlanImage, path: str) -> bool:
    """Whether it is an attachment of the catalog as its publisher made it, which nobody signed as it is now."""
    return bool(image.subject) and all(len(chain) == 2 and chain[0] == path for chain in image.why)


def _trimmed(image: PlanImage, path: str, bundles: set[tuple[str, str]]) -> PlanImage:
    """Without the reasons that went with bundles of a catalog."""
    why = tuple(chain for chain in image.why if len(chain) < 3 or chain[0] != path or (chain[1], chain[2]) in bundles)
    return image if why == image.why else replace(image, why=why)


def both(first: TransferResult, second: TransferResult) -> TransferResult:
    """Both transfers as one, the first without what the second's plan does not name any more."""
    named = {(image.placed.repository, image.placed.digest, image.placed.tags) for image in second.images}
    images = tuple(image for image in first.images if (image.placed.repository, image.placed.digest, image.placed.tags) in named)
    return joined([replace(first, images=images), second])
