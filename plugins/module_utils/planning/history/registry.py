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
import tarfile
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.backend import Backend
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import file_of
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob

ARTIFACT = "application/vnd.disconnected.mirror.history.v1+json"
# Where the reference implementation keeps its metadata at the destination, so that one place tells (mirroring 2.3).
REPOSITORY = "oc-mirror"
_V1_FILE = "publish/.metadata.json"
_FILE = "history.json"
_PREFIX = "history-"


class RegistryMemory(Backend):
    """Documents as images of one repository; a document's tag is a prefix and its name, cut to what tags allow.

    What oc-mirror v1 keeps in the same repository has tags of its own and stays as it is.
    """

    def __init__(self, store: Store, repository: str, prefix: str = _PREFIX) -> None:
        self._store = store
        self._repository = repository
        self._prefix = prefix

    def read(self, name: str) -> Any | None:
        """None when there is none.  Raises Incompatible (the tag is taken by something else), CorruptContent."""
        manifest = self._manifest(self._tag_of(name))
        if manifest is None:
            return None
        if manifest.artifact_type != ARTIFACT or not manifest.blobs:
            raise Incompatible(
                f"the tag {self._repository}:{self._tag_of(name)} of {self._store.name} is not a history",
                subject=self._repository,
                advice="Name another image or namespace, or remove the tag.",
            )
        content = file_of(self._store, self._repository, manifest.blobs[-1], _FILE, limits.RECORD.size)
        try:
            return json_values.parse(content or b"", limits.RECORD)
        except ValueError as error:
            raise CorruptContent(
                f"the history in {self._repository} of {self._store.name} cannot be read: {error}", subject=self._repository
            ) from error

    def write(self, name: str, document: Any) -> bool:
        config, layer, manifest = _built(document)
        found = self._store.find_manifest(self._repository, self._tag_of(name))
        if found is not None and found.digest == manifest.digest and self._is_whole(manifest):
            return False
        for blob, content in zip(manifest.blobs, (config, layer)):
            write_blob(self._store, self._repository, blob, content)
        self._store.put_manifest(self._repository, manifest, self._tag_of(name))
        return True

    def read_v1(self, tag: str) -> bytes | None:
        """The metadata file that oc-mirror v1 stored under a tag; None when there is none, or something else.

        Its image has one layer, a tar with `publish/.metadata.json`.
        """
        manifest = self._manifest(tag)
        if manifest is None or manifest.is_index or manifest.artifact_type == ARTIFACT:
            return None
        for layer in reversed(manifest.blobs[1:]):
            try:
                found = file_of(self._store, self._repository, layer, _V1_FILE, limits.LEGACY_METADATA.size)
            except (CorruptContent, InputError):
                # No layer of files, or not one of oc-mirror's.
                continue
            if found is not None:
                return found
        return None

    def _manifest(self, tag: str) -> Manifest | None:
        try:
            return self._store.fetch_manifest(self._repository, tag)
        except NotFound:
            return None

    def _is_whole(self, manifest: Manifest) -> bool:
        digests = {blob.digest for blob in manifest.blobs}
        return self._store.blobs_present(self._repository, digests) >= digests

    def place_of(self, name: str) -> str:
        """Where a document lies, to be told."""
        return f"{self._store.name}/{self._repository}:{self._tag_of(name)}"

    def _tag_of(self, name: str) -> str:
        return f"{self._prefix}{name}"[:128]


def stored_size(document: Any) -> int:
    """Bytes that are sent for a document that the registry does not have."""
    config, layer, manifest = _built(document)
    return len(config) + len(layer) + manifest.size


def _built(document: Any) -> tuple[bytes, bytes, Manifest]:
    """Config, layer and manifest of the image that carries a document."""
    tar = _tar(files.json_bytes(document))
    layer = gzip.compress(tar, mtime=0)
    config = _config(tar)
    return config, layer, _image(config, layer)


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        entry = tarfile.TarInfo(_FILE)
        entry.size, entry.mode = len(content), 0o644
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _config(tar: bytes) -> bytes:
    return files.json_bytes(
        {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": [Digest.of(tar)]}}
    )


def _image(config: bytes, layer: bytes) -> Manifest:
    """An ordinary image with a document in its layer: every registry takes that, and not every one takes artifacts."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ARTIFACT,
        "config": {"mediaType": OCI_CONFIG, "digest": Digest.of(config), "size": len(config)},
        "layers": [{"mediaType": OCI_LAYER_GZIP, "digest": Digest.of(layer), "size": len(layer)}],
    }
    return Manifest.parse(files.json_bytes(document))
