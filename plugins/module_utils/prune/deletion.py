# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Deleting what was judged, within limits, and saying what came of it (mirroring 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, InputError, MirrorError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.candidate import Candidate
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store


@dataclass(frozen=True)
class Limits:
    """count: manifests at most, 0 for no limit.  percent: of all manifests that are known at the destination."""

    count: int = 0
    percent: int = 100

    def require(self, doomed: int, known: int, unrecorded: int = 0) -> None:
        """Raises InputError when more would be deleted than is allowed; then nothing is.

        unrecorded: how many of the doomed are none of the known; each was named by itself, so that they are no part of the share.
        """
        if self.count and doomed > self.count:
            raise InputError(
                f"{counted(doomed, 'manifest')} would be deleted and max_deletions allows {self.count}",
                advice="Look through pruning-plan.json, then raise max_deletions; nothing was deleted.",
            )
        share = doomed - unrecorded
        if known and share * 100 > self.percent * known:
            raise InputError(
                f"{share} of {counted(known, 'manifest')} would be deleted and max_deletion_percent allows {self.percent}",
                advice="Look through pruning-plan.json, then raise max_deletion_percent; nothing was deleted.",
            )


@dataclass(frozen=True)
class Deleted:
    """deleted, absent: what went, and what was gone before.  failures: what is still there, and why."""

    deleted: tuple[Candidate, ...] = ()
    absent: tuple[Candidate, ...] = ()
    failures: tuple[Failure, ...] = ()


def delete(doomed: Sequence[Candidate], destination: Store, parallel: int = 4) -> Deleted:
    """One worker for each repository at a time, in the order given there.

    A registry that does not delete at all (405) is asked once for each repository, and told in words.  Tags of ours that still name
    what was deleted are deleted as well: the image would seem to be there, and would not be brought back when it is wanted again.
    """
    by_repository: dict[str, list[Candidate]] = {}
    for candidate in doomed:
        by_repository.setdefault(candidate.repository, []).append(candidate)
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        parts = list(pool.map(lambda item: _delete_from(item[1], destination), sorted(by_repository.items())))
    return Deleted(
        deleted=tuple(candidate for part in parts for candidate in part.deleted),
        absent=tuple(candidate for part in parts for candidate in part.absent),
        failures=tuple(failure for part in parts for failure in part.failures),
    )


def _delete_from(doomed: Sequence[Candidate], destination: Store) -> Deleted:
    deleted: list[Candidate] = []
    absent: list[Candidate] = []
    failures: list[Failure] = []
    for candidate in doomed:
        try:
            destination.delete_manifest(candidate.repository, candidate.digest)
            deleted.append(candidate)
            failures += _without_names(candidate, destination)
        except NotFound:
            absent.append(candidate)
        except MirrorError as error:
            failures.append(Failure.of(error, subject=f"{candidate.repository}@{candidate.digest}"))
            if isinstance(error, Unsupported):
                break
    return Deleted(tuple(deleted), tuple(absent), tuple(failures))


def _without_names(candidate: Candidate, destination: Store) -> list[Failure]:
    """Deletes what is left of a deleted manifest's tags; most registries leave none."""
    failures: list[Failure] = []
    for tag in candidate.tags:
        try:
            found = destination.find_manifest(candidate.repository, tag)
            if found is not None and found.digest == candidate.digest:
                destination.delete_tag(candidate.repository, tag)
        except NotFound:
            continue
        except MirrorError as error:
            failures.append(Failure.of(error, subject=f"{candidate.repository}:{tag}"))
    return failures


def pruning_plan(registry: str, doomed: Iterable[Candidate]) -> dict[str, Any]:
    """The document `pruning-plan.json`; repositories and digests sorted, empty lists left out (mirroring 5.3)."""
    repositories: dict[str, list[Digest]] = {}
    for candidate in doomed:
        repositories.setdefault(candidate.repository, []).append(candidate.digest)
    document: dict[str, Any] = {"registry": registry}
    if repositories:
        document["repositories"] = [{"name": name, "manifests": sorted(digests)} for name, digests in sorted(repositories.items())]
    return document
