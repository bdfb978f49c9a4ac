# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image sets to measure with: the same seed and preset give the same sizes, shares and tags.

Layers are true gzip streams (of stored blocks around random bytes), so that tools which look at a layer's
compression leave it alone.
"""

from __future__ import annotations

import json
import math
import random
import threading
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import media_type as types
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True)
class Preset:
    """repositories x tags images.

    base: sizes of layers that images share; variants: how many sets of those there are; shared: the share of images that use one.
    own, median, sigma, most: number of own layers, and their sizes (log-normal, cut at `most`).
    indexes: the share of images that are an index of two instances.
    """

    repositories: int
    tags: int
    base: tuple[int, ...]
    variants: int
    shared: float
    own: int
    median: int
    sigma: float
    most: int
    indexes: float = 0.0
    docker: bool = False


PRESETS = {
    "release-like": Preset(190, 1, (5 * MIB, 2348 * KIB, 700 * KIB, 3 * KIB), 2, 1.0, 2, 900 * KIB, 1.45, 80 * MIB, docker=True),
    "one-repository": Preset(1, 190, (5 * MIB, 2348 * KIB, 700 * KIB, 3 * KIB), 2, 1.0, 2, 900 * KIB, 1.45, 80 * MIB, docker=True),
    "many-small": Preset(200, 10, (6 * KIB, 2 * KIB), 4, 0.8, 1, 3 * KIB, 0.8, 64 * KIB, 0.1),
    "few-large": Preset(4, 1, (MIB,), 1, 1.0, 1, 512 * MIB, 0.0, 512 * MIB),
    "two-layers": Preset(300, 10, (), 1, 0.0, 2, 3 * KIB, 0.8, 64 * KIB),
    # One layer of 2.5 GiB: what volumes of 1 GiB have to cut.
    "one-huge": Preset(1, 1, (MIB,), 1, 1.0, 1, 2560 * MIB, 0.0, 2560 * MIB),
    "smoke": Preset(6, 2, (200 * KIB, 4 * KIB), 2, 0.8, 2, 40 * KIB, 1.0, MIB, 0.25),
}

Layer = tuple[str, int]


@dataclass(frozen=True)
class Wish:
    """An image to be made: for each instance its architecture and its layers, each a key and a size."""

    repository: str
    tag: str
    instances: tuple[tuple[str, tuple[Layer, ...]], ...]


def scaled(preset: Preset, factor: float) -> Preset:
    """The same with fewer images."""
    if preset.repositories > 1:
        return replace(preset, repositories=max(2, int(preset.repositories * factor)))
    return replace(preset, tags=max(2, int(preset.tags * factor)))


def wishes(preset: Preset, seed: str) -> list[Wish]:
    chance = random.Random(f"wishes/{seed}")
    shared = [
        tuple((f"{seed}/base/{variant}/{n}", size + variant * KIB) for n, size in enumerate(preset.base))
        for variant in range(preset.variants)
    ]
    made = []
    for repository in range(preset.repositories):
        for tag in range(preset.tags):
            instances = []
            for architecture in ("amd64", "arm64") if chance.random() < preset.indexes else ("amd64",):
                me = f"{seed}/{repository}/{tag}/{architecture}"
                layers = list(chance.choice(shared))
                if chance.random() >= preset.shared:
                    layers = [(f"{me}/base/{n}", size) for n, size in enumerate(preset.base)]
                for n in range(preset.own):
                    size = int(math.exp(chance.gauss(math.log(preset.median), preset.sigma)))
                    layers.append((f"{me}/own/{n}", max(2 * KIB, min(size, preset.most))))
                instances.append((architecture, tuple(layers)))
            made.append(Wish(f"bench/component-{repository:04d}", f"v1.{tag}", tuple(instances)))
    return made


def layer_bytes(key: str, size: int) -> bytes:
    chance = random.Random(key)
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    parts = [packer.compress(chance.randbytes(min(MIB, size - start))) for start in range(0, size, MIB)]
    return b"".join([*parts, packer.flush()])


class Filler:
    """Pushes wishes to a store, each layer once; further repositories get it by mount."""

    def __init__(self, store: Store, docker: bool) -> None:
        self._store = store
        self._docker = docker
        self._lock = threading.Lock()
        self._made: dict[str, tuple[Descriptor, threading.Lock, set[str]]] = {}
        self._locks: dict[str, threading.Lock] = {}

    def fill(self, made: Sequence[Wish], threads: int = 4) -> dict[str, Any]:
        """Totals, and what was pushed, in the form that the engine's process reads."""
        with ThreadPoolExecutor(threads) as pool:
            images = list(pool.map(self._image, made))
        sizes = {entry[0].digest: entry[0].size for entry in self._made.values()}
        return {"totals": {"images": len(images), "layers": len(sizes), "bytes": sum(sizes.values())}, "images": images}

    def _image(self, wish: Wish) -> dict[str, Any]:
        entries = []
        manifest = None
        for architecture, layers in wish.instances:
            manifest = self._instance(wish, architecture, layers)
            entry = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.size}
            entries.append({**entry, "platform": {"os": "linux", "architecture": architecture}})
        if len(entries) > 1:
            kind = types.DOCKER_LIST if self._docker else types.OCI_INDEX
            manifest = self._put(wish.repository, {"schemaVersion": 2, "mediaType": kind, "manifests": entries}, wish.tag)
        return {"repo": wish.repository, "tag": wish.tag, "digest": str(manifest.digest) if manifest else ""}

    def _instance(self, wish: Wish, architecture: str, layers: Sequence[Layer]) -> Manifest:
        descriptors = [self._layer(wish.repository, key, size) for key, size in layers]
        config = json.dumps(
            {
                "os": "linux",
                "architecture": architecture,
                "config": {"Labels": {"name": f"{wish.repository}:{wish.tag}"}},
                "rootfs": {"type": "layers", "diff_ids": [str(each.digest) for each in descriptors]},
            }
        ).encode()
        self._blob(wish.repository, config, Digest.of(config))
        document = {
            "schemaVersion": 2,
            "mediaType": types.DOCKER_MANIFEST if self._docker else types.OCI_MANIFEST,
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json" if self._docker else types.OCI_CONFIG,
                "digest": Digest.of(config),
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip" if self._docker else types.OCI_LAYER_GZIP,
                    "digest": each.digest,
                    "size": each.size,
                }
                for each in descriptors
            ],
        }
        return self._put(wish.repository, document, wish.tag if len(wish.instances) == 1 else "")

    def _put(self, repository: str, document: dict[str, Any], tag: str) -> Manifest:
        manifest = Manifest.parse(json.dumps(document, indent=3).encode())
        self._store.put_manifest(repository, manifest, tag)
        return manifest

    def _layer(self, repository: str, key: str, size: int) -> Descriptor:
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._made.get(key)
            if known is None:
                content = layer_bytes(key, size)
                digest = Digest.of(content)
                self._blob(repository, content, digest)
                self._made[key] = (Descriptor(types.OCI_LAYER_GZIP, digest, len(content)), lock, {repository})
                return self._made[key][0]
            blob, _lock, homes = known
            if repository not in homes:
                writer = self._store.start_blob(repository, blob, min(homes))
                if writer is not None:
                    writer.abort()
                    raise RuntimeError(f"the registry does not mount {blob.digest} into {repository}")
                homes.add(repository)
            return blob

    def _blob(self, repository: str, content: bytes, digest: Digest) -> None:
        writer = self._store.start_blob(repository, Descriptor("", digest, len(content)))
        if writer is not None:
            writer.write(memoryview(content))
            writer.commit()
