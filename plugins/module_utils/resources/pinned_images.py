# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""PinnedImageSets: images that nodes pull before they are needed and keep, such as those of the next release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, RELATED, RELEASE, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import CREATED_BY

CATEGORIES = {"release": (RELEASE, RELEASE_CONTENT), "operator": (BUNDLE, RELATED)}
# Images of one set (openshift/api, machineconfiguration/v1).
MOST = 500
_ROLE = "machineconfiguration.openshift.io/role"


def pinned_image_sets(images: Iterable[PlanImage], pool: str, categories: Sequence[str]) -> list[dict[str, Any]]:
    """Numbered sets for a pool, by the names that nodes ask for; none where nothing is to be pinned."""
    types = {each for category in categories for each in CATEGORIES[category]}
    names = sorted({name for image in images if image.type in types and not image.subject for name in _names(image)})
    parts = [names[start : start + MOST] for start in range(0, len(names), MOST)]
    return [_document(f"mirror-{pool}-{number}", pool, part) for number, part in enumerate(parts)]


def _names(image: PlanImage) -> Iterator[str]:
    reference = parse(image.origin, Generation.V2)
    if reference.transport != OCI:
        yield f"{reference.repository}@{image.digest}"


def _document(name: str, pool: str, images: Iterable[str]) -> dict[str, Any]:
    return {
        "apiVersion": "machineconfiguration.openshift.io/v1",
        "kind": "PinnedImageSet",
        "metadata": {"name": name, "labels": {_ROLE: pool}, "annotations": dict(CREATED_BY)},
        "spec": {"pinnedImages": [{"name": image} for image in images]},
    }
