# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""`additionalImages` as a content source (config-and-releases 1.3.3; mirroring 2.3, 2.4)."""

from __future__ import annotations

from collections import Counter
from typing import FrozenSet, List, Sequence, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, TAG, Reference, is_path, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import AdditionalImage, ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, GENERIC, Collected, Context, WantedImage


def collect(imageset: ImageSet, context: Context) -> Collected:
    """One image for each entry; an entry that cannot be read is a failure of its own.  Asks nobody anything."""
    read: List[Tuple[int, Reference]] = []
    images: List[WantedImage] = []
    failures: List[Failure] = []
    for number, entry in enumerate(imageset.additional_images):
        try:
            read.append((number, _reference(entry, imageset.generation)))
        except InputError as error:
            failures.append(_failure(error, number, entry))
    crowded = _crowded([reference for _number, reference in read])
    for number, reference in read:
        entry = imageset.additional_images[number]
        try:
            repository = _repository(entry, reference)
        except InputError as error:
            failures.append(_failure(error, number, entry))
            continue
        tag = entry.target_tag or reference.tag or _tag_of_digest(reference, imageset.generation, reference.repository in crowded)
        images.append(WantedImage(GENERIC, reference, repository, (tag,), entry.platforms, (f"additionalImages[{number}]",)))
    return Collected(images=tuple(images), failures=tuple(failures))


def _reference(entry: AdditionalImage, generation: Generation) -> Reference:
    reference = parse(entry.name, generation)
    if entry.target_repo and not is_path(entry.target_repo):
        raise InputError(
            f"targetRepo {entry.target_repo!r} is not a repository path",
            advice="Write lower-case components joined by slashes, without tag and digest.",
        )
    if entry.target_tag and not TAG.match(entry.target_tag):
        raise InputError(f"targetTag {entry.target_tag!r} is not a tag", advice="A tag has up to 128 letters, digits, dots, dashes, underscores.")
    return reference


def _repository(entry: AdditionalImage, reference: Reference) -> str:
    """The path below the mirror's namespace: what the entry says, else the source's own."""
    if entry.target_repo:
        return entry.target_repo
    path = reference.path.strip("/").lower() if reference.transport == OCI else reference.path
    if not is_path(path):
        raise InputError(f"{path!r} cannot be the name of a repository", advice="Give targetRepo (v2alpha1), or move the layout to another directory.")
    return path


def _tag_of_digest(reference: Reference, generation: Generation, crowded: bool) -> str:
    """The tag of an image that has none: layouts are `latest`; digests by the rules 2.3 and 2.4."""
    if not reference.digest:
        return "latest"
    digest = Digest.parse(reference.digest)
    if generation is Generation.V1:
        return digest.hex[:8] if crowded else "latest"
    return f"{digest.algorithm}-{digest.hex}"[:127]


def _crowded(references: Sequence[Reference]) -> FrozenSet[str]:
    """Repositories of which several digests are wanted without a tag: they cannot all be `latest` (2.3, item 4)."""
    digests = {(reference.repository, reference.digest) for reference in references if reference.digest and not reference.tag}
    counts = Counter(repository for repository, _digest in digests)
    return frozenset(repository for repository, count in counts.items() if count > 1)


def _failure(error: InputError, number: int, entry: AdditionalImage) -> Failure:
    located = InputError(f"additionalImages[{number}]: {error.message}", advice=error.advice)
    return Failure.of(located, subject=entry.name, category=CATEGORIES[GENERIC])
