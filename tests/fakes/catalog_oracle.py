# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second reading of the filters' rules, as literal and as slow as they are written, to check the first one by.

Nothing here uses the product: documents are plain mappings, graphs are networkx's, versions are compared by hand.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

import networkx
import yaml

Documents = List[Dict[str, Any]]


class Refused(Exception):
    """The rules make this an error."""


def read(paths: Iterable[str]) -> Documents:
    return [document for path in paths for document in _documents(path)]


def _documents(path: str) -> Documents:
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not text.lstrip().startswith("{"):
        return [document for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if document]
    found, place = [], 0
    while text[place:].strip():
        place += len(text[place:]) - len(text[place:].lstrip())
        document, place = json.JSONDecoder().raw_decode(text, place)
        found.append(document)
    return found


def key(text: str) -> Tuple[Any, ...]:
    """Semver precedence."""
    core = text.partition("+")[0]
    numbers, _dash, pre = core.partition("-")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return (tuple(int(part) for part in numbers.split(".")), not pre, parts)


class Source:
    def __init__(self, documents: Documents) -> None:
        self.channels: Dict[str, Dict[str, List[Dict[str, Any]]]] = {}
        self.default: Dict[str, str] = {}
        self.versions: Dict[Tuple[str, str], str] = {}
        for document in documents:
            if document["schema"] == "olm.package":
                self.default[document["name"]] = document["defaultChannel"]
            elif document["schema"] == "olm.channel":
                self.channels.setdefault(document["package"], {})[document["name"]] = document["entries"]
            elif document["schema"] == "olm.bundle":
                for each in document["properties"]:
                    if each["type"] == "olm.package":
                        self.versions[document["package"], document["name"]] = each["value"]["version"]

    def version(self, package: str, name: str) -> Optional[str]:
        return self.versions.get((package, name))


def head(entries: List[Dict[str, Any]]) -> str:
    graph = networkx.DiGraph()
    for entry in entries:
        graph.add_node(entry["name"])
        graph.add_edges_from((entry["name"], below) for below in [entry.get("replaces"), *entry.get("skips", ())] if below)
    found = [name for name in (entry["name"] for entry in entries) if graph.in_degree(name) == 0]
    if len(found) != 1:
        raise Refused(f"heads {found}")
    return found[0]


def chain(entries: List[Dict[str, Any]], name: str) -> List[str]:
    by_name = {entry["name"]: entry for entry in entries}
    names = [name]
    while name in by_name and by_name[name].get("replaces"):
        name = by_name[name]["replaces"]
        names.append(name)
    return names


# --- v2 -------------------------------------------------------------------------------------


def gate(version: Optional[str], minimum: str, maximum: str) -> bool:
    if version is None:
        return False
    for bound, inside in ((minimum, lambda a, b: a >= b), (maximum, lambda a, b: a <= b)):
        if bound and ("-" in version.partition("+")[0] and "-" not in bound.partition("+")[0] or not inside(key(version), key(bound))):
            return False
    return True


def v2_range(source: Source, package: str, entries: List[Dict[str, Any]], minimum: str, maximum: str) -> Set[str]:
    names = [entry["name"] for entry in entries]
    if minimum and minimum == maximum:
        return {name for name in names if source.version(package, name) == minimum}
    by_name = {entry["name"]: entry for entry in entries}
    line = chain(entries, head(entries))

    def inside(name: str) -> bool:
        return gate(source.version(package, name), minimum, maximum)

    def count(place: int) -> int:
        below = {name for lower in line[place:] for name in [lower, *by_name.get(lower, {}).get("skips", ())]}
        return len({name for name in below if inside(name)})

    counts = [count(place) for place in range(len(line))]
    if not any(counts):
        return set()
    newest = max(place for place in range(len(line)) if counts[place] == max(counts))
    tail = next((place for place in range(len(line)) if counts[place] == 0), len(line))
    kept = set(line[newest:tail])
    kept |= {name for each in line[newest:tail] for name in by_name.get(each, {}).get("skips", ()) if inside(name)}
    return kept & set(names)


