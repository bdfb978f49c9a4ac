# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fake registry holds: repositories, their blobs, manifests, tags and open uploads."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Union

FOREIGN = "foreign.diff", "nondistributable"


class HollowBlob:
    """A blob of zeros of any size that takes no memory; its digest is whatever it was stored under."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _step = part.indices(self._size)
        return bytes(max(0, stop - start))


Blob = Union[bytes, HollowBlob]


def digest_of(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


@dataclass
class Repository:
    """manifests: digest to (media type, bytes)."""

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)

    def resolve(self, reference: str) -> str | None:
        """The digest of a tag or of a digest; None when it is not there."""
        digest = reference if ":" in reference else self.tags.get(reference, "")
        return digest if digest in self.manifests else None

    def missing(self, document: dict[str, object], sparse: bool) -> list[str]:
        """Digests that a manifest points to and that are not here; foreign layers need not be."""
        children = [] if sparse else [entry["digest"] for entry in document.get("manifests") or []]
        blobs = [document["config"]] if document.get("config") else []
        blobs += [*(document.get("layers") or []), *(document.get("blobs") or [])]
        wanted = [entry["digest"] for entry in blobs if not any(word in str(entry.get("mediaType")) for word in FOREIGN)]
        return [digest for digest in children if digest not in self.manifests] + [digest for digest in wanted if digest not in self.blobs]

    def referrers(self, digest: str) -> list[dict[str, object]]:
        """Descriptors of the manifests whose subject is `digest`, by their digest."""
        found = []
        for own, (media_type, content) in sorted(self.manifests.items()):
            document = json.loads(content)
            if (document.get("subject") or {}).get("digest") == digest:
                found.append(_descriptor(own, media_type, content, document))
        return found


def _descriptor(digest: str, media_type: str, content: bytes, document: dict[str, object]) -> dict[str, object]:
    config = document.get("config") or {}
    descriptor = {"mediaType": media_type, "digest": digest, "size": len(content)}
    artifact_type = document.get("artifactType") or config.get("mediaType")
    if artifact_type:
        descriptor["artifactType"] = artifact_type
    if document.get("annotations"):
        descriptor["annotations"] = document["annotations"]
    return descriptor


@dataclass
class Content:
    """All repositories of a registry; blobs are stored once.  Guard changes with `lock`.

    keeps: a push does not change what is there under the same digest.  A blob goes with the last repository that has it.
    """

    blobs: dict[str, Blob] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    uploads: dict[str, tuple[str, bytearray]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    keeps: bool = False

    def create(self, repository: str) -> Repository:
        """The repository, made when it is not there yet."""
        with self.lock:
            return self.repositories.setdefault(repository, Repository())

    def find(self, repository: str) -> Repository:
        """The repository, an unattached empty one when it is not there."""
        return self.repositories.get(repository) or Repository()

    def put_blob(self, repository: str, blob: Blob, digest: str = "") -> str:
        """Stores a blob without asking questions; its digest, which is computed unless given."""
        with self.lock:
            digest = digest or digest_of(bytes(blob[:]))
            self.blobs[digest] = blob
            self.create(repository).blobs.add(digest)
            return digest

    def put_manifest(self, repository: str, content: bytes, media_type: str = "", tag: str = "", digest: str = "") -> str:
        """Stores a manifest without asking questions; its digest."""
        with self.lock:
            digest = digest or digest_of(content)
            media_type = media_type or json.loads(content).get("mediaType") or "application/vnd.oci.image.manifest.v1+json"
            self.create(repository).manifests[digest] = (media_type, content)
            if tag:
                self.create(repository).tags[tag] = digest
            return digest

    def delete_manifest(self, repository: str, digest: str) -> None:
        """Removes it and every tag that names it."""
        with self.lock:
            found = self.find(repository)
            found.manifests.pop(digest, None)
            for tag in [tag for tag, named in found.tags.items() if named == digest]:
                del found.tags[tag]

    def start_upload(self, repository: str) -> str:
        with self.lock:
            identity = uuid.uuid4().hex
            self.uploads[identity] = (repository, bytearray())
            return identity

    def upload(self, repository: str, identity: str) -> bytearray | None:
        owner, received = self.uploads.get(identity, ("", bytearray()))
        return received if owner == repository else None

    def snapshot(self) -> dict[str, tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]]:
        """By repository: tags, digests of manifests, digests of blobs; comparable."""
        with self.lock:
            return {
                name: (dict(sorted(found.tags.items())), tuple(sorted(found.manifests)), tuple(sorted(found.blobs)))
                for name, found in sorted(self.repositories.items())
            }
