# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The graph image, built as an OCI layout without a container engine (2.8)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import DOCKER_MANIFEST, OCI_LAYER_GZIP
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import GraphDataInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import ORIGIN
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob

AUTHOR = "disconnected.mirror"
COMMAND = ["/bin/bash", "-c", "exec cp -rp /var/lib/cincinnati-graph-data/* /var/lib/cincinnati/graph-data"]
TAG = "latest"

_DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_DEFAULT = Platform("linux", "amd64")


@dataclass(frozen=True)
class Layer:
    """A layer in both forms: as it lies in a registry, and the digest of what it unpacks to."""

    content: bytes
    unpacked: Digest


class GraphImage:
    """Puts a layer on every instance of a base image.

    upstream: where the base is read.  path: of the layout; it holds this image alone.
    """

    def __init__(self, upstream: Store, base: Reference, path: str) -> None:
        self._upstream = upstream
        self._base = base
        self._layout = LayoutStore(path)
        self._path = path

    def build(self, layer: Layer) -> Manifest:
        """The image, in the layout but for the layers of the base, which stay where they are.

        Raises what reading the base raises, StorageError, Unsupported.
        """
        root = self._upstream.fetch_manifest(self._base.repository, self._base.selector)
        built = self._index(root, layer) if root.is_index else self._image(root, layer)[0]
        self._layout.put_manifest("", built, TAG)
        files.write(os.path.join(self._path, ORIGIN), self._base.repository.encode("utf-8"))
        self._drop_others(built)
        return built

    def _index(self, root: Manifest, layer: Layer) -> Manifest:
        document = root.document()
        entries: list[dict[str, Any]] = []
        for entry, child in zip(document.get("manifests") or (), root.children):
            if child.platform is not None and child.platform.os == "unknown":
                # An attestation about an instance of the base; it says nothing about what is built here.
                continue
            manifest = self._upstream.fetch_manifest(self._base.repository, child.digest)
            if manifest.is_index:
                raise Unsupported("the base image is an index of indexes", subject=str(self._base), advice="Choose another graph_base.")
            built, platform = self._image(manifest, layer)
            self._layout.put_manifest("", built)
            entry = {key: value for key, value in entry.items() if key in ("platform", "annotations")}
            entry.update(mediaType=built.media_type, digest=built.digest, size=built.size)
            if child.platform is None or not child.platform.architecture:
                entry["platform"] = {"os": platform.os, "architecture": platform.architecture}
            entries.append(entry)
        if not entries:
            raise GraphDataInvalid("the base image has no instance", subject=str(self._base))
        document["manifests"] = entries
        return Manifest.parse(_json(document), root.media_type)

    def _image(self, manifest: Manifest, layer: Layer) -> Any:
        """The instance with the layer on top, and its platform (GR-06, GR-07, GR-09)."""
        document = manifest.document()
        if not manifest.blobs:
            raise Unsupported("the base image has no configuration", subject=str(self._base), advice="Choose another graph_base.")
        config = self._config(manifest.blobs[0])
        media_type = _DOCKER_LAYER if manifest.media_type == DOCKER_MANIFEST else OCI_LAYER_GZIP
        content = _json(_with_layer(config, layer))
        document["layers"] = [*(document.get("layers") or ()), self._put(layer.content, media_type)]
        document["config"] = self._put(content, manifest.blobs[0].media_type)
        platform = Platform(str(config.get("os") or _DEFAULT.os), str(config.get("architecture") or _DEFAULT.architecture))
        return Manifest.parse(_json(document), manifest.media_type), platform

    def _config(self, blob: Descriptor) -> dict[str, Any]:
        try:
            config = json_values.parse(
                read_blob(self._upstream, self._base.repository, blob, limits.IMAGE_CONFIG.size), limits.IMAGE_CONFIG
            )
        except ValueError as error:
            raise GraphDataInvalid("the configuration of the base image is not JSON", subject=str(self._base)) from error
        if not isinstance(config, dict):
            raise GraphDataInvalid("the configuration of the base image is not a JSON object", subject=str(self._base))
        return config

    def _put(self, content: bytes, media_type: str) -> dict[str, Any]:
        blob = Descriptor(media_type, Digest.of(content), len(content))
        write_blob(self._layout, "", blob, content)
        return {"mediaType": media_type, "digest": blob.digest, "size": blob.size}

    def _drop_others(self, built: Manifest) -> None:
        """Removes what earlier builds left, so that the layout does not grow."""
        needed: set[str] = {built.digest}
        for manifest in (built, *(self._layout.fetch_manifest("", child.digest) for child in built.children)):
            needed |= {manifest.digest, *(blob.digest for blob in manifest.blobs)}
        for algorithm in ("sha256", "sha384", "sha512"):
            folder = os.path.join(self._path, "blobs", algorithm)
            try:
                for name in os.listdir(folder) if os.path.isdir(folder) else ():
                    if f"{algorithm}:{name}" not in needed:
                        os.unlink(os.path.join(folder, name))
            except OSError as error:
                raise StorageError(f"cannot clean {folder}: {error.strerror}", subject=folder) from error


def _with_layer(config: dict[str, Any], layer: Layer) -> dict[str, Any]:
    found = dict(config)
    run = dict(found.get("config") or {})
    run["Cmd"] = COMMAND
    run.pop("Entrypoint", None)
    found["config"] = run
    found["author"] = AUTHOR
    rootfs = dict(found.get("rootfs") or {"type": "layers"})
    rootfs["diff_ids"] = [*rootfs.get("diff_ids", ()), layer.unpacked]
    found["rootfs"] = rootfs
    if found.get("history"):
        step: dict[str, Any] = {"created_by": "graph data", "author": AUTHOR}
        if found.get("created"):
            # The time of the base, so that the same data gives the same image.
            step["created"] = found["created"]
        found["history"] = [*found["history"], step]
    return found


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode("utf-8")
