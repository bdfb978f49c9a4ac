# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is spared although we put it there: what the destination itself still uses (user-needs G09, P05).

Tags that are not ours, and indexes below them, keep alive what they point to; so do the
protect-lists that users give.  A registry deletes a manifest with all its tags, so one foreign
tag is enough.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import DOCKER_MANIFEST, OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.expression import Expression
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# Indexes are followed this deep when asking what a tag needs.
_DEPTH = 5
# Manifests of these types have none below them.
_SINGLE = (OCI_MANIFEST, DOCKER_MANIFEST)

# Tags of a repository, each with the manifest that it names.
Named = list[tuple[str, Descriptor]]


@dataclass(frozen=True)
class Spared:
    """A candidate that stays, and why."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True)
class Judgement:
    """doomed: what may go, in the order of deletion.  spared: what stays.  absent: what is not there any more."""

    doomed: tuple[Candidate, ...]
    spared: tuple[Spared, ...]
    absent: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class _Guards:
    protected: Sequence[Expression]
    in_use: Mapping[str, str]


def protect_list(patterns: Iterable[str]) -> tuple[Expression, ...]:
    """Regular expressions, searched in origins, destinations and digests.  Raises InputError."""
    compiled = []
    for text in patterns:
        try:
            compiled.append(Expression(text))
        except (re.error, OverflowError, RecursionError) as error:
            raise InputError(f"{text!r} is not a regular expression: {error}", subject="protect") from error
    return tuple(compiled)


def judge(
    found: Sequence[Candidate],
    destination: Store,
    protected: Sequence[Expression] = (),
    parallel: int = 8,
    in_use: Mapping[str, str] | None = None,
) -> Judgement:
    """in_use: digests that clusters run, each with a cluster that does.

    Asks the destination what its tags need; costs one request for each tag, for each index, and for what has no tag.

    Raises MirrorError when a repository cannot be read: then nothing is safe.
    """
    guards = _Guards(protected, in_use or {})
    by_repository: dict[str, list[Candidate]] = {}
    for candidate in found:
        by_repository.setdefault(candidate.repository, []).append(candidate)
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        named = _named(sorted(by_repository), destination, pool)
        parts = list(
            pool.map(
                lambda repository: _judge_repository(repository, by_repository[repository], named[repository], destination, guards),
                sorted(by_repository),
            )
        )
    return Judgement(
        doomed=tuple(candidate for part in parts for candidate in part.doomed),
        spared=tuple(spared for part in parts for spared in part.spared),
        absent=tuple(candidate for part in parts for candidate in part.absent),
    )


def _named(repositories: Sequence[str], destination: Store, pool: ThreadPoolExecutor) -> dict[str, Named | None]:
    """What the tags of each repository name; None for one that is not there."""
    listed = dict(zip(repositories, pool.map(destination.tags, repositories)))
    places = [(repository, tag) for repository in repositories for tag in listed[repository] or ()]
    named: dict[str, Named | None] = {repository: None if tags is None else [] for repository, tags in listed.items()}
    for (repository, tag), found in zip(places, pool.map(lambda place: destination.find_manifest(*place), places)):
        tags_there = named[repository]
        if found is not None and tags_there is not None:
            tags_there.append((tag, found))
    return named


def _judge_repository(repository: str, found: list[Candidate], named: Named | None, destination: Store, guards: _Guards) -> Judgement:
    if named is None:
        return Judgement((), (), tuple(found))
    reasons = _listed(found, guards)
    _keep_alive(repository, named, found, destination, reasons)
    # What a spared index points to must stay as well.
    for candidate in found:
        if candidate.digest in reasons:
            for child in _tree(repository, candidate.digest, "", destination):
                reasons.setdefault(child, reasons[candidate.digest])
    spared = [Spared(candidate, reasons[candidate.digest]) for candidate in found if candidate.digest in reasons]
    doomed: list[Candidate] = []
    absent: list[Candidate] = []
    tagged = {manifest.digest for _tag, manifest in named}
    for candidate in found:
        if candidate.digest not in reasons:
            there = candidate.digest in tagged or destination.find_manifest(repository, candidate.digest) is not None
            (doomed if there else absent).append(candidate)
    doomed += _bookkeeping(repository, named, doomed, destination)
    return Judgement(_in_order(doomed), tuple(spared), tuple(absent))


def _bookkeeping(repository: str, named: Named, doomed: Sequence[Candidate], destination: Store) -> list[Candidate]:
    """The lists of referrers of what goes: they would name what is not there any more."""
    going = {candidate.digest: candidate for candidate in doomed}
    ours = {candidate.digest: set(candidate.tags) for candidate in doomed}
    found = []
    for tag, manifest in named:
        if manifest.digest not in going and _is_referrers_tag(repository, tag, manifest.digest, ours, destination):
            subject = going[Digest.parse(tag.replace("-", ":", 1))]
            found.append(Candidate(repository, manifest.digest, subject.origin, subject.type, (tag,), frozenset(going)))
    return found


def _listed(found: Iterable[Candidate], guards: _Guards) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for candidate in found:
        # A cluster may name an index and run an instance of it, or the other way round.
        used = next((digest for digest in (candidate.digest, *candidate.children) if digest in guards.in_use), None)
        if used is not None:
            reasons[candidate.digest] = f"the cluster {guards.in_use[used]} runs it"
        texts = (candidate.origin, candidate.digest, candidate.repository, *(f"{candidate.repository}:{tag}" for tag in candidate.tags))
        for pattern in guards.protected:
            if any(pattern.search(text) for text in texts):
                reasons[candidate.digest] = f"protected by {pattern.pattern}"
    return reasons


def _keep_alive(repository: str, named: Named, found: Sequence[Candidate], destination: Store, reasons: dict[str, str]) -> None:
    """Adds what tags of others need, and what our own tags need that name something else by now."""
    ours = {candidate.digest: candidate for candidate in found}
    for tag, manifest in named:
        if manifest.digest in ours and ours[manifest.digest].owns(tag):
            continue
        if _is_referrers_tag(repository, tag, manifest.digest, ours, destination):
            continue
        for digest in _tree(repository, manifest.digest, manifest.media_type, destination):
            if digest in ours:
                reasons.setdefault(digest, f"the tag {repository}:{tag} needs it")


def _is_referrers_tag(repository: str, tag: str, digest: Digest, ours: Collection[str], destination: Store) -> bool:
    """A fallback tag `sha256-<hex>` that lists referrers of a candidate, all of them candidates: bookkeeping, no user.

    OCI distribution specification, "Referrers Tag Schema".
    """
    algorithm, dash, hexadecimal = tag.partition("-")
    if not dash or f"{algorithm}:{hexadecimal}" not in ours:
        return False
    manifest = _fetch(repository, digest, destination)
    return manifest is not None and manifest.is_index and all(child.digest in ours for child in manifest.children)


def _tree(repository: str, digest: Digest, media_type: str, destination: Store) -> frozenset[str]:
    """A manifest and all manifests below it.  media_type: empty when it is not known."""
    seen: set[str] = set()
    level = [(digest, media_type)]
    for _depth in range(_DEPTH):
        below: list[tuple[Digest, str]] = []
        for each, kind in level:
            if each not in seen:
                seen.add(each)
                manifest = _fetch(repository, each, destination) if kind not in _SINGLE else None
                below.extend((child.digest, child.media_type) for child in (manifest.children if manifest else ()))
        level = below
    return frozenset(seen)


def _fetch(repository: str, digest: Digest, destination: Store) -> Manifest | None:
    try:
        return destination.fetch_manifest(repository, digest)
    except NotFound:
        return None


def _in_order(doomed: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """What points to others first, attachments before their subjects, then by digest."""
    depth: dict[str, int] = {}
    known: dict[str, Candidate] = {candidate.digest: candidate for candidate in doomed}

    def rank(digest: str, seen: frozenset[str]) -> int:
        if digest not in known or digest in seen:
            return 0
        if digest not in depth:
            below = known[digest].children | ({known[digest].subject} if known[digest].subject else set())
            depth[digest] = 1 + max((rank(child, seen | {digest}) for child in below), default=0)
        return depth[digest]

    return tuple(sorted(doomed, key=lambda candidate: (-rank(candidate.digest, frozenset()), candidate.digest)))
