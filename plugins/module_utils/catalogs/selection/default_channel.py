# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which channel a reduced package offers by default (operator-catalogs 2.6, 3.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Package
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import model as config

# Why a default was chosen that neither the publisher nor the configuration names.
REPAIRED = "repaired: the kept channel with the highest version at its head"

# Packages with their defaults, why a default is not the publisher's, warnings.
Chosen = tuple[dict[str, Package], dict[str, str], tuple[str, ...]]


def with_defaults_v1(catalog: Catalog, packages: Mapping[str, Package], listed: Sequence[config.Package], repair: bool) -> Chosen:
    """v1: what is left of the original wins; then the configuration; then the highest priority (2.6).  Raises InputError."""
    found: dict[str, Package] = {}
    reasons: dict[str, str] = {}
    warnings: list[str] = []
    for name, package in packages.items():
        found[name] = package
        if package.default_channel in package.channels:
            continue
        source = catalog.package(name) or package
        name_of_channel, reason = _configured_v1(source, listed)
        if not name_of_channel:
            name_of_channel, reason = _by_priority(package, warnings)
        if not name_of_channel and repair:
            name_of_channel, reason = best_channel(package), REPAIRED
            warnings.append(repaired(package, name_of_channel))
        if not name_of_channel:
            raise _undetermined(package)
        found[name] = package.only(package.channels.values(), name_of_channel)
        reasons[name] = reason
    return found, reasons, tuple(warnings)


def with_default_v2(package: Package, kept: Sequence[str], override: str, repair: bool) -> tuple[str, str, tuple[str, ...]]:
    """v2: the default, why, and warnings (3.5).  Raises InputError.

    kept: channels left by the configuration's lists, before ranges.
    """
    prefix = f'invalid default channel configuration for package "{package.name}": '
    listed = ", ".join(kept) or "none"
    if override:
        if override not in kept:
            raise InputError(
                f'{prefix}specified default channel override "{override}" does not exist in the filtered output',
                advice=f"Set defaultChannel to a channel that is kept ({listed}), or list {override} under channels.",
            )
        return override, "configured" if override != package.default_channel else "", ()
    if not package.default_channel or package.default_channel in kept:
        return package.default_channel, "", ()
    if not repair or not kept:
        raise InputError(
            f'{prefix}the default channel "{package.default_channel}" was filtered out, '
            "a new default channel must be configured for this package",
            advice=f"Set defaultChannel to a channel that is kept ({listed}), or list {package.default_channel} under channels.",
        )
    chosen = best_channel(package.only(package.channels[name] for name in kept))
    return chosen, REPAIRED, (repaired(package, chosen),)


def best_channel(package: Package) -> str:
    """The channel whose head has the highest version; of equal ones the last by name."""
    return max(package.channels.values(), key=lambda channel: (_head_key(package, channel), channel.name)).name


def repaired(package: Package, chosen: str) -> str:
    return (
        f"The default channel {package.default_channel} of package {package.name} is not in the filtered catalog; "
        f"{chosen} takes its place, since its head has the highest version. Set defaultChannel to choose another."
    )


def _head_key(package: Package, channel: Channel) -> tuple[object, ...]:
    versions = [version.key for version in map(package.version, graph.heads(channel)) if version is not None]
    return (1, max(versions)) if versions else (0,)


def _configured_v1(source: Package, listed: Sequence[config.Package]) -> tuple[str, str]:
    for each in listed:
        if each.name != source.name:
            continue
        if each.default_channel:
            if each.default_channel in source.channels:
                return each.default_channel, "configured"
        elif len(each.channels) == 1:
            return each.channels[0].name, "the only channel that the configuration lists"
    return "", ""


def _by_priority(package: Package, warnings: list[str]) -> tuple[str, str]:
    ranked = [(channel.priority, channel.name) for channel in package.channels.values() if channel.priority is not None]
    if not ranked:
        return "", ""
    highest = max(priority for priority, _name in ranked)
    names = sorted(name for priority, name in ranked if priority == highest)
    if len(names) > 1:
        warnings.append(
            f"Channels {', '.join(names)} of package {package.name} have the same priority {highest}; {names[0]} becomes the default."
        )
    return names[0], f"the highest channel priority, {highest}"


def _undetermined(package: Package) -> InputError:
    return InputError(
        f'the current default channel "{package.default_channel}" for package "{package.name}" could not be determined... ensure that your '
        "ImageSetConfiguration filtering criteria results in a package version that exists in the current default channel or use the "
        "'defaultChannel' field",
        subject=f'package "{package.name}"',
        advice=f"Set defaultChannel: {best_channel(package)} for {package.name}, and list that channel under channels; "
        f"or widen minVersion and maxVersion until channel {package.default_channel} keeps an entry.",
    )
