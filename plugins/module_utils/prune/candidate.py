# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What may be deleted: manifests that we put at the destination and that nothing wanted needs (mirroring 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association

# `<version>-<architecture>`, of components with their name behind it (mirroring 2.3).
_RELEASE_TAG = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+[A-Za-z0-9.]*(?:-[A-Za-z0-9_.]+)+\Z")


@dataclass(frozen=True)
class Candidate:
    """One manifest in one repository of the destination.

    digest: of the manifest; the tag by which it was asked for where nothing is there.
    origin, type: of the image it belongs to.  tags: ours, which vanish with it.
    children: manifests that it points to, so that what points is deleted before what is pointed to.
    subject: digest of what it is attached to, empty for images.
    tags_known: whether `tags` are all of ours; otherwise those that look like a release's are ours as well.
    """

    repository: str
    digest: Digest
    origin: str
    type: str
    tags: tuple[str, ...] = ()
    children: frozenset[str] = frozenset()
    subject: str = ""
    tags_known: bool = True

    def owns(self, tag: str) -> bool:
        return tag in self.tags or (not self.tags_known and _RELEASE_TAG.match(tag) is not None)


def candidates(gone: Iterable[Association], kept: Iterable[Association], place: Callable[[str], str]) -> tuple[Candidate, ...]:
    """Manifests of images that are no longer wanted, children included, less everything that a wanted image has there.

    gone, kept: as the history knows them.  place: the destination's repository for a path of a plan.
    The same digest in another repository does not count: deletion is by repository.
    """
    needed: dict[str, set[str]] = {}
    for entry in kept:
        needed.setdefault(place(entry.path), set()).update((entry.id, *entry.manifests))
    found: dict[tuple[str, str], Candidate] = {}
    for entry in gone:
        repository = place(entry.path)
        for digest in (entry.id, *entry.manifests):
            if digest not in needed.get(repository, ()):
                candidate = _candidate(entry, repository, digest)
                known = found.get((repository, digest))
                found[repository, digest] = candidate if known is None else _united(known, candidate)
    return tuple(found[key] for key in sorted(found))


def _candidate(entry: Association, repository: str, digest: str) -> Candidate:
    if digest != entry.id:
        return Candidate(repository, Digest.parse(digest), entry.name, entry.type)
    digest = Digest.parse(digest)
    children = frozenset(entry.manifests)
    return Candidate(repository, digest, entry.name, entry.type, entry.tags, children, entry.subject, entry.tags_known)


def _united(one: Candidate, other: Candidate) -> Candidate:
    """The same manifest as a whole image and as a child of another."""
    tags = tuple(sorted({*one.tags, *other.tags}))
    children, known = one.children | other.children, one.tags_known and other.tags_known
    return Candidate(one.repository, one.digest, one.origin, one.type, tags, children, one.subject or other.subject, known)
