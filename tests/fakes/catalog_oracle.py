# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second reading of the filters' rules, as literal and as slow as they are written, to check the first one by.

Nothing here uses the product: documents are plain mappings, graphs are networkx's, versions are compared by hand.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable
from typing import Any, Callable

import networkx
import yaml

Documents = list[dict[str, Any]]


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


def key(text: str) -> tuple[Any, ...]:
    """Semver precedence."""
    core = text.partition("+")[0]
    numbers, _dash, pre = core.partition("-")
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return (tuple(int(part) for part in numbers.split(".")), not pre, parts)


class Source:
    def __init__(self, documents: Documents) -> None:
        self.channels: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.default: dict[str, str] = {}
        self.versions: dict[tuple[str, str], str] = {}
        self.priorities: dict[tuple[str, str], int] = {}
        self.properties: dict[tuple[str, str], list[tuple[str, Any]]] = {}
        for document in documents:
            if document["schema"] == "olm.package":
                self.default[document["name"]] = document["defaultChannel"]
            elif document["schema"] == "olm.channel":
                self.channels.setdefault(document["package"], {})[document["name"]] = document["entries"]
                for each in document.get("properties", ()):
                    self.priorities[document["package"], document["name"]] = each["value"]["priority"]
            elif document["schema"] == "olm.bundle":
                bundle = document["package"], document["name"]
                self.properties[bundle] = [(each["type"], each["value"]) for each in document["properties"]]
                for each in document["properties"]:
                    if each["type"] == "olm.package":
                        self.versions[bundle] = each["value"]["version"]

    def version(self, package: str, name: str) -> str | None:
        return self.versions.get((package, name))


# --- ranges ---------------------------------------------------------------------------------

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "==": lambda a, b: a == b,
    "!": lambda a, b: a != b,
    "!=": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=>": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=<": lambda a, b: a <= b,
}


def _words(part: str) -> list[tuple[str, str]]:
    return re.findall(r"([^\w*\s]*)\s*([\w*][^\s,]*)", part)


def plain(text: str, version: str) -> bool:
    """Dialect B: what is written with `.x` is a pair of comparisons with whole versions."""
    return any(all(_plain(operator, bound, version) for operator, bound in _words(part)) for part in text.split("||"))


def _plain(operator: str, bound: str, version: str) -> bool:
    if not bound.endswith(".x"):
        return _OPERATORS[operator](key(version), key(bound))
    # Upstream counts the parts: the second of `1.x.x` is 0, not open.
    numbers = [0 if part == "x" else int(part) for part in bound.split(".")[:-1]]
    low = key(".".join(map(str, [*numbers, 0, 0][:3])))
    high = key(".".join(map(str, [*numbers[:-1], numbers[-1] + 1, 0, 0][:3])))
    have = key(version)
    if operator in (">", "<="):
        return _OPERATORS[">=" if operator == ">" else "<"](have, high)
    if operator in (">=", "<"):
        return _OPERATORS[operator](have, low)
    # Upstream joins both halves of a wildcard that must not match by "and", so that nothing is in it.
    return low <= have < high if operator in ("", "=", "==") else have < low and have >= high


def gated(text: str, version: str) -> bool:
    """Dialect M: alternatives are groups, and one prerelease among a group's bounds opens it for prereleases."""
    return any(_group(_words(re.sub(r"(\S+)\s+-\s+(\S+)", r">=\1 <=\2", part)), version) for part in text.split("||"))


def _group(words: list[tuple[str, str]], version: str) -> bool:
    if _pre(version) and not any(_pre(bound) for _operator, bound in words):
        return False
    return all(_gated(operator, bound.lstrip("v"), version) for operator, bound in words)


def _pre(version: str) -> str:
    return version.partition("+")[0].partition("-")[2]


