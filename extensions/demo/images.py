# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's image set: small images of its own making, with what real ones have in common and in difference.

Single and multi-arch images, layers that several of them share, both families of media types, a signature
under the tag that cosign gives it, and an artifact that refers to its image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest

MIB = 1024 * 1024
OCI = {
    "manifest": "application/vnd.oci.image.manifest.v1+json",
    "index": "application/vnd.oci.image.index.v1+json",
    "config": "application/vnd.oci.image.config.v1+json",
    "layer": "application/vnd.oci.image.layer.v1.tar",
}
DOCKER = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "index": "application/vnd.docker.distribution.manifest.list.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar",
}


@dataclass(frozen=True)
class Image:
    """A repository's content: manifests in the order in which they are pushed, the last one tagged; blobs."""

    repository: str
    tag: str
    manifests: tuple[Manifest, ...]
    blobs: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        return self.manifests[-1].digest


def image_set() -> list[Image]:
    """All images of the demo; the same bytes every time."""
    base = {platform: layer(f"base {platform}", 4 * MIB) for platform in ("amd64", "arm64", "s390x")}
    images = [_multi("apps/portal", "1.0", base, OCI), _multi("apps/gateway", "3.2", base, DOCKER)]
    for number in range(1, 9):
        layers = [base["amd64"], layer(f"runtime {number % 2}", 4 * MIB), layer(f"service {number}", 2 * MIB)]
        images.append(single(f"services/worker-{number}", "2.1", layers, DOCKER if number % 3 else OCI))
    portal = images[0]
    images.append(_signature(portal))
    images.append(_bill_of_materials(images[2]))
    return images


def mirrored(images: Iterable[Image]) -> list[Image]:
    """Those that a configuration names; what is attached to them comes along by itself."""
    return [image for image in images if image.tag and not image.tag.startswith("sha256-")]


def single(repository: str, tag: str, layers: list[bytes], types: dict[str, str], architecture: str = "amd64") -> Image:
    """An image for one architecture.  The configuration is the first of its blobs."""
    config = _json(
        {"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_digest(content) for content in layers]}}
    )
    document = {
        "schemaVersion": 2,
        "mediaType": types["manifest"],
        "config": _descriptor(types["config"], config),
        "layers": [_descriptor(types["layer"], content) for content in layers],
    }
    return Image(repository, tag, (_manifest(document),), (config, *layers))


def _multi(repository: str, tag: str, base: dict[str, bytes], types: dict[str, str]) -> Image:
    parts = [
        single(repository, "", [content, layer(f"{repository} {architecture}", MIB)], types, architecture)
        for architecture, content in base.items()
    ]
    return index(repository, tag, parts, types)


def index(repository: str, tag: str, parts: Sequence[Image], types: dict[str, str]) -> Image:
    """One image for several architectures, of single ones."""
    document = {
        "schemaVersion": 2,
        "mediaType": types["index"],
        "manifests": [
            {
                **_descriptor(types["manifest"], part.manifests[0].content),
                "platform": {"architecture": json.loads(part.blobs[0])["architecture"], "os": "linux"},
            }
            for part in parts
        ],
    }
    manifests = (*(part.manifests[0] for part in parts), _manifest(document))
    return Image(repository, tag, manifests, tuple(blob for part in parts for blob in part.blobs))


def _signature(of: Image) -> Image:
    """As cosign stores it: a manifest under the tag `sha256-<hex>.sig` of the same repository."""
    payload = _json({"critical": {"image": {"docker-manifest-digest": of.digest}, "type": "cosign container image signature"}})
    layer = {
        **_descriptor("application/vnd.dev.cosign.simplesigning.v1+json", payload),
        "annotations": {"dev.cosignproject.cosign/signature": "ZGVtbw=="},
    }
    config = _json({"architecture": "", "os": "", "rootfs": {"type": "layers", "diff_ids": []}})
    document = {"schemaVersion": 2, "mediaType": OCI["manifest"], "config": _descriptor(OCI["config"], config), "layers": [layer]}
    return Image(of.repository, of.digest.replace(":", "-") + ".sig", (_manifest(document),), (config, payload))


def _bill_of_materials(of: Image) -> Image:
    """An artifact without a tag, found by what it refers to."""
    content = _json({"spdxVersion": "SPDX-2.3", "name": of.repository})
    empty = b"{}"
    subject = of.manifests[-1]
    document = {
        "schemaVersion": 2,
        "mediaType": OCI["manifest"],
        "artifactType": "application/spdx+json",
        "config": _descriptor("application/vnd.oci.empty.v1+json", empty),
        "layers": [_descriptor("application/spdx+json", content)],
        "subject": {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.size},
    }
    return Image(of.repository, "", (_manifest(document),), (empty, content))


def layer(seed: str, size: int) -> bytes:
    """Bytes that do not compress, made of a seed."""
    return hashlib.shake_128(seed.encode("utf-8")).digest(size)


def _manifest(document: dict[str, Any]) -> Manifest:
    return Manifest.parse(_json(document))


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("utf-8")
