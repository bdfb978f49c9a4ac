# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Does a mirror hold exactly what the plan says?

Reads only.  Tags first, then manifests, then blobs; each level includes the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.blobs import is_sound, sizes
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import (
    CORRUPT_BLOB,
    FOREIGN_TAG,
    MISSING_BLOB,
    UNREADABLE,
    Finding,
    Verification,
    advice,
    unreadable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.manifests import Checked, check_image

# manifests: tags, manifests and instances.  blobs: each blob is asked for as well.  content: each blob is read and hashed as well.
MANIFESTS = "manifests"
BLOBS = "blobs"
CONTENT = "content"
LEVELS = (MANIFESTS, BLOBS, CONTENT)

# Blobs of one repository that one task asks for.
_BATCH = 16


@dataclass(frozen=True)
class Part:
    """The n-th of t parts of the blobs, from 1: a rota reads all of them in t runs."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InputError(f"part {self.number} of {self.count} does not exist", advice="Parts are counted from 1.")

    def holds(self, digest: Digest) -> bool:
        return int(digest.hex[:12], 16) % self.count == self.number - 1


def verify(
    placed: Sequence[PlacedImage],
    destination: Store,
    level: str = MANIFESTS,
    part: Part = Part(),
    known_tags: Mapping[str, AbstractSet[str]] | None = None,
    parallel: int = 8,
    stop: Any = None,
) -> Verification:
    """Compares a destination with what was placed there.

    part: of the blobs that level `content` reads.  known_tags: further tags of ours by repository (other image sets).
    stop: anything with `is_set()`; what was not come to makes the verification incomplete.
    Raises InputError for an unknown level; what the destination refuses to tell is a finding.
    """
    if level not in LEVELS:
        raise InputError(f"level {level!r} does not exist", subject="level", advice=f"Choose one of {', '.join(LEVELS)}.")
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        return _Verifier(destination, part, pool, stop).run(placed, level, known_tags or {})


class _Verifier:
    """One verification.  Results are gathered in order, so the outcome does not hang on timing."""

    def __init__(self, destination: Store, part: Part, pool: ThreadPoolExecutor, stop: Any) -> None:
        self._destination = destination
        self._part = part
        self._pool = pool
        self._stop = stop
        self._findings: set[Finding] = set()
        self._complete = True

    def run(self, placed: Sequence[PlacedImage], level: str, known_tags: Mapping[str, AbstractSet[str]]) -> Verification:
        repositories = sorted({entry.repository for entry in placed})
        tags = dict(zip(repositories, self._each(self._tags, repositories)))
        checked = [found for found in self._each(lambda entry: self._check(entry, tags.get(entry.repository)), placed) if found is not None]
        for one in checked:
            self._findings.update(one.findings)
        self._foreign(placed, checked, tags, known_tags)
        places = _places(checked) if level != MANIFESTS else {}
        absent = self._absent(places)
        size = self._contents(places, absent) if level == CONTENT else 0
        return Verification(
            findings=_merged(self._findings),
            images=len(checked),
            blobs=len({digest for _repository, digest in places}),
            bytes_read=size,
            complete=self._complete and not any(finding.kind == UNREADABLE for finding in self._findings),
        )

    def _each(self, task: Any, items: Iterable[Any]) -> list[Any]:
        """Results in order; None for what was not come to, and for what could not be asked."""

        def guarded(item: Any) -> Any:
            if self._stop is not None and self._stop.is_set():
                self._complete = False
                return None
            try:
                return task(item)
            except Cancelled:
                self._complete = False
                return None

        return list(self._pool.map(guarded, items))

    def _tags(self, repository: str) -> frozenset[str] | None:
        """None: they are not shown, so each is asked for."""
        try:
            return frozenset(self._destination.tags(repository) or ())
        except Cancelled:
            raise
        except MirrorError:
            return None

    def _check(self, entry: PlacedImage, tags: frozenset[str] | None) -> Checked:
        try:
            return check_image(entry, self._destination, tags)
        except Cancelled:
            raise
        except MirrorError as error:
            return Checked(entry, (unreadable(entry.repository, entry.digest, error, (entry.image.origin,)),))

    def _foreign(
        self,
        placed: Sequence[PlacedImage],
        checked: Iterable[Checked],
        tags: Mapping[str, frozenset[str] | None],
        known_tags: Mapping[str, AbstractSet[str]],
    ) -> None:
        ours: dict[str, set[str]] = {repository: set(names) for repository, names in known_tags.items()}
        for entry in placed:
            ours.setdefault(entry.repository, set()).update(entry.tags)
            if entry.image.subject:
                ours[entry.repository].add(entry.image.subject.replace(":", "-"))
        for one in checked:
            ours.setdefault(one.placed.repository, set()).update(one.referrer_tags)
        for repository, names in tags.items():
            for tag in sorted((names or frozenset()) - ours.get(repository, set())):
                self._findings.add(Finding(repository, FOREIGN_TAG, tag, f"{repository}:{tag} is not in the plan"))

    def _absent(self, places: Mapping[tuple[str, Digest], tuple[Descriptor, tuple[str, ...]]]) -> frozenset[tuple[str, Digest]]:
        """Asks for every blob in every repository that needs it; gives those that are not there in their full length."""
        batches: list[tuple[str, list[Descriptor]]] = []
        for repository, digest in sorted(places):
            if not batches or batches[-1][0] != repository or len(batches[-1][1]) == _BATCH:
                batches.append((repository, []))
            batches[-1][1].append(places[repository, digest][0])
        absent: set[tuple[str, Digest]] = set()
        for (repository, blobs), told in zip(batches, self._each(lambda batch: sizes(self._destination, *batch), batches)):
            told = told or []
            absent.update((repository, blob.digest) for blob in blobs[len(told) :])
            for blob, size in zip(blobs, told):
                if size != blob.size:
                    absent.add((repository, blob.digest))
                    self._findings.add(_wrong(repository, blob, size, places[repository, blob.digest][1]))
        return frozenset(absent)

    def _contents(
        self, places: Mapping[tuple[str, Digest], tuple[Descriptor, tuple[str, ...]]], absent: frozenset[tuple[str, Digest]]
    ) -> int:
        """Reads each blob of the part once: a registry keeps it once, so what is wrong with it is wrong wherever it is named."""
        homes: dict[Digest, list[str]] = {}
        for repository, digest in sorted(places):
            if (repository, digest) not in absent and self._part.holds(digest):
                homes.setdefault(digest, []).append(repository)
        items = sorted((repositories[0], digest) for digest, repositories in homes.items())
        size = 0
        for (first, digest), result in zip(items, self._each(lambda item: is_sound(self._destination, item[0], places[item][0]), items)):
            if isinstance(result, bool):
                size += places[first, digest][0].size
            for repository in homes[digest]:
                origins = places[repository, digest][1]
                if isinstance(result, MirrorError):
                    self._findings.add(unreadable(repository, digest, result, origins))
                elif result is False:
                    self._findings.add(Finding(repository, CORRUPT_BLOB, digest, _corrupt(repository, digest), origins))
        return size


def _wrong(repository: str, blob: Descriptor, size: int | None | MirrorError, origins: tuple[str, ...]) -> Finding:
    if isinstance(size, MirrorError):
        return unreadable(repository, blob.digest, size, origins)
    if size is None:
        return Finding(repository, MISSING_BLOB, blob.digest, f"{repository} lacks the blob {blob.digest}", origins)
    what = f"has {size} bytes under {blob.digest}, which is a blob of {blob.size}"
    return Finding(repository, CORRUPT_BLOB, blob.digest, f"{repository} {what}: {advice(blob.digest)}", origins)


def _corrupt(repository: str, digest: Digest) -> str:
    return f"{repository} has other content under {digest}: {advice(digest)}"


def _places(checked: Iterable[Checked]) -> dict[tuple[str, Digest], tuple[Descriptor, tuple[str, ...]]]:
    """Each blob in each repository, with the images that need it."""
    blobs: dict[tuple[str, Digest], Descriptor] = {}
    origins: dict[tuple[str, Digest], set[str]] = {}
    for one in checked:
        for digest, blob in one.blobs.items():
            place = (one.placed.repository, digest)
            blobs[place] = blob
            origins.setdefault(place, set()).add(one.placed.image.origin)
    return {place: (blob, tuple(sorted(origins[place]))) for place, blob in blobs.items()}


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding for one thing, with all affected images."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in sorted(findings):
        groups.setdefault((finding.repository, finding.kind, finding.name), []).append(finding)
    return tuple(
        Finding(*place, group[0].message, tuple(sorted({origin for finding in group for origin in finding.origins})))
        for place, group in sorted(groups.items())
    )
