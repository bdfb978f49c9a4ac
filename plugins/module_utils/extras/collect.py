# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`additionalImages` as a content source (config-and-releases 1.3.3; mirroring 2.3, 2.4)."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import map_additional_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import AdditionalImage, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import (
    CATEGORIES,
    GENERIC,
    Collected,
    Context,
    WantedImage,
)


def collect(imageset: ImageSet, context: Context) -> Collected:
    """One image for each entry; an entry that cannot be read is a failure of its own.  Asks nobody anything."""
    generation = imageset.generation
    images: list[WantedImage] = []
    failures: list[Failure] = []
    for number, entry in enumerate(imageset.additional_images):
        try:
            reference = parse(entry.name, generation)
            target = map_additional_image(entry, reference, generation)
        except InputError as error:
            failures.append(_failure(error, number, entry))
            continue
        images.append(WantedImage(GENERIC, reference, target.repository, (target.tag,), entry.platforms, (f"additionalImages[{number}]",)))
    return Collected(images=tuple(images), failures=tuple(failures))


def _failure(error: InputError, number: int, entry: AdditionalImage) -> Failure:
    located = InputError(f"additionalImages[{number}]: {error.message}", advice=error.advice)
    return Failure.of(located, subject=entry.name, category=CATEGORIES[GENERIC])
