# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small catalogs in the graph notation of the specification, to filter in tests.

    documents('''
        foo stable*: 0.1.0; 0.2.0<0.1.0 !{0.1.1} ~"<0.2.0"
        foo alpha prio=2: 0.2.0
    ''')

An entry that begins with a digit is the version of the bundle `<package>.v<version>`; `name[version]` gives both, another
name has no version.  `*` marks the default channel.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.model import Selection

_CHANNEL = re.compile(r"(\S+) ([^\s*:]+)(\*?)(?: prio=(\d+))?:(.*)")
_ENTRY = re.compile(r"([^\s<!~\[]+)(?:\[([^\]]+)\])?(?:<(\S+))?(?: !\{([^}]*)\})?(?: ~\"([^\"]*)\")?\Z")

# GVK `operators.example.com/v1 Name` and package properties, for tests of dependencies.
GROUP = "operators.example.com"


def provides(kind: str, version: str = "v1") -> Dict[str, Any]:
    return {"type": "olm.gvk", "value": {"group": GROUP, "kind": kind, "version": version}}


def needs_kind(kind: str, version: str = "v1") -> Dict[str, Any]:
    return {"type": "olm.gvk.required", "value": {"group": GROUP, "kind": kind, "version": version}}


def needs_package(name: str, versions: str = "") -> Dict[str, Any]:
    value = {"packageName": name, "versionRange": versions} if versions else {"packageName": name}
    return {"type": "olm.package.required", "value": value}


def documents(text: str, properties: Optional[Mapping[str, Iterable[Dict[str, Any]]]] = None) -> List[Dict[str, Any]]:
    """Package, channel and bundle documents.  properties: further ones by bundle name."""
    packages: Dict[str, Dict[str, Any]] = {}
    channels: List[Dict[str, Any]] = []
    bundles: Dict[Tuple[str, str], Dict[str, Any]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        package, channel, star, priority, rest = _CHANNEL.fullmatch(line).groups()
        document = packages.setdefault(package, {"schema": "olm.package", "name": package, "defaultChannel": ""})
        if star:
            document["defaultChannel"] = channel
        entries = []
        for part in filter(None, map(str.strip, rest.split(";"))):
            entry, version = _entry(package, part)
            entries.append(entry)
            bundles.setdefault((package, entry["name"]), _bundle(package, entry["name"], version, properties or {}))
        channels.append({"schema": "olm.channel", "package": package, "name": channel, "entries": entries})
        if priority:
            channels[-1]["properties"] = [{"type": "olm.channel", "value": {"channelName": channel, "priority": int(priority)}}]
    return [*packages.values(), *channels, *bundles.values()]


def write(folder: Path, content: Iterable[Dict[str, Any]], name: str = "catalog.json") -> Path:
    """A catalog's directory with these documents in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(json.dumps(document, indent=4) for document in content))
    return folder


def catalog(folder: Path, text: str, properties: Optional[Mapping[str, Iterable[Dict[str, Any]]]] = None, more: Iterable[Dict[str, Any]] = ()) -> Catalog:
    return Catalog.from_directory(str(write(folder, [*documents(text, properties), *more])))


def short(package: str, name: str) -> str:
    """An entry's name as the notation writes it."""
    prefix = f"{package}.v"
    return name[len(prefix) :] if name.startswith(prefix) else name


def graph(selection: Selection) -> Dict[str, str]:
    """A selection in the notation, by `package channel`, entries by name; the default channel has its star."""
    found: Dict[str, str] = {}
    for package in selection.packages.values():
        for channel in package.channels.values():
            star = "*" if channel.name == package.default_channel else ""
            found[f"{package.name} {channel.name}{star}"] = "; ".join(sorted(_written(package.name, entry) for entry in channel.entries))
    return found


def names(selection: Selection) -> Dict[str, List[str]]:
    """Entries by `package channel`, as the notation names them."""
    return {
        f"{package.name} {channel.name}": sorted(short(package.name, name) for name in channel.names)
        for package in selection.packages.values()
        for channel in package.channels.values()
    }


def _written(package: str, entry: Any) -> str:
    text = short(package, entry.name)
    if entry.replaces:
        text += "<" + short(package, entry.replaces)
    if entry.skips:
        text += " !{" + ",".join(short(package, name) for name in entry.skips) + "}"
    return text + (f' ~"{entry.skip_range}"' if entry.skip_range else "")


def _full(package: str, name: str) -> str:
    return f"{package}.v{name}" if name[0].isdigit() else name


def _entry(package: str, text: str) -> Tuple[Dict[str, Any], str]:
    name, version, replaces, skips, skip_range = _ENTRY.fullmatch(text).groups()
    entry: Dict[str, Any] = {"name": _full(package, name)}
    if replaces:
        entry["replaces"] = _full(package, replaces)
    if skips is not None:
        entry["skips"] = [_full(package, skipped.strip()) for skipped in skips.split(",")]
    if skip_range:
        entry["skipRange"] = skip_range
    return entry, version or (name if name[0].isdigit() else "")


def _bundle(package: str, name: str, version: str, properties: Mapping[str, Iterable[Dict[str, Any]]]) -> Dict[str, Any]:
    own = [{"type": "olm.package", "value": {"packageName": package, "version": version}}] if version else []
    image = f"quay.example.com/{package}/bundle:{re.sub('[^a-z0-9.-]', '-', name.lower())}"
    return {
        "schema": "olm.bundle",
        "name": name,
        "package": package,
        "image": image,
        "properties": [*own, *properties.get(name, ())],
        "relatedImages": [{"name": "", "image": image}, {"name": "operator", "image": f"quay.example.com/{package}/operator:{version or 'latest'}"}],
    }
