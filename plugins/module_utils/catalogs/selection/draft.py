# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A selection in the making: which entries of which channels are taken, before any document is touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import (
    BUNDLE,
    CHANNEL,
    Channel,
    Document,
    Package,
    Selection,
    objects,
    text,
)

# What to do about what a selected bundle requires and the selection does not hold.
INCLUDE, WARN, IGNORE = "include", "warn", "ignore"


@dataclass(frozen=True)
class Options:
    """How to filter, next to the configuration.

    dependencies: include, warn or ignore; empty for the generation's habit.
    repair: mends several heads and a lost default channel by a stated rule, instead of failing.
    strict: whether a package or channel that the catalog does not have is an error; None for the generation's habit.
    prereleases: whether ranges of v2alpha1 take prereleases like other versions.
    additive: by v1's rules, the heads of all packages that are not listed are taken as well.
    """

    dependencies: str = ""
    repair: bool = False
    strict: bool | None = None
    prereleases: bool = False
    additive: bool = False


@dataclass(frozen=True)
class Filtered:
    """What a filter leaves, and sentences about what should be known.

    chosen: why a package has its default channel, where that is not the publisher's.
    required: why a bundle (package, name) is there that was not asked for, see `Draft.reasons`.
    """

    selection: Selection
    warnings: tuple[str, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)
    required: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)


class Draft:
    """Names of taken entries, by package and channel.  required_by: for what dependencies brought (package, name), who requires it."""

    def __init__(self) -> None:
        self.taken: dict[str, dict[str, set[str]]] = {}
        self.required_by: dict[tuple[str, str], tuple[str, str]] = {}

    def take(self, package: str, channel: str, names: Iterable[str]) -> None:
        self.taken.setdefault(package, {}).setdefault(channel, set()).update(names)

    def drop(self, package: str, channel: str, names: Iterable[str]) -> None:
        self.taken[package][channel].difference_update(names)

    def has(self, package: str, channel: str, name: str) -> bool:
        return name in self.taken.get(package, {}).get(channel, ())

    def bundles(self) -> Iterator[tuple[str, str]]:
        """(package, bundle name) of all that is taken, each once, sorted."""
        for package, channels in sorted(self.taken.items()):
            for name in sorted(set().union(*channels.values())):
                yield package, name

    def reasons(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """For each bundle (package, name) that dependencies brought: `required by NAME`, nearest first, up to what was asked for."""
        return {bundle: tuple(f"required by {name}" for name in self._requirers(bundle)) for bundle in sorted(self.required_by)}

    def _requirers(self, bundle: tuple[str, str]) -> list[str]:
        found: list[tuple[str, str]] = []
        while bundle in self.required_by and self.required_by[bundle] not in found:
            bundle = self.required_by[bundle]
            found.append(bundle)
        return [name for _package, name in found]

    def packages(self, catalog: Catalog) -> dict[str, Package]:
        """The packages reduced to what is taken; channels and packages without entries are gone."""
        found: dict[str, Package] = {}
        for name, channels in sorted(self.taken.items()):
            package = catalog.package(name)
            if package is None:
                continue
            kept = [package.channels[channel].only(names) for channel, names in sorted(channels.items()) if names]
            if kept:
                found[name] = pruned(package.only(kept))
        return found


def pruned(package: Package) -> Package:
    """A package without deprecations of what it no longer holds (F-8)."""
    deprecations: list[Document] = []
    for document in package.deprecations:
        entries = [entry for entry in objects(document, "entries") if _held(package, entry)]
        if entries:
            deprecations.append({**document, "entries": entries})
    return replace(package, deprecations=tuple(deprecations))


def _held(package: Package, entry: Document) -> bool:
    reference = entry.get("reference")
    if not isinstance(reference, dict):
        return True
    schema, name = text(reference, "schema"), text(reference, "name")
    if schema == BUNDLE:
        return name in package.bundles
    return schema != CHANNEL or name in package.channels


def entries_by_version(package: Package, channel: Channel) -> list[str]:
    """Names of a channel's entries that have versions, ascending; equal versions by name."""
    versions = ((package.version(name), name) for name in channel.names)
    return [name for _key, name in sorted((version.key, name) for version, name in versions if version is not None)]