def v2(source: Source, wanted: Dict[str, Any]) -> Dict[str, Dict[str, Set[str]]]:
    listed = {package["name"]: package for package in wanted.get("packages") or ()}
    found: Dict[str, Dict[str, Set[str]]] = {}
    for package in sorted(set(listed) & set(source.channels)) if listed else sorted(source.channels):
        own = listed.get(package, {})
        own_channels = {channel["name"]: channel for channel in own.get("channels") or ()}
        channels = {name: entries for name, entries in source.channels[package].items() if not own_channels or name in own_channels}
        default = own.get("defaultChannel") or source.default[package]
        if default not in channels:
            raise Refused("default channel")
        kept = {}
        for name, entries in channels.items():
            level = own_channels.get(name, {})
            level = level if level.get("minVersion") or level.get("maxVersion") else own
            minimum, maximum = level.get("minVersion") or "", level.get("maxVersion") or ""
            if wanted.get("full"):
                if minimum or maximum:
                    raise Refused("full with range")
                kept[name] = {entry["name"] for entry in entries}
            elif minimum or maximum:
                kept[name] = v2_range(source, package, entries, minimum, maximum)
            else:
                kept[name] = {head(entries)}
        kept = {name: names for name, names in kept.items() if names}
        if default not in kept:
            raise Refused("default channel is empty")
        found[package] = kept
    return found


# --- v1 -------------------------------------------------------------------------------------


def fill(entries: List[Dict[str, Any]], start: str, end: str) -> Set[str]:
    names = {entry["name"] for entry in entries}
    if start == end:
        return {end}
    own = chain(entries, start)
    meeting = next((name for name in chain(entries, end) if name in own), None)
    if meeting is None:
        return {start}
    upwards = networkx.DiGraph((entry["replaces"], entry["name"]) for entry in entries if entry.get("replaces"))
    above = networkx.descendants(upwards, meeting) if meeting in upwards else set()
    return (above - set(own[: own.index(meeting)]) | {start, end}) & names


def v1_level(source: Source, package: str, entries: List[Dict[str, Any]], level: Dict[str, Any], full: bool) -> Set[str]:
    names = [entry["name"] for entry in entries]
    minimum, maximum = level.get("minVersion") or "", level.get("maxVersion") or ""
    if maximum:
        versions = {name: key(source.version(package, name)) for name in names}
        return {name for name in names if versions[name] <= key(maximum) and (not minimum or versions[name] >= key(minimum))}
    if level.get("minBundle"):
        return set(names)
    if minimum:
        picked = [name for name in names if minimum in (source.version(package, name), source.version(package, name).split("-", 1)[0])]
        return {each for name in picked for each in fill(entries, name, head(entries))}
    return set(names) if full else {head(entries)}


def v1(source: Source, wanted: Dict[str, Any]) -> Dict[str, Dict[str, Set[str]]]:
    """Without dependencies; an exact version that a listed channel has not once is refused."""
    full = bool(wanted.get("full"))
    found: Dict[str, Dict[str, Set[str]]] = {}
    for own in wanted.get("packages") or [{"name": name} for name in source.channels]:
        package = own["name"]
        if package not in source.channels:
            continue
        channels = {name: {} for name in source.channels[package]}
        listed = {channel["name"]: channel for channel in own.get("channels") or ()}
        exact = (own.get("minVersion") or own.get("minBundle")) and not own.get("maxVersion")
        if not set(listed) <= set(channels):
            raise Refused("no such channel")
        if listed and not exact:
            levels = listed
        else:
            levels = {name: own for name in channels}
        kept = {name: v1_level(source, package, source.channels[package][name], level, full) for name, level in levels.items()}
        for name, level in listed.items() if not exact else ():
            minimum = level.get("minVersion")
            if minimum and not level.get("maxVersion"):
                versions = [source.version(package, entry["name"]) for entry in source.channels[package][name]]
                if sum(minimum in (version, version.split("-", 1)[0]) for version in versions) != 1:
                    raise Refused("exact version")
        kept = {name: names for name, names in kept.items() if names}
        if kept:
            found[package] = kept
    return found
