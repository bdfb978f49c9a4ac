# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The filter of v1alpha2 (operator-catalogs 2): heads, exact versions with the way to the head, ranges, dependencies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import dependencies, graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.default_channel import with_defaults_v1
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import (
    IGNORE,
    INCLUDE,
    WARN,
    Draft,
    Filtered,
    Options,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.ranges import bounds, plain
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model as config


@dataclass(frozen=True)
class Level:
    """What one level of the configuration asks for (CFG-6): a range, or exact versions and names, or nothing."""

    range: str = ""
    versions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, minimum: str, maximum: str, bundle: str, subject: str) -> Level:
        """Of `minVersion`, `maxVersion` and `minBundle`.  Raises InputError when they exclude each other."""
        if minimum and bundle:
            raise InputError(
                "minimum version and bundle are mutually exclusive", subject=subject, advice="Keep one of minVersion and minBundle."
            )
        if maximum:
            return cls(range=bounds(minimum, maximum))
        if minimum:
            Version.parse(minimum)
            return cls(versions=(minimum,))
        return cls(names=(bundle,)) if bundle else cls()

    @property
    def exact(self) -> bool:
        return bool(self.versions or self.names)


def select(catalog: Catalog, wanted: config.Catalog, options: Options, tolerant: bool = False) -> Filtered:
    """What a catalog's entry of the configuration means by v1's rules; not yet validated (2.7).

    tolerant: recorded starting points are followed as far as they are there, instead of failing (2.8).
    Raises InputError, with all that is wrong with the listed packages.
    """
    if not wanted.packages and wanted.full:
        return Filtered(catalog.everything())
    draft = Draft()
    warnings: list[str] = []
    warnings.extend(include(catalog, wanted, options, tolerant, draft))
    if options.additive or not wanted.packages:
        listed = frozenset(package.name for package in wanted.packages)
        for package in catalog.packages():
            for channel in package.channels.values() if package.name not in listed else ():
                draft.take(package.name, channel.name, (_head(channel),))
    habit = options.dependencies or (IGNORE if wanted.skip_dependencies else INCLUDE)
    if habit == INCLUDE:
        warnings.extend(dependencies.close(catalog, draft))
    elif habit == WARN:
        warnings.extend(dependencies.unmet(catalog, draft))
    packages, chosen, more = with_defaults_v1(catalog, draft.packages(catalog), wanted.packages, options.repair)
    return Filtered(Selection(packages, catalog.others), (*warnings, *more), chosen, draft.reasons())


def include(catalog: Catalog, wanted: config.Catalog, options: Options, tolerant: bool, draft: Draft) -> tuple[str, ...]:
    """Takes what the listed packages ask for (2.3); sentences about those that are not there.  Raises InputError."""
    problems: list[str] = []
    missing: list[str] = []
    for listed in wanted.packages:
        package = catalog.package(listed.name)
        if package is None:
            missing.append(f'[package="{listed.name}"] package does not exist in new model')
            continue
        try:
            _include_package(package, listed, not wanted.full, tolerant, draft)
        except InputError as error:
            problems.append(error.message if error.message.startswith("[") else f'[package="{package.name}"] {error.message}')
    if missing and (options.strict is None or options.strict) and not tolerant:
        problems.extend(missing)
        missing = []
    if problems:
        raise InputError(
            "error generating diff: error including items: " + "; ".join(problems),
            advice="Check name, channels, minVersion and maxVersion of each package against what the catalog has (catalog_info lists it).",
        )
    return tuple(missing)


def _include_package(package: Package, listed: config.Package, heads_only: bool, tolerant: bool, draft: Draft) -> None:
    """INC-2 to INC-5: which channels are looked at, and what each of them is asked for."""
    level = Level.of(listed.min_version, listed.max_version, listed.min_bundle, f'package "{listed.name}"')
    channels = {each.name: _channel_level(package, each, level, tolerant) for each in listed.channels}
    strict = frozenset(channels)
    if level.range and not channels:
        channels, strict = dict.fromkeys(package.channels, level), frozenset()
    elif level.exact:
        channels.update(dict.fromkeys(package.channels, level))
        strict = frozenset()
    elif not channels:
        channels = dict.fromkeys(package.channels, Level())
    for name, asked in channels.items():
        channel = package.channels.get(name)
        if channel is not None:
            draft.take(package.name, name, _picked(package, channel, asked, heads_only, name in strict and not tolerant))


def _channel_level(package: Package, listed: config.PackageChannel, level: Level, tolerant: bool) -> Level:
    subject = f'[package="{package.name}" channel="{listed.name}"]'
    own = Level.of(listed.min_version, listed.max_version, listed.min_bundle, subject)
    if level.range and own.range:
        raise InputError(
            f"{subject} range setting is mutually exclusive between package and channel", advice="Set the bounds at one of them."
        )
    if listed.name not in package.channels and not tolerant:
        raise InputError(f"{subject} channel does not exist in new model", advice=f"It has {', '.join(package.channels)}.")
    return own


def _picked(package: Package, channel: Channel, asked: Level, heads_only: bool, strict: bool) -> tuple[str, ...]:
    """INC-6 to INC-9."""
    if asked.range:
        test = plain(asked.range)
        versions = ((name, package.version(name)) for name in channel.names)
        return tuple(name for name, version in versions if version is not None and test(version))
    if not asked.exact:
        return (_head(channel),) if heads_only else channel.names
    if not asked.versions:
        # A bundle alone selects its whole channel (INC-7).
        return channel.names
    found = [name for name in channel.names if name in asked.names or _matches(package, name, asked.versions)]
    if strict and len(found) != len(asked.versions) + len(asked.names):
        wanted = ", ".join(f'"{version}"' for version in asked.versions)
        raise InputError(f'[package="{package.name}" channel="{channel.name}"] bundles do not exist in channel: versions=[{wanted}]')
    return _with_ways(channel, found)


def _matches(package: Package, name: str, versions: Iterable[str]) -> bool:
    """Dialect K: the whole text, or what stands before its first dash."""
    bundle = package.bundle(name)
    text = bundle.version_text if bundle else ""
    return bool(text) and any(version in (text, text.split("-", 1)[0]) for version in versions)


def _with_ways(channel: Channel, names: list[str]) -> tuple[str, ...]:
    """With what lies between them and the head; a channel of several heads may have one once it is filtered (L6)."""
    if not names:
        return ()
    heads = graph.heads(channel) or (_head(channel),)
    taken: dict[str, None] = {}
    for name in names:
        ways = [graph.fill(channel, name, head) for head in heads]
        taken.update(dict.fromkeys(entry for way in ways for entry in way))
        taken[name] = None
    return tuple(taken)


def _head(channel: Channel) -> str:
    try:
        return graph.head(channel)
    except graph.GraphError as error:
        raise InputError(f'[package="{channel.package}" channel="{channel.name}"] {error.message}') from error


def missing_packages(wanted: config.Catalog, selection: Selection) -> tuple[str, ...]:
    """What 2.7 says about listed packages of which nothing is left."""
    return tuple(
        f"Operator {listed.name} was not found, please check name, minVersion, maxVersion, and channels in the config file."
        for listed in wanted.packages
        if listed.name not in selection.packages
    )
