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

import gzip
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

_CHANNEL = re.compile(r"(\S+) ([^\s*:]+)(\*?)(?: prio=(\d+))?:(.*)")
_ENTRY = re.compile(r"([^\s<!~\[]+)(?:\[([^\]]+)\])?(?:<(\S+))?(?: !\{([^}]*)\})?(?: ~\"([^\"]*)\")?\Z")

# GVK `operators.example.com/v1 Name` and package properties, for tests of dependencies.
GROUP = "operators.example.com"


def provides(kind: str, version: str = "v1") -> dict[str, Any]:
    return {"type": "olm.gvk", "value": {"group": GROUP, "kind": kind, "version": version}}


def needs_kind(kind: str, version: str = "v1") -> dict[str, Any]:
    return {"type": "olm.gvk.required", "value": {"group": GROUP, "kind": kind, "version": version}}


def needs_package(name: str, versions: str = "") -> dict[str, Any]:
    value = {"packageName": name, "versionRange": versions} if versions else {"packageName": name}
    return {"type": "olm.package.required", "value": value}


def documents(text: str, properties: Mapping[str, Iterable[dict[str, Any]]] | None = None) -> list[dict[str, Any]]:
    """Package, channel and bundle documents.  properties: further ones by bundle name."""
    packages: dict[str, dict[str, Any]] = {}
    channels: list[dict[str, Any]] = []
    bundles: dict[tuple[str, str], dict[str, Any]] = {}
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


def write(folder: Path, content: Iterable[dict[str, Any]], name: str = "catalog.json") -> Path:
    """A catalog's directory with these documents in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(json.dumps(document, indent=4) for document in content))
    return folder


def catalog(
    folder: Path, text: str, properties: Mapping[str, Iterable[dict[str, Any]]] | None = None, more: Iterable[dict[str, Any]] = ()
) -> Catalog:
    return Catalog.from_directory(str(write(folder, [*documents(text, properties), *more])))


def short(package: str, name: str) -> str:
    """An entry's name as the notation writes it."""
    prefix = f"{package}.v"
    return name[len(prefix) :] if name.startswith(prefix) else name


def graph(selection: Selection) -> dict[str, str]:
    """A selection in the notation, by `package channel`, entries by name; the default channel has its star."""
    found: dict[str, str] = {}
    for package in selection.packages.values():
        for channel in package.channels.values():
            star = "*" if channel.name == package.default_channel else ""
            found[f"{package.name} {channel.name}{star}"] = "; ".join(sorted(_written(package.name, entry) for entry in channel.entries))
    return found


def names(selection: Selection) -> dict[str, list[str]]:
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


def _entry(package: str, text: str) -> tuple[dict[str, Any], str]:
    name, version, replaces, skips, skip_range = _ENTRY.fullmatch(text).groups()
    entry: dict[str, Any] = {"name": _full(package, name)}
    if replaces:
        entry["replaces"] = _full(package, replaces)
    if skips is not None:
        entry["skips"] = [_full(package, skipped.strip()) for skipped in skips.split(",")]
    if skip_range:
        entry["skipRange"] = skip_range
    return entry, version or (name if name[0].isdigit() else "")


def _bundle(package: str, name: str, version: str, properties: Mapping[str, Iterable[dict[str, Any]]]) -> dict[str, Any]:
    own = [{"type": "olm.package", "value": {"packageName": package, "version": version}}] if version else []
    image = f"quay.example.com/{package}/bundle:{re.sub('[^a-z0-9.-]', '-', name.lower())}"
    return {
        "schema": "olm.bundle",
        "name": name,
        "package": package,
        "image": image,
        "properties": [*own, *properties.get(name, ())],
        "relatedImages": [
            {"name": "", "image": image},
            {"name": "operator", "image": f"quay.example.com/{package}/operator:{version or 'latest'}"},
        ],
    }


