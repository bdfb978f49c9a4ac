# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is at the destination already: the decisions of a transfer, by reading only.

The same survey decides what a run copies and what check mode predicts (user-needs P22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    Failure,
    MirrorError,
    NotFound,
    RegistryError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, FAST, REFUSE
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.state import Run

# Ranks of the crew's tasks: what unlocks further work goes first.
_LIST = (0, 0)
_ASK = (1, 0)


@dataclass(frozen=True)
class Verdict:
    """What has to be done for one image.

    present: nothing.  missing: tags that have to be written.  moved: those of them that name something else now.
    holds: the repository has the manifest already (under another tag, or by digest).  vacant: it has no tag at all.
    failure: the destination could not be asked, or a tag may not be moved.
    """

    placed: PlacedImage
    present: bool = False
    missing: tuple[str, ...] = ()
    moved: dict[str, Digest] = field(default_factory=dict)
    holds: bool = False
    vacant: bool = False
    failure: Failure | None = None


class Survey:
    """Asks the destination about images, with as few requests as the level allows (see `options`)."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._destination = run.destination
        self._options = run.options
        self._journal = run.journal
        self._verdicts: dict[int, Verdict] = {}

    def run(self, images: list[PlacedImage]) -> dict[int, Verdict]:
        """Verdicts by the image's position; one that is missing was not come to before a stop."""
        repositories: dict[str, list[int]] = {}
        for position, placed in enumerate(images):
            repositories.setdefault(placed.repository, []).append(position)
        tasks = []
        for repository, positions in repositories.items():
            members = {position: images[position] for position in positions}
            tasks.append(self._guarded(members, self._look_into(repository, members)))
        self._run.crew.add(_LIST, *tasks)
        self._run.crew.drain()
        return self._verdicts

    def _guarded(self, members: dict[int, PlacedImage], action: Callable[[], None]) -> Callable[[memoryview], None]:
        def task(_buffer: memoryview) -> None:
            try:
                action()
                self._run.success()
            except Cancelled:
                # Not come to, like all that was not asked any more.
                return
            except MirrorError as error:
                self._run.trouble(error)
                for position, placed in members.items():
                    self._verdicts[position] = Verdict(
                        placed, failure=Failure.of(error, placed.image.origin, placed.category, placed.image.why)
                    )

        return task

    def _look_into(self, repository: str, members: dict[int, PlacedImage]) -> Callable[[], None]:
        def look() -> None:
            proved = {position for position, placed in members.items() if self._proved(placed)}
            names = self._names(repository, members, proved)
            asks = {}
            for position, placed in members.items():
                if self._options.level == FAST and position in proved and (names is not None or not placed.tags):
                    self._confirm(position, placed, names or set())
                elif names is not None and not names and placed.tags:
                    self._verdicts[position] = Verdict(placed, missing=placed.tags, vacant=True)
                else:
                    asks[position] = placed
            tasks = [self._guarded({position: placed}, self._ask(position, placed, names)) for position, placed in asks.items()]
            if len(tasks) == 1:
                # Who has one thing to ask need not call anybody else.
                tasks.pop()(memoryview(b""))
            self._run.crew.add(_ASK, *tasks)

        return look

    def _proved(self, placed: PlacedImage) -> bool:
        # Hosts that share a plan have journals of their own, and must come to the same verdicts.
        return self._options.shard is None and self._journal.proves(placed.repository, placed.digest, placed.tags, placed.image.platforms)

    def _names(self, repository: str, members: dict[int, PlacedImage], proved: set[int]) -> set[str] | None:
        """The repository's tags where they spare requests; None where asking for each tag is as good."""
        wanted = sum(len(placed.tags) for placed in members.values())
        if not wanted:
            return None
        if len(proved) == len(members) and (self._options.level != FAST or wanted == 1):
            return None
        return set(self._destination.tags(repository) or ())

    def _confirm(self, position: int, placed: PlacedImage, names: set[str]) -> None:
        """Fast: what the journal proves is there as long as its tags are listed."""
        missing = tuple(tag for tag in placed.tags if tag not in names)
        if len(missing) == len(placed.tags) and missing:
            self._journal.forget_image(placed.repository, placed.digest)
        self._verdicts[position] = Verdict(placed, present=not missing, missing=missing, holds=len(missing) < len(placed.tags))

    def _ask(self, position: int, placed: PlacedImage, names: set[str] | None) -> Callable[[], None]:
        return lambda: self._verdicts.__setitem__(position, self._judge(placed, names))

    def _judge(self, placed: PlacedImage, names: set[str] | None) -> Verdict:
        missing: list[str] = []
        moved: dict[str, Digest] = {}
        for tag in placed.tags:
            found = None if names is not None and tag not in names else self._find(placed.repository, tag)
            if found != placed.digest:
                missing.append(tag)
                if found is not None:
                    moved[tag] = found
        holds = len(missing) < len(placed.tags) if placed.tags else self._is_there(placed)
        if holds and placed.tags and not self._proved(placed) and not self._is_there(placed):
            # Some registries keep tags of what was deleted, and answer for them.
            holds, missing = False, list(placed.tags)
        whole = holds and self._whole(placed)
        if not holds or not whole:
            self._journal.forget_image(placed.repository, placed.digest)
        return Verdict(
            placed,
            present=whole and not missing,
            missing=tuple(missing),
            moved=moved,
            holds=whole,
            failure=self._refusal(placed, moved) if moved and self._options.tag_moves == REFUSE else None,
        )

    def _is_there(self, placed: PlacedImage) -> bool:
        return self._find(placed.repository, placed.digest) is not None

    def _find(self, repository: str, reference: str) -> Digest | None:
        found = self._destination.find_manifest(repository, reference)
        return found.digest if found else None

    def _whole(self, placed: PlacedImage) -> bool:
        """Whether all instances that are wanted lie below a manifest that is there; at the deep level, all blobs too."""
        deep = self._options.level == DEEP
        known = self._journal.has_instances(placed.repository, placed.digest, placed.image.platforms)
        # Who takes an index without saying which instances has all of them; only sparse ones need to be looked into.
        if not deep and (known or (known is None and not placed.image.platforms)):
            return True
        try:
            content = self._run.reader.content(placed)
        except NotFound:
            # What nobody has any more cannot be there.
            return False
        if any(self._find(placed.repository, digest) is None for digest in content.manifests[:-1]):
            return False
        if not deep:
            return True
        digests = {blob.digest for blob in content.blobs}
        return self._destination.blobs_present(placed.repository, digests) >= digests

    def _refusal(self, placed: PlacedImage, moved: dict[str, Digest]) -> Failure:
        tag, found = next(iter(moved.items()))
        error = RegistryError(
            f"the tag {placed.repository}:{tag} names {found} and would be moved to {placed.digest}",
            advice="Allow it with tag_moves, or remove the tag at the destination.",
        )
        return Failure.of(error, placed.image.origin, placed.category, placed.image.why)
