# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The `index.json` of an OCI layout: which manifests it lists, under which names."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.blob import read_file

REF_NAME = "org.opencontainers.image.ref.name"
# Written by container engines that keep only the tag under the first one.
_FULL_NAME = "io.containerd.image.name"
_ATTACHMENT = re.compile(r"sha256-[0-9a-f]{64}(\.(sig|att|sbom))?\Z")


class LayoutIndex:
    """Reads the file again only when it has changed; threads may use it together.

    Changes are in memory until `save`, which writes those of all threads that wait for it at once: a list of many
    images would else be written as often as it has entries.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = os.path.join(path, "index.json")
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._state: tuple[int, int, int] = (0, 0, 0)
        self._changes = self._saved = 0
        self._content = b""
        self._document: dict[str, Any] = {}
        self._listed = Listed([])

    def create(self) -> None:
        """Makes an empty layout unless there is one.  Raises StorageError."""
        if os.path.exists(self._file):
            return
        with self._lock:
            if not os.path.exists(self._file):
                files.write_json(os.path.join(self._path, "oci-layout"), {"imageLayoutVersion": "1.0.0"})
                files.write_json(self._file, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})

    def content(self) -> bytes | None:
        """The exact bytes; None when there is no layout."""
        try:
            self._read()
        except NotFound:
            return None
        return self._content

    def entries(self) -> list[dict[str, Any]]:
        """Raises NotFound (no layout), InputError (malformed), Unsupported (another version)."""
        with self._lock:
            return list(self._read().entries)

    def names(self) -> dict[str, dict[str, Any]]:
        """Entries by name, those without one left out."""
        with self._lock:
            return dict(self._read().by_name)

    def named(self, repository: str, tag: str) -> dict[str, Any]:
        """By its full name, or by the tag where that alone is clear.  Raises NotFound, with the names that there are."""
        with self._lock:
            by_name = self._read().by_name
            for name in (entry_name(repository, tag), tag):
                if name in by_name:
                    return by_name[name]
            full = [entry for name, entry in by_name.items() if not repository and _split(name)[1] == tag]
            if len(full) == 1:
                return full[0]
            known = ", ".join(sorted(by_name)[:10]) or "none"
        name = entry_name(repository, tag)
        raise NotFound(f"the layout has no image named {name}", subject=self._path, advice=f"Its names are: {known}.")

    def tags(self, repository: str) -> tuple[str, ...] | None:
        """Tags of a repository; names without a repository belong to every one.  None when there is no layout."""
        try:
            with self._lock:
                tags = self._read().tags
                return tuple(sorted(tags.get(repository, set()) | tags.get("", set())))
        except NotFound:
            return None

    def lists_instances(self) -> bool:
        """Whether it is itself an image's index: each entry has a platform, and none a name."""
        entries = self.entries()
        return bool(entries) and all(entry.get("platform") and not _names(entry) for entry in entries)

    def is_attachment(self, entry: dict[str, Any]) -> bool:
        names = _names(entry)
        return bool(names) and all(_ATTACHMENT.match(_split(name)[1]) for name in names)

    def put(self, entry: dict[str, Any], name: str, children: Sequence[Digest]) -> None:
        """Lists a manifest, under a name when given; unnamed entries of its children are not roots any more."""
        with self._lock:
            listed = self._read()
            if not name and str(entry["digest"]) in listed.digests:
                return
            unnamed = {str(entry["digest"]), *map(str, children)}
            if name in listed.by_name or not listed.unnamed.isdisjoint(unnamed):
                kept = [old for old in listed.entries if name not in _names(old) and (_names(old) or old.get("digest") not in unnamed)]
                self._listed = listed = Listed(kept)
            listed.add({**entry, "annotations": {REF_NAME: name}} if name else entry)
            self._changes += 1

    def replace(self, entry: dict[str, Any], name: str) -> None:
        """Lists one manifest and nothing else.  Raises StorageError."""
        with self._lock:
            self._read()
            self._document = {"schemaVersion": 2, "mediaType": OCI_INDEX}
            self._listed = Listed([{**entry, "annotations": {REF_NAME: name}}])
            self._changes += 1
        self.save()

    def remove(self, repository: str, digest: Digest) -> bool:
        """Drops all entries of a manifest in a repository; says whether there were any."""
        with self._lock:
            entries = self._read().entries
            kept = [entry for entry in entries if entry.get("digest") != digest or not _belongs(entry, repository)]
            if len(kept) == len(entries):
                return False
            self._listed = Listed(kept)
            self._changes += 1
            return True

    def save(self) -> None:
        """What was changed before is in the file when this returns.  Raises StorageError."""
        with self._lock:
            wanted = self._changes
        with self._saving:
            if self._saved >= wanted:
                return
            with self._lock:
                number = self._changes
                document = {**self._document, "manifests": list(self._listed.entries)}
            # Without line breaks, since Python's encoder is many times slower with them.
            content = json.dumps(document, sort_keys=True, ensure_ascii=False).encode("utf-8")
            files.write(self._file, content)
            stat = os.stat(self._file)
            with self._lock:
                self._state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                self._content = content
                self._saved = number

    def _read(self) -> Listed:
        """What is listed now, changes that are not saved yet included; to be used under the lock."""
        with self._lock:
            if self._saved < self._changes:
                return self._listed
            try:
                stat = os.stat(self._file)
            except OSError:
                advice = "It is a directory with oci-layout and index.json."
                raise NotFound("there is no OCI image layout", subject=self._path, advice=advice) from None
            state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if state != self._state:
                self._check_version()
                self._content = read_file(self._file, limits.LAYOUT_INDEX.size, self._file)
                self._document = _document(self._content, self._file)
                self._listed = Listed(self._document.get("manifests") or [])
                self._state = state
            return self._listed

    def _check_version(self) -> None:
        try:
            version = files.read_json(os.path.join(self._path, "oci-layout"), limits.SMALL)
        except FileNotFoundError:
            return
        number = version.get("imageLayoutVersion") if isinstance(version, dict) else None
        if not isinstance(number, str) or not number.startswith("1."):
            raise Unsupported(f"the layout has version {number!r:.40}", subject=self._path, advice="Only version 1 is supported.")


