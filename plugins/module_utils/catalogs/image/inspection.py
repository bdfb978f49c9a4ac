# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an image is as a catalog: which instance is read, where its configs are, how it starts (operator-catalogs 1.7)."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

CONFIGS_LABEL = "operators.operatorframework.io.index.configs.v1"
DATABASE_LABEL = "operators.operatorframework.io.index.database.v1"
BUNDLE_LABEL = "operators.operatorframework.io.bundle.manifests.v1"

MAX_NESTING = 5
# Platforms of one catalog; there are seven at most.
MAX_INSTANCES = 100
_REFERENCE_TYPE = "vnd.docker.reference.type"
_PREFERRED = Platform("linux", "amd64")

# Gives a manifest by digest; gives a small blob whole.  Both raise what stores raise.
Fetch = Callable[[Digest], Manifest]
Read = Callable[[Descriptor], bytes]


@dataclass(frozen=True)
class Instance:
    """One image of a catalog.  document: its configuration, as JSON; platform: as the index says, else as it says itself."""

    manifest: Manifest
    platform: Platform
    document: dict[str, Any] = field(repr=False, compare=False, hash=False)

    @property
    def settings(self) -> dict[str, Any]:
        """How a container of it starts: the `config` object."""
        found = self.document.get("config")
        return found if isinstance(found, dict) else {}

    @property
    def labels(self) -> dict[str, Any]:
        found = self.settings.get("Labels")
        return found if isinstance(found, dict) else {}


def instances(root: Manifest, fetch: Fetch, read: Read) -> tuple[Instance, ...]:
    """The images of a catalog, in the index's order; attestations are none.

    Raises InputError, CorruptContent, and what `fetch` and `read` raise.
    """
    found = tuple(_instance(manifest, entry, read) for manifest, entry in _listed(root, fetch))
    if not found:
        raise InputError("the index holds no image", subject=str(root.digest))
    return found


def inspected(root: Manifest, fetch: Fetch, read: Read) -> Instance:
    """The image whose content is read, linux/amd64 where it is there: all of them hold the same (IMG-7).  Raises InputError (no image)."""
    images = _listed(root, fetch)
    if not images:
        raise InputError("the index holds no image", subject=str(root.digest))
    ranked = sorted(images, key=lambda pair: _rank(pair[1]))
    return _instance(*ranked[0], read)


def configs_directory(instance: Instance, subject: str) -> str:
    """The directory of the file-based catalog, without slashes around it (IMG-1, IMG-8, IMG-9).  Raises InputError, Unsupported."""
    label = instance.labels.get(CONFIGS_LABEL)
    if not isinstance(label, str) or not label:
        if instance.labels.get(DATABASE_LABEL):
            raise Unsupported(
                "sqlite-based index images are no longer supported, migrate to a file-based catalog",
                subject=subject,
                advice="Run `opm migrate` on it and build an image of the result, or use the publisher's catalog of 4.11 or later.",
            )
        if instance.labels.get(BUNDLE_LABEL):
            raise InputError("diff does not permit direct bundle references: this is a bundle's image, not a catalog", subject=subject)
        raise InputError(f"the image has no label {CONFIGS_LABEL}: it is not a file-based catalog", subject=subject)
    directory = posixpath.normpath("/" + label).strip("/")
    if not directory or ".." in label.split("/"):
        raise InputError(f"the label {CONFIGS_LABEL} names {label!r:.200}, which is not the directory of a catalog", subject=subject)
    return directory


def _rank(entry: Descriptor) -> int:
    platform = entry.platform
    if platform is None or platform.serves(_PREFERRED):
        return 0
    return 1 if platform.os == "linux" else 2


def _listed(root: Manifest, fetch: Fetch) -> list[tuple[Manifest, Descriptor]]:
    found = list(itertools.islice(_images(root, root.descriptor(), fetch, 0, set()), MAX_INSTANCES + 1))
    if len(found) > MAX_INSTANCES:
        raise InputError(f"the index holds more than {MAX_INSTANCES} images", subject=str(root.digest))
    return found


def _images(manifest: Manifest, entry: Descriptor, fetch: Fetch, depth: int, seen: set[Digest]) -> Iterator[tuple[Manifest, Descriptor]]:
    """Images below an index, each index looked into once."""
    if not manifest.is_index:
        yield manifest, entry
        return
    if depth >= MAX_NESTING:
        raise InputError(f"the index is nested deeper than {MAX_NESTING} levels", subject=str(manifest.digest))
    seen.add(manifest.digest)
    for child in manifest.children:
        if child.digest not in seen and not is_attestation(child):
            yield from _images(fetch(child.digest), child, fetch, depth + 1, seen)


def is_attestation(entry: Descriptor) -> bool:
    """Whether an entry of an index tells about another one instead of being an image."""
    unknown = entry.platform is not None and (entry.platform.os == "unknown" or entry.platform.architecture == "unknown")
    return unknown or _REFERENCE_TYPE in entry.annotations


def _instance(manifest: Manifest, entry: Descriptor, read: Read) -> Instance:
    subject = str(manifest.digest)
    if not manifest.blobs:
        raise InputError("the image has no configuration", subject=subject)
    try:
        document = json_values.parse(read(manifest.blobs[0]), limits.IMAGE_CONFIG)
    except ValueError as error:
        raise CorruptContent("the configuration of the image is not JSON", subject=subject) from error
    if not isinstance(document, dict):
        raise InputError("the configuration of the image is not a JSON object", subject=subject)
    return Instance(manifest, _platform(entry, document), document)


def _platform(entry: Descriptor, document: dict[str, Any]) -> Platform:
    """RB-4."""
    if entry.platform is not None and entry.platform.os:
        return entry.platform
    found = Platform.of(document)
    return found if found.os and found.architecture else _PREFERRED
