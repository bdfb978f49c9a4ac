# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store in memory that watches the order of what is written, and fails where it is told to."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, WriteInterrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore


class FaultyStore(MemoryStore):
    """strict: a manifest is refused while something it points to is missing, like registries do.

    sparse: indexes are taken without all of their instances.
    breaks: for a blob, the byte offsets at which its upload breaks, each once; resume then goes back `rewind` bytes.
    read: for (repository, blob) the bytes that are served instead.
    on_call: called before every question, for tests that interfere.
    order: (repository, tag or digest) of every manifest accepted.
    """

    def __init__(self, name: str = "memory", strict: bool = True, sparse: bool = True) -> None:
        super().__init__()
        self.name = name
        self.strict = strict
        self.sparse = sparse
        self.breaks: dict[Digest, list[int]] = {}
        self.rewind = 0
        self.served: dict[tuple[str, Digest], bytes] = {}
        self.on_call: Callable[[str, str, str], None] = lambda method, repository, what: None
        self.order: list[tuple[str, str]] = []
        self.reads: list[tuple[Digest, int]] = []

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        reader = super().open_blob(repository, blob, offset)
        with self._lock:
            self.reads.append((blob.digest, offset))
        if (repository, blob.digest) in self.served:
            reader._content = self.served[(repository, blob.digest)][offset:]
        return reader

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        if mount_from and self.capabilities.mount and blob.digest in self.blobs.get(mount_from, {}):
            self._asked("mount", repository, blob.digest)
            self.add_blob(repository, self.blobs[mount_from][blob.digest])
            return None
        writer = super().start_blob(repository, blob)
        return None if writer is None else BreakingWriter(self, writer, blob)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        if self.strict:
            blobs = self.blobs.get(repository, {})
            lost = [blob.digest for blob in manifest.blobs if not blob.foreign and blob.digest not in blobs]
            if not self.sparse:
                lost += [child.digest for child in manifest.children if child.digest not in self.manifests.get(repository, {})]
            if lost:
                self._asked("refused", repository, manifest.digest)
                raise RegistryError(f"blob unknown: {lost[0]}", subject=repository, status=404)
        super().put_manifest(repository, manifest, tag)
        with self._lock:
            self.order.append((repository, tag or manifest.digest))

    def _asked(self, method: str, repository: str, what: str) -> None:
        super()._asked(method, repository, what)
        self.on_call(method, repository, what)


class BreakingWriter(BlobWriter):
    def __init__(self, store: FaultyStore, writer: Any, blob: Descriptor) -> None:
        self._store, self._writer, self._blob = store, writer, blob
        self._at = 0

    def write(self, chunk: memoryview) -> None:
        end = self._at + len(chunk)
        for offset in self._store.breaks.get(self._blob.digest, ()):
            if self._at <= offset < end:
                self._store.breaks[self._blob.digest].remove(offset)
                self._writer.write(chunk[: offset - self._at])
                raise WriteInterrupted()
        self._writer.write(chunk)
        self._at = end

    def commit(self) -> None:
        self._writer.commit()

    def resume(self) -> int:
        del self._writer._content[max(0, len(self._writer._content) - self._store.rewind) :]
        self._at = len(self._writer._content)
        return self._at

    def abort(self) -> None:
        self._writer.abort()


def placed(
    manifest: Manifest,
    source: str,
    tags: Any = ("latest",),
    repository: str = "",
    type: str = "generic",
    why: Any = (("additionalImages[0]",),),
    **more: Any,
) -> PlacedImage:
    """A planned image with its place; by default in a repository of the source's name below `mirror`."""
    repository = repository or f"mirror/{source}"
    tags = tuple(tags)
    image = PlanImage(
        type=type,
        origin=f"{source}:{tags[0]}" if tags else f"{source}@{manifest.digest}",
        source=source,
        digest=manifest.digest,
        media_type=manifest.media_type,
        size=manifest.size,
        destination=repository,
        tags=tags,
        why=why,
        **more,
    )
    return PlacedImage(image, repository, tags)