def _gated(operator: str, bound: str, version: str) -> bool:
    core, _dash, pre = bound.partition("+")[0].partition("-")
    given = [int(part) for part in itertools.takewhile(str.isdigit, core.split("."))]
    have = [int(part) for part in version.partition("+")[0].partition("-")[0].split(".")]
    limit = [*given, 0, 0, 0][:3]
    below, above = key(version) < key(_text(limit, pre)), key(version) > key(_text(limit, pre))
    # Upstream takes a bound without any number (`*`) as 0.0.0 and compares two numbers of it at most.
    same = have[: len(given)] == given if given else have[:2] == [0, 0]
    if operator == "^":
        fixed = next((place for place, number in enumerate(limit) if number), len(given) - 1 if given else 2)
        return not below and have[: fixed + 1] == limit[: fixed + 1]
    if operator in ("~", "~>") or (operator in ("", "=") and len(given) < 3):
        free = not any(limit) and len(given) in (0, 3)
        return not below and (free or have[: min(2, len(given))] == given[:2])
    if len(given) == 3 or operator in (">=", "=>", "<"):
        return _OPERATORS[operator](key(version), key(_text(limit, pre)))
    if operator == "!=":
        return not same or (len(given) == 2 and _pre(version) != pre) if given else below or above
    if operator == ">":
        return have[: len(given)] > given if given else above
    return have[: len(given)] <= given if given else same


def _text(numbers: list[int], pre: str) -> str:
    return ".".join(map(str, numbers)) + (f"-{pre}" if pre else "")


# --- channels -------------------------------------------------------------------------------


def head(entries: list[dict[str, Any]]) -> str:
    found = heads(entries)
    if len(found) != 1:
        raise Refused(f"heads {found}")
    return found[0]


def heads(entries: list[dict[str, Any]]) -> list[str]:
    graph = networkx.DiGraph()
    for entry in entries:
        graph.add_node(entry["name"])
        graph.add_edges_from((entry["name"], below) for below in [entry.get("replaces"), *entry.get("skips", ())] if below)
    return [name for name in (entry["name"] for entry in entries) if graph.in_degree(name) == 0]


def chain(entries: list[dict[str, Any]], name: str) -> list[str]:
    by_name = {entry["name"]: entry for entry in entries}
    names = [name]
    while name in by_name and by_name[name].get("replaces") and by_name[name]["replaces"] not in names:
        name = by_name[name]["replaces"]
        names.append(name)
    return names


def top(entries: list[dict[str, Any]]) -> str:
    """The head of a channel as v2 takes it: in a graph without circles."""
    edges = [(entry["name"], below) for entry in entries for below in [entry.get("replaces"), *entry.get("skips", ())] if below]
    if not networkx.is_directed_acyclic_graph(networkx.DiGraph(edges)):
        raise Refused("circle")
    return head(entries)


def is_sound(entries: list[dict[str, Any]]) -> bool:
    """One head, from which all that is not skipped is reached by `replaces` without a circle (1.5)."""
    try:
        line = chain_to_skipped(entries, head(entries))
    except Refused:
        return False
    skipped = {name for entry in entries for name in entry.get("skips", ())}
    return {entry["name"] for entry in entries} <= {*line, *skipped}


def chain_to_skipped(entries: list[dict[str, Any]], name: str) -> list[str]:
    """The chain as serving reads it: it ends above what somebody skips (CHAIN-1), and must not come back to itself (CHAIN-2)."""
    by_name = {entry["name"]: entry for entry in entries}
    skipped = {each for entry in entries for each in entry.get("skips", ())}
    names: list[str] = []
    while name in by_name and (not names or name not in skipped):
        if name in names:
            raise Refused("circle")
        names.append(name)
        name = by_name[name].get("replaces")
    return names


# --- v2 -------------------------------------------------------------------------------------


def in_bounds(version: str | None, minimum: str, maximum: str) -> bool:
    text = " ".join(filter(None, [minimum and f">={minimum}", maximum and f"<={maximum}"]))
    return version is not None and gated(text, version)


