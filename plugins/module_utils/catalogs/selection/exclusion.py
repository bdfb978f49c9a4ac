# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Taking bundles out of a selection so that what is left still upgrades (user-needs P15, P04)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Entry, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.default_channel import best_channel, repaired
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import pruned
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.repair import mended


def without(selection: Selection, bundles: Mapping[str, Collection[str]]) -> tuple[Selection, tuple[str, ...]]:
    """The selection without these bundles (names by package), and sentences about what that changed.

    What an entry replaced through a bundle that goes, it replaces directly; it skips that bundle and all that the bundle skipped,
    so that nobody who has one of them installed is stuck.
    """
    packages: dict[str, Package] = {}
    warnings: list[str] = []
    for name, package in selection.packages.items():
        gone = frozenset(bundles.get(name, ()))
        if not gone:
            packages[name] = package
            continue
        channels = [channel for channel in (_bypassed(channel, gone) for channel in package.channels.values()) if channel.entries]
        if not channels:
            warnings.append(f"Package {name} is left out: none of its bundles is left.")
            continue
        reduced = package.only(channels)
        if package.default_channel and package.default_channel not in reduced.channels:
            chosen = best_channel(reduced)
            warnings.append(repaired(reduced, chosen))
            reduced = reduced.only(channels, chosen)
        whole, notes = mended({name: reduced})
        packages[name] = pruned(whole[name])
        warnings.extend(notes)
    return replace(selection, packages=packages), tuple(warnings)


def _bypassed(channel: Channel, gone: Collection[str]) -> Channel:
    kept: list[Entry] = []
    for entry in channel.entries:
        if entry.name in gone:
            continue
        passed = _passed(channel, entry, gone)
        if passed:
            last = channel.by_name[passed[-1]]
            skipped = dict.fromkeys(passed)
            for name in passed:
                skipped.update(dict.fromkeys(channel.by_name[name].skips))
            skipped.pop(entry.name, None)
            skipped.pop(last.replaces, None)
            entry = _replacing(entry, last.replaces).skipping(skipped)
        kept.append(entry)
    return channel.with_entries(kept)


def _passed(channel: Channel, entry: Entry, gone: Collection[str]) -> list[str]:
    """The entries that go between an entry and what it will replace, from above."""
    passed: list[str] = []
    name = entry.replaces
    while name in gone and name in channel.by_name and name not in passed:
        passed.append(name)
        name = channel.by_name[name].replaces
    return passed


def _replacing(entry: Entry, name: str) -> Entry:
    document = {key: value for key, value in entry.document.items() if key != "replaces"}
    return replace(entry, replaces=name, document={**document, "replaces": name} if name else document)
