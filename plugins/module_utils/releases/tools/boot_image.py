# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The boot images of a release, which its payload names with their checksums (stream metadata of CoreOS, `stream-metadata-go`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.components import boot_image_stream

_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


@dataclass(frozen=True)
class BootImage:
    """kind: `metal/iso/disk`, and so on: platform, format, part.  sha256: of the file at `location`."""

    architecture: str
    kind: str
    location: str
    sha256: str

    def document(self) -> dict[str, str]:
        return {"architecture": self.architecture, "kind": self.kind, "location": self.location, "sha256": self.sha256}


def boot_images(content: bytes, subject: str = "") -> list[BootImage]:
    """From the document of the payload; entries without an https location or a checksum are left out.  Raises PayloadInvalid."""
    found = []
    for architecture, entry in _members(boot_image_stream(content, subject).get("architectures")):
        for platform, artifact in _members(entry.get("artifacts")):
            for form, parts in _members(artifact.get("formats")):
                for part, file in _members(parts):
                    location, digest = file.get("location"), file.get("sha256")
                    if _is_usable(location, digest):
                        found.append(BootImage(architecture, f"{platform}/{form}/{part}", str(location), str(digest)))
    return sorted(found, key=lambda image: (image.architecture, image.kind))


def _members(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, dict) and _NAME.match(str(name)):
            yield str(name), member


def _is_usable(location: Any, digest: Any) -> bool:
    return isinstance(location, str) and location.startswith("https://") and isinstance(digest, str) and bool(_SHA256.match(digest))
