# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random catalogs, ranges and configurations, and what two readings of the rules make of them.

    case = Case.of(seed)
    mine, theirs = compared(catalog, case.source, case.entries[generation], generation)

The same seed gives the same case.  Catalogs are small and mostly sound; one channel of ten has an edge that leads astray.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import filter_v1, filter_v2
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Package, PackageChannel
from ansible_collections.disconnected.mirror.tests.fakes import catalog_oracle as oracle

KINDS = [{"group": "example.com", "kind": kind, "version": "v1"} for kind in ("Disk", "Net", "User")]
_PLAIN = ["", "=", "==", "!", "!=", ">", ">=", "<", "<="]
_GATED = ["", "=", "!=", ">", ">=", "=>", "<", "<=", "=<", "~", "~>", "^"]


@dataclass(frozen=True)
class Case:
    """documents: of a catalog.  versions: to try ranges with.  entries: one of `operators` for each generation."""

    documents: list[dict[str, Any]]
    versions: tuple[str, ...]
    plain: tuple[str, ...]
    gated: tuple[str, ...]
    entries: dict[Generation, dict[str, Any]]

    @classmethod
    def of(cls, seed: int) -> Case:
        choose = random.Random(seed)
        documents = _catalog(choose)
        source = oracle.Source(documents)
        return cls(
            documents,
            tuple(sorted({_version(choose) for _each in range(12)})),
            tuple(_range(choose, _PLAIN, _plain_bound) for _each in range(4)),
            tuple(_range(choose, _GATED, _gated_bound) for _each in range(4)),
            {generation: random_entry(source, choose, generation) for generation in Generation},
        )


def _version(choose: random.Random) -> str:
    text = ".".join(str(choose.choice((0, 0, 1, 1, 2, 3, 10))) for _each in range(3))
    text += choose.choice(["", "", "", "-1", "-5", "-rc.1", "-rc.2", "-alpha", "-10.b"])
    return text + choose.choice(["", "", "", "+1.p", "+0.2.p"])


def _range(choose: random.Random, operators: list[str], bound: Any) -> str:
    def group() -> str:
        return " ".join(word() for _each in range(choose.choice((1, 1, 2, 2, 3))))

    def word() -> str:
        operator = choose.choice(operators)
        # Upstream loses a lone ! that a blank follows.
        return operator + choose.choice(["", " "] if operator != "!" else [""]) + bound(choose)

    return choose.choice([" || ", "||"] if operators is _GATED else [" || "]).join(
        group() for _each in range(choose.choice((1, 1, 1, 2, 3)))
    )


def _plain_bound(choose: random.Random) -> str:
    return choose.choice(["1.x", "0.x", "1.2.x", "0.0.x", "1.x.x"]) if choose.random() < 0.15 else _version(choose)


def _gated_bound(choose: random.Random) -> str:
    if choose.random() < 0.7:
        return choose.choice(["", "", "v"]) + _version(choose)
    return choose.choice(["*", "x", "0", "1", "1.x", "1.x.x", "0.0", "1.2", "0.1.x", "1.2-5", "2-rc.1", "0.0-1", "1.X", "1.2.*"])


def _catalog(choose: random.Random) -> list[dict[str, Any]]:
    names = ["bar", "baz", "foo"][: choose.randint(1, 3)]
    return [document for name in names for document in _package(choose, name, names)]


def _package(choose: random.Random, package: str, others: list[str]) -> list[dict[str, Any]]:
    versions = sorted({_version(choose) for _each in range(choose.randint(1, 7))}, key=lambda text: (oracle.key(text), text))
    names = {f"{package}.v{version.replace('+', '-')}": version for version in versions}
    channels = ["alpha", "beta", "stable"][: choose.randint(1, 3)]
    ranked = choose.random() < 0.5
    found: list[dict[str, Any]] = [{"schema": "olm.package", "name": package, "defaultChannel": choose.choice(channels)}]
    held: list[str] = []
    for number, channel in enumerate(channels):
        entries = _entries(choose, choose.sample(list(names), choose.randint(1, len(names))), list(names))
        held += [entry["name"] for entry in entries]
        found.append({"schema": "olm.channel", "package": package, "name": channel, "entries": entries})
        if ranked:
            found[-1]["properties"] = [{"type": "olm.channel", "value": {"channelName": channel, "priority": number}}]
    return found + [_bundle(choose, package, name, version, others) for name, version in names.items() if name in held]


