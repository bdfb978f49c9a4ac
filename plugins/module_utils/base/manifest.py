# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Manifests as values: the exact bytes, and what they point to.

Bytes are never changed on their way; everything else is read from them (OCI image
specification manifest.md and image-index.md, Docker schema 2).  Schema 1 is recognized
so that it can be refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import (
    DOCKER_SCHEMA1,
    FOREIGN_LAYERS,
    INDEXES,
    OCI_INDEX,
    OCI_MANIFEST,
    SCHEMA1,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

# Larger manifests are refused before they are read (OCI distribution specification, "Pushing Manifests").
MAX_SIZE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Descriptor:
    """Points to content: what it is, its address, its size in bytes."""

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = field(default_factory=dict, compare=False, hash=False)
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, document: Any, subject: str = "") -> Descriptor:
        """From its JSON object; raises InputError when digest or size are not what the specification allows."""
        if not isinstance(document, dict):
            raise InputError("a descriptor must be a JSON object", subject=subject)
        size = document.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise InputError(f"a descriptor has the size {size!r:.50}", subject=subject)
        platform = document.get("platform")
        return cls(
            media_type=str(document.get("mediaType") or ""),
            digest=Digest.parse(document.get("digest")),
            size=size,
            platform=Platform.of(platform) if isinstance(platform, dict) else None,
            artifact_type=str(document.get("artifactType") or ""),
            annotations=_annotations(document),
            urls=_urls(document),
        )

    @property
    def foreign(self) -> bool:
        """Whether registries are not supposed to hold it (non-distributable layers)."""
        return self.media_type in FOREIGN_LAYERS


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index: its bytes as they were served, and its pointers.

    children: descriptors of manifests (an index); blobs: config and layers (an image
    or an artifact), foreign layers included.
    """

    content: bytes = field(repr=False)
    media_type: str
    digest: Digest
    children: tuple[Descriptor, ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def is_index(self) -> bool:
        return self.media_type in INDEXES

    def descriptor(self) -> Descriptor:
        return Descriptor(self.media_type, self.digest, self.size, artifact_type=self.artifact_type)

    def document(self) -> dict[str, Any]:
        """The parsed JSON, anew."""
        document: dict[str, Any] = json_values.parse(self.content, limits.MANIFEST)
        return document

    @classmethod
    def parse(cls, content: bytes, media_type: str = "", digest: Digest | None = None, subject: str = "") -> Manifest:
        """Reads a manifest from bytes.

        media_type: what the store said (a Content-Type); the document's own `mediaType` wins.
        digest: what it must have; computed when not given.
        Raises CorruptContent (wrong digest), Unsupported (schema 1, too large), InputError (not a manifest).
        """
        if len(content) > MAX_SIZE:
            raise Unsupported(f"the manifest has {len(content)} bytes, more than the {MAX_SIZE} that are accepted", subject=subject)
        if digest is None:
            digest = Digest.of(content)
        else:
            digest.check(content, subject)
        document = _object(content, subject)
        media_type = _media_type(document, media_type)
        if media_type in SCHEMA1:
            raise Unsupported(
                "the image has a Docker schema 1 manifest, which registries no longer accept",
                subject=subject,
                advice="Have it rebuilt or pushed again by a current client, or leave it out with blockedImages.",
            )
        if document.get("manifests") and (document.get("layers") or document.get("config")):
            # One reader would see a list of images, another one an image (OCI image specification, GHSA-77vh-xpmg-72qh).
            raise InputError("the manifest is a list of images and an image at once", subject=subject)
        try:
            return cls(
                content=content,
                media_type=media_type,
                digest=digest,
                children=tuple(Descriptor.of(entry, subject) for entry in document.get("manifests") or ()),
                blobs=_blobs(document, subject),
                subject=Descriptor.of(document["subject"], subject) if document.get("subject") else None,
                artifact_type=_artifact_type(document),
                annotations=_annotations(document),
            )
        except TypeError as error:
            raise InputError(f"the manifest is malformed: {error}", subject=subject) from error


def _object(content: bytes, subject: str) -> dict[str, Any]:
    try:
        document = json_values.parse(content, limits.MANIFEST)
    except ValueError as error:
        raise CorruptContent(f"the manifest is not JSON: {error}", subject=subject) from error
    if not isinstance(document, dict):
        raise InputError("the manifest is not a JSON object", subject=subject)
    return document


def _media_type(document: dict[str, Any], served: str) -> str:
    if document.get("schemaVersion") == 1:
        return DOCKER_SCHEMA1
    own = document.get("mediaType")
    if isinstance(own, str) and own:
        return own
    served = served.split(";")[0].strip()
    if served and served != "application/json" and served != "application/octet-stream":
        return served
    return OCI_INDEX if "manifests" in document else OCI_MANIFEST


def _blobs(document: dict[str, Any], subject: str) -> tuple[Descriptor, ...]:
    config = [document["config"]] if document.get("config") else []
    # `blobs` is the list of the short-lived OCI artifact manifest.
    return tuple(Descriptor.of(entry, subject) for entry in [*config, *(document.get("layers") or ()), *(document.get("blobs") or ())])


def _annotations(document: dict[str, Any]) -> dict[str, str]:
    """Texts by name, as the specification has them; anything else says nothing."""
    found = document.get("annotations")
    return {name: text for name, text in found.items() if isinstance(text, str)} if isinstance(found, dict) else {}


def _urls(document: dict[str, Any]) -> tuple[str, ...]:
    found = document.get("urls")
    return tuple(url for url in found if isinstance(url, str)) if isinstance(found, list) else ()


def _artifact_type(document: dict[str, Any]) -> str:
    if document.get("artifactType"):
        return str(document["artifactType"])
    config = document.get("config")
    return str(config.get("mediaType") or "") if isinstance(config, dict) else ""
