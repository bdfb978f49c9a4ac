# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A first ImageSetConfiguration for what a cluster runs."""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.facts import Facts

# The catalogs that clusters come with, by the name of their source.
_DEFAULTS = {
    "redhat-operators": "redhat-operator-index",
    "certified-operators": "certified-operator-index",
    "community-operators": "community-operator-index",
    "redhat-marketplace": "redhat-marketplace-index",
}
_PUBLISHER = "registry.redhat.io/redhat"


def propose(facts: Facts, to_version: str = "") -> dict[str, Any]:
    """A configuration of v2alpha1: the release that runs up to the one that is wished, operators from what is installed on, the rest.

    to_version: empty for what runs.
    """
    mirror: dict[str, Any] = {}
    if facts.version and facts.channel:
        mirror["platform"] = _platform(facts, to_version)
    operators = _operators(facts, _minor(to_version or facts.version))
    if operators:
        mirror["operators"] = operators
    names = [image.reference for image in facts.outside]
    if names:
        mirror["additionalImages"] = [{"name": name} for name in names]
    return {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror}


def _platform(facts: Facts, to_version: str) -> dict[str, Any]:
    wished = to_version or facts.version
    channel: dict[str, Any] = {"name": _channel(facts.channel, wished), "minVersion": facts.version, "maxVersion": wished}
    if wished != facts.version:
        channel["shortestPath"] = True
    architectures = [facts.architecture] if facts.architecture and facts.architecture != "amd64" else []
    return {**({"architectures": architectures} if architectures else {}), "channels": [channel], "graph": True}


def _channel(current: str, version: str) -> str:
    """The channel of the same kind for another minor version."""
    kind, dash, _minor_version = current.rpartition("-")
    return f"{kind}{dash}{_minor(version)}" if dash else current


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _operators(facts: Facts, minor: str) -> list[dict[str, Any]]:
    catalogs: dict[str, dict[str, dict[str, str]]] = {}
    for operator in facts.operators:
        catalog = _catalog(operator.catalog, facts, minor)
        channels = catalogs.setdefault(catalog, {}).setdefault(operator.package, {})
        known = channels.get(operator.channel)
        # Of several installations the oldest needs the most.
        if known is None or _order(operator.version) < _order(known):
            channels[operator.channel] = operator.version
    return [{"catalog": catalog, "packages": _packages(packages)} for catalog, packages in sorted(catalogs.items())]


def _packages(packages: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    found = []
    for name, channels in sorted(packages.items()):
        listed = [
            {"name": channel, **({"minVersion": version} if version else {})} for channel, version in sorted(channels.items()) if channel
        ]
        found.append({"name": name, **({"channels": listed} if listed else {})})
    return found


def _catalog(source: str, facts: Facts, minor: str) -> str:
    """Where a catalog comes from, also when the cluster has it from a mirror."""
    if source in _DEFAULTS or not facts.catalogs.get(source):
        return f"{_PUBLISHER}/{_DEFAULTS.get(source, _DEFAULTS['redhat-operators'])}:v{minor}"
    image = facts.catalogs[source]
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return f"{_PUBLISHER}/{name}:v{minor}" if name in _DEFAULTS.values() else image


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.partition("-")[0].split("."))
