# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The filter of v2alpha1 (operator-catalogs 3): heads, whole channels, ranges that never split a channel, pinned versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import dependencies, graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.default_channel import (
    REPAIRED,
    best_channel,
    repaired,
    with_default_v2,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import (
    IGNORE,
    INCLUDE,
    WARN,
    Draft,
    Filtered,
    Options,
    pruned,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.ranges import Range, bounds, gated
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model as config


def select(catalog: Catalog, wanted: config.Catalog, options: Options) -> Filtered:
    """What a catalog's entry of the configuration means by v2's rules; not yet validated (F-10).

    Raises InputError with the field's messages.
    """
    check(wanted)
    if not wanted.packages:
        names: tuple[str, ...] = catalog.names
        if wanted.full:
            return Filtered(catalog.everything())
    else:
        names = tuple(dict.fromkeys(listed.name for listed in wanted.packages))
    listed_by_name = {listed.name: listed for listed in wanted.packages}
    found: dict[str, Package] = {}
    chosen: dict[str, str] = {}
    warnings: list[str] = []
    for name in sorted(names):
        package = catalog.package(name)
        if package is None:
            warnings.append(f"Package {name} is not in the catalog {catalog.name}.")
            continue
        kept, reason = _package(package, listed_by_name.get(name), wanted.full, options, warnings)
        if kept is not None:
            found[name] = kept
        if reason:
            chosen[name] = reason
    if options.strict and (missing := sorted(set(names) - set(found))):
        raise InputError(
            f"nothing of these packages is left: {', '.join(missing)}", advice="Check their names, channels and bounds with catalog_info."
        )
    selection = Selection(found, catalog.others)
    return _with_dependencies(catalog, Filtered(selection, tuple(warnings), chosen), options)


def check(wanted: config.Catalog) -> None:
    """What excludes each other (3.1, 3.2).  Raises InputError."""
    for listed in wanted.packages:
        bounded = [place for place, channel in enumerate(listed.channels) if channel.bounded]
        if not listed.name or any(not channel.name for channel in listed.channels):
            raise InputError("failed to validate catalog filter: package and channel names are required")
        if listed.bounded and bounded:
            name = listed.channels[bounded[0]].name
            raise InputError(
                f'failed to validate catalog filter: package specifies a VersionRange, while channel "{name}" '
                f"at index [{bounded[0]}] equally specifies one: these are exclusive",
                subject=f'package "{listed.name}"',
                advice="Keep the bounds of the package or those of its channels.",
            )
        if wanted.full and (listed.bounded or bounded):
            raise InputError(
                "failed to filter catalog: Full: true cannot be mixed with versionRange",
                subject=f'package "{listed.name}"',
                advice="Remove full: true, or the bounds.",
            )


def _package(
    package: Package, listed: config.Package | None, full: bool, options: Options, warnings: list[str]
) -> tuple[Package | None, str]:
    """What is left of a package, and why its default channel is another; None when nothing is."""
    channels = _listed_channels(package, listed, warnings)
    if not package.channels:
        return package, ""
    default, reason = package.default_channel, ""
    if listed is not None:
        default, reason, notes = with_default_v2(package, tuple(channels), listed.default_channel, options.repair)
        warnings.extend(notes)
    _check_pinned(package, _pinned_versions(listed), channels.values())
    kept: dict[str, Channel] = {}
    for channel in channels.values():
        reduced = channel if full else _channel(package, channel, *_bounds(listed, channel.name), options, warnings)
        if reduced.entries:
            kept[channel.name] = reduced
    if default in channels and default not in kept:
        if not (options.repair and kept):
            raise _emptied(package, default, bounds(*_bounds(listed, default)))
        reduced_package = package.only(kept.values())
        default, reason = best_channel(reduced_package), REPAIRED
        warnings.append(repaired(reduced_package, default))
    return (pruned(package.only(kept.values(), default)), reason) if kept else (None, "")


def _emptied(package: Package, channel: str, text: str) -> InputError:
    return InputError(
        f'package "{package.name}" channel "{channel}" has version range "{text}" that results in an empty channel',
        advice=f"Widen the bounds, or set defaultChannel to another channel of {package.name} that has versions in them.",
    )


def _listed_channels(package: Package, listed: config.Package | None, warnings: list[str]) -> Mapping[str, Channel]:
    if listed is None or not listed.channels:
        return package.channels
    names = {channel.name for channel in listed.channels}
    for name in sorted(names - set(package.channels)):
        warnings.append(f"Package {package.name} has no channel {name}; it has {', '.join(package.channels) or 'none'}.")
    return {name: channel for name, channel in package.channels.items() if name in names}


def _bounds(listed: config.Package | None, channel: str) -> tuple[str, str]:
    """The bounds that count for a channel; its own beat the package's (F-4)."""
    for each in listed.channels if listed else ():
        if each.name == channel and each.bounded:
            return each.min_version, each.max_version
    return (listed.min_version, listed.max_version) if listed else ("", "")


def _channel(package: Package, channel: Channel, minimum: str, maximum: str, options: Options, warnings: list[str]) -> Channel:
    """A channel reduced to its head, or to what its bounds take."""
    text = bounds(minimum, maximum)
    try:
        head = graph.check_parse(channel)
    except graph.GraphError as error:
        raise InputError(f'package "{package.name}" channel "{channel.name}": {error.message}') from error
    if not text:
        return channel.only((head,))
    chosen = _pinned(package, channel, minimum) if minimum == maximum else _in_bounds(package, channel, gated(text, options.prereleases))
    if minimum == maximum and len(chosen) < 2:
        return channel.only(chosen)
    names, outside = with_way(channel, head, chosen)
    warnings.extend(_outside(package, name, text) for name in outside)
    return channel.only(names)


def _in_bounds(package: Package, channel: Channel, test: Range) -> frozenset[str]:
    """Entries, and names that entries replace or skip, whose version is in a range.

    What another channel alone has counts, too, where the chain ends with it (3.4).
    """
    names = {name for entry in channel.entries for name in (entry.name, entry.replaces, *entry.skips) if name}
    versions = {name: package.version(name) for name in names}
    return frozenset(name for name, version in versions.items() if version is not None and test(version))


def with_way(channel: Channel, head: str, chosen: AbstractSet[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that stay of a channel where some are chosen by their version, and those among them that were not (3.4).

    Chain entries that were not chosen stay where chosen ones are reached only through them, so that one head remains.
    """
    chain = graph.replaced_by(channel, head)
    counts: list[int] = [0] * len(chain)
    counted: set[str] = set()
    for place in range(len(chain) - 1, -1, -1):
        counted.update(name for name in _at(channel, chain[place]) if name in chosen)
        counts[place] = len(counted)
    if not counted:
        return (), ()
    newest = max(place for place, count in enumerate(counts) if count == counts[0])
    kept: list[str] = []
    outside: list[str] = []
    for place in range(newest, len(chain)):
        if not counts[place]:
            break
        name = chain[place]
        if name in channel.by_name and name not in chosen:
            outside.append(name)
        kept.append(name)
        kept.extend(below for below in _at(channel, name)[1:] if below in chosen)
    names = set(kept)
    return tuple(name for name in channel.names if name in names), tuple(outside)


def _at(channel: Channel, name: str) -> Sequence[str]:
    entry = channel.by_name.get(name)
    return (name, *entry.skips) if entry else (name,)


def _outside(package: Package, name: str, text: str) -> str:
    version = package.version(name)
    if version is None:
        return f'including bundle "{name}": it is unversioned but is required to ensure inclusion of all bundles in the range'
    return (
        f'including bundle "{name}" with version "{version}": it falls outside the specified range of "{text}" '
        "but is required to ensure inclusion of all bundles in the range"
    )


def _version_text(package: Package, name: str) -> str:
    bundle = package.bundle(name)
    return bundle.version_text if bundle else ""


def _pinned(package: Package, channel: Channel, pin: str) -> frozenset[str]:
    """Entries of a pinned version (PIN-1): those that have its very text, else those of equal precedence (`0.3`, `v0.3.1`)."""
    exact = frozenset(name for name in channel.names if _version_text(package, name) == pin)
    if exact:
        return exact
    wanted = Version.parse_lenient(pin)
    return frozenset(name for name in channel.names if package.version(name) == wanted)


def _pinned_versions(listed: config.Package | None) -> tuple[str, ...]:
    """Versions that are pinned by equal bounds (PIN-1)."""
    levels: tuple[config.Package | config.PackageChannel, ...] = (listed, *listed.channels) if listed else ()
    return tuple(dict.fromkeys(level.min_version for level in levels if level.min_version and level.min_version == level.max_version))


def _check_pinned(package: Package, pinned: Sequence[str], channels: Collection[Channel]) -> None:
    """Raises InputError when no channel has a pinned version."""
    for version in pinned:
        if not any(_pinned(package, channel, version) for channel in channels):
            raise InputError(
                f"failed to filter catalog: error finding specific bundle: specific version {version} not found in bundles",
                subject=f'package "{package.name}"',
                advice="Look at the versions that the channels have with catalog_info.",
            )


def _with_dependencies(catalog: Catalog, filtered: Filtered, options: Options) -> Filtered:
    """v2 itself never follows dependencies: they are told, or followed when that is asked for."""
    habit = options.dependencies or WARN
    if habit == IGNORE:
        return filtered
    draft = Draft()
    for package in filtered.selection.packages.values():
        for channel in package.channels.values():
            draft.take(package.name, channel.name, channel.names)
    if habit != INCLUDE:
        return Filtered(filtered.selection, (*filtered.warnings, *dependencies.unmet(catalog, draft)), filtered.chosen)
    notes = dependencies.close(catalog, draft)
    packages: dict[str, Package] = {}
    for name, package in draft.packages(catalog).items():
        before = filtered.selection.packages.get(name)
        default = before.default_channel if before else package.default_channel
        if default not in package.channels and not before:
            default = best_channel(package)
        packages[name] = package.only(package.channels.values(), default)
    selection = Selection(packages, filtered.selection.others)
    return Filtered(selection, (*filtered.warnings, *notes), filtered.chosen, draft.reasons())
