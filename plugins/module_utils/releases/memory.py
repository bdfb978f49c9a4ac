# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What runs remember about releases: beginnings of heads-only channels (CH-30), digests of tags (PL-11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.channel import Bounds, Channel, Memory
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.selection import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings


class Past:
    """The channels of earlier runs, `{channel: {first, min, max}}` in the workspace; v1 image sets alone have a past.

    before: tells the same about runs of another tool, asked when the workspace knows nothing.
    """

    def __init__(self, workspace: Workspace, settings: Settings, before: Callable[[], Mapping[str, Any]] = dict) -> None:
        self._path = workspace.release_channels
        self._settings = settings
        self._before = before

    def memory(self) -> Memory:
        """Entries that cannot be read count as forgotten: then the channel begins at its newest release again.

        Raises what `before` raises.
        """
        if self._settings.generation is not Generation.V1:
            return Memory()
        minimum: dict[str, Version] = {}
        previous: dict[str, Bounds] = {}
        for name, entry in self._entries().items():
            if not isinstance(entry, dict):
                continue
            first = _version(entry.get("first"))
            low, high = _version(entry.get("min")), _version(entry.get("max"))
            if first is not None:
                minimum[name] = first
            if low is not None and high is not None:
                previous[name] = Bounds(low, high)
        return Memory(minimum, previous)

    def keep(self, channels: Sequence[Channel], selected: Selection) -> None:
        """Remembers this run's bounds, and for channels that are not full the first version ever mirrored.  Raises StorageError."""
        if self._settings.generation is not Generation.V1 or self._settings.past_channels is not None:
            return
        entries = dict(self._entries())
        for channel in channels:
            found = [bounds for (_architecture, name), bounds in selected.bounds.items() if name == channel.name]
            if not found:
                continue
            low, high = min(bounds.low for bounds in found), max(bounds.high for bounds in found)
            before = entries.get(channel.name)
            first = before.get("first") if isinstance(before, dict) else None
            entry: dict[str, Any] = {"min": str(low), "max": str(high)}
            if not channel.full:
                entry["first"] = first if _version(first) is not None else str(low)
            entries[channel.name] = entry
        if entries:
            files.write_json(self._path, entries)

    def _entries(self) -> Mapping[str, Any]:
        if self._settings.past_channels is not None:
            return self._settings.past_channels
        try:
            entries = files.read_json(self._path)
        except FileNotFoundError:
            return self._before()
        except StorageError:
            return {}
        return entries if isinstance(entries, dict) else {}


class Tags:
    """What release images named by tag were, so that a side without network finds them again."""

    def __init__(self, workspace: Workspace) -> None:
        self._path = workspace.release_tags

    def digest(self, repository: str, tag: str) -> str:
        """Empty when it is not known."""
        try:
            return Digest.parse(self._entries().get(f"{repository}:{tag}"))
        except InputError:
            return ""

    def keep(self, repository: str, tag: str, digest: str) -> None:
        files.write_json(self._path, {**self._entries(), f"{repository}:{tag}": digest})

    def _entries(self) -> dict[str, Any]:
        try:
            entries = files.read_json(self._path)
        except (FileNotFoundError, StorageError):
            return {}
        return entries if isinstance(entries, dict) else {}


def _version(text: Any) -> Version | None:
    try:
        return Version.parse(text) if text else None
    except InputError:
        return None