def tar(members: Iterable[tuple[str, Any]], compress: bool = True) -> bytes:
    """A layer: (name, content) for a file, (name, None) for a folder, (name, TarInfo) for anything else."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
                continue
            member = tarfile.TarInfo(name)
            if content is None:
                member.type, member.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(member)
            else:
                member.size, member.mode = len(content), 0o644
                archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), 1, mtime=0) if compress else buffer.getvalue()


def files(content: Iterable[dict[str, Any]], folder: str = "configs") -> list[tuple[str, Any]]:
    """The members of a configs directory: one file for each package, one for what belongs to none."""
    by_package: dict[str, list[dict[str, Any]]] = {}
    for document in content:
        package = document["name"] if document["schema"] == "olm.package" else document.get("package", "")
        by_package.setdefault(package, []).append(document)
    members: list[tuple[str, Any]] = [(folder, None)]
    for package, found in sorted(by_package.items()):
        text = "\n".join(json.dumps(document, indent=4) for document in found)
        members += [(f"{folder}/{package}", None)] if package else []
        members.append((f"{folder}/{package}/catalog.json" if package else f"{folder}/other.json", text.encode()))
    return members


BASE = [
    ("bin", None),
    ("bin/opm", b"not a program"),
    ("tmp", None),
    ("tmp/cache", None),
    ("tmp/cache/digest", b"stale"),
    ("tmp/cache/cache", b"stale"),
]
LABELS = {"operators.operatorframework.io.index.configs.v1": "/configs", "maintainer": "nobody"}


def config(layers: Iterable[bytes], architecture: str = "amd64", labels: Mapping[str, str] | None = None, **settings: Any) -> bytes:
    """An image's configuration, by default that of a catalog as publishers make them."""
    started = {
        "Entrypoint": ["/bin/opm"],
        "Cmd": ["serve", "/configs", "--cache-dir=/tmp/cache"],
        "Labels": dict(LABELS if labels is None else labels),
    }
    diff_ids = [
        f"sha256:{hashlib.sha256(gzip.decompress(layer) if layer[:2] == bytes((31, 139)) else layer).hexdigest()}" for layer in layers
    ]
    document = {
        "architecture": architecture,
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": {**started, **settings},
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created_by": "publisher"} for _layer in diff_ids],
    }
    return json.dumps(document).encode()


def publish(
    store: MemoryStore, repository: str, tag: str, content: Iterable[dict[str, Any]], platforms: Iterable[str] = ("amd64", "arm64")
) -> Manifest:
    """A catalog image for each architecture under one index, with an attestation beside them."""
    configs = tar(files(content))
    children = []
    for architecture in platforms:
        layers = [tar([*BASE, ("etc/arch", architecture.encode())]), configs]
        children.append((f"linux/{architecture}", store.add_image(repository, layers=layers, config=config(layers, architecture))))
    children.append(
        ("unknown/unknown", store.add_image(repository, layers=[b"attestation"], config=b'{"architecture":"unknown","os":"unknown"}'))
    )
    return store.add_index(repository, children, tag)


def merged_root(manifest: Manifest, fetch: Callable[[Any], bytes]) -> dict[str, tuple[int, int, bytes | None]]:
    """The root that a container of an image sees: name to (mode, owner, content), without content for folders.

    A reading of its own, to check the product by.  fetch: the bytes of a layer's blob.
    """
    root: dict[str, tuple[int, int, bytes | None]] = {}
    for blob in manifest.blobs[1:]:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(fetch(blob)))) as archive:
            members = [(member, archive.extractfile(member).read() if member.isfile() else None) for member in archive]
        for member, _content in members:
            folder, _slash, base = member.name.rpartition("/")
            if base.startswith(".wh."):
                hidden = f"{folder}/{base[4:]}" if folder else base[4:]
                root = {name: value for name, value in root.items() if name != hidden and not name.startswith(hidden + "/")}
        for member, content in members:
            if not member.name.rpartition("/")[2].startswith(".wh."):
                root[member.name] = (member.mode, member.uid, content)
    return root


def write_root(root: Mapping[str, tuple[int, int, bytes | None]], folder: Path) -> None:
    """A merged root as a directory with its modes."""
    for name, (mode, _owner, content) in sorted(root.items()):
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        path.chmod(mode)