def _entries(choose: random.Random, names: list[str], order: list[str]) -> list[dict[str, Any]]:
    """A chain in the order of versions; what it passes over is skipped by the entry above."""
    names = sorted(names, key=order.index)
    entries: list[dict[str, Any]] = []
    below, passed = "", []
    for place, name in enumerate(names):
        entry: dict[str, Any] = {"name": name}
        if below:
            entry["replaces"] = below
        if place < len(names) - 1 and choose.random() < 0.25:
            passed.append(name)
        else:
            if passed:
                entry["skips"], passed = passed, []
            below = name
        entries.append(entry)
    if choose.random() < 0.1:
        choose.choice(entries)[choose.choice(["replaces", "skips"])] = None
        entries[-1 if choose.random() < 0.5 else 0].pop("skips", None)
        choose.choice(entries)["replaces"] = choose.choice(order)
        entries = [{key: value for key, value in entry.items() if value} for entry in entries]
    choose.shuffle(entries)
    return entries


def _bundle(choose: random.Random, package: str, name: str, version: str, others: list[str]) -> dict[str, Any]:
    properties = [{"type": "olm.package", "value": {"packageName": package, "version": version}}]
    if choose.random() < 0.3:
        properties.append({"type": "olm.gvk", "value": choose.choice(KINDS)})
    if choose.random() < 0.2:
        properties.append({"type": "olm.gvk.required", "value": choose.choice(KINDS)})
    if choose.random() < 0.2:
        text = _range(choose, _PLAIN, _plain_bound)
        properties.append({"type": "olm.package.required", "value": {"packageName": choose.choice(others), "versionRange": text}})
    image = f"quay.example.com/{package}/bundle:{name}"
    return {"schema": "olm.bundle", "package": package, "name": name, "image": image, "properties": properties}


def wanted_of(document):
    def channel(entry):
        return PackageChannel(name=entry["name"], min_version=entry.get("minVersion") or "", max_version=entry.get("maxVersion") or "")

    packages = tuple(
        Package(
            name=entry["name"],
            default_channel=entry.get("defaultChannel") or "",
            min_version=entry.get("minVersion") or "",
            max_version=entry.get("maxVersion") or "",
            channels=tuple(map(channel, entry.get("channels") or ())),
        )
        for entry in document.get("packages") or ()
    )
    return Wanted(catalog="c", full=bool(document.get("full")), packages=packages)


def compared(catalog, source, document, generation, dependencies=False):
    """Both readings of one configuration: entries by package and channel, or that it is refused."""
    options = Options(dependencies="include" if dependencies else "ignore", strict=False)
    select = filter_v1.select if generation is Generation.V1 else filter_v2.select
    try:
        selection = select(catalog, wanted_of(document), options).selection
        mine = {
            package.name: {channel.name: set(channel.names) for channel in package.channels.values()}
            for package in selection.packages.values()
        }
    except InputError:
        mine = "refused"
    try:
        theirs = oracle.v1(source, document, dependencies) if generation is Generation.V1 else oracle.v2(source, document)
    except oracle.Refused:
        theirs = "refused"
    return mine, theirs


def random_entry(source, choose, generation):
    packages = []
    for name in choose.sample(sorted(source.channels), min(len(source.channels), choose.randint(0, 3))):
        package = {"name": name}
        channels = sorted(source.channels[name])
        versions = [source.version(name, entry["name"]) for entries in source.channels[name].values() for entry in entries]

        def bounds(level, versions=versions):
            kind = choose.choice(["", "", "min", "max", "both", "pin"])
            low, high = sorted((choose.choice(versions), choose.choice(versions)), key=oracle.key)
            if kind in ("min", "both"):
                level["minVersion"] = low
            if kind in ("max", "both"):
                level["maxVersion"] = high
            if kind == "pin":
                level["minVersion"] = level["maxVersion"] = low
            return level

        if choose.random() < 0.5:
            package["channels"] = [{"name": each} for each in choose.sample(channels, choose.randint(1, min(3, len(channels))))]
            if choose.random() < 0.5:
                package["channels"] = [bounds(channel) for channel in package["channels"]]
            elif generation is Generation.V2 and choose.random() < 0.5:
                bounds(package)
            if choose.random() < 0.5:
                package["defaultChannel"] = package["channels"][0]["name"]
        else:
            bounds(package)
        packages.append(package)
    return {"packages": packages, "full": choose.random() < 0.2}
