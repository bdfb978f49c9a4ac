# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Why a catalog's package or bundle is not in a plan: read from the catalog itself, as the workspace keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Bundle, Package
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model as config
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.catalog_name import unique_name
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan

# Why it is not there.
NOT_LISTED = "not listed"
OUT_OF_RANGE = "out of range"
OTHER_CHANNEL = "in channels that are not listed"
NOT_HEAD = "not the head"
NOT_SELECTED = "not selected"


@dataclass(frozen=True)
class Unselected:
    """verdict: one of the above.  text: a sentence."""

    verdict: str
    text: str


@dataclass(frozen=True)
class Filter:
    """One filtered catalog.  entry: of the plan's `catalogs`.  wanted, path: the entry of `operators`, and where it stands."""

    catalog: Catalog
    entry: Mapping[str, Any]
    wanted: config.Catalog
    path: str

    def unselected(self, name: str) -> Unselected | None:
        """Why the filter did not take a package, a bundle, or an image that bundles name; None when the catalog has none of that name.

        Raises InputError.
        """
        if name in self.catalog.names:
            return self._package(name)
        for candidate in self.catalog.mentioning((name,)):
            package = self.catalog.package(candidate)
            if package is not None and name in package.bundles:
                return self._bundle(package, name)
            if package is not None and "/" in name:
                holders = [each.name for each in package.bundles.values() if name in _images(each)]
                if holders:
                    return self._image(package, holders, name)
        return None

    def _image(self, package: Package, bundles: list[str], name: str) -> Unselected:
        found = self._bundle(package, bundles[-1])
        others = f" {counted(len(bundles) - 1, 'more bundle')} of the package name it, too." if len(bundles) > 1 else ""
        return Unselected(found.verdict, f"{name} is an image of the bundle {bundles[-1]}. {found.text}{others}")

    def _listed(self, name: str) -> tuple[str, config.Package | None]:
        for place, listed in enumerate(self.wanted.packages):
            if listed.name == name:
                return f"{self.path}.packages[{place}]", listed
        return self.path, None

    def _package(self, name: str) -> Unselected:
        where, listed = self._listed(name)
        if listed is None and self.wanted.packages:
            return Unselected(NOT_LISTED, f"{self.wanted.catalog} has the package {name}, which {self.path}.packages does not list.")
        return Unselected(NOT_SELECTED, f"{self.wanted.catalog} has the package {name}, of which {where} leaves nothing.")

    def _bundle(self, package: Package, name: str) -> Unselected:
        where, listed = self._listed(package.name)
        if listed is None and self.wanted.packages:
            return Unselected(
                NOT_LISTED,
                f"{self.wanted.catalog} has {name} in the package {package.name}, which {self.path}.packages does not list.",
            )
        channels = [channel.name for channel in package.channels.values() if name in channel.by_name]
        taken = [channel.name for channel in listed.channels if channel.name in channels] if listed and listed.channels else channels
        if not taken:
            return Unselected(OTHER_CHANNEL, f"{name} is in {_channels(channels)}, which {where}.channels does not list.")
        version = package.version(name)
        outside = [text for bounds in _bounds(listed, taken) for text in _outside(version, bounds)]
        if outside:
            return Unselected(OUT_OF_RANGE, f"{name} has the version {version}, which {where} leaves out: {', '.join(outside)}.")
        return self._other(package.name, name, taken, where, any(level.bounded for level in _bounds(listed, taken)))

    def _other(self, package: str, name: str, channels: list[str], where: str, bounded: bool) -> Unselected:
        heads = dict(self._heads(package))
        known = [f"{heads[channel]} in {channel}" for channel in channels if channel in heads]
        if known and not bounded and not self.wanted.full:
            return Unselected(
                NOT_HEAD, f"{name} is not the head of its channel, and without versions {where} takes heads: {', '.join(known)}."
            )
        return Unselected(NOT_SELECTED, f"{name} is in {_channels(channels)}, and the filter of {where} does not take it.")

    def _heads(self, name: str) -> Iterator[tuple[str, str]]:
        """The heads that the plan took, by channel."""
        for package in self.entry.get("packages", ()):
            if package["name"] == name:
                yield from ((channel["name"], channel["head"]) for channel in package["channels"])


def filters_of(plan: Plan, operators: Sequence[config.Catalog], kept: Kept) -> tuple[Filter, ...]:
    """The plan's catalogs, as far as the workspace keeps them.  operators: of the plan's configuration."""
    entries = {entry["name"]: entry for entry in plan.catalogs}
    found: list[Filter] = []
    for number, wanted in enumerate(operators):
        entry = entries.get(unique_name(wanted, plan.generation))
        catalog = kept.known(wanted.catalog, Digest.parse(entry["digest"])) if entry else None
        if entry is not None and catalog is not None:
            found.append(Filter(catalog, entry, wanted, f"operators[{number}]"))
    return tuple(found)


def _images(bundle: Bundle) -> frozenset[str]:
    """What a bundle names, with and without tag and digest."""
    names = BundleImages.of(bundle).references
    return frozenset((*names, *(name.split("@", 1)[0] for name in names)))


def _channels(names: Iterable[str]) -> str:
    found = sorted(names)
    return f"the channel{'s' if len(found) != 1 else ''} {', '.join(found)}" if found else "no channel"


def _bounds(listed: config.Package | None, channels: Iterable[str]) -> list[config.Package | config.PackageChannel]:
    if listed is None:
        return []
    return [listed, *(channel for channel in listed.channels if channel.name in channels)]


def _outside(version: Version | None, level: config.Package | config.PackageChannel) -> Iterator[str]:
    if version is None:
        return
    for bound, below in ((level.min_version, True), (level.max_version, False)):
        try:
            limit = Version.parse_lenient(bound) if bound else version
        except InputError:
            continue
        if version < limit if below else limit < version:
            yield f"{'minVersion' if below else 'maxVersion'} is {bound}"
