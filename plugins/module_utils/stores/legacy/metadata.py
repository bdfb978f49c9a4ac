# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The metadata that oc-mirror v1 keeps: `publish/.metadata.json` (mirroring 4.2), read only."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, InputError

API_VERSION = "mirror.openshift.io/v1alpha2"


@dataclass(frozen=True)
class Association:
    """One manifest that was mirrored.

    name: source reference, or the bare digest for a child manifest.  path: repository, with host when it was
    mirrored registry to registry.  digest: empty for records by tag only.  tag: empty for children.
    """

    name: str
    path: str
    digest: str
    tag: str
    type: str
    manifests: tuple[Digest, ...] = ()
    layers: tuple[Digest, ...] = ()


@dataclass(frozen=True)
class Metadata:
    """uid, sequence, and what was mirrored: in this run (`current`), and what should exist at the mirror (`past`)."""

    uid: str
    single_use: bool
    sequence: int
    timestamp: int
    mirror: dict[str, Any] = field(default_factory=dict)
    operators: tuple[dict[str, Any], ...] = ()
    platforms: tuple[dict[str, Any], ...] = ()
    current: tuple[Association, ...] = ()
    past: tuple[Association, ...] = ()

    @classmethod
    def decode(cls, encoded: bytes, subject: str) -> Metadata:
        """Raises CorruptContent, Incompatible (another version or kind)."""
        document = _document(encoded, subject)
        if not isinstance(document, dict) or (document.get("apiVersion"), document.get("kind")) != (API_VERSION, "Metadata"):
            raise Incompatible(f"this is not oc-mirror metadata of {API_VERSION}", subject=subject)
        try:
            run = document.get("pastMirror") or {}
            return cls(
                uid=str(document.get("uid") or ""),
                single_use=bool(document.get("singleUse")),
                sequence=int(run.get("sequence") or 0),
                timestamp=int(run.get("timestamp") or 0),
                mirror=run.get("mirror") or {},
                operators=tuple(run.get("operators") or ()),
                platforms=tuple(run.get("platforms") or ()),
                current=tuple(_association(entry) for entry in run.get("associations") or ()),
                past=tuple(_association(entry) for entry in document.get("pastAssociations") or ()),
            )
        except (TypeError, ValueError, AttributeError, KeyError, InputError) as error:
            raise CorruptContent(f"the metadata is malformed: {error}", subject=subject) from error


def _document(encoded: bytes, subject: str) -> Any:
    """The first document: v1 does not shorten its file, so that behind a shorter one the end of the longer one before it stays."""
    try:
        return json_values.parse(encoded, limits.LEGACY_METADATA)
    except ValueError as error:
        text = encoded[: limits.LEGACY_METADATA.size].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
        try:
            end = json.JSONDecoder().raw_decode(text)[1]
            return json_values.parse(text[:end], limits.LEGACY_METADATA)
        except (ValueError, RecursionError):
            raise CorruptContent(f"the metadata is not JSON: {error}", subject=subject) from error


def _association(entry: Any) -> Association:
    association = Association(
        name=str(entry.get("name") or ""),
        path=str(entry.get("path") or ""),
        digest=Digest.parse(entry["id"]) if entry.get("id") else "",
        tag=str(entry.get("tagSymlink") or ""),
        type=str(entry.get("type") or ""),
        manifests=tuple(Digest.parse(text) for text in entry.get("manifestDigests") or ()),
        layers=tuple(Digest.parse(text) for text in entry.get("layerDigests") or ()),
    )
    if bool(association.manifests) == bool(association.layers) or not (association.digest or association.tag):
        raise ValueError(f"the record of {association.name!r} names neither an image nor an index")
    return association
