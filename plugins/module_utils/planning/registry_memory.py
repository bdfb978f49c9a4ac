# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Histories kept in a registry: one small artifact for each document (mirroring 4.4).

At the destination it lets the receiving side refuse a gap and tell what it has, whoever runs
there and from which host.  Where `storageConfig.registry` names an image, it is kept there.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_EMPTY, OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.memory import Backend
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

ARTIFACT = "application/vnd.disconnected.mirror.history.v1+json"
# Where the reference implementation keeps its metadata at the destination, so that one place tells (mirroring 2.3).
REPOSITORY = "oc-mirror"
_LIMIT = 512 * 1024 * 1024
_V1_FILE = "publish/.metadata.json"
_EMPTY = b"{}"


class RegistryMemory(Backend):
    """Documents as artifacts of one repository; a document's name is its tag, cut to what tags allow."""

    def __init__(self, store: Store, repository: str, tag: str = "") -> None:
        self._store = store
        self._repository = repository
        self._tag = tag

    def read(self, name: str) -> Optional[Any]:
        """None when there is none.  Raises Incompatible when the tag is taken by something else."""
        manifest = self._manifest(name)
        if manifest is None:
            return None
        if manifest.artifact_type != ARTIFACT or not manifest.blobs:
            raise Incompatible(
                f"the tag {self._repository}:{self._tag_of(name)} of {self._store.name} is not a history",
                subject=self._repository,
                advice="Name another image or namespace, or remove the tag.",
            )
        try:
            return json.loads(gzip.decompress(read_blob(self._store, self._repository, manifest.blobs[-1], _LIMIT)))
        except (ValueError, OSError, EOFError) as error:
            raise CorruptContent(f"the history in {self._repository} of {self._store.name} cannot be read", subject=self._repository) from error

    def write(self, name: str, document: Any) -> bool:
        encoded = gzip.compress(files.json_bytes(document), mtime=0)
        manifest = _artifact(encoded)
        found = self._store.find_manifest(self._repository, self._tag_of(name))
        if found is not None and found.digest == manifest.digest:
            return False
        for blob, content in zip(manifest.blobs, (_EMPTY, encoded)):
            writer = self._store.start_blob(self._repository, blob)
            if writer is not None:
                writer.write(memoryview(content))
                writer.commit()
        self._store.put_manifest(self._repository, manifest, self._tag_of(name))
        return True

    def read_v1(self, name: str) -> Optional[bytes]:
        """The metadata file that oc-mirror v1 stored under this tag; None when there is none, or something else.

        Its image has one layer, a tar with `publish/.metadata.json`.
        """
        manifest = self._manifest(name)
        if manifest is None or manifest.is_index or manifest.artifact_type == ARTIFACT:
            return None
        for layer in reversed(manifest.blobs[1:]):
            content = read_blob(self._store, self._repository, layer, _LIMIT)
            try:
                with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
                    member = tar.extractfile(_V1_FILE)
                    if member is not None:
                        return member.read(_LIMIT)
            except (tarfile.TarError, KeyError, OSError, EOFError):
                continue
        return None

    def _manifest(self, name: str) -> Optional[Manifest]:
        try:
            return self._store.fetch_manifest(self._repository, self._tag_of(name))
        except NotFound:
            return None

    def _tag_of(self, name: str) -> str:
        return self._tag or name[:128]


def _artifact(encoded: bytes) -> Manifest:
    """An image manifest without an image (OCI image specification, "Guidelines for Artifact Usage")."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ARTIFACT,
        "config": {"mediaType": OCI_EMPTY, "digest": Digest.of(_EMPTY), "size": len(_EMPTY)},
        "layers": [{"mediaType": f"{ARTIFACT}+gzip", "digest": Digest.of(encoded), "size": len(encoded)}],
    }
    return Manifest.parse(files.json_bytes(document))
