# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The boot images of a release, which its payload names with their checksums (stream metadata of CoreOS, `stream-metadata-go`).

In a mirror and in archives each is an artifact of one blob, the file itself: the checksum of the release is the blob's digest, and
clients such as `oras` give the file its name again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.components import TAG_ARCHITECTURES, boot_image_stream

# OCI image specification, "Guidelines for Artifact Usage": the configuration of what needs none.
EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_TYPE = "application/vnd.coreos.boot-image"
_FILE_TYPE = "application/octet-stream"
_TITLE = "org.opencontainers.image.title"

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# A name that is a tag as well.
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")
_URL = re.compile(r"https?://[!-~]{1,2000}\Z")


@dataclass(frozen=True)
class BootImage:
    """kind: `metal/iso/disk`, and so on: platform, format, part.  sha256: of the file at `location`."""

    architecture: str
    kind: str
    location: str
    sha256: str

    @property
    def digest(self) -> Digest:
        return Digest.parse(f"sha256:{self.sha256}")

    @property
    def file_name(self) -> str:
        """The last part of its location, where that is a mere name; else one made of what it is."""
        name = urlsplit(self.location).path.rpartition("/")[2]
        return name if _FILE.match(name) else f"{self.kind.replace('/', '-')}.{self.architecture}"[:128]

    def locations(self, base: str = "") -> tuple[str, ...]:
        """Where to look for it.  base: URL of a copy of its publisher's server, or of one directory with all files; empty for none."""
        if not base:
            return (self.location,)
        return tuple(dict.fromkeys((f"{base}{urlsplit(self.location).path}", f"{base}/{self.file_name}")))

    def document(self) -> dict[str, str]:
        return {"architecture": self.architecture, "kind": self.kind, "location": self.location, "sha256": self.sha256}

    def artifact(self, size: int) -> Manifest:
        """size: bytes of the file.  The same file has the same manifest, wherever it was found."""
        empty = {"mediaType": _EMPTY_TYPE, "digest": Digest.of(EMPTY), "size": len(EMPTY)}
        layer = {"mediaType": _FILE_TYPE, "digest": self.digest, "size": size, "annotations": {_TITLE: self.file_name}}
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": _TYPE, "config": empty, "layers": [layer]}
        return Manifest.parse(json.dumps(document, separators=(",", ":")).encode("ascii"), OCI_MANIFEST)


def boot_images(content: bytes, subject: str = "") -> list[BootImage]:
    """From the document of the payload; entries without a location on the web or a checksum are left out.  Raises PayloadInvalid."""
    found = []
    for architecture, entry in _members(boot_image_stream(content, subject).get("architectures")):
        for platform, artifact in _members(entry.get("artifacts")):
            for form, parts in _members(artifact.get("formats")):
                for part, file in _members(parts):
                    location, digest = file.get("location"), file.get("sha256")
                    if _is_usable(location, digest):
                        found.append(BootImage(architecture, f"{platform}/{form}/{part}", str(location), str(digest)))
    return sorted(found, key=lambda image: (image.architecture, image.kind))


def chosen(images: Sequence[BootImage], kinds: Sequence[str], architectures: Sequence[str], subject: str = "") -> list[BootImage]:
    """Those of some kinds, each file once.

    kinds: `metal/iso/disk`, or the beginning of that up to a slash.  architectures: as releases call them; `multi` for all.
    Raises NotFound for a kind that there is not, InputError when two files have one name.
    """
    names = {TAG_ARCHITECTURES.get(each, each) for each in architectures}
    fitting = [image for image in images if image.architecture in names or "multi" in names]
    found: dict[tuple[str, str], BootImage] = {}
    for kind in kinds:
        matching = [image for image in fitting if f"{image.kind}/".startswith(f"{kind.strip('/')}/")]
        if not matching:
            offered = ", ".join(sorted({image.kind for image in fitting})) or "none"
            problem = f"the release names no boot image {kind!r:.100} for {' or '.join(architectures)}"
            raise NotFound(problem, subject=subject, advice=f"Choose among what it names in boot_images: {offered:.1000}.")
        for image in matching:
            other = found.setdefault((image.architecture, image.file_name), image)
            if other.sha256 != image.sha256:
                raise InputError(f"the release names two boot images {image.file_name} that differ", subject=subject)
    return list(found.values())


def _members(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, dict) and _NAME.match(str(name)):
            yield str(name), member


def _is_usable(location: Any, digest: Any) -> bool:
    if not (isinstance(location, str) and _URL.match(location) and isinstance(digest, str) and _SHA256.match(digest)):
        return False
    try:
        split_url(location)
    except InputError:
        return False
    return True
