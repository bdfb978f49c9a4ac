# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What selected bundles require of others, and who provides it (operator-catalogs 2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import (
    CONSTRAINT,
    GVK,
    REQUIRED_GVK,
    REQUIRED_PACKAGE,
    Bundle,
    Package,
    text,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Draft
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.ranges import Range, plain


@dataclass(frozen=True, order=True)
class Kind:
    """An API that a bundle provides or requires."""

    group: str
    kind: str
    version: str

    def __str__(self) -> str:
        return f"{self.group}/{self.version} {self.kind}"


@dataclass(frozen=True, order=True)
class PackageRange:
    """A package that is required; an empty range takes any version (DEP-2)."""

    name: str
    range: str

    def __str__(self) -> str:
        return f"package {self.name} {self.range}".rstrip()

    def test(self) -> Range:
        return plain(self.range) if self.range.strip() else lambda version: True


@dataclass(frozen=True)
class Requirements:
    kinds: frozenset[Kind] = frozenset()
    packages: frozenset[PackageRange] = frozenset()


@dataclass(frozen=True)
class Provider:
    """An entry that meets a requirement."""

    package: str
    channel: str
    name: str


def required(bundle: Bundle) -> Requirements:
    """What a bundle's properties ask for; of `olm.constraint` what all must hold (`gvk`, `package`, `all`)."""
    kinds = {found for value in bundle.values(REQUIRED_GVK) for found in _kind(value)}
    packages = {found for value in bundle.values(REQUIRED_PACKAGE) for found in _package_range(value)}
    for value in bundle.values(CONSTRAINT):
        for constraint in _flattened(value):
            kinds.update(_kind(constraint.get("gvk")))
            packages.update(_package_range(constraint.get("package")))
    return Requirements(frozenset(kinds), frozenset(packages))


def provided(bundle: Bundle) -> set[Kind]:
    return {found for value in bundle.values(GVK) for found in _kind(value)}


def close(catalog: Catalog, draft: Draft, old: Catalog | None = None) -> tuple[str, ...]:
    """Adds to a draft what its bundles require, with the way to each channel's head; returns sentences (DEP-1 to DEP-9).

    Who requires what is noted in the draft.  old: a catalog whose entries are known to be there already (DEP-7).
    Raises InputError where no way leads from a provider to its channel's head.
    """
    search = _Search(catalog)
    frontier = list(draft.bundles())
    visited = set(frontier)
    asked_for = frozenset(visited)
    providers: dict[Provider, tuple[str, str]] = {}
    while frontier:
        found = search.providers(_needs(catalog, frontier))
        providers = {**found, **providers}
        frontier = sorted({(each.package, each.name) for each in found} - visited)
        visited.update(frontier)
    warnings: list[str] = []
    versions = {provider: search.version_key(provider) for provider in providers}
    for provider in sorted(providers, key=lambda each: (each.package, each.channel, versions[each], each.name)):
        if old is None or not _in(old, provider):
            before = set(draft.bundles())
            warnings.extend(_add(catalog, draft, provider))
            for bundle in sorted(set(draft.bundles()) - before - asked_for):
                draft.required_by[bundle] = providers[provider]
    return (*warnings, *unmet(catalog, draft))


def unmet(catalog: Catalog, draft: Draft) -> tuple[str, ...]:
    """A sentence for each requirement that nothing selected meets."""
    bundles = list(_bundles(catalog, draft.bundles()))
    kinds = {kind for bundle in bundles for kind in provided(bundle)}
    open_ones: dict[Any, list[str]] = {}
    for bundle in bundles:
        needs = required(bundle)
        for kind in needs.kinds - kinds:
            open_ones.setdefault(kind, []).append(bundle.name)
        for package in needs.packages:
            if not _met(package, bundles):
                open_ones.setdefault(package, []).append(bundle.name)
    return tuple(
        f"{_some(names)} requires {need}, which nothing selected from this catalog provides."
        for need, names in sorted(open_ones.items(), key=lambda pair: str(pair[0]))
    )


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} (and {len(names) - 1} more)"


def _met(need: PackageRange, bundles: Iterable[Bundle]) -> bool:
    try:
        test = need.test()
    except InputError:
        return False
    return any(bundle.package == need.name and bundle.version is not None and test(bundle.version) for bundle in bundles)


