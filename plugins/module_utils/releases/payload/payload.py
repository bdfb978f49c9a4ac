# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a release image says about the release: documents in its layers (2.5)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import PayloadInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Content, Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.tar_walk import Member

FOLDER = "release-manifests"
REFERENCES = "image-references"
METADATA = "release-metadata"
BOOT_IMAGES = "0000_50_installer_coreos-bootimages.yaml"

# A release's image-references has about 100 KiB.
_PREFERRED = Platform("linux", "amd64")


@dataclass(frozen=True)
class Payload:
    """digest: of the release image as it was named.  architecture: of its configuration, or `multi` for an index.

    documents: by file name below release-manifests/, those that were asked for and are there.
    """

    digest: Digest
    architecture: str
    documents: Mapping[str, bytes] = field(repr=False)


class Payloads:
    """Reads release images, each once: their documents are kept in the workspace by digest."""

    def __init__(self, store: Store, workspace: Workspace) -> None:
        self._store = store
        self._shelf = Shelf(workspace.manifests)
        self._workspace = workspace

    def read(self, repository: str, digest: Digest, boot_images: bool = False) -> Payload:
        """The documents of a release image.

        boot_images: whether the list of boot images is asked for as well.
        Raises NotFound, PayloadInvalid (no image-references), CorruptContent and what the store raises.
        """
        wanted = (REFERENCES, METADATA) + ((BOOT_IMAGES,) if boot_images else ())
        kept = self._kept(digest, wanted)
        if kept is not None:
            return kept
        root = self._manifest(repository, digest)
        instance = self._manifest(repository, _instance(root, repository).digest) if root.is_index else root
        architecture = "multi" if root.is_index else self._architecture(repository, instance)
        documents = self._documents(repository, instance, wanted)
        if REFERENCES not in documents:
            raise PayloadInvalid(f"the image has no {FOLDER}/{REFERENCES}: it is not a release image", subject=f"{repository}@{digest}")
        payload = Payload(digest, architecture, documents)
        self._keep(payload, wanted)
        return payload

    def _manifest(self, repository: str, digest: Digest) -> Manifest:
        manifest = self._shelf.get(digest)
        if manifest is None:
            manifest = self._store.fetch_manifest(repository, digest)
            self._shelf.put(manifest)
        return manifest

    def _architecture(self, repository: str, instance: Manifest) -> str:
        subject = f"{repository}@{instance.digest}"
        if not instance.blobs:
            raise PayloadInvalid("the release image has no configuration", subject=subject)
        try:
            config = json_values.parse(read_blob(self._store, repository, instance.blobs[0], limits.IMAGE_CONFIG.size), limits.IMAGE_CONFIG)
            architecture = config.get("architecture")
        except (ValueError, AttributeError) as error:
            raise PayloadInvalid("the configuration of the release image is not a JSON object", subject=subject) from error
        if not isinstance(architecture, str) or not architecture:
            raise PayloadInvalid("the configuration of the release image names no architecture", subject=subject)
        return architecture

    def _documents(self, repository: str, instance: Manifest, wanted: Sequence[str]) -> dict[str, bytes]:
        """From the topmost layer down; the layer that holds image-references holds them all."""
        found: dict[str, bytes] = {}
        hidden: set[str] = set()
        for blob in reversed(instance.blobs[1:]):
            if blob.foreign:
                continue
            hidden |= self._search(repository, blob, [name for name in wanted if name not in hidden], found)
            if REFERENCES in found or REFERENCES in hidden:
                break
        return found

    def _search(self, repository: str, blob: Descriptor, wanted: Sequence[str], found: dict[str, bytes]) -> set[str]:
        """Adds to `found` what the layer has; gives the names that it hides in the layers below."""
        here: dict[str, bytes] = {}
        hidden: set[str] = set()
        with Layer(self._store, repository, blob) as layer:
            for name, member, stream in layer.members():
                folder, _slash, base = name.rpartition("/")
                if name == f".wh.{FOLDER}" or (folder == FOLDER and base == ".wh..wh..opq"):
                    hidden.update(wanted)
                elif folder == FOLDER and base.startswith(".wh."):
                    hidden.add(base[len(".wh.") :])
                elif folder == FOLDER and base in wanted:
                    here[base] = _content(member, stream, f"{repository}@{blob.digest}")
                    if len(here) == len(wanted):
                        break
        for name, content in here.items():
            found.setdefault(name, content)
        return hidden

    def _file(self, digest: Digest) -> str:
        return os.path.join(self._workspace.release_payloads, f"{digest.algorithm}-{digest.hex}.json")

    def _kept(self, digest: Digest, wanted: Sequence[str]) -> Payload | None:
        try:
            document: Any = files.read_json(self._file(digest))
            if not set(wanted) <= set(document["searched"]):
                return None
            documents = {name: text.encode("utf-8") for name, text in document["documents"].items()}
            return Payload(digest, document["architecture"], documents)
        except (FileNotFoundError, StorageError, KeyError, TypeError, AttributeError):
            return None

    def _keep(self, payload: Payload, searched: Sequence[str]) -> None:
        try:
            documents = {name: content.decode("utf-8") for name, content in payload.documents.items()}
        except UnicodeDecodeError:
            # Documents that are not UTF-8 are read again next time.
            return
        files.write_json(
            self._file(payload.digest), {"architecture": payload.architecture, "searched": list(searched), "documents": documents}
        )


def _instance(index: Manifest, repository: str) -> Descriptor:
    """The instance that is inspected: any tells the same, linux/amd64 where it is there (PL-21)."""
    linux = [child for child in index.children if child.platform is not None and child.platform.os == "linux"]
    for child in linux:
        if child.platform is not None and child.platform.serves(_PREFERRED):
            return child
    if not linux:
        raise PayloadInvalid("the index has no instance for linux", subject=f"{repository}@{index.digest}")
    return linux[0]


def _content(member: Member, content: Content, subject: str) -> bytes:
    if not member.is_file:
        raise PayloadInvalid(f"{member.name} is not a file", subject=subject)
    if member.size > limits.RELEASE_DOCUMENT.size:
        problem = f"{member.name} has {member.size} bytes, more than the {limits.RELEASE_DOCUMENT.size} that are accepted"
        raise PayloadInvalid(problem, subject=subject)
    return content.read()
