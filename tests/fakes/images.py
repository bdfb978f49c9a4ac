# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small images, made the same way each time, to put into a fake registry or to push to any store.

app = index([image("app", platform="linux/amd64"), image("app", platform="linux/arm64")])
put(app, registry.content, "team/app", tag="1.0")       # without questions
push(app, store, "team/app", tag="1.0")                 # by the store's own rules
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    DOCKER_SCHEMA1_SIGNED,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store
from ansible_collections.disconnected.mirror.tests.fakes.content import Content

OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI = "oci"
DOCKER = "docker"
_TYPES = {
    OCI: (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER_GZIP, OCI_INDEX),
    DOCKER: (
        DOCKER_MANIFEST,
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        DOCKER_LIST,
    ),
}
_FOREIGN = {
    OCI: "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
    DOCKER: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
}


@dataclass(frozen=True)
class BuiltImage:
    """A manifest or an index with all that it points to (foreign layers aside).

    blobs: by digest; platform: the index entry's `platform` object, None for none.
    """

    content: bytes = field(repr=False)
    media_type: str
    blobs: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)
    children: tuple[BuiltImage, ...] = ()
    platform: dict[str, str] | None = field(default=None, compare=False)

    @property
    def digest(self) -> Digest:
        return Digest.of(self.content)

    def descriptor(self) -> dict[str, Any]:
        """As an entry of an index or as a subject."""
        entry: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}
        if self.platform:
            entry["platform"] = self.platform
        return entry

    def document(self) -> dict[str, Any]:
        return json.loads(self.content)

    def manifest(self) -> Manifest:
        return Manifest.parse(self.content, self.media_type)

    def everything(self) -> Iterator[BuiltImage]:
        """Children first, itself last."""
        for child in self.children:
            yield from child.everything()
        yield self

    def all_blobs(self) -> dict[str, bytes]:
        return {digest: blob for built in self.everything() for digest, blob in built.blobs.items()}


def layer(seed: str, size: int = 256) -> bytes:
    """A gzipped tar with one file of `size` bytes that do not compress."""
    data = random.Random(seed).getrandbits(8 * size).to_bytes(size, "big") if size else b""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(f"files/{hashlib.sha256(seed.encode('utf-8')).hexdigest()[:12]}")
        entry.size, entry.mode = size, 0o644
        archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), 1, mtime=0)


def image(
    seed: str,
    layers: Sequence[bytes] | None = None,
    kind: str = OCI,
    platform: str = "linux/amd64",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    indent: int | None = None,
    foreign: Sequence[bytes] = (),
    media_type_member: bool = True,
) -> BuiltImage:
    """One image.  layers: one of its own when None; equal bytes are shared between images.

    indent: spacing of the manifest's JSON.  foreign: layers that are named by URL and not delivered.
    media_type_member: False leaves `mediaType` out, as OCI 1.0 allows.
    """
    manifest_type, config_type, layer_type, _index_type = _TYPES[kind]
    layers = [layer(f"{seed} {platform}")] if layers is None else list(layers)
    config = _config(layers + list(foreign), platform, labels or {})
    entries = [_entry(_FOREIGN[kind], blob, urls=["https://example.com/layer"]) for blob in foreign]
    entries += [_entry(layer_type, blob) for blob in layers]
    document: dict[str, Any] = {"schemaVersion": 2}
    if media_type_member:
        document["mediaType"] = manifest_type
    document["config"] = _entry(config_type, config)
    document["layers"] = entries
    if annotations:
        document["annotations"] = annotations
    blobs = {Digest.of(blob): blob for blob in [config, *layers]}
    return BuiltImage(_json(document, indent), manifest_type, blobs, platform=_platform(platform))


def index(
    children: Sequence[BuiltImage],
    kind: str = OCI,
    annotations: dict[str, str] | None = None,
    subject: BuiltImage | None = None,
) -> BuiltImage:
    """An index or manifest list; children may be indexes themselves."""
    index_type = _TYPES[kind][3]
    document: dict[str, Any] = {"schemaVersion": 2, "mediaType": index_type}
    document["manifests"] = [child.descriptor() for child in children]
    if subject:
        document["subject"] = subject.descriptor()
    if annotations:
        document["annotations"] = annotations
    return BuiltImage(_json(document), index_type, {}, tuple(children))


