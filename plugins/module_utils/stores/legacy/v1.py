# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Archives that oc-mirror v1 wrote: `mirror_seq<N>_<NNNNNN>.tar` (mirroring 4.1).

publish/.metadata.json
v2/<repository>/manifests/<digest>      a manifest
v2/<repository>/manifests/<tag>         a link to one
blobs/<digest>                          layers and configs
catalogs/<registry>/<path>/<tag>/       a catalog: layout/ (its image as published), index/index.json (what was chosen of it)
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.archive import LegacyArchive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex

NAME = re.compile(r"mirror_seq([0-9]{1,9})_([0-9]{6})\.tar\Z")
METADATA = "publish/.metadata.json"
_CATALOG = re.compile(r"(catalogs/.+)/index/index\.json\Z")
_LAYOUT_BLOB = re.compile(r"catalogs/.+/layout/blobs/(sha256)/([0-9a-f]{64})\Z")
_MANIFESTS = re.compile(r"v2/(.+)/manifests/([^/]+)\Z")


class V1Archive(LegacyArchive):
    """One sequence of v1 volumes and its metadata.

    Raises CorruptContent (a part is missing, several sequences), NotFound (no metadata).
    """

    def __init__(self, volumes: Sequence[str]) -> None:
        _require_one_sequence(volumes)
        super().__init__(f"archive {os.path.basename(volumes[0])}", TarIndex(volumes))
        self.metadata = Metadata.decode(self.index.read(METADATA, limits.LEGACY_METADATA.size), volumes[0])
        self._repositories = _repositories(self.index)
        self._layout_blobs = {
            f"{found[1]}:{found[2]}": name for name in self.index.entries for found in [_LAYOUT_BLOB.match(name)] if found
        }
        self._manifests = {name for names in self._repositories.values() for name in names if ":" in name}

    def blob_name(self, digest: Digest) -> str:
        name = f"blobs/{digest}"
        return name if name in self.index.entries else self._layout_blobs.get(digest, name)

    @property
    def catalogs(self) -> tuple[str, ...]:
        """Folders of operator catalogs, which serve as repositories too."""
        return tuple(sorted(found[1] for name in self.index.entries for found in [_CATALOG.match(name)] if found))

    def catalog_digest(self, folder: str) -> Digest:
        """Of the image that a catalog's layout holds.  Raises NotFound, CorruptContent."""
        try:
            return Digest.parse(json_values.parse(self.index.read(f"{folder}/layout/index.json"))["manifests"][0]["digest"])
        except (ValueError, KeyError, IndexError, TypeError, InputError) as error:
            raise CorruptContent(f"the layout of {folder} cannot be read", subject=self.name) from error

    def holds(self, digest: Digest) -> bool:
        return super().holds(digest) or digest in self._manifests

    def manifest_name(self, repository: str, reference: str) -> str:
        name = f"v2/{repository}/manifests/{reference}"
        if repository.startswith("catalogs/"):
            name = self._layout_blobs.get(reference, name)
        if name not in self.index.entries:
            raise NotFound(f"{self.name} has no {repository} {reference}")
        return name

    def tags(self, repository: str) -> tuple[str, ...] | None:
        names = self._repositories.get(repository)
        return None if names is None else tuple(sorted(name for name in names if ":" not in name))


def _require_one_sequence(volumes: Sequence[str]) -> None:
    """Parts count from 0 without a gap, all of one sequence (upstream takes the last of equal names silently)."""
    found = sorted(
        (int(match.group(1)), int(match.group(2)), path) for path in volumes for match in [NAME.match(os.path.basename(path))] if match
    )
    sequences = sorted({sequence for sequence, _part, _path in found})
    if len(sequences) != 1 or len(found) != len(volumes):
        raise CorruptContent(
            "the volumes are not of one sequence", subject=os.path.dirname(volumes[0]), advice="Load one sequence at a time."
        )
    for expected, (sequence, part, path) in enumerate(found):
        if part != expected:
            raise CorruptContent(f"mirror_seq{sequence}_{expected:06d}.tar is missing", subject=os.path.dirname(path))


def _repositories(index: TarIndex) -> dict[str, list[str]]:
    repositories: dict[str, list[str]] = {}
    for name in index.entries:
        match = _MANIFESTS.match(name)
        if match:
            repositories.setdefault(match.group(1), []).append(match.group(2))
    return repositories
