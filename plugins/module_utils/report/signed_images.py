# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which images of a plan are signed, as far as the plan brings their signatures along."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.search import SIGNATURE_SUFFIX, Attachment
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True)
class Signed:
    """signed: number of images with a signature on themselves, on all their instances, or on the release that names them by digest.

    unsigned: origins of the others, sorted.  built: how many were built here: nobody else can have signed them.
    attachments: signatures, attestations and SBOMs of the plan.  Together they are all images of it.
    """

    signed: int
    unsigned: tuple[str, ...]
    built: int
    attachments: int


def signatures(plan: Plan, shelf: Shelf) -> Signed:
    attached = [image for image in plan.images if image.subject]
    subjects: dict[str, set[str]] = {}
    for image in attached:
        if _is_signature(image, shelf):
            subjects.setdefault(image.destination, set()).add(image.subject)
    releases = {str(release.get("tag")) for release in plan.releases if release.get("signatures")}
    signed = built = 0
    unsigned: list[str] = []
    for image in plan.images:
        if image.subject:
            continue
        if not image.origin.startswith(image.source):
            built += 1
        elif _is_released(image, releases) or _is_signed(image, subjects.get(image.destination, set()), shelf):
            signed += 1
        else:
            unsigned.append(image.origin)
    return Signed(signed, tuple(sorted(unsigned)), built, len(attached))


def _is_released(image: PlanImage, releases: set[str]) -> bool:
    """Whether a release whose signature was verified is the image, or names it."""
    return CATEGORIES.get(image.type) == "release" and any(not releases.isdisjoint(chain) for chain in image.why)


def _is_signed(image: PlanImage, subjects: set[str], shelf: Shelf) -> bool:
    if image.digest in subjects:
        return True
    try:
        instances = [manifest.digest for manifest in shelved(image, shelf).manifests if manifest.digest != image.digest]
    except MirrorError:
        return False
    return bool(instances) and subjects.issuperset(instances)


def _is_signature(image: PlanImage, shelf: Shelf) -> bool:
    manifest = shelf.get(image.digest)
    tag = image.tags[0] if image.tags else ""
    if manifest is None or manifest.subject is None:
        return tag.endswith(SIGNATURE_SUFFIX)
    return Attachment(manifest, manifest.subject.digest, tag).is_signature