def with_version(source: Source, package: str, names: list[str], version: str) -> set[str]:
    """By its very text, else by precedence (PIN-1)."""
    exact = {name for name in names if source.version(package, name) == version}
    return exact or {name for name in names if source.version(package, name) and key(source.version(package, name)) == key(version)}


def v2_range(source: Source, package: str, entries: list[dict[str, Any]], minimum: str, maximum: str) -> set[str]:
    names, line = [entry["name"] for entry in entries], chain(entries, top(entries))
    pinned: set[str] = set()
    if minimum and minimum == maximum:
        pinned = with_version(source, package, names, minimum)
        if len(pinned) < 2:
            return pinned
    by_name = {entry["name"]: entry for entry in entries}

    def inside(name: str) -> bool:
        return name in pinned if pinned else in_bounds(source.version(package, name), minimum, maximum)

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


def v2(source: Source, wanted: dict[str, Any]) -> dict[str, dict[str, set[str]]]:
    listed = {package["name"]: package for package in wanted.get("packages") or ()}
    found: dict[str, dict[str, set[str]]] = {}
    for package in sorted(set(listed) & set(source.channels)) if listed else sorted(source.channels):
        own = listed.get(package, {})
        own_channels = {channel["name"]: channel for channel in own.get("channels") or ()}
        channels = {name: entries for name, entries in source.channels[package].items() if not own_channels or name in own_channels}
        default = own.get("defaultChannel") or source.default[package]
        if default not in channels:
            raise Refused("default channel")
        for level in [own, *own_channels.values()]:
            pin = level.get("minVersion")
            held = [entry["name"] for entries in channels.values() for entry in entries]
            if pin and pin == level.get("maxVersion") and not with_version(source, package, held, pin):
                raise Refused("pinned version")
        kept = {}
        for name, entries in channels.items():
            level = own_channels.get(name, {})
            level = level if level.get("minVersion") or level.get("maxVersion") else own
            minimum, maximum = level.get("minVersion") or "", level.get("maxVersion") or ""
            if wanted.get("full"):
                if minimum or maximum:
                    raise Refused("full with range")
                kept[name] = {entry["name"] for entry in entries}
            else:
                kept[name] = v2_range(source, package, entries, minimum, maximum) if minimum or maximum else {top(entries)}
        kept = {name: names for name, names in kept.items() if names}
        if default not in kept:
            raise Refused("default channel is empty")
        found[package] = kept
    return found


# --- v1 -------------------------------------------------------------------------------------


def way(entries: list[dict[str, Any]], start: str, end: str) -> set[str]:
    """2.4; empty where no way leads from one to the other."""
    names = {entry["name"] for entry in entries}
    if start == end:
        return {end}
    own = chain(entries, start)
    meeting = next((name for name in chain(entries, end) if name in own), None)
    if meeting is None:
        return set()
    upwards = networkx.DiGraph((entry["replaces"], entry["name"]) for entry in entries if entry.get("replaces"))
    above = {
        each
        for name in (upwards.successors(meeting) if meeting in upwards else ())
        for each in networkx.descendants(upwards, name) | {name}
    }
    return (above - set(own[: own.index(meeting)]) | {start, end}) & names


def v1_level(source: Source, package: str, entries: list[dict[str, Any]], level: dict[str, Any], full: bool) -> set[str]:
    names = [entry["name"] for entry in entries]
    minimum, maximum = level.get("minVersion") or "", level.get("maxVersion") or ""
    if maximum:
        versions = {name: key(source.version(package, name)) for name in names}
        return {name for name in names if versions[name] <= key(maximum) and (not minimum or versions[name] >= key(minimum))}
    if level.get("minBundle"):
        return set(names)
    if minimum:
        picked = [name for name in names if minimum in (source.version(package, name), source.version(package, name).split("-", 1)[0])]
        # A channel of several heads may have one once it is filtered (L6).
        above = heads(entries) or ([head(entries)] if picked else [])
        return {each for name in picked for end in above for each in way(entries, name, end) | {name}}
    return set(names) if full else {head(entries)}


