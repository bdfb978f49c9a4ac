# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store in memory without HTTP, and small images made by hand, for tests of what decides.

`calls` lists (method, repository, what) of every question asked, so that tests can count requests.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, Capabilities, Store


class _Reader(BlobReader):
    def __init__(self, content: bytes) -> None:
        self._content = content

    def readinto(self, buffer: memoryview) -> int:
        size = min(len(buffer), len(self._content))
        buffer[:size] = self._content[:size]
        self._content = self._content[size:]
        return size

    def close(self) -> None:
        self._content = b""


class _Writer(BlobWriter):
    def __init__(self, store: MemoryStore, repository: str, blob: Descriptor) -> None:
        self._store, self._repository, self._blob = store, repository, blob
        self._content = bytearray()

    def write(self, chunk: memoryview) -> None:
        self._content += chunk

    def commit(self) -> None:
        self._blob.digest.check(bytes(self._content))
        self._store.add_blob(self._repository, bytes(self._content))

    def resume(self) -> int:
        return len(self._content)

    def abort(self) -> None:
        self._content.clear()


class MemoryStore(Store):
    """errors: what a question about (method, repository) raises instead of an answer."""

    name = "memory"

    def __init__(self, referrers: bool | None = True) -> None:
        self.capabilities = Capabilities(mount=True, delete=True, referrers=referrers)
        self.manifests: dict[str, dict[Digest, Manifest]] = {}
        self.named: dict[str, dict[str, Digest]] = {}
        self.blobs: dict[str, dict[Digest, bytes]] = {}
        self.errors: dict[tuple[str, str], MirrorError] = {}
        self.calls: list[tuple[str, str, str]] = []
        self._lock = threading.Lock()

    # What tests fill it with.

    def add_blob(self, repository: str, content: bytes) -> Descriptor:
        digest = Digest.of(content)
        self.blobs.setdefault(repository, {})[digest] = content
        return Descriptor(OCI_LAYER_GZIP, digest, len(content))

    def add_image(
        self,
        repository: str,
        tag: str = "",
        layers: Sequence[bytes] = (b"layer",),
        config: bytes = b"{}",
        subject: Manifest | None = None,
        artifact_type: str = "",
    ) -> Manifest:
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": _entry(self.add_blob(repository, config), OCI_CONFIG),
            "layers": [_entry(self.add_blob(repository, layer), OCI_LAYER_GZIP) for layer in layers],
        }
        if subject is not None:
            document["subject"] = _entry(subject.descriptor(), subject.media_type)
        if artifact_type:
            document["artifactType"] = artifact_type
        return self.add_document(repository, document, tag)

    def add_index(self, repository: str, instances: Sequence[tuple[str, Manifest]], tag: str = "") -> Manifest:
        """instances: (os/architecture, manifest)."""
        children = []
        for platform, manifest in instances:
            child = _entry(manifest.descriptor(), manifest.media_type)
            if platform:
                child["platform"] = dict(zip(("os", "architecture", "variant"), platform.split("/")))
            children.append(child)
        return self.add_document(repository, {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}, tag)

    def add_document(self, repository: str, document: dict[str, object], tag: str = "") -> Manifest:
        content = json.dumps(document, sort_keys=True).encode()
        digest = Digest.of(content)
        manifest = Manifest.parse(content, digest=digest) if document.get("schemaVersion") == 2 else Manifest(content, "", digest)
        self.manifests.setdefault(repository, {})[digest] = manifest
        if tag:
            self.named.setdefault(repository, {})[tag] = digest
        return manifest

    def count(self, method: str) -> int:
        return sum(1 for call in self.calls if call[0] == method)

    # What a store does.

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        self._asked("fetch_manifest", repository, reference)
        found = self.manifests.get(repository, {})
        if not reference and len(found) == 1:
            return next(iter(found.values()))
        digest = self.named.get(repository, {}).get(reference, reference)
        if digest not in found:
            raise NotFound(f"{repository} has no {reference}", subject=f"{repository}:{reference}", status=404)
        manifest = found[digest]
        parsed = Manifest.parse(manifest.content, subject=f"{repository}:{reference}")
        if parsed.digest != digest:
            raise CorruptContent(f"{repository} answers other content for {digest}", subject=repository)
        return manifest

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        self._asked("find_manifest", repository, reference)
        digest = self.named.get(repository, {}).get(reference, reference)
        manifest = self.manifests.get(repository, {}).get(digest)
        return Descriptor(manifest.media_type, digest, manifest.size) if manifest else None

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        self._asked("open_blob", repository, blob.digest)
        try:
            return _Reader(self.blobs[repository][blob.digest][offset:])
        except KeyError:
            raise NotFound(f"{repository} has no blob {blob.digest}", subject=repository, status=404) from None

    def tags(self, repository: str) -> tuple[str, ...] | None:
        self._asked("tags", repository, "")
        return tuple(sorted(self.named.get(repository, {}))) if repository in self.manifests else None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        self._asked("referrers", repository, digest)
        found = self.manifests.get(repository, {}).values()
        return tuple(manifest.descriptor() for manifest in found if manifest.subject is not None and manifest.subject.digest == digest)

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        digests = list(digests)
        self._asked("blobs_present", repository, str(len(digests)))
        return {digest for digest in digests if digest in self.blobs.get(repository, {})}

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        self._asked("blob_size", repository, blob.digest)
        found = self.blobs.get(repository, {}).get(blob.digest)
        return None if found is None else len(found)

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        self._asked("start_blob", repository, blob.digest)
        if blob.digest in self.blobs.get(repository, {}):
            return None
        content = self.blobs.get(mount_from, {}).get(blob.digest)
        if content is not None and self.capabilities.mount:
            self.blobs.setdefault(repository, {})[blob.digest] = content
            return None
        return _Writer(self, repository, blob)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        self._asked("put_manifest", repository, tag or manifest.digest)
        self.manifests.setdefault(repository, {})[manifest.digest] = manifest
        if tag:
            self.named.setdefault(repository, {})[tag] = manifest.digest

    def delete_manifest(self, repository: str, digest: Digest) -> None:
        self._asked("delete_manifest", repository, digest)
        if self.manifests.get(repository, {}).pop(digest, None) is None:
            raise NotFound(f"{repository} has no {digest}", subject=repository, status=404)
        # As registries do it: a manifest goes with all its tags.
        for tag in [tag for tag, named in self.named.get(repository, {}).items() if named == digest]:
            del self.named[repository][tag]

    def _asked(self, method: str, repository: str, what: str) -> None:
        with self._lock:
            self.calls.append((method, repository, what))
        error = self.errors.get((method, repository))
        if error is not None:
            raise error


def _entry(descriptor: Descriptor, media_type: str) -> dict[str, object]:
    return {"mediaType": media_type, "digest": descriptor.digest, "size": descriptor.size}
