# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The journal: what is known to be at one destination, so that a run asks less.

A file of lines, appended while a run works and rewritten short when one ends.  The
destination itself is the truth: a line that was lost costs a request, a line that has
become wrong is noticed when the destination refuses what builds on it.  Therefore lines
are written in batches, and a torn last line is dropped.

    {"journal": 1, "destination": "docker://mirror.example.com:5000"}
    {"blob": "sha256:...", "repository": "ubi8/ubi"}
    {"image": "sha256:...", "repository": "ubi8/ubi", "tags": ["latest"], "platforms": []}
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files

FORMAT = 1

Platforms = tuple[str, ...]

# A batch goes to the file when it has this many lines, or its first line is this old (seconds).
BATCH = 64
FLUSH_AFTER = 0.5
# The file is synchronized with the disk at most this often (seconds).
SYNC_AFTER = 5.0

# Made once: `json.dumps` makes one for each line.
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def file_name(destination: str) -> str:
    """The journal's name for a store's name: readable, and different for different stores."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "_", destination).strip("_.")[-80:]
    return f"{readable}-{hashlib.sha256(destination.encode()).hexdigest()[:12]}.jsonl"


class Journal:
    """Knowledge about one destination; may be used by several threads.

    path: the file; None keeps everything in memory (check mode, tests).
    destination: the store's name; a file about another destination is not believed.
    problem: a sentence, when the file cannot be written.
    """

    def __init__(self, path: str | None, destination: str, writable: bool = True) -> None:
        self._path = path
        self._destination = destination
        self._writable = writable and path is not None
        self._lock = threading.Lock()
        self._images: dict[tuple[str, str], tuple[set[str], Platforms]] = {}
        self._blobs: dict[str, set[str]] = {}
        self._hints: dict[str, str] = {}
        self._pending: list[str] = []
        self._pending_since = 0.0
        self._synced = time.monotonic()
        self._handle: int | None = None
        self._appended = False
        self._believed = False
        self._closed = False
        self.problem = ""
        if path is not None:
            self._load(path)

    @classmethod
    def open(cls, folder: str, destination: str, writable: bool = True) -> Journal:
        """The journal of a destination below `Workspace.journal`."""
        return cls(os.path.join(folder, file_name(destination)), destination, writable)

    def proves(self, repository: str, digest: str, tags: Iterable[str], platforms: Platforms) -> bool:
        """Whether this image was published in this repository under all these tags, with these instances."""
        known = self._images.get((repository, digest))
        return known is not None and _covers(known[1], platforms) and known[0].issuperset(tags)

    def has_instances(self, repository: str, digest: str, platforms: Platforms) -> bool | None:
        """Whether an image was published with these instances; None when nothing is known about it."""
        known = self._images.get((repository, digest))
        return _covers(known[1], platforms) if known else None

    def places(self, digest: str) -> set[str]:
        """Repositories into which a blob was written by a run that did not end."""
        return self._blobs.get(digest, set())

    def hint(self, places: Mapping[str, str]) -> None:
        """Repositories by digest from which blobs may be mounted, for this run alone; no line is written for them."""
        self._hints.update(places)

    def hinted(self, digest: str) -> str:
        """A repository that may have a blob, worth a try and no more; empty for none."""
        return self._hints.get(digest, "")

    def add_blob(self, digest: str, repository: str) -> None:
        with self._lock:
            places = self._blobs.setdefault(digest, set())
            if repository in places:
                return
            places.add(repository)
            self._append({"blob": digest, "repository": repository})

    def add_image(self, repository: str, digest: str, tags: Iterable[str], platforms: Platforms) -> None:
        """Tags and instances add to what is known of the image."""
        with self._lock:
            known = self._images.get((repository, digest))
            entry = (set(tags), platforms)
            if known is not None:
                entry = (known[0].union(tags), () if () in (platforms, known[1]) else tuple(sorted({*known[1], *platforms})))
            if known == entry:
                return
            self._images[(repository, digest)] = entry
            self._append({"image": digest, "repository": repository, "tags": sorted(entry[0]), "platforms": list(entry[1])})

    def forget_image(self, repository: str, digest: str) -> None:
        """The destination does not have it as believed."""
        with self._lock:
            if self._images.pop((repository, digest), None) is not None:
                self._append({"gone": digest, "repository": repository})

    def forget_blobs(self, repository: str, digests: Iterable[str]) -> None:
        with self._lock:
            for digest in digests:
                self._blobs.get(digest, set()).discard(repository)

    def flush(self) -> None:
        """Writes what waits and synchronizes the file."""
        with self._lock:
            self._write(sync=True)

    def close(self, compact: bool = False) -> None:
        """Ends the journal, once.  compact: the run is complete, so blobs need no line of their own any more."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if compact and self._writable and (self._appended or self._pending or self._blobs):
                self._blobs.clear()
                self._pending.clear()
                self._rewrite()
            else:
                self._write(sync=True)
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None

    def _rewrite(self) -> None:
        try:
            files.write(str(self._path), b"".join(self._lines()))
        except StorageError as error:
            self.problem = str(error)

    def _lines(self) -> Iterable[bytes]:
        yield _line(self._header())
        for (repository, digest), (tags, platforms) in sorted(self._images.items()):
            yield _line({"image": digest, "repository": repository, "tags": sorted(tags), "platforms": list(platforms)})

    def _header(self) -> dict[str, Any]:
        return {"journal": FORMAT, "destination": self._destination}

    def _append(self, record: dict[str, Any]) -> None:
        if not self._writable or self._closed:
            return
        now = time.monotonic()
        if not self._pending:
            self._pending_since = now
        self._pending.append(_ENCODE(record))
        if len(self._pending) >= BATCH or now - self._pending_since >= FLUSH_AFTER:
            self._write(sync=now - self._synced >= SYNC_AFTER)

    def _write(self, sync: bool) -> None:
        if not self._writable or (not self._pending and not self._appended):
            return
        path = str(self._path)
        try:
            if self._handle is None:
                self._handle = self._open(path)
            if self._pending:
                # One call for the batch: a crash tears at most the last line.
                os.write(self._handle, ("\n".join(self._pending) + "\n").encode())
                self._pending.clear()
                self._appended = True
            if sync:
                os.fsync(self._handle)
                self._synced = time.monotonic()
        except OSError as error:
            # Knowledge that is lost costs requests, and must not cost images.
            self.problem = f"The journal {path} cannot be written ({error.strerror}); the next run will have to ask more."
            self._writable = False

    def _open(self, path: str) -> int:
        files.make_folder(os.path.dirname(path) or ".")
        handle = files.extend(path, os.O_APPEND)
        size = os.fstat(handle).st_size
        if size == 0 or not self._believed:
            os.ftruncate(handle, 0)
            os.write(handle, _line(self._header()))
        elif os.pread(handle, 1, size - 1) != b"\n":
            os.write(handle, b"\n")
        return handle

    def _load(self, path: str) -> None:
        try:
            lines = files.read(path, limits.JOURNAL).split(b"\n")
        except FileNotFoundError:
            return
        header = _record(lines[0])
        if header != self._header():
            return
        self._believed = True
        for line in lines[1:]:
            record = _record(line)
            if record:
                self._take(record)

    def _take(self, record: dict[str, Any]) -> None:
        repository = str(record.get("repository"))
        if "image" in record:
            self._images[(repository, record["image"])] = (set(record.get("tags") or ()), tuple(record.get("platforms") or ()))
        elif "blob" in record:
            self._blobs.setdefault(record["blob"], set()).add(repository)
        elif "gone" in record:
            self._images.pop((repository, record["gone"]), None)


def _covers(known: Platforms, wanted: Platforms) -> bool:
    """No platforms are all of them."""
    return known == () or (wanted != () and set(wanted) <= set(known))


def _line(record: dict[str, Any]) -> bytes:
    return _ENCODE(record).encode() + b"\n"


def _record(line: bytes) -> dict[str, Any]:
    """A line as a record; empty for a torn one."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
