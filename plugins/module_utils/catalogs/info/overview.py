# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a catalog offers, for people who write a configuration: packages, channels, versions, dependencies."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import (
    BUNDLE_OBJECT,
    CSV_METADATA,
    Bundle,
    Channel,
    Package,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import graph
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.dependencies import required
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import entries_by_version

_CSV = "ClusterServiceVersion"


def packages(catalog: Catalog) -> list[dict[str, Any]]:
    """Every package with its display name and the channels that it has; bundles are read as far as the names need it."""
    return [
        {
            "name": package.name,
            "display_name": display_name(package),
            "default_channel": package.default_channel,
            "channels": list(package.channels),
        }
        for package in catalog.packages()
    ]


def package(catalog: Catalog, name: str, channel: str = "") -> dict[str, Any]:
    """A package with its channels, or the one that is named, and their versions.  Raises InputError for names that it does not have."""
    found = catalog.package(name)
    if found is None:
        raise InputError(f'package "{name}" not found', subject=catalog.name, advice="Leave package out to list the packages.")
    if channel and channel not in found.channels:
        raise InputError(
            f'channel "{channel}" not found for package "{name}"', subject=catalog.name, advice=f"It has {', '.join(found.channels)}."
        )
    wanted = [found.channels[channel]] if channel else list(found.channels.values())
    return {
        "name": found.name,
        "display_name": display_name(found),
        "default_channel": found.default_channel,
        "channels": [_channel(found, each) for each in wanted],
    }


def heads(package: Package, channels: list[str]) -> list[Bundle]:
    """The bundles at the heads of channels, each once; broken channels have none."""
    names = dict.fromkeys(_head(package.channels[name])[0] for name in channels)
    return [bundle for bundle in map(package.bundle, names) if bundle is not None]


def display_name(package: Package) -> str:
    """Of the default channel's head; empty when nothing says it."""
    channel = package.channels.get(package.default_channel)
    head = _head(channel)[0] if channel else ""
    bundle = package.bundle(head)
    if bundle is None:
        return ""
    for value in bundle.values(CSV_METADATA):
        if isinstance(value, dict) and isinstance(value.get("displayName"), str):
            return str(value["displayName"])
    return _from_objects(bundle)


def _from_objects(bundle: Bundle) -> str:
    """The name in the ClusterServiceVersion among the older form's objects (LOAD-7)."""
    for value in bundle.values(BUNDLE_OBJECT):
        document = _object(value)
        if document is not None and document.get("kind") == _CSV:
            spec = document.get("spec")
            name = spec.get("displayName") if isinstance(spec, dict) else None
            return name if isinstance(name, str) else ""
    return ""


def _object(value: Any) -> dict[str, Any] | None:
    data = value.get("data") if isinstance(value, dict) else None
    try:
        return parser.parse(base64.b64decode(data, validate=True), "olm.bundle.object") if isinstance(data, str) else None
    except (MirrorError, binascii.Error, ValueError):
        return None


def _channel(package: Package, channel: Channel) -> dict[str, Any]:
    head, error = _head(channel)
    bundle = package.bundle(head)
    entry: dict[str, Any] = {
        "name": channel.name,
        "head": head,
        "versions": [str(package.version(name)) for name in entries_by_version(package, channel)],
        "requires": sorted(_requirements(bundle)) if bundle else [],
        "images": len(BundleImages.of(bundle).references) if bundle else 0,
    }
    return {**entry, "error": error} if error else entry


def _requirements(bundle: Bundle) -> list[str]:
    needs = required(bundle)
    return [*map(str, needs.kinds), *map(str, needs.packages)]


def _head(channel: Channel) -> tuple[str, str]:
    """The head, or why there is none."""
    try:
        return graph.head(channel), ""
    except graph.GraphError as error:
        return "", error.message
