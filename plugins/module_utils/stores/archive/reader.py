# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An archive set as the source of a transfer: nothing is unpacked.

Blobs stream from their offset in the volumes.  Nothing of a set is trusted beyond what its
manifest declares, and `check` proves the whole of it before anything is pushed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    InputError,
    NotFound,
    StorageError,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import MAX_SIZE, Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import (
    SIGNATURE,
    Places,
    Segment,
    arrange,
    volume_name,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import VolumeSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.index import REF_NAME
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Capabilities
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore


class ArchiveReader(ReadOnlyStore):
    """One complete set.  Repositories are full origin names; a digest is found in any of them.

    Raises CorruptContent at once when volumes are missing, or have another size than the manifest declares.
    """

    def __init__(self, volumes: VolumeSet) -> None:
        self.contents = volumes.contents
        self.archive_id = volumes.archive_id
        self.paths = volumes.paths
        self.encoded = volumes.encoded
        self.name = f"archive {os.path.basename(volumes.paths[0])}"
        self.capabilities = Capabilities(tags=True, delete=False, referrers=False)
        self.places: Places = self._arranged()
        self._require_whole()
        self.segments: dict[Digest, list[Segment]] = self.places.by_digest()
        self._documents = {
            segment.content.name: segment for volume in self.places.segments for segment in volume if not segment.content.is_blob
        }
        self._files: dict[int, int] = {}
        self._mutex = threading.Lock()

    def document(self, name: str) -> bytes:
        """A document of the set, such as plan.json, its digest verified.  Raises NotFound, CorruptContent."""
        segment = self._documents.get(name)
        if segment is None:
            raise NotFound(f"{self.name} has no {name}")
        content = self.pread(segment.volume, segment.offset, segment.size)
        if name != SIGNATURE:
            segment.content.digest.check(content, f"{name} in {self.paths[segment.volume]}")
        return content

    @property
    def documents(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.contents.members if not member.is_blob)

    def pread(self, volume: int, offset: int, size: int) -> bytes:
        """Bytes of a volume.  Raises CorruptContent (there are fewer), StorageError."""
        try:
            content = os.pread(self._file(volume), size, offset)
        except OSError as error:
            raise StorageError(f"cannot read the volume: {error.strerror}", subject=self.paths[volume]) from error
        if len(content) != size:
            raise CorruptContent("the volume is truncated", subject=self.paths[volume], advice="Transfer this file again.")
        return content

    def preadv(self, volume: int, buffer: memoryview, offset: int) -> int:
        """`pread` into a buffer, up to its length; at least one byte.  Raises CorruptContent, StorageError."""
        try:
            read = os.preadv(self._file(volume), [buffer], offset)
        except OSError as error:
            raise StorageError(f"cannot read the volume: {error.strerror}", subject=self.paths[volume]) from error
        if read == 0:
            raise CorruptContent("the volume is truncated", subject=self.paths[volume], advice="Transfer this file again.")
        return read

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        digest = self._resolve(repository, reference)
        segments = self.segments.get(digest)
        if segments is None:
            raise NotFound(f"{self.name} does not hold {digest}", subject=f"{repository}@{digest}")
        size = segments[0].content.size
        if size > MAX_SIZE:
            raise Unsupported(
                f"the manifest has {size} bytes, more than the {MAX_SIZE} that are accepted", subject=f"{repository}@{digest}"
            )
        content = b"".join(self.pread(segment.volume, segment.offset, segment.size) for segment in segments)
        return Manifest.parse(content, digest=digest, subject=f"{repository}@{digest}")

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        segments = self.segments.get(blob.digest)
        if segments is None:
            raise NotFound(f"{self.name} does not hold {blob.digest}", subject=str(blob.digest))
        return _SegmentReader(self, segments, offset)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        names = self._index.get(repository)
        return tuple(sorted(names)) if names is not None else None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return ()

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if digest in self.segments}

    def close(self) -> None:
        with self._mutex:
            for file in self._files.values():
                os.close(file)
            self._files = {}

    def _file(self, volume: int) -> int:
        with self._mutex:
            if volume not in self._files:
                self._files[volume] = os.open(self.paths[volume], os.O_RDONLY | os.O_CLOEXEC)
            return self._files[volume]

    def _arranged(self) -> Places:
        """Laid out no further than there are volumes: what an archive claims of itself may be any size."""
        most = max(1, len(self.paths))
        try:
            return arrange(self.contents, most)
        except InputError as error:
            raise self._missing(most) from error

    def _missing(self, most: int) -> CorruptContent:
        present = {os.path.basename(path) for path in self.paths}
        names = (volume_name(self.contents.sequence, number) for number in range(most + 1))
        name = next(name for name in names if name not in present)
        return CorruptContent(
            f"volume {name} is missing, or what the archive says of its size is wrong",
            subject=os.path.dirname(self.paths[0]) or ".",
            advice="Transfer all volumes of the archive.",
        )

    def _require_whole(self) -> None:
        present = {os.path.basename(path): path for path in self.paths}
        for number, size in enumerate(self.places.sizes):
            name = volume_name(self.contents.sequence, number)
            path = present.pop(name, None)
            if path is None:
                raise CorruptContent(f"volume {name} of {len(self.places.sizes)} is missing", subject=os.path.dirname(self.paths[0]) or ".")
            found = os.path.getsize(path)
            if found != size:
                raise CorruptContent(
                    f"the volume has {found} bytes where {size} were expected", subject=path, advice="Transfer this file again."
                )
        for path in present.values():
            raise CorruptContent("the archive has no such volume", subject=path, advice="Remove it.")

    def _resolve(self, repository: str, reference: str) -> Digest:
        if ":" in reference:
            return Digest.parse(reference)
        digest = self._index.get(repository, {}).get(reference)
        if digest is None:
            raise NotFound(f"{self.name} has no tag {reference} of {repository}", subject=f"{repository}:{reference}")
        return digest

    @cached_property
    def _index(self) -> dict[str, dict[str, Digest]]:
        """Tags by full repository name, from the layout's `index.json`.  Raises CorruptContent."""
        index: dict[str, dict[str, Digest]] = {}
        try:
            for entry in json_values.parse(self.document("index.json"), limits.RECORD)["manifests"]:
                name = _reference_name(entry)
                repository, _colon, tag = name.rpartition(":")
                if repository and "/" not in tag:
                    index.setdefault(repository, {})[tag] = Digest.parse(entry["digest"])
        except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            raise CorruptContent("index.json is not the index of a layout", subject=self.name) from error
        return index


def _reference_name(entry: dict[str, Any]) -> str:
    name = (entry.get("annotations") or {}).get(REF_NAME, "")
    return name if isinstance(name, str) and "@" not in name else ""


class _SegmentReader(BlobReader):
    """Reads a blob across the volumes it lies in."""

    def __init__(self, archive: ArchiveReader, segments: Sequence[Segment], position: int) -> None:
        self._archive = archive
        self._segments = segments
        self._position = position

    def readinto(self, buffer: memoryview) -> int:
        for segment in self._segments:
            rest = segment.start + segment.size - self._position
            if self._position >= segment.start and rest > 0:
                chunk = buffer[: min(len(buffer), rest)]
                offset = segment.offset + self._position - segment.start
                read = self._archive.preadv(segment.volume, chunk, offset)
                self._position += read
                return read
        return 0

    def close(self) -> None:
        """Volumes stay open until the archive is closed."""
