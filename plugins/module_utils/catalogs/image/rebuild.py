# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The rebuilt catalog image: the publisher's layers, its configs replaced, no cache that does not match (operator-catalogs 5).

`opm serve` refuses to start on a cache that was made of other configs (IMG-3), so every cache of the base is hidden and the
command does not name one.  The whiteouts are a layer of their own, below the one with the new configs (RB-2).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import media_type
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.render import rendered
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image import layer
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import (
    CONFIGS_LABEL,
    Instance,
    configs_directory,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

CONFIGS = "configs"
# Where publishers keep the cache that `opm` made of their configs, next to what a command names.
CACHES = ("tmp/cache", "cache")
_CREATED_BY = "disconnected.mirror: filtered catalog"
_LAYERS = {
    media_type.DOCKER_MANIFEST: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    media_type.OCI_MANIFEST: media_type.OCI_LAYER_GZIP,
}


@dataclass(frozen=True)
class _Rebuilt:
    manifest: Manifest
    platform: Platform


def rebuild(instances: Sequence[Instance], selection: Selection, target: Store, tag: str) -> Manifest:
    """Writes the catalog with these configs to a store, for every instance, and gives its index.

    The publisher's layers are not copied: their descriptors stay, and whoever reads the store's image finds the blobs where the
    publisher has them.  Raises InputError, Unsupported (an image in a form that layers cannot be added to), StorageError.
    """
    hidden = sorted({path for instance in instances for path in _hidden(instance)})
    layers = [
        layer.build(target, "", layer.whiteouts(hidden)),
        layer.build(target, "", ((f"{CONFIGS}/{name}", content) for name, content in rendered(selection))),
    ]
    rebuilt = [_instance(instance, layers, target) for instance in instances]
    for each in rebuilt:
        target.put_manifest("", each.manifest)
    index = _index(rebuilt)
    target.put_manifest("", index, tag)
    return index


def start_command(settings: dict[str, Any]) -> dict[str, Any]:
    """Entrypoint and Cmd that serve the configs without a cache of before; nothing for an image that does not run opm (IMG-2)."""
    entrypoint, command = _words(settings.get("Entrypoint")), _words(settings.get("Cmd"))
    words = [*entrypoint, *command]
    if not words or posixpath.basename(words[0]) != "opm":
        return {}
    if entrypoint:
        return {"Entrypoint": entrypoint[:1], "Cmd": ["serve", f"/{CONFIGS}"]}
    return {"Cmd": [words[0], "serve", f"/{CONFIGS}"]}


def _hidden(instance: Instance) -> list[str]:
    """Paths of the base that must not be seen: its configs, and every place of a cache."""
    paths = [CONFIGS, configs_directory(instance, str(instance.manifest.digest)), *CACHES]
    words = [*_words(instance.settings.get("Entrypoint")), *_words(instance.settings.get("Cmd"))]
    for place, word in enumerate(words):
        if word.startswith("--cache-dir="):
            paths.append(word.partition("=")[2])
        elif word == "--cache-dir" and place + 1 < len(words):
            paths.append(words[place + 1])
    plain = {posixpath.normpath("/" + path).strip("/") for path in paths}
    return sorted(path for path in plain if path and path not in ("tmp", "bin", "etc", "usr", "var", "lib", "home", "root"))


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def _instance(instance: Instance, layers: Sequence[layer.BuiltLayer], target: Store) -> _Rebuilt:
    base = instance.manifest
    if base.media_type not in _LAYERS:
        raise Unsupported(
            f"unsupported manifest format {base.media_type}",
            subject=str(base.digest),
            advice="A catalog is an OCI or a Docker schema 2 image.",
        )
    document = base.document()
    config = layer.put(target, "", _json(_config(instance, layers)))
    document["config"] = {**document["config"], "digest": config.digest, "size": config.size}
    kind = _LAYERS[base.media_type]
    document["layers"] = [
        *document["layers"],
        *({"mediaType": kind, "digest": each.blob.digest, "size": each.blob.size} for each in layers),
    ]
    document.pop("subject", None)
    content = _json(document)
    return _Rebuilt(Manifest.parse(content, base.media_type), instance.platform)


def _config(instance: Instance, layers: Sequence[layer.BuiltLayer]) -> dict[str, Any]:
    """The configuration of the rebuilt image; its time stays the publisher's, so that equal content has equal bytes."""
    document = dict(instance.document)
    settings = dict(instance.settings)
    settings.update(start_command(settings))
    settings["Labels"] = {**instance.labels, CONFIGS_LABEL: f"/{CONFIGS}"}
    document["config"] = settings
    document.pop("container_config", None)
    rootfs: dict[str, Any] = document["rootfs"] if isinstance(document.get("rootfs"), dict) else {}
    known: list[Any] = rootfs["diff_ids"] if isinstance(rootfs.get("diff_ids"), list) else []
    document["rootfs"] = {**rootfs, "type": rootfs.get("type", "layers"), "diff_ids": [*known, *(each.diff_id for each in layers)]}
    if isinstance(document.get("history"), list) and document["history"]:
        entry = {"created": document.get("created") or "1970-01-01T00:00:00Z", "created_by": _CREATED_BY}
        document["history"] = [*document["history"], *(entry for _each in layers)]
    return document


def _index(rebuilt: Sequence[_Rebuilt]) -> Manifest:
    """RB-3, RB-5: always an index, of Docker's kind when its last image is."""
    docker = rebuilt[-1].manifest.media_type == media_type.DOCKER_MANIFEST
    kind = media_type.DOCKER_LIST if docker else media_type.OCI_INDEX
    entries = [_entry(each.manifest.descriptor(), each.platform) for each in rebuilt]
    return Manifest.parse(_json({"schemaVersion": 2, "mediaType": kind, "manifests": entries}), kind)


def _entry(descriptor: Descriptor, platform: Platform) -> dict[str, Any]:
    members: list[tuple[str, str]] = [("architecture", platform.architecture), ("os", platform.os), ("variant", platform.variant)]
    return {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
        "platform": {key: value for key, value in members if value},
    }


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
