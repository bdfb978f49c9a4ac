# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where each channel began: v1's memory, by which content grows from run to run (operator-catalogs 2.8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Channel, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import past_metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet, PackageChannel
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Package as Listed
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata

# Packages with the versions at which their channels began.
Record = tuple[Listed, ...]


def known(imageset: ImageSet, context: Context) -> Mapping[str, Any]:
    """Where channels began, by unique name of the catalog, in `document`'s form.

    From the option `catalog_records`, else what earlier runs recorded, else what oc-mirror v1 did.
    Raises what `past_metadata.read` raises.
    """
    given: Mapping[str, Any] | None = context.options.get("catalog_records")
    if given is not None:
        return given
    found = kept(context.workspace)
    if found or imageset.generation is not Generation.V1:
        return found
    return taken_over(past_metadata.read(imageset.storage, context.upstream))


def taken_over(metadata: Metadata | None) -> dict[str, Any]:
    """What oc-mirror v1 recorded (mirroring 4.2); catalogs that were not mirrored by their heads have no record."""
    found: dict[str, Any] = {}
    for entry in metadata.operators if metadata is not None else ():
        if isinstance(entry, dict) and isinstance(entry.get("catalog"), str) and entry.get("packages"):
            found[entry["catalog"]] = entry["packages"]
    return found


def kept(workspace: Workspace) -> dict[str, Any]:
    """What earlier runs recorded, by unique name of the catalog, in `document`'s form; nothing where it cannot be read."""
    try:
        entries = files.read_json(workspace.catalog_records)
    except (FileNotFoundError, StorageError):
        return {}
    return entries if isinstance(entries, dict) else {}


def keep(workspace: Workspace, records: Mapping[str, Any]) -> None:
    """Records what catalogs came to; the others stay as they are.  Raises StorageError."""
    if records:
        files.write_json(workspace.catalog_records, {**kept(workspace), **records})


def document(record: Record) -> list[dict[str, Any]]:
    """As the metadata of v1 spells it (mirroring 4.2, `packages`)."""
    return [_level(package, {"channels": [_level(channel, {}) for channel in package.channels]}) for package in record]


def of(entries: Any, subject: str = "") -> Record:
    """From `document`'s form; raises InputError."""
    try:
        return tuple(
            Listed(
                name=entry["name"],
                min_version=entry.get("minVersion") or "",
                max_version=entry.get("maxVersion") or "",
                min_bundle=entry.get("minBundle") or "",
                channels=tuple(
                    PackageChannel(name=each["name"], min_version=each.get("minVersion") or "", max_version=each.get("maxVersion") or "")
                    for each in entry.get("channels") or ()
                ),
            )
            for entry in entries or ()
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the recorded versions of a catalog are malformed: {error!r}", subject=subject) from error


def first(wanted: Wanted, selection: Selection) -> Record:
    """The record of a first run: the lowest selected version of each channel, or what the configuration says itself."""
    listed = {package.name: package for package in wanted.packages}
    found: list[Listed] = []
    for name, package in selection.packages.items():
        own = listed.get(name)
        if own is None and wanted.packages:
            continue
        if own is not None and _has_own(own):
            found.append(_own(own))
        else:
            found.append(_lowest(package, own))
    return tuple(found)


def recorded(catalog: Catalog, wanted: Wanted, previous: Record) -> Wanted:
    """The configuration of a later run: from each recorded version to today's head (INCR-2 to INCR-4)."""
    return Wanted(
        catalog=wanted.catalog,
        packages=following(catalog, wanted, previous),
        skip_dependencies=wanted.skip_dependencies,
    )


def following(catalog: Catalog, wanted: Wanted, previous: Record) -> Record:
    """The new record.  Raises InputError when a recorded version is above all that a channel has."""
    past = {package.name: package for package in previous}
    if not wanted.packages:
        return tuple(_followed(package, tuple(package.channels), None, past.get(package.name)) for package in catalog.packages())
    found: list[Listed] = []
    for own in wanted.packages:
        package = catalog.package(own.name)
        if _has_own(own) or package is None:
            found.append(own)
            continue
        names = tuple(channel.name for channel in own.channels) or tuple(package.channels)
        found.append(_followed(package, names, own, past.get(own.name)))
    return tuple(found)


def next_version(package: Package, channel: Channel, target: str) -> str:
    """The recorded version while it is there, else the next higher one (INCR-2, INCR-5).  Raises InputError."""
    versions = sorted(_versions(package, channel.names))
    if any(version.text == target for version in versions):
        return target
    wanted = Version.parse(target)
    if len(versions) == 1:
        return versions[0].text
    higher = [version for version in versions if version > wanted]
    if not higher:
        raise InputError(
            f'version {target}, from which channel "{channel.name}" of package "{package.name}" was mirrored, is gone '
            "and nothing is above it",
            advice="List the package with the minVersion to continue from.",
        )
    return higher[0].text


def _level(level: Any, more: Mapping[str, Any]) -> dict[str, Any]:
    fields = {"name": level.name, "minVersion": level.min_version, "maxVersion": level.max_version, "minBundle": level.min_bundle, **more}
    return {key: value for key, value in fields.items() if value}


def _has_own(level: Any) -> bool:
    return bool(level.min_version or level.max_version or level.min_bundle)


def _own(listed: Listed) -> Listed:
    """A package that has settings of its own, as it is recorded."""
    return Listed(
        name=listed.name,
        min_version=listed.min_version,
        max_version=listed.max_version,
        min_bundle=listed.min_bundle,
        channels=listed.channels,
    )


def _lowest(package: Package, own: Listed | None) -> Listed:
    configured = {channel.name: channel for channel in own.channels if _has_own(channel)} if own else {}
    channels: list[PackageChannel] = []
    for channel in package.channels.values():
        if channel.name in configured:
            channels.append(configured[channel.name])
            continue
        versions = sorted(_versions(package, channel.names))
        if versions:
            channels.append(PackageChannel(name=channel.name, min_version=versions[0].text))
    return Listed(name=package.name, channels=tuple(channels))


def _followed(package: Package, names: Sequence[str], own: Listed | None, past: Listed | None) -> Listed:
    configured = {channel.name: channel for channel in own.channels} if own else {}
    before = {channel.name: channel for channel in past.channels} if past else {}
    channels: list[PackageChannel] = []
    for name in names:
        channel = package.channels.get(name)
        listed = configured.get(name)
        if listed is not None and _has_own(listed):
            # A pinned channel stays pinned (INCR-3, R11).
            channels.append(listed)
        elif channel is not None and channel.entries:
            start = before.get(name)
            kept = next_version(package, channel, start.min_version) if start and start.min_version else _head_version(package, channel)
            channels.append(PackageChannel(name=name, min_version=kept))
    return Listed(name=package.name, default_channel=own.default_channel if own else "", channels=tuple(channels))


def _head_version(package: Package, channel: Channel) -> str:
    version = package.version(graph.head(channel))
    return version.text if version else ""


def _versions(package: Package, names: Sequence[str]) -> list[Version]:
    return [version for version in map(package.version, names) if version is not None]
