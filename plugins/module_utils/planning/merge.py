# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One entry for one thing: what is wanted twice is united, what excludes each other is refused.  Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import Content
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import question

# An image that two parts of the configuration want belongs to the one that comes first here.
_ORDER = {name: position for position, name in enumerate(CATEGORIES)}


@dataclass(frozen=True)
class Entry:
    """A planned image with its content.  built: it was made here, so that nobody else can have signed it."""

    image: PlanImage
    content: Content
    built: bool = False


def entry_of(wanted: WantedImage, content: Content) -> Entry:
    """A single manifest is taken whole, whatever platforms were asked for (mirroring 3.2 K3)."""
    platforms = sorted(set(wanted.platforms)) if content.root.is_index else []
    image = PlanImage(
        type=wanted.type,
        origin=str(wanted.reference),
        source=question(wanted)[0],
        digest=content.root.digest,
        media_type=content.root.media_type,
        size=content.size,
        destination=wanted.repository,
        tags=tuple(sorted(set(wanted.tags))),
        platforms=tuple(str(platform) for platform in platforms),
        why=(wanted.why,),
        instances=content.instances,
    )
    return Entry(image, content, built=bool(wanted.source))


def united(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each content, origin and destination: tags, platforms and reasons of all of them.

    Names of one image by tag and by digest stay two entries, for clusters look each up in another kind of mirror set.
    """
    groups: dict[tuple[str, str, str, str, str], list[Entry]] = {}
    for entry in entries:
        image = entry.image
        groups.setdefault((image.destination, image.digest, image.source, image.origin, image.subject), []).append(entry)
    return [_one(group) for group in groups.values()]


def _one(group: Sequence[Entry]) -> Entry:
    if len(group) == 1:
        return group[0]
    images = [entry.image for entry in group]
    manifests = {manifest.digest: manifest for entry in group for manifest in entry.content.manifests}
    manifests[group[0].content.root.digest] = manifests.pop(group[0].content.root.digest)
    content = Content(tuple(manifests.values()))
    whole = any(not image.platforms for image in images)
    image = replace(
        images[0],
        type=min((image.type for image in images), key=_ORDER.__getitem__),
        size=content.size,
        tags=_sorted(image.tags for image in images),
        platforms=() if whole else _sorted(image.platforms for image in images),
        why=tuple(sorted({chain for image in images for chain in image.why})),
        instances=content.instances,
    )
    return Entry(image, content, built=group[0].built)


def _sorted(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({text for texts in lists for text in texts}))


def without_collisions(entries: Sequence[Entry]) -> tuple[list[Entry], list[Failure]]:
    """Leaves out images that want one tag of one repository for different contents: none of them has a better right."""
    claims: dict[tuple[str, str], list[PlanImage]] = {}
    for entry in entries:
        for tag in entry.image.tags:
            claims.setdefault((entry.image.destination, tag), []).append(entry.image)
    disputed = {place: images for place, images in claims.items() if len({image.digest for image in images}) > 1}
    kept: list[Entry] = []
    failures: list[Failure] = []
    for entry in entries:
        places = sorted((entry.image.destination, tag) for tag in entry.image.tags if (entry.image.destination, tag) in disputed)
        if places:
            failures.append(_collision(entry.image, places[0], disputed[places[0]]))
        else:
            kept.append(entry)
    return kept, failures


def _collision(image: PlanImage, place: tuple[str, str], claimants: Iterable[PlanImage]) -> Failure:
    destination, tag = place
    rivals = sorted({f"{other.origin} ({entry_name(other)})" for other in claimants if other.digest != image.digest})
    error = InputError(
        f"{destination}:{tag} is the destination of {image.origin} ({entry_name(image)}) and of {' and of '.join(rivals)}, which differ",
        advice="Give one of them another repository or tag (targetRepo, targetTag), or leave one out.",
    )
    return Failure.of(error, subject=image.origin, category=CATEGORIES[image.type], why=image.why)


def entry_name(image: PlanImage) -> str:
    """The first entry of the configuration that wants the image."""
    return next((chain[0] for chain in image.why if chain), "no entry")
