# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Why an image is in the plan, and why another is not (user-needs B10)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import Blocked
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import shelved
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.unselected import Filter
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

# What became of the thing that was asked for.
PLANNED = "planned"
INSTANCE = "instance of a planned image"
FAILED = "failed"
BLOCKED = "blocked"
FILTERED = "left out by platforms"
WARNED = "left out with a warning"
NOT_NAMED = "not named"
# What warnings tell of one thing.
_MOST_WARNINGS = 5


@dataclass(frozen=True)
class Explanation:
    """verdict: one of the above, or of `planning.unselected`.  images: the entries of the plan that it is about.

    chains: reasons of those images, outermost first.  text: sentences.
    """

    question: str
    verdict: str
    images: tuple[PlanImage, ...] = ()
    chains: tuple[tuple[str, ...], ...] = ()
    text: tuple[str, ...] = ()

    @property
    def present(self) -> bool:
        return self.verdict in (PLANNED, INSTANCE)

    def document(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "verdict": self.verdict,
            "present": self.present,
            "images": [image.document() for image in self.images],
            "chains": [list(chain) for chain in self.chains],
            "text": list(self.text),
        }


def explain(plan: Plan, question: str, shelf: Shelf | None = None, filters: Sequence[Filter] = ()) -> Explanation:
    """Answers for a reference, a repository, a destination, a digest, or a link of a chain (a package, a bundle, a version).

    shelf: where manifests lie; without it instances of indexes are not known.  filters: catalogs of the plan that can be looked into.
    """
    question = question.strip()
    name = question.split("://", 1)[-1] if question.startswith("docker://") else question
    images = _matching(plan.images, name)
    if images:
        chains = tuple(sorted({chain for image in images for chain in image.why}))
        return Explanation(question, PLANNED, images, chains, tuple(_because(image, chain) for image in images for chain in image.why))
    return (
        _instance(plan, question, name, shelf)
        or _failed(plan, question, name)
        or _blocked(plan, question, name)
        or _warned(plan, question, name, filters)
        or _unselected(question, name, filters)
        or _unknown(plan, question, name, filters)
    )


def _matching(images: Iterable[PlanImage], name: str) -> tuple[PlanImage, ...]:
    """Exact names first; only where there are none, links of the chains."""
    images = tuple(images)
    exact = tuple(image for image in images if name in _names(image))
    return exact or tuple(image for image in images if any(name == link or name in link.split() for chain in image.why for link in chain))


def _names(image: PlanImage) -> tuple[str, ...]:
    places = [image.destination, *(f"{image.destination}:{tag}" for tag in image.tags)]
    return (image.origin, image.source, f"{image.source}@{image.digest}", image.digest, f"{image.destination}@{image.digest}", *places)


def _because(image: PlanImage, chain: tuple[str, ...]) -> str:
    return f"{image.origin} is mirrored to {image.destination} because of {' > '.join(chain) or 'no recorded reason'}."


def _instance(plan: Plan, question: str, name: str, shelf: Shelf | None) -> Explanation | None:
    """A digest that an index of the plan names: taken along, or left out by the platform filter."""
    digest = name.rsplit("@", 1)[-1]
    if shelf is None or not digest.startswith(("sha256:", "sha384:", "sha512:")):
        return None
    for image in plan.images:
        try:
            taken = shelved(image, shelf).manifests
        except MirrorError:
            continue
        platform = _platform(taken, digest)
        if digest in {manifest.digest for manifest in taken}:
            return Explanation(
                question, INSTANCE, (image,), image.why, (f"It is the instance {platform or 'without a platform'} of {image.origin}.",)
            )
        if platform is not None:
            wanted = ", ".join(image.platforms)
            text = f"It is the instance {platform} of {image.origin}, of which {_entry(image)} takes {wanted} only."
            return Explanation(question, FILTERED, (image,), (), (text,))
    return None


def _platform(manifests: Iterable[Manifest], digest: str) -> str | None:
    """The platform under which an index names a digest; empty when it says none, None when no index names it."""
    for manifest in manifests:
        for child in manifest.children:
            if child.digest == digest:
                return str(child.platform or "")
    return None


def _failed(plan: Plan, question: str, name: str) -> Explanation | None:
    failures = [failure for failure in plan.failures if _is_named(failure.subject, name)]
    if not failures:
        return None
    return Explanation(
        question, FAILED, text=tuple(f"{failure.subject} is in the image set and failed: {failure.message}" for failure in failures)
    )


def _blocked(plan: Plan, question: str, name: str) -> Explanation | None:
    imageset = plan.imageset
    pattern = Blocked(imageset.blocked_images, imageset.generation).matches(name)
    if not pattern:
        return None
    number = imageset.blocked_images.index(pattern)
    return Explanation(question, BLOCKED, text=(f"blockedImages[{number}] ({pattern}) keeps {name} out, whatever names it.",))


def _warned(plan: Plan, question: str, name: str, filters: Sequence[Filter]) -> Explanation | None:
    """What planning said when it left something out, such as a bundle one of whose images is gone."""
    word = re.compile(rf"(?<![\w./:@-]){re.escape(name)}(?![\w/@-]|[.:]\w| requires )")
    said = (*plan.warnings, *(f"{failure.subject}: {failure.message}" for failure in plan.failures))
    found = [text for text in said if word.search(text)] if name else []
    if not found:
        return None
    near = () if _unselected(question, name, filters) else _near(plan, name, filters)
    return Explanation(question, WARNED, text=(*found[:_MOST_WARNINGS], *near))


def _unselected(question: str, name: str, filters: Iterable[Filter]) -> Explanation | None:
    found = []
    for each in filters:
        try:
            found.append(each.unselected(name))
        except InputError:
            # What cannot be read of a catalog was no obstacle to the plan.
            continue
    known = [one for one in found if one is not None]
    return Explanation(question, known[0].verdict, text=tuple(one.text for one in known)) if known else None


def _unknown(plan: Plan, question: str, name: str, filters: Iterable[Filter]) -> Explanation:
    same = [image.origin for image in plan.images if image.source == _repository(name) and not image.subject]
    if same:
        text = f"The configuration names other images of {_repository(name)} only: {', '.join(sorted(set(same))[:5])}."
        return Explanation(question, NOT_NAMED, text=(text,))
    return Explanation(question, NOT_NAMED, text=(f"No part of the configuration names {name}.", *_near(plan, name, filters)))


def _near(plan: Plan, name: str, filters: Iterable[Filter]) -> tuple[str, ...]:
    """What may have been meant: names of the plan, and packages of its catalogs."""
    known = sorted(_known(plan).union(*(each.catalog.names for each in filters)))
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    return (f"Similar names: {', '.join(close)}.",) if close else ()


def _known(plan: Plan) -> set[str]:
    """All that could have been meant: references, versions, packages, bundles."""
    known = {candidate for image in plan.images if not image.subject for candidate in (image.origin, image.source)}
    known.update(link for image in plan.images if not image.subject for chain in image.why for link in chain)
    known.update(str(release.get("version") or "") for release in plan.releases)
    return known - {""}


def _is_named(subject: str, name: str) -> bool:
    return subject == name or _repository(subject) == name


def _repository(name: str) -> str:
    """A reference without tag and digest."""
    name = name.split("@", 1)[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.split(':', 1)[0]}"


def _entry(image: PlanImage) -> str:
    return next((chain[0] for chain in image.why if chain), "the configuration")
