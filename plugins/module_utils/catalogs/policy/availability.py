# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Bundles with an unavailable image: gone, misnamed, or not signed as it has to be (user-needs P15, P08).

Exceptions come first, then the policy.  Whatever is decided, the rest of the catalog is unharmed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, MirrorError, StorageError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.exceptions import Waiver, covering
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.policy.signatures import Seal

OPTION = "catalog_missing_images"
# report: the image fails, and its catalog is not published.  exclude: the bundle leaves the catalog.  keep: the catalog is
# published with the bundle, and the image is not mirrored.
REPORT, EXCLUDE, KEEP = "report", "exclude", "keep"
POLICIES = (REPORT, EXCLUDE, KEEP)

# Codes of errors that pass: a registry that is down for an hour must not empty a catalog.
_PASSING = (Unreachable.code, StorageError.code)


@dataclass(frozen=True)
class Verdict:
    """left_out: bundles (package, name) that leave the catalog, each with the sentence that tells it.

    failed: images that fail, with the first bundle that names them and the reason.  skipped: images that stay behind.
    notes: further sentences.
    """

    left_out: Mapping[tuple[str, str], str] = field(default_factory=dict)
    failed: Mapping[str, tuple[str, MirrorError]] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        return (
            *(text for _bundle, text in sorted(self.left_out.items())),
            *(text for _image, text in sorted(self.skipped.items())),
            *self.notes,
        )


@dataclass(frozen=True)
class Availability:
    """Looks for the images of bundles, as far as anything depends on it.

    seal: how the images have to be signed; None when that does not matter.  day: today.
    reference: reads the text of an image, None for one that is blocked and does not matter; raises InputError.
    root: the manifest of an image; raises a MirrorError when it is unavailable.
    """

    policy: str
    waivers: Sequence[Waiver]
    seal: Seal | None
    day: datetime.date
    reference: Callable[[str], Reference | None]
    root: Callable[[Reference], Manifest]
    parallel: int = 4

    def judge(self, bundles: Iterable[BundleImages]) -> Verdict:
        """What becomes of the bundles and their images.  Each image is asked for once.  Raises InputError (a key), Cancelled."""
        bundles = tuple(bundles)
        gone, unsigned = self._look(self._concerned(bundles))
        left_out = {(bundle.package, bundle.name): text for bundle in bundles for text in self._left_out(bundle, gone)[:1]}
        failed: dict[str, tuple[str, MirrorError]] = {}
        skipped: dict[str, str] = {}
        for bundle in bundles:
            if (bundle.package, bundle.name) in left_out:
                continue
            for image in (image for image in bundle.references if image in gone):
                ended = covering(self.waivers, image, bundle.name)
                if ended is not None:
                    failed.setdefault(image, (bundle.name, ended.ended(gone[image].message)))
                elif self.policy == KEEP and lasts(gone[image].code):
                    skipped.setdefault(image, stays_behind(image, gone[image].message))
                else:
                    failed.setdefault(image, (bundle.name, gone[image]))
        return Verdict(left_out, failed, skipped, _unsigned(unsigned))

    def _concerned(self, bundles: Sequence[BundleImages]) -> list[str]:
        """The images on which anything depends."""
        every = self.policy != REPORT or (self.seal is not None and self.seal.covers_bundles)
        return list(
            dict.fromkeys(
                image
                for bundle in bundles
                for image in bundle.references
                if every or covering(self.waivers, image, bundle.name) is not None
            )
        )

    def _look(self, texts: Sequence[str]) -> tuple[dict[str, MirrorError], dict[str, MirrorError]]:
        """Unavailable images; and those without a valid signature, where that is only reported."""
        if not texts:
            return {}, {}
        unsigned: dict[str, MirrorError] = {}
        with ThreadPoolExecutor(max_workers=max(1, self.parallel)) as pool:
            answers = dict(zip(texts, pool.map(lambda text: self._answer(text, unsigned), texts)))
        gone = {text: error for text, error in answers.items() if error is not None}
        return gone, {text: unsigned[text] for text in texts if text in unsigned}

    def _answer(self, text: str, unsigned: dict[str, MirrorError]) -> MirrorError | None:
        try:
            reference = self.reference(text)
            if reference is None:
                return None
            root = self.root(reference)
        except Cancelled:
            raise
        except MirrorError as error:
            return error
        if self.seal is None or not self.seal.covers_bundles:
            return None
        problem = self.seal.problem(reference, root)
        if problem is None or self.seal.required:
            return problem
        unsigned[text] = problem
        return None

    def _left_out(self, bundle: BundleImages, gone: Mapping[str, MirrorError]) -> list[str]:
        """Why a bundle leaves the catalog, one sentence for each image that has it do so."""
        found: list[str] = []
        for image in (image for image in bundle.references if image in gone):
            waiver = covering(self.waivers, image, bundle.name)
            allowed = waiver is not None and waiver.holds(self.day)
            if allowed or (waiver is None and self.policy == EXCLUDE and lasts(gone[image].code)):
                found.append(leaves(bundle.package, bundle.name, image, gone[image].message, waiver))
        return found


def lasts(code: str) -> bool:
    """Whether an image that failed with such an error counts as lost, so that the policy applies without an exception that names it."""
    return code not in _PASSING


def leaves(package: str, bundle: str, image: str, problem: str, allowed: Waiver | None) -> str:
    """The sentence about a bundle that leaves its catalog."""
    text = f"Bundle {bundle} of package {package} is left out, because {image} is unavailable: {problem}."
    return text if allowed is None else f"{text} That is accepted until {allowed.until}{allowed.because}."


def stays_behind(image: str, problem: str) -> str:
    """The sentence about an image that is done without."""
    return f"{image} is not mirrored, though bundles of the catalog name it: {problem}."


def _unsigned(errors: Mapping[str, MirrorError]) -> tuple[str, ...]:
    """One sentence for all of them: a catalog has hundreds of images."""
    if not errors:
        return ()
    image, error = next(iter(errors.items()))
    count = f"{len(errors)} images of its bundles have" if len(errors) > 1 else "An image of its bundles has"
    return (f"{count} no valid signature, the first is {image}: {error.message}.",)