def _bundles(catalog: Catalog, names: Iterable[tuple[str, str]]) -> Iterator[Bundle]:
    for package_name, name in names:
        package = catalog.package(package_name)
        bundle = package.bundle(name) if package else None
        if bundle is not None:
            yield bundle


def _needs(catalog: Catalog, names: Iterable[tuple[str, str]]) -> dict[Kind | PackageRange, tuple[str, str]]:
    """What bundles require, each with the first of them."""
    found: dict[Kind | PackageRange, tuple[str, str]] = {}
    for bundle in _bundles(catalog, names):
        requirements = required(bundle)
        needs: tuple[Kind | PackageRange, ...] = (*requirements.packages, *requirements.kinds)
        for need in needs:
            found.setdefault(need, (bundle.package, bundle.name))
    return found


def _in(catalog: Catalog, provider: Provider) -> bool:
    package = catalog.package(provider.package)
    channel = package.channels.get(provider.channel) if package else None
    return channel is not None and provider.name in channel.by_name


def _add(catalog: Catalog, draft: Draft, provider: Provider) -> Iterator[str]:
    """DEP-8."""
    package = catalog.package(provider.package)
    if package is None or draft.has(provider.package, provider.channel, provider.name):
        return
    channel = package.channels[provider.channel]
    head = graph.head(channel)
    if provider.name in channel.by_name[head].skips:
        yield f"{provider.name} is required, and left out because {head}, the head of channel {channel.name}, skips it."
        return
    way = graph.fill(channel, provider.name, head)
    if not way:
        raise InputError(
            f'channel {channel.name}: head "{head}" not reachable from bundle "{provider.name}"', subject=f'package "{package.name}"'
        )
    draft.take(package.name, channel.name, way)


class _Search:
    """Looks for providers in the whole catalog, in parsed packages as far as that will do."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def version_key(self, provider: Provider) -> tuple[Any, ...]:
        package = self._catalog.package(provider.package)
        version = package.version(provider.name) if package else None
        return version.key if version else ()

    def providers(self, needs: Mapping[Kind | PackageRange, tuple[str, str]]) -> dict[Provider, tuple[str, str]]:
        """Who meets each need, with a bundle that has it."""
        found: dict[Provider, tuple[str, str]] = {}
        for need in sorted(needs, key=lambda each: (isinstance(each, Kind), str(each))):
            provider = self._by_kind(need) if isinstance(need, Kind) else self._by_package(need)
            if provider is not None:
                found.setdefault(provider, needs[need])
        return found

    def _by_package(self, need: PackageRange) -> Provider | None:
        package = self._catalog.package(need.name)
        if package is None:
            return None
        try:
            test = need.test()
        except InputError:
            return None
        return _best(package, (name for name, bundle in package.bundles.items() if bundle.version is not None and test(bundle.version)))

    def _by_kind(self, kind: Kind) -> Provider | None:
        """The first package by name that provides it (DEP-4)."""
        for name in self._catalog.mentioning((kind.group, kind.kind)):
            package = self._catalog.package(name)
            found = _best(package, (bundle.name for bundle in package.bundles.values() if kind in provided(bundle))) if package else None
            if found is not None:
                return found
        return None


def _best(package: Package, names: Iterable[str]) -> Provider | None:
    """The entry of the highest version; of equal ones that of the default channel, then the first channel by name (DEP-3)."""
    wanted = set(names)
    ranked = [
        (version.key, channel.name == package.default_channel, Provider(package.name, channel.name, name))
        for channel in package.channels.values()
        for name in channel.names
        for version in (package.version(name),)
        if name in wanted and version is not None
    ]
    return max(ranked, key=lambda entry: entry[:2])[2] if ranked else None


def _kind(value: Any) -> Iterator[Kind]:
    if isinstance(value, dict):
        yield Kind(text(value, "group"), text(value, "kind"), text(value, "version"))


def _package_range(value: Any) -> Iterator[PackageRange]:
    if isinstance(value, dict):
        name = text(value, "packageName")
        if name:
            yield PackageRange(name, text(value, "versionRange"))


def _flattened(value: Any) -> Iterator[Mapping[str, Any]]:
    """The simple constraints of a compound one that all have to hold."""
    waiting = [value]
    while waiting:
        constraint = waiting.pop()
        if not isinstance(constraint, dict):
            continue
        yield constraint
        below = constraint.get("all")
        listed = below.get("constraints") if isinstance(below, dict) else None
        waiting.extend(listed if isinstance(listed, list) else ())
