# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What must hold before an archive is loaded into a registry (design, section 5).

Nothing is pushed before all of it was proved: the sequence follows what the registry has, and
what the archive leaves out, because an earlier one shipped it, is there.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history import Association, History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.sequence import follows
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.packing import HISTORY, PLAN
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed import PlacedImage


# The destination's repository for a path of the plan.
Place = Callable[[str], str]
# Whether an archive holds a digest.
Holds = Callable[[Digest], bool]


@dataclass(frozen=True)
class Load:
    """An archive that may be loaded: its plan, and the history of the destination once it is."""

    plan: Plan
    history: History


def opened(archive: ArchiveReader) -> Load:
    """Plan and history that an archive carries.  Raises CorruptContent, Incompatible, InputError."""
    return Load(
        Plan.of(_json(archive, PLAN), subject=f"{PLAN} of {archive.name}"),
        History.parse(_json(archive, HISTORY), subject=f"{HISTORY} of {archive.name}"),
    )


def may_follow(archive: ArchiveReader, current: Optional[History]) -> bool:
    """Whether an archive brings anything to a destination; False for one that was loaded before.

    current: what the destination has of the same uid, None for nothing.  A full set may be loaded at any time.
    Raises Incompatible on a gap, naming the archive to load first.
    """
    contents = archive.contents
    if not contents.follows:
        return True
    return follows(contents.sequence, current.sequence if current is not None else 0, subject=archive.name)


def prove_left_out(
    name: str, holds: Holds, history: History, images: Sequence[PlacedImage], destination: Store, place: Place, parallel: int = 8
) -> Dict[Digest, str]:
    """Proves that the registry has what the images need and the archive does not hold.

    name, holds: of the archive.  history: that it carries.  images: those that are not at the destination yet.  Gives a repository of the destination for each such blob, to
    mount it from.  Raises Incompatible naming the archives that hold what is missing.
    """
    needed = _needed(holds, history, images)
    homes = history.repositories()
    by_repository: Dict[str, List[Digest]] = {}
    for digest in sorted(needed):
        by_repository.setdefault(place(homes[digest]), []).append(digest)
    proved: Dict[Digest, str] = {}
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        for (repository, _digests), present in zip(
            sorted(by_repository.items()), pool.map(lambda item: destination.blobs_present(*item), sorted(by_repository.items()))
        ):
            proved.update((digest, repository) for digest in present)
    missing = needed - set(proved)
    if missing:
        raise Incompatible(_told(missing, history), subject=name, advice="Load them first; nothing was pushed.")
    return proved


def _needed(holds: Holds, history: History, images: Iterable[PlacedImage]) -> FrozenSet[Digest]:
    """Blobs (not manifests, which registries keep apart) that some image needs and the archive leaves out."""
    wanted = {(placed.image.destination, placed.digest) for placed in images}
    entries: List[Association] = [entry for entry in history.associations if (entry.path, entry.id) in wanted]
    return frozenset(Digest(digest) for entry in entries for digest in entry.blobs if not holds(Digest(digest)))


def _told(missing: FrozenSet[Digest], history: History) -> str:
    """Which archives to fetch, by the sequence that brought each digest last."""
    brought: Dict[str, int] = {digest: run.sequence for run in history.runs for digest in run.blobs}
    sequences = sorted({brought[digest] for digest in missing if digest in brought})
    names: Tuple[str, ...] = tuple(f"mirror_seq{sequence}" for sequence in sequences)
    blobs = f"{len(missing)} blob{'s' if len(missing) > 1 else ''}"
    return f"the registry lacks {blobs} that this archive leaves out, such as {sorted(missing)[0]}; they were shipped in {', '.join(names) or 'no archive'}."


def _json(archive: ArchiveReader, name: str) -> Any:
    try:
        return json.loads(archive.document(name))
    except (ValueError, NotFound) as error:
        raise CorruptContent(f"{archive.name} has no readable {name}", subject=archive.name) from error
