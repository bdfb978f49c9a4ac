# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A channel as an upgrade graph: heads, chain, cycles, stranded entries (operator-catalogs 1.5, 2.4, 3.3).

Nothing here recurses or visits an entry twice, so that a channel of ten thousand entries
which each skip all older ones costs what its text is long.
"""

from __future__ import annotations

from collections import deque

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel


class GraphError(InputError):
    """A channel whose graph cannot be served; `heads` are the names where there are several."""

    def __init__(self, message: str, heads: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.heads = heads


def heads(channel: Channel) -> tuple[str, ...]:
    """Entries that nothing replaces or skips, sorted (HEAD-1)."""
    lower = {name for entry in channel.entries for name in (entry.replaces, *entry.skips)}
    return tuple(sorted(entry.name for entry in channel.entries if entry.name not in lower))


def head(channel: Channel) -> str:
    """The one head; raises GraphError (HEAD-2)."""
    found = heads(channel)
    if not found:
        raise GraphError("no channel head found in graph")
    if len(found) > 1:
        raise GraphError("multiple channel heads found in graph: " + ", ".join(found), found)
    return found[0]


def chain(channel: Channel) -> tuple[str, ...]:
    """The head and what it replaces, as far as entries go; raises GraphError (CHAIN-1, CHAIN-2)."""
    skipped = {name for entry in channel.entries for name in entry.skips}
    names: list[str] = []
    seen: set[str] = set()
    name = head(channel)
    while name in channel.by_name:
        if name in seen:
            cycle = [*names[names.index(name) :], name]
            raise GraphError("detected cycle in replaces chain of upgrade graph: " + " -> ".join(cycle))
        names.append(name)
        seen.add(name)
        name = channel.by_name[name].replaces
        if name in skipped:
            break
    return tuple(names)


def stranded(channel: Channel) -> tuple[str, ...]:
    """Entries that neither lie on the chain nor are skipped; raises GraphError (CHAIN-3)."""
    safe = set(chain(channel))
    safe.update(name for entry in channel.entries for name in entry.skips)
    return tuple(sorted(entry.name for entry in channel.entries if entry.name not in safe))


def check(channel: Channel) -> None:
    """Raises GraphError unless the channel has one head, no cycle and nothing stranded."""
    left = stranded(channel)
    if left:
        raise GraphError("channel contains one or more stranded bundles: " + ", ".join(left))


def check_parse(channel: Channel) -> str:
    """The head, after the checks that v2's filter makes on a channel (3.3); raises GraphError."""
    problems: list[str] = []
    seen: set[str] = set()
    for entry in channel.entries:
        if entry.name in seen:
            problems.append(f'duplicate channel entry "{entry.name}"')
        seen.add(entry.name)
        if entry.replaces == entry.name:
            problems.append(f'channel entry "{entry.name}" replaces itself')
        if entry.name in entry.skips:
            problems.append(f'channel entry "{entry.name}" skips itself')
    if not channel.entries:
        problems.append("channel has no entries")
    if problems:
        raise GraphError(", ".join(problems))
    found = heads(channel)
    if not found:
        raise GraphError("no channel heads found")
    if len(found) > 1:
        raise GraphError(f"multiple channel heads found: [{' '.join(found)}]", found)
    if _has_cycle(channel, found[0]):
        raise GraphError("detected a cycle in the upgrade graph of the channel")
    return found[0]


def lower_names(channel: Channel, name: str) -> frozenset[str]:
    """What an entry replaces and skips; empty for names that are not entries."""
    entry = channel.by_name.get(name)
    return frozenset(below for below in (entry.replaces, *entry.skips) if below) if entry else frozenset()


def _has_cycle(channel: Channel, start: str) -> bool:
    """Whether a topological walk from the head leaves edges over."""
    edges: dict[str, frozenset[str]] = {entry.name: lower_names(channel, entry.name) for entry in channel.entries}
    incoming: dict[str, int] = {}
    for below in edges.values():
        for name in below:
            incoming[name] = incoming.get(name, 0) + 1
    queue = deque([start])
    removed = 0
    while queue:
        for name in edges.get(queue.popleft(), ()):
            removed += 1
            incoming[name] -= 1
            if incoming[name] == 0:
                queue.append(name)
    return removed != sum(len(below) for below in edges.values())


def replaced_by(channel: Channel, name: str) -> tuple[str, ...]:
    """`name` and all that it replaces one after the other, a last missing name included; stops at a cycle."""
    names: list[str] = []
    seen: set[str] = set()
    while name and name not in seen:
        names.append(name)
        seen.add(name)
        entry = channel.by_name.get(name)
        name = entry.replaces if entry else ""
    return tuple(names)


def fill(channel: Channel, start: str, end: str) -> tuple[str, ...]:
    """Entries between `start` and `end` by `replaces` alone (2.4); empty when no way leads from one to the other."""
    if start == end:
        return (end,)
    own = replaced_by(channel, start)
    on_own = frozenset(own)
    meeting = next((name for name in replaced_by(channel, end) if name in on_own), "")
    if not meeting:
        return ()
    above = _replacers(channel, meeting)
    older = set(own[: own.index(meeting)])
    kept = (above - older) | {start, end}
    return tuple(entry.name for entry in channel.entries if entry.name in kept)


def _replacers(channel: Channel, name: str) -> set[str]:
    """Every entry that replaces `name`, one after the other, on all branches."""
    upwards: dict[str, list[str]] = {}
    for entry in channel.entries:
        if entry.replaces:
            upwards.setdefault(entry.replaces, []).append(entry.name)
    found: set[str] = set()
    queue = deque([name])
    while queue:
        for above in upwards.get(queue.popleft(), ()):
            if above not in found:
                found.add(above)
                queue.append(above)
    return found
