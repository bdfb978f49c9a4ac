# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""An archive set as the destination of a transfer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import Segment
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.unfinished import UnfinishedSet
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, Capabilities, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob


class ArchiveWriter(Store):
    """Takes the blobs that the set was planned with, each once, at its reserved place.

    left_out: blobs that earlier archives shipped; they count as present.
    Names and tags are in the set's `index.json` from the start, so putting a manifest is
    writing its bytes.
    """

    def __init__(self, unfinished: UnfinishedSet, left_out: AbstractSet[Digest] = frozenset()) -> None:
        self.name = f"archive {unfinished.names[0]}"
        self.capabilities = Capabilities(mount=True, tags=False, delete=False, referrers=False)
        self._set = unfinished
        self._left_out = left_out
        self._segments = unfinished.places.by_digest()

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        raise NotFound("an archive that is being written is not read", subject=f"{repository}:{reference}")

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        return None

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        raise NotFound("an archive that is being written is not read", subject=str(blob.digest))

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return ()

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if self._has(digest)}

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        if self._has(blob.digest):
            return None
        segments = self._segments.get(blob.digest)
        if segments is None:
            raise Incompatible(f"{self.name} was not planned with this blob", subject=str(blob.digest))
        size = segments[0].content.size
        if size != blob.size:
            raise CorruptContent(
                f"the blob is said to have {blob.size} bytes here and {size} bytes elsewhere in the plan", subject=str(blob.digest)
            )
        return _PlaceWriter(self._set, blob, segments)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        write_blob(self, repository, manifest.descriptor(), manifest.content)

    def delete_manifest(self, repository: str, digest: Digest) -> None:
        raise Unsupported("nothing is deleted from archives", subject=str(digest))

    def missing(self) -> tuple[Digest, ...]:
        """Blobs that have not arrived yet."""
        return tuple(sorted(set(self._segments) - self._set.done))

    def _has(self, digest: Digest) -> bool:
        return digest in self._set.done or digest in self._left_out


class _PlaceWriter(BlobWriter):
    """Writes to the place of one blob.  The transfer has hashed what it hands over."""

    def __init__(self, unfinished: UnfinishedSet, blob: Descriptor, segments: Sequence[Segment]) -> None:
        self._set = unfinished
        self._blob = blob
        self._segments = segments
        self._position = 0

    def write(self, chunk: memoryview) -> None:
        if self._position + len(chunk) > self._blob.size:
            raise CorruptContent(f"the blob has more than the {self._blob.size} bytes it should have", subject=str(self._blob.digest))
        self._set.write(self._segments, self._position, chunk)
        self._position += len(chunk)

    def commit(self) -> None:
        if self._position != self._blob.size:
            raise CorruptContent(
                f"the blob has {self._position} bytes where {self._blob.size} were expected", subject=str(self._blob.digest)
            )
        self._set.record(self._blob.digest)

    def resume(self) -> int:
        return self._position

    def abort(self) -> None:
        """The place stays reserved and unrecorded."""