def multi_arch(seed: str, platforms: Sequence[str] = ("linux/amd64", "linux/arm64"), kind: str = OCI) -> BuiltImage:
    """An index of one image per platform; they share their first layer."""
    base = layer(f"{seed} base")
    return index([image(seed, [base, layer(f"{seed} {each}")], kind, each) for each in platforms], kind)


def artifact(
    seed: str,
    subject: BuiltImage | None = None,
    artifact_type: str = "application/vnd.example.thing.v1",
    blob_type: str = "application/x-unknown-to-everybody",
    annotations: dict[str, str] | None = None,
) -> BuiltImage:
    """An OCI 1.1 artifact with an empty config; a referrer when it has a subject."""
    blob = f"artifact {seed}".encode()
    empty = b"{}"
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": _entry(OCI_EMPTY, empty),
        "layers": [_entry(blob_type, blob)],
    }
    if subject:
        document["subject"] = {key: value for key, value in subject.descriptor().items() if key != "platform"}
    if annotations:
        document["annotations"] = annotations
    return BuiltImage(_json(document), OCI_MANIFEST, {Digest.of(empty): empty, Digest.of(blob): blob})


def attachment(of: BuiltImage, suffix: str = "sig") -> tuple[str, BuiltImage]:
    """What cosign attaches by tag (`sig`, `att`, `sbom`): the tag, and an image without subject."""
    payload = json.dumps({"critical": {"image": {"docker-manifest-digest": of.digest}, "type": suffix}}).encode("ascii")
    config = b'{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":["' + Digest.of(payload).encode("ascii") + b'"]}}'
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _entry(OCI_CONFIG, config),
        "layers": [_entry("application/vnd.dev.cosign.simplesigning.v1+json", payload)],
    }
    built = BuiltImage(_json(document), OCI_MANIFEST, {Digest.of(config): config, Digest.of(payload): payload})
    return f"{of.digest.algorithm}-{of.digest.hex}.{suffix}", built


def schema1(seed: str) -> BuiltImage:
    """A Docker schema 1 manifest, the form that is refused."""
    blob = layer(seed)
    document = {
        "schemaVersion": 1,
        "name": seed,
        "tag": "latest",
        "architecture": "amd64",
        "fsLayers": [{"blobSum": Digest.of(blob)}],
        "history": [{"v1Compatibility": "{}"}],
        "signatures": [],
    }
    return BuiltImage(_json(document, 3), DOCKER_SCHEMA1_SIGNED, {Digest.of(blob): blob})


def put(built: BuiltImage, content: Content, repository: str, tag: str = "") -> Digest:
    """Into a fake registry's content, without asking it."""
    for each in built.everything():
        for digest, blob in each.blobs.items():
            content.put_blob(repository, blob, digest)
        content.put_manifest(repository, each.content, each.media_type)
    if tag:
        content.create(repository).tags[tag] = built.digest
    return built.digest


def push(built: BuiltImage, store: Store, repository: str, tag: str = "") -> Digest:
    """To any store: blobs, children, then the manifest under its tag."""
    for child in built.children:
        push(child, store, repository)
    for digest, blob in built.blobs.items():
        writer = store.start_blob(repository, Descriptor("application/octet-stream", Digest(digest), len(blob)))
        if writer is not None:
            writer.write(memoryview(blob))
            writer.commit()
    store.put_manifest(repository, built.manifest(), tag)
    return built.digest


def _entry(media_type: str, blob: bytes, urls: Sequence[str] = ()) -> dict[str, Any]:
    entry: dict[str, Any] = {"mediaType": media_type, "digest": Digest.of(blob), "size": len(blob)}
    if urls:
        entry["urls"] = list(urls)
    return entry


def _platform(text: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), text.split("/")))


def _config(layers: Sequence[bytes], platform: str, labels: dict[str, str]) -> bytes:
    document: dict[str, Any] = {
        **_platform(platform),
        "config": {"Labels": labels} if labels else {},
        "rootfs": {"type": "layers", "diff_ids": [Digest.of(gzip.decompress(blob)) for blob in layers]},
    }
    return _json(document)


def _json(document: dict[str, Any], indent: int | None = None) -> bytes:
    return json.dumps(document, indent=indent, separators=None if indent else (",", ":")).encode("utf-8")
