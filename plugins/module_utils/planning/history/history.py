# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What was mirrored before: sequences for one destination and one configuration (design, section 6; mirroring 4.2 to 4.5).

A history is a value.  `next` says what a plan adds to it, `record` gives the history after a run; loading and saving
go through a backend, of which the directory is the first.  Clocks are read by the caller.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.backend import Backend, Directory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

SCHEMA = "disconnected.mirror/history/1"


@dataclass(frozen=True)
class Run:
    """What one sequence brought.

    timestamp: seconds since 1970, as the caller gave them.  images: keys of what is new or has new tags.
    blobs: digests of blobs and manifests that no earlier sequence that still counts had brought.
    archive: id of the archive that carried them; empty for a run from registry to registry, and where it is not known.
    """

    sequence: int
    timestamp: int
    config: dict[str, Any]
    images: tuple[tuple[str, str, str], ...] = ()
    blobs: tuple[str, ...] = ()
    archive: str = ""

    def document(self) -> dict[str, Any]:
        document = {
            "sequence": self.sequence,
            "timestamp": self.timestamp,
            "config": self.config,
            "images": [list(key) for key in self.images],
            "blobs": list(self.blobs),
        }
        if self.archive:
            document["archive"] = self.archive
        return document

    @classmethod
    def parse(cls, shape: Shape) -> Run:
        """Raises InputError."""
        return cls(
            sequence=shape.member("sequence").number(1),
            timestamp=shape.member("timestamp").number(),
            config=shape.member("config").mapping(),
            images=tuple(_key(item) for item in shape.member("images").items()),
            blobs=shape.member("blobs").digests(),
            archive=shape.optional("archive", "").text(),
        )


@dataclass(frozen=True)
class Step:
    """What a plan adds to a history: the next sequence.

    fresh: associations that are new, or stand under other tags now.  kept: those that were there before.
    dropped: those that the plan no longer names, the candidates of pruning.  Nothing is dropped from a part of the
        configuration in which planning failed: what could not be looked up today is not unwanted.
    blobs: digests to ship; everything else the destination has.
    """

    sequence: int
    fresh: tuple[Association, ...]
    kept: tuple[Association, ...]
    dropped: tuple[Association, ...]
    blobs: frozenset[str]

    @property
    def empty(self) -> bool:
        return not (self.fresh or self.dropped)


