# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a plan brings to clusters: releases with the ways between them, operators with their channels, charts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.channels import bundle_names
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.updates import Updates, updates

MOST_PACKAGES = 2000
# Of the names of one channel.
MOST_BUNDLES = 200


def releases(plan: Plan) -> list[dict[str, Any]]:
    """Channels with their versions, in the plan's order."""
    channels: dict[Any, dict[str, Any]] = {}
    for release in plan.releases:
        place = (str(release.get("channel") or ""), str(release.get("architecture") or ""))
        entry = channels.setdefault(place, {"channel": place[0], "architecture": place[1], "versions": []})
        version = {"version": str(release.get("version") or ""), "payload": str(release.get("payload") or "")}
        entry["versions"].append({**version, "signed": bool(release.get("signatures"))})
    return [channels[place] for place in sorted(channels)]


def update_graphs(plan: Plan) -> tuple[Updates, ...]:
    """One for each architecture whose updates the plan knows; plans of before know none."""
    mirrored: dict[str, set[str]] = {}
    for release in plan.releases:
        if release.get("version"):
            mirrored.setdefault(str(release.get("architecture") or ""), set()).add(str(release["version"]))
    found = []
    for entry in plan.update_graphs:
        try:
            found.append(updates(entry, mirrored.get(str(entry["architecture"]), set())))
        except InputError:
            continue
    return tuple(found)


def ways(found: Iterable[Updates]) -> list[dict[str, Any]]:
    """What pictures show, in words and as a table."""
    return [
        {
            "architecture": each.architecture,
            "channels": list(each.channels),
            "way": [{"from": str(s.source.version), "to": str(s.target.version), "risks": list(s.risks)} for s in each.way],
            "missing": list(each.missing) if each.missing else None,
            "bridge": list(each.bridge),
            "folded": each.picture.folded,
            "failed": [node.name for node in each.picture.nodes if node.state == "failed"],
            "versions": [_sources(each, place) for place in each.mirrored],
        }
        for each in found
    ]


def _sources(updates: Updates, place: int) -> dict[str, Any]:
    inside, outside = updates.sources(place)
    graph = updates.graph
    conditional = {str(graph.releases[s].version): list(graph.risks(s, place)) for s in inside if graph.risks(s, place)}
    return {
        "version": str(graph.releases[place].version),
        "from": [str(graph.releases[s].version) for s in inside if not graph.risks(s, place)],
        "conditional": conditional,
        "not_mirrored": [str(graph.releases[source].version) for source in outside],
    }


def catalogs(plan: Plan) -> list[dict[str, Any]]:
    """The plan's catalogs, with why each channel's bundles are there; what more packages there are is said."""
    required = _required(plan)
    found = []
    for catalog in plan.catalogs:
        packages = list(catalog.get("packages") or ())
        found.append(
            {
                "catalog": str(catalog.get("catalog") or ""),
                "digest": str(catalog.get("digest") or ""),
                "total": len(packages),
                "packages": [_package(package, required, _wanted(plan, catalog, package)) for package in packages[:MOST_PACKAGES]],
                "more": max(0, len(packages) - MOST_PACKAGES),
            }
        )
    return found


def _package(package: Mapping[str, Any], required: Mapping[str, list[str]], wanted: str) -> dict[str, Any]:
    ordered = sorted(package.get("channels") or (), key=lambda channel: _natural(str(channel.get("name") or "")))
    channels = [_channel(channel, required) for channel in ordered]
    return {
        "name": str(package.get("name") or ""),
        "default_channel": str(package.get("default_channel") or ""),
        "default_channel_reason": str(package.get("default_channel_reason") or ""),
        "wanted": wanted,
        "bundles": len({name for channel in package.get("channels") or () for name in bundle_names(channel)}),
        "channels": channels,
    }


def _natural(name: str) -> list[tuple[int, str]]:
    """`stable-3.9` goes before `stable-3.10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]{1,9})", name)]


def _channel(channel: Mapping[str, Any], required: Mapping[str, list[str]]) -> dict[str, Any]:
    names = bundle_names(channel)
    found: dict[str, Any] = {
        "name": str(channel.get("name") or ""),
        "head": str(channel.get("head") or ""),
        "bundles": names[:MOST_BUNDLES],
        "more": max(0, len(names) - MOST_BUNDLES),
        "kept": len(names),
        "of": int(channel.get("of") or len(names)),
        "required": {name: required[name] for name in names if name in required},
    }
    if channel.get("updates"):
        found["updates"] = list(channel["updates"])[:MOST_BUNDLES]
    return found


def _required(plan: Plan) -> dict[str, list[str]]:
    """Bundles that dependencies brought: who requires them."""
    found: dict[str, set[str]] = {}
    for image in plan.images:
        for chain in image.why:
            if len(chain) > 3 and chain[0].startswith("operators["):
                found.setdefault(chain[2], set()).add(chain[3])
    return {name: sorted(reasons) for name, reasons in found.items()}


def _wanted(plan: Plan, catalog: Mapping[str, Any], package: Mapping[str, Any]) -> str:
    """What the configuration says of a package, as a sentence."""
    entry = next((one for one in _operators(plan) if one.get("catalog") == catalog.get("catalog")), {})
    full = bool(entry.get("full"))
    listed = next((one for one in entry.get("packages") or () if isinstance(one, dict) and one.get("name") == package.get("name")), None)
    if listed is None:
        if entry.get("packages"):
            return "Not listed in the configuration: other operators require it."
        return "The whole catalog is mirrored." if full else "The head of each channel, since the configuration lists no packages."
    bounds = _bounds(listed)
    channels = [_named(channel) for channel in listed.get("channels") or () if isinstance(channel, dict)]
    if channels:
        return f"Configured channels: {'; '.join(channels)}."
    if bounds:
        return f"Configured range: {bounds}."
    return "All bundles, since the configuration says full." if full else "The head of the channel, since the configuration gives no range."


def _operators(plan: Plan) -> list[dict[str, Any]]:
    mirror = plan.config.get("mirror")
    operators = mirror.get("operators") if isinstance(mirror, dict) else None
    return [entry for entry in operators or () if isinstance(entry, dict)]


def _bounds(entry: Mapping[str, Any]) -> str:
    keys = (("minVersion", "from"), ("maxVersion", "to"), ("minBundle", "from bundle"))
    return " ".join(f"{word} {entry[key]}" for key, word in keys if entry.get(key))


def _named(channel: Mapping[str, Any]) -> str:
    bounds = _bounds(channel)
    return f"{channel.get('name')} {bounds}" if bounds else str(channel.get("name"))
