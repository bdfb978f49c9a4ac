# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What must hold before an archive is loaded into a registry (design, section 5).

Nothing is pushed before all of it was proved: the sequence follows what the registry has, and
what the archive leaves out, because an earlier one shipped it, is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, Run
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.archive_export import HISTORY, PLAN
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage

# The destination's repository for a path of the plan.
Place = Callable[[str], str]
# Whether an archive holds a digest.
Holds = Callable[[Digest], bool]
# Paths of a plan where earlier archives may have brought a digest.
Homes = Callable[[Digest], Iterable[str]]


@dataclass(frozen=True)
class Load:
    """An archive that may be loaded: its plan, and the history of the destination once it is."""

    plan: Plan
    history: History


def opened(archive: ArchiveReader) -> Load:
    """Plan and history that an archive carries, each whole, and both of this archive.

    Raises CorruptContent (unreadable, or of another archive), Incompatible, InputError (malformed).
    """
    plan = Plan.of(_json(archive, PLAN), subject=f"{PLAN} of {archive.name}")
    history = History.parse(_json(archive, HISTORY), subject=f"{HISTORY} of {archive.name}")
    contents = archive.contents
    if (history.uid, history.sequence) != (contents.uid, contents.sequence):
        raise CorruptContent(
            f"its history is at sequence {history.sequence} of {history.uid!r}, and not at {contents.sequence} of {contents.uid!r}",
            subject=archive.name,
        )
    return Load(plan, history)


@dataclass(frozen=True)
class LeftOut:
    """Where the destination has what an archive leaves out: a repository by digest, of blobs and of manifests."""

    blobs: Mapping[str, str]
    manifests: Mapping[str, str]


def prove_left_out(
    name: str,
    holds: Holds,
    history: History,
    images: Sequence[PlacedImage],
    destination: Store,
    place: Place,
    parallel: int = 8,
    homes: Homes = lambda digest: (),
) -> LeftOut:
    """Proves that the registry has what the images need and the archive does not hold.

    name, holds: of the archive.  history: that it carries.  images: those that are not at the destination yet.
    homes: paths where a digest may lie besides, which are asked last.
    Raises Incompatible naming the archives that brought what is missing.
    """
    wanted = {(placed.image.destination, placed.digest) for placed in images}
    entries = [entry for entry in history.associations if (entry.path, entry.id) in wanted]
    places = _places(history, wanted, place)
    blobs = {Digest(digest) for entry in entries for digest in entry.blobs if not holds(Digest(digest))}
    manifests = {Digest(digest) for entry in entries for digest in (entry.id, *entry.manifests) if not holds(Digest(digest))}
    for digest in blobs | manifests:
        places[digest] = list(dict.fromkeys((*places[digest], *map(place, homes(digest)))))
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        found = LeftOut(
            _found(blobs, places, pool, destination.blobs_present),
            _found(manifests, places, pool, lambda repository, digests: _manifests_present(destination, repository, digests)),
        )
    missing = (blobs - set(found.blobs)) | (manifests - set(found.manifests))
    if missing:
        told = where_from(missing, history.runs[:-1])
        raise Incompatible(
            f"the registry lacks {told.what} that this archive leaves out, such as {sorted(missing)[0]}; {told.where}",
            subject=name,
            advice=f"{told.advice}; nothing was pushed.",
        )
    return found


def _places(history: History, wanted: AbstractSet[tuple[str, str]], place: Place) -> dict[str, list[str]]:
    """Repositories that should hold a digest, those of images that are there first."""
    places: dict[str, list[str]] = {}
    for entry in sorted(history.associations, key=lambda entry: (entry.path, entry.id) in wanted):
        repository = place(entry.path)
        for digest in entry.digests:
            known = places.setdefault(digest, [])
            if repository not in known:
                known.append(repository)
    return places


def _found(
    digests: AbstractSet[Digest],
    places: dict[str, list[str]],
    pool: ThreadPoolExecutor,
    present: Callable[[str, list[Digest]], set[Digest]],
) -> dict[str, str]:
    """Asks the likeliest repository of each digest, then the next one for those that were not there."""
    found: dict[str, str] = {}
    for attempt in range(max((len(places[digest]) for digest in digests), default=0)):
        asked: dict[str, list[Digest]] = {}
        for digest in sorted(digests - set(found)):
            if attempt < len(places[digest]):
                asked.setdefault(places[digest][attempt], []).append(digest)
        for repository, there in zip(sorted(asked), pool.map(lambda item: present(*item), sorted(asked.items()))):
            found.update((digest, repository) for digest in there)
    return found


def _manifests_present(destination: Store, repository: str, digests: list[Digest]) -> set[Digest]:
    return {digest for digest in digests if destination.find_manifest(repository, digest) is not None}


@dataclass(frozen=True)
class Told:
    """Parts of sentences about what is missing.  what: how much.  where: what brought it.  advice: the way to it."""

    what: str
    where: str
    advice: str


def where_from(missing: AbstractSet[Digest], runs: Sequence[Run]) -> Told:
    """Which archives bring what is missing: those of the runs that brought each digest last."""
    brought: dict[str, Run] = {digest: run for run in runs for digest in run.blobs}
    sequences = sorted({brought[digest].sequence for digest in missing if digest in brought})
    what = "1 blob" if len(missing) == 1 else f"{len(missing)} blobs"
    full = "write an archive of everything (ignore_history) on the other side"
    if any(digest not in brought for digest in missing):
        return Told(what, "shipped in an earlier archive", f"Load the archives before this one, or {full}")
    names = ", ".join(f"mirror_seq{sequence}" for sequence in sequences)
    return Told(what, f"shipped in {names}", f"Load {names}, whatever was loaded since, and then this one again; or {full}")


def _json(archive: ArchiveReader, name: str) -> Any:
    try:
        return json_values.parse(archive.document(name), limits.RECORD)
    except (ValueError, NotFound) as error:
        raise CorruptContent(f"{archive.name} has no readable {name}: {error}", subject=archive.name) from error
