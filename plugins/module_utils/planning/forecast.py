# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How many bytes a plan will move, before one layer is read (user-needs B01, B04).

Sums over blobs and manifests, each counted once, from the manifests on the shelf.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BOOT_IMAGE, CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import Content, shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, Step
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import is_here

# The architecture of what is no instance of an index and belongs to no release: manifests alone do not tell it.
NO_ARCHITECTURE = "unspecified"
# The source of what lies in a directory of this host.
LOCAL = "local"


@dataclass(frozen=True)
class Share:
    """A part of the plan.

    images: how many entries belong to it.  size: bytes of its content, each blob and manifest once.
    marginal: bytes that only this part needs, which is what leaving it out would save.
    """

    images: int
    size: int
    marginal: int


@dataclass(frozen=True)
class Forecast:
    """Bytes of a plan.

    pull: to read from other hosts.  ship: to write into an archive, or to send to the registry.
    store: what the registry holds of this plan in the end; a registry keeps a blob once for all repositories.
    blobs: number of unique blobs to move.  images: entries of the plan.
    by_source, by_category, by_operator, by_architecture: shares by name, over the whole plan.
    """

    pull: int
    ship: int
    store: int
    blobs: int
    images: int
    by_source: dict[str, Share] = field(default_factory=dict)
    by_category: dict[str, Share] = field(default_factory=dict)
    by_operator: dict[str, Share] = field(default_factory=dict)
    by_architecture: dict[str, Share] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return asdict(self)


class _Shares:
    """Collects which digests the parts of one kind need."""

    def __init__(self) -> None:
        self._needs: dict[str, set[Digest]] = defaultdict(set)
        self._images: dict[str, set[PlanImage]] = defaultdict(set)

    def add(self, name: str, image: PlanImage, digests: Iterable[Digest]) -> None:
        self._images[name].add(image)
        self._needs[name].update(digests)

    def shares(self, sizes: dict[Digest, int]) -> dict[str, Share]:
        parts: dict[Digest, int] = defaultdict(int)
        for digests in self._needs.values():
            for digest in digests:
                parts[digest] += 1
        return {
            name: Share(
                images=len(self._images[name]),
                size=sum(sizes[digest] for digest in digests),
                marginal=sum(sizes[digest] for digest in digests if parts[digest] == 1),
            )
            for name, digests in sorted(self._needs.items())
        }


def forecast(plan: Plan, shelf: Shelf, history: History | None = None, step: Step | None = None) -> Forecast:
    """What it takes to bring a plan to a registry.

    history: what the destination has; that is neither read nor sent.  None for nothing.  step: its next one, where it is known.
    Raises NotFound when a manifest of the plan is not on the shelf.
    """
    step = step or (history or History("")).next(plan, shelf)
    sizes: dict[Digest, int] = {}
    blobs: set[Digest] = set()
    remote: set[Digest] = set()
    sources, categories, operators, architectures = _Shares(), _Shares(), _Shares(), _Shares()
    releases = {str(release.get("tag")): str(release.get("architecture") or "") for release in plan.releases}
    for image in plan.images:
        content = shelved(image, shelf)
        own = content.sizes
        sizes.update(own)
        blobs.update(content.blobs)
        if _source(image) != LOCAL:
            remote.update(own)
        sources.add(_source(image), image, own)
        categories.add(CATEGORIES.get(image.type, image.type), image, own)
        for operator in _operators(image):
            operators.add(operator, image, own)
        for architecture, digests in _architectures(content, _released_for(image, releases)):
            architectures.add(architecture, image, digests)
    moving = {digest: sizes[digest] for digest in blobs if digest in step.blobs}
    return Forecast(
        # Manifests were read for the plan.
        pull=sum(size for digest, size in moving.items() if digest in remote),
        ship=sum(moving.values()) + _manifests(plan, shelf, step, history),
        store=sum(sizes.values()),
        blobs=len(moving),
        images=len(plan.images),
        by_source=sources.shares(sizes),
        by_category=categories.shares(sizes),
        by_operator=operators.shares(sizes),
        by_architecture=architectures.shares(sizes),
    )


def _manifests(plan: Plan, shelf: Shelf, step: Step, history: History | None) -> int:
    """Bytes of manifests that are put: children once for each repository, an image's own once for each of its names.

    An image that has attachments is put before them by digest, so that its tags come last.
    """
    fresh = {(entry.path, entry.id) for entry in step.fresh}
    known = {(entry.path, entry.id): set(entry.tags) for entry in history.associations} if history is not None else {}
    attached = {(image.destination, image.subject) for image in plan.images if image.subject}
    children: dict[tuple[str, Digest], int] = {}
    total = 0
    for place, images in _by_place(plan, fresh).items():
        content = shelved(images[0], shelf)
        names = {tag for image in images for tag in image.tags} - known.get(place, set())
        inner = {manifest.digest: manifest.size for manifest in content.manifests[:-1]}
        first = place not in known and (not names or not attached.isdisjoint((place[0], digest) for digest in (place[1], *inner)))
        total += content.root.size * (len(names) + first)
        if place not in known:
            children.update({(place[0], digest): size for digest, size in inner.items()})
    return total + sum(children.values())


def _by_place(plan: Plan, fresh: set[tuple[str, str]]) -> dict[tuple[str, str], list[PlanImage]]:
    """The images of some places: repository and digest."""
    found: dict[tuple[str, str], list[PlanImage]] = defaultdict(list)
    for image in plan.images:
        if (image.destination, image.digest) in fresh:
            found[image.destination, image.digest].append(image)
    return found


def top(shares: dict[str, Share], count: int = 10) -> list[tuple[str, Share]]:
    """The largest shares first."""
    return sorted(shares.items(), key=lambda item: (-item[1].size, item[0]))[:count]


def _source(image: PlanImage) -> str:
    if image.type == BOOT_IMAGE:
        # Built here is its manifest alone; the bytes come from the host that its name says.
        return image.origin.split("/", 1)[0]
    return LOCAL if is_here(image.source) else image.source.split("/", 1)[0]


def _operators(image: PlanImage) -> list[str]:
    """The packages that want an image: the second link of chains that begin at a catalog."""
    return sorted({chain[1] for chain in image.why if len(chain) > 1 and chain[0].startswith("operators[")})


def _released_for(image: PlanImage, releases: Mapping[str, str]) -> str:
    """The architecture of the releases that want an image; none where they differ or have several."""
    if CATEGORIES.get(image.type) != "release":
        return ""
    names = {releases[step] for chain in image.why for step in chain if step in releases}
    return names.pop() if len(names) == 1 and names != {"multi"} else ""


def _architectures(content: Content, otherwise: str) -> Iterable[tuple[str, list[Digest]]]:
    """Each instance with its blobs under its architecture; the rest under another one, or none."""
    names = {child.digest: child.platform.architecture for index in content.manifests for child in index.children if child.platform}
    for manifest in content.manifests:
        digests = [manifest.digest, *(blob.digest for blob in manifest.blobs if not blob.foreign)]
        yield names.get(manifest.digest) or ("" if manifest.is_index else otherwise) or NO_ARCHITECTURE, digests
