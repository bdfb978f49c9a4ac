# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How a transfer works: a value with safe defaults."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

# How closely the destination is looked at before something counts as present.
#
# fast:    what the journal proves is confirmed by the tag list of its repository, one request each;
#          sees removed tags, not moved ones.
# default: the digest of each tag is asked for, one request each; what the journal does not prove
#          costs one tag list for its repository besides, and is asked for by its digest, too.  Sees removed and moved tags.
# deep:    also each child manifest and each blob is asked for.  Sees holes in what was published.
FAST = "fast"
DEFAULT = "default"
DEEP = "deep"
LEVELS = (FAST, DEFAULT, DEEP)

# Whether a tag that names something else at the destination may be moved.
ALLOW = "allow"
REFUSE = "refuse"
TAG_MOVES = (ALLOW, REFUSE)


@dataclass(frozen=True)
class Shard:
    """One of `count` hosts that share the blobs of one plan; index counts from 0.

    publishes: the step after all of them instead, which moves no blob and publishes what they brought; it has no index.
    """

    index: int
    count: int
    publishes: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise InputError(f"shard {self.index} of {self.count} does not exist", advice="The index runs from 0 to count - 1.")


@dataclass(frozen=True)
class TransferOptions:
    """level, tag_moves: see above.

    parallel: workers, each with one request under way at each end.
    stop_on: categories (release, operator, additional, helm) whose first failure stops the whole run (mirroring K9).
    hold_catalogs: publish no catalog, for something that catalogs name could not be planned (user-needs G03).
    hold_entries: entries of the configuration (`operators[0]`) whose catalogs alone are not published, for the same reason.
    shard: move only the blobs of one shard and publish nothing, or only publish what all shards brought.
    buffer: bytes that each worker holds.
    """

    level: str = DEFAULT
    parallel: int = 8
    stop_on: frozenset[str] = frozenset()
    tag_moves: str = ALLOW
    hold_catalogs: bool = False
    hold_entries: frozenset[str] = frozenset()
    shard: Shard | None = None
    buffer: int = 512 * 1024

    def holds(self, owners: frozenset[str]) -> bool:
        """Whether the catalog that these entries of the configuration want is not published."""
        return self.hold_catalogs or bool(self.hold_entries and (not owners or owners & self.hold_entries))

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise InputError(f"level {self.level!r} does not exist", advice=f"Use one of {', '.join(LEVELS)}.")
        if self.tag_moves not in TAG_MOVES:
            raise InputError(f"tag_moves {self.tag_moves!r} does not exist", advice=f"Use one of {', '.join(TAG_MOVES)}.")
        if self.parallel < 1:
            raise InputError(f"parallel is {self.parallel}", advice="At least one worker is needed.")