class Listed:
    """The entries of an index, and the ways to find one.

    by_name: the last entry of each name.  tags: by repository.  digests: of all entries; unnamed: of those without a name.
    """

    def __init__(self, entries: Sequence[dict[str, Any]]) -> None:
        self.entries: list[dict[str, Any]] = []
        self.by_name: dict[str, dict[str, Any]] = {}
        self.tags: dict[str, set[str]] = {}
        self.digests: set[str] = set()
        self.unnamed: set[str] = set()
        for entry in entries:
            self.add(entry)

    def add(self, entry: dict[str, Any]) -> None:
        self.entries.append(entry)
        digest = str(entry.get("digest"))
        self.digests.add(digest)
        names = _names(entry)
        if not names:
            self.unnamed.add(digest)
        for name in names:
            self.by_name[name] = entry
            repository, tag = _split(name)
            if tag:
                self.tags.setdefault(repository, set()).add(tag)


def entry_name(repository: str, tag: str) -> str:
    """The name under which a tag is listed; empty without a tag."""
    return f"{repository}:{tag}" if repository and tag else tag


def _document(content: bytes, path: str) -> dict[str, Any]:
    try:
        document = json_values.parse(content, limits.LAYOUT_INDEX)
    except ValueError as error:
        raise InputError(f"it is not JSON: {error}", subject=path) from None
    if not isinstance(document, dict):
        raise InputError("it is not a JSON object", subject=path)
    entries = [] if document.get("manifests") is None else document["manifests"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InputError("manifests is not a list of objects", subject=path)
    return document


def _names(entry: dict[str, Any]) -> list[str]:
    annotations = entry.get("annotations")
    if not isinstance(annotations, dict):
        return []
    return [name for name in (annotations.get(REF_NAME), annotations.get(_FULL_NAME)) if isinstance(name, str) and name]


def _split(name: str) -> tuple[str, str]:
    """Repository and tag of a name; a name without a colon is a tag."""
    start = name.rfind("/") + 1
    colon = name.find(":", start)
    if colon < 0:
        return ("", name) if not start else (name, "")
    return name[:colon], name[colon + 1 :]


def _belongs(entry: dict[str, Any], repository: str) -> bool:
    names = _names(entry)
    return not names or any(_split(name)[0] in ("", repository) for name in names)