@dataclass(frozen=True)
class History:
    """uid: identity of the sequence, empty until the first run is recorded.  associations: what is at the destination.

    lingering: what it has besides, by its own record, and nobody wants: not kept with the history, for it may be pruned any day.
    """

    destination: str
    configuration: str = ""
    uid: str = ""
    runs: tuple[Run, ...] = ()
    associations: tuple[Association, ...] = ()
    lingering: tuple[Association, ...] = ()

    @property
    def sequence(self) -> int:
        """Of the last run; 0 before the first."""
        return self.runs[-1].sequence if self.runs else 0

    def known_blobs(self) -> frozenset[str]:
        """Digests of blobs and manifests that are at the destination.

        What the next plan drops is still among them: it is pruned after what is new has arrived, never before.
        """
        return frozenset(digest for entry in (*self.associations, *self.lingering) for digest in entry.digests)

    def by_record(self, record: History) -> History:
        """What the destination has by the record that it keeps itself, which may be of an earlier sequence.

        What came after that record was made still counts as shipped.  What it does not name any more was pruned there, and what it
        names though it was dropped here was not.  Raises InputError for the record of something else.
        """
        if record.uid != self.uid or record.sequence > self.sequence:
            own = f"{self.uid or 'none'}, sequence {self.sequence}"
            raise InputError(
                f"the record is of the history {record.uid or 'none'}, sequence {record.sequence}, and this one is {own}",
                advice="Give the record of the mirror that these archives are loaded into.",
            )
        recorded = {entry.key for entry in record.associations}
        later = {key for run in self.runs if run.sequence > record.sequence for key in run.images}
        kept = tuple(entry for entry in self.associations if entry.key in recorded | later)
        known = {entry.key for entry in kept}
        return replace(self, associations=kept, lingering=tuple(entry for entry in record.associations if entry.key not in known))

    def repositories(self) -> dict[str, str]:
        """A repository at the destination for each known digest, to mount or to read it from (mirroring 4.6)."""
        return {digest: entry.path for entry in reversed(self.associations) for digest in entry.digests}

    def next(self, plan: Plan, shelf: Shelf) -> Step:
        """Raises NotFound when a manifest of the plan is not on the shelf."""
        before = {entry.key: entry for entry in self.associations}
        now = {entry.key: entry for entry in (Association.of(image, shelf) for image in plan.images)}
        fresh = tuple(sorted(entry for key, entry in now.items() if before.get(key) != entry))
        known = self.known_blobs()
        return Step(
            sequence=self.sequence + 1,
            fresh=fresh,
            kept=tuple(sorted(entry for key, entry in now.items() if before.get(key) == entry)),
            dropped=tuple(sorted(entry for key, entry in before.items() if key not in now and is_decided(entry, plan))),
            blobs=frozenset(digest for entry in fresh for digest in entry.digests if digest not in known),
        )

    def record(
        self,
        plan: Plan,
        shelf: Shelf,
        timestamp: int,
        failed: AbstractSet[tuple[str, str]] = frozenset(),
        pruned: bool = True,
        uid: str = "",
    ) -> History:
        """The history after a run; the same history when the run brought nothing (mirroring 4.3, B5).

        failed: (destination, digest) of images that did not arrive; what was known of them stays.
        pruned: whether what the plan no longer names was given up; otherwise it still counts as being there.
        uid: for the first run, made up when not given.
        """
        return self.recorded(self.next(plan, shelf), plan.config, timestamp, failed, pruned, uid)

    def recorded(
        self,
        step: Step,
        config: dict[str, Any],
        timestamp: int,
        failed: AbstractSet[tuple[str, str]] = frozenset(),
        pruned: bool = True,
        uid: str = "",
    ) -> History:
        """`record` of a step that is known already."""
        fresh = tuple(entry for entry in step.fresh if (entry.path, entry.id) not in failed)
        awaited = {(entry.path, entry.name) for entry in step.fresh if (entry.path, entry.id) in failed}
        gone = {entry.key for entry in step.dropped if pruned and (entry.path, entry.name) not in awaited}
        if not fresh and not gone:
            return self
        arrived = {digest for entry in fresh for digest in entry.digests}
        renewed = {entry.key for entry in fresh}
        stay = [entry for entry in self.associations if entry.key not in renewed and entry.key not in gone]
        run = Run(
            sequence=step.sequence,
            timestamp=timestamp,
            config=config,
            images=tuple(sorted(renewed)),
            blobs=tuple(sorted(step.blobs & arrived)),
        )
        return replace(
            self,
            uid=self.uid or uid or str(uuid.uuid4()),
            runs=(*self.runs, run),
            associations=tuple(sorted((*stay, *fresh))),
        )

    def arrived(self, entries: Iterable[Association]) -> History:
        """With what came to the destination beside a run.  No sequence of its own: archives count theirs."""
        found = {entry.key: entry for entry in (*self.associations, *entries)}
        return replace(self, associations=tuple(sorted(found.values())))

    def without(self, gone: AbstractSet[tuple[str, str, str]]) -> History:
        """Without the associations of these keys, which were deleted.  No sequence of its own: archives count theirs."""
        return replace(self, associations=tuple(entry for entry in self.associations if entry.key not in gone))

    def document(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "destination": self.destination,
            "configuration": self.configuration,
            "uid": self.uid,
            "runs": [run.document() for run in self.runs],
            "associations": [entry.document() for entry in self.associations],
        }

    @classmethod
    def parse(cls, document: Any, subject: str = "history") -> History:
        """Raises Incompatible (no history, or another schema), InputError (malformed, or sequences that do not follow)."""
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise Incompatible(f"not a history of schema {SCHEMA}", subject=subject, advice="Name another workspace or storage.")
        whole = Shape(document)
        try:
            history = cls(
                destination=whole.member("destination").text(),
                configuration=whole.member("configuration").text(),
                uid=_uid(whole.member("uid")),
                runs=tuple(Run.parse(entry) for entry in whole.member("runs").items()),
                associations=tuple(Association.parse(entry) for entry in whole.member("associations").items()),
            )
        except InputError as error:
            raise InputError(f"the history is malformed: {error.message}", subject=subject, advice="Restore it from a copy.") from error
        if any(later.sequence != earlier.sequence + 1 for earlier, later in zip(history.runs, history.runs[1:])):
            raise InputError("the sequences of the history do not follow each other", subject=subject, advice="Restore it from a copy.")
        return history

    @classmethod
    def load(cls, workspace: Workspace, destination: str, configuration: str = "", backend: Backend | None = None) -> History:
        """What is remembered of a destination; an empty history when nothing is.

        destination: `docker://host/namespace` or the archive's directory.  configuration: a name that tells image sets
        apart which share workspace and destination.  Raises StorageError, Incompatible, InputError.
        """
        backend = backend or Directory(workspace.history)
        document = backend.read(memory_name(destination, configuration))
        if document is None:
            return cls(destination, configuration)
        return cls.parse(document, subject=f"history of {destination}")

    def save(self, workspace: Workspace, backend: Backend | None = None) -> bool:
        """Says whether anything changed.  A history without runs is not written."""
        if not self.runs:
            return False
        backend = backend or Directory(workspace.history)
        return backend.write(memory_name(self.destination, self.configuration), self.document())


def is_decided(entry: Association, plan: Plan) -> bool:
    """Whether the plan is complete in the part of the configuration that an image belongs to."""
    return not is_undecided(entry.type, plan)


def is_undecided(image_type: str, plan: Plan) -> bool:
    """Whether the plan is no whole one, or something failed in the part of the configuration that images of a type belong to."""
    uncertain = {failure.category for failure in plan.failures}
    return not plan.whole or "" in uncertain or CATEGORIES.get(image_type, "") in uncertain


def memory_name(destination: str, configuration: str = "") -> str:
    """A file name for a destination and a configuration: readable, and unique by a part of a digest."""
    text = f"{destination} {configuration}".strip()
    readable = "".join(
        character if character.isalnum() and character.isascii() else "-" for character in text.rsplit("://", maxsplit=1)[-1].lower()
    )
    return f"{readable.strip('-')[:60]}-{Digest.of(text.encode('utf-8')).hex[:12]}"


def _uid(shape: Shape) -> str:
    """A part of a tag at the destination."""
    return shape.tag() if shape.text() else ""


def _key(shape: Shape) -> tuple[str, str, str]:
    parts = shape.items()
    if len(parts) != 3:
        shape.refuse("is not a repository, a digest and a name")
    path, digest, name = parts
    return path.text(), digest.digest(), name.text()