def v1(source: Source, wanted: dict[str, Any], dependencies: bool = False) -> dict[str, dict[str, set[str]]]:
    """An exact version that a listed channel has not once is refused."""
    full = bool(wanted.get("full"))
    found: dict[str, dict[str, set[str]]] = {}
    for own in wanted.get("packages") or [{"name": name} for name in source.channels]:
        package = own["name"]
        if package not in source.channels:
            continue
        channels = {name: {} for name in source.channels[package]}
        listed = {channel["name"]: channel for channel in own.get("channels") or ()}
        exact = (own.get("minVersion") or own.get("minBundle")) and not own.get("maxVersion")
        if not set(listed) <= set(channels):
            raise Refused("no such channel")
        levels = listed if listed and not exact else dict.fromkeys(channels, own)
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
    if dependencies:
        close(source, found)
    for package in found:
        require_default(source, package, found[package], wanted.get("packages") or ())
    return found


def require_default(source: Source, package: str, kept: dict[str, set[str]], listed: Iterable[dict[str, Any]]) -> None:
    """2.6: there is one, by whatever rule."""
    if source.default[package] in kept or any((package, name) in source.priorities for name in kept):
        return
    for own in listed:
        if own["name"] == package:
            named, channels = own.get("defaultChannel"), own.get("channels") or ()
            if named in source.channels[package] if named else len(channels) == 1:
                return
    raise Refused("default channel")


def close(source: Source, found: dict[str, dict[str, set[str]]]) -> None:
    """Adds what is required, and what that requires (2.5); a bundle is asked once for what it needs."""
    frontier = {(package, name) for package, channels in found.items() for names in channels.values() for name in names}
    asked: set[tuple[str, str]] = set()
    providers: set[tuple[str, str, str]] = set()
    while frontier:
        asked |= frontier
        needs = [need for bundle in frontier for need in source.properties.get(bundle, ()) if need[0].endswith(".required")]
        chosen = {provider for need in needs for provider in [best(source, *need)] if provider}
        providers |= chosen
        frontier = {(package, name) for package, _channel, name in chosen} - asked
    order = sorted(providers, key=lambda each: (each[0], each[1], key(source.versions[each[0], each[2]]), each[2]))
    for package, channel, name in order:
        entries = source.channels[package][channel]
        taken = found.setdefault(package, {}).setdefault(channel, set())
        if name in taken:
            continue
        above = head(entries)
        if name in next(entry for entry in entries if entry["name"] == above).get("skips", ()):
            continue
        added = way(entries, name, above)
        if not added:
            raise Refused("no way from a provider to the head")
        taken |= added
    for package in list(found):
        found[package] = {channel: names for channel, names in found[package].items() if names}
        if not found[package]:
            del found[package]


def best(source: Source, kind: str, value: dict[str, str]) -> tuple[str, str, str] | None:
    """Who provides it: of the first package that has one the highest version, of equal ones that of the default channel."""
    for package in [value["packageName"]] if kind == "olm.package.required" else sorted(source.channels):
        candidates = [
            (package, channel, entry["name"])
            for channel, entries in sorted(source.channels.get(package, {}).items())
            for entry in entries
            if (package, entry["name"]) in source.versions and provides(source, (package, entry["name"]), kind, value)
        ]
        if candidates:
            return max(candidates, key=lambda each: (key(source.versions[each[0], each[2]]), each[1] == source.default[each[0]]))
    return None


def provides(source: Source, bundle: tuple[str, str], kind: str, value: dict[str, str]) -> bool:
    if kind == "olm.gvk.required":
        return ("olm.gvk", value) in source.properties[bundle]
    text = value.get("versionRange") or ""
    return not text or plain(text, source.versions[bundle])
