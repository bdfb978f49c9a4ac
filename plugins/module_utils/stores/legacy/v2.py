# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Archives that oc-mirror v2 wrote: `mirror_<NNNNNN>.tar` (mirroring 4.7).

    docker/registry/v2/blobs/sha256/<2 hex>/<hex>/data
    docker/registry/v2/repositories/<repository>/_manifests/tags/<tag>/current/link
    working-dir/...
    isc_<RFC3339>                            the configuration

The archive carries no mapping: what it means is planned from its configuration again, with
the archive in the place of the internet: repositories are found under their origin's name too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import is_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.archive import LegacyArchive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.tar_index import TarIndex

NAME = re.compile(r"mirror_([0-9]{6})\.tar\Z")
_ROOT = "docker/registry/v2"
_CONTENT = re.compile(_ROOT + r"/repositories/(.+)/_(?:manifests/revisions|layers)/(sha256)/([0-9a-f]{64})/link\Z")
_TAG = re.compile(_ROOT + r"/repositories/(.+)/_manifests/tags/([^/]+)/current/link\Z")
_CONFIGURATION = re.compile(r"isc_[^/]+\Z")


class V2Archive(LegacyArchive):
    """All parts of one v2 archive.  Raises CorruptContent (a part is missing or empty, no configuration)."""

    def __init__(self, volumes: Sequence[str]) -> None:
        _require_all_parts(volumes)
        super().__init__(f"archive {os.path.basename(volumes[0])}", TarIndex(volumes))
        self._tags: dict[str, dict[str, str]] = {}
        self._homes: dict[str, list[str]] = {}
        for name in self.index.entries:
            tag, content = _TAG.match(name), _CONTENT.match(name)
            if tag:
                self._tags.setdefault(tag.group(1), {})[tag.group(2)] = name
            elif content and is_path(content.group(1)):
                self._homes.setdefault(f"{content.group(2)}:{content.group(3)}", []).append(content.group(1))

    @property
    def configuration(self) -> bytes:
        """The image set configuration that the archive was made from; the newest when there are several."""
        names = sorted(name for name in self.index.entries if _CONFIGURATION.match(name))
        if not names:
            raise CorruptContent("the archive contains no configuration (isc_...)", subject=self.name)
        return self.index.read(names[-1])

    def blob_name(self, digest: Digest) -> str:
        return f"{_ROOT}/blobs/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/data"

    def homes(self, digest: Digest) -> tuple[str, ...]:
        """The repositories that the archive files a digest in, those of earlier archives among them, whether it holds it or not."""
        return tuple(self._homes.get(digest, ()))

    def places(self, digest: Digest, repository: str) -> tuple[str, ...]:
        """Where a digest may lie: its homes, before them the repository that asks for it."""
        return tuple(dict.fromkeys((self._filed(repository), *self.homes(digest))))

    def resolve(self, repository: str, reference: str) -> Digest:
        """What a tag means; digests are what they are.  The manifest itself need not be there.  Raises NotFound."""
        if ":" not in reference:
            link = self._tags.get(self._filed(repository), {}).get(reference)
            if link is None:
                raise NotFound(f"{self.name} has no {repository}:{reference}")
            reference = self.index.read(link).decode("ascii", "replace").strip()
        return Digest.parse(reference)

    def manifest_name(self, repository: str, reference: str) -> str:
        """Of the member that is a manifest.  Raises NotFound."""
        name = self.blob_name(self.resolve(repository, reference))
        if name not in self.index.entries:
            raise NotFound(f"{self.name} has no {repository} {reference}")
        return name

    def tags(self, repository: str) -> tuple[str, ...] | None:
        names = self._tags.get(self._filed(repository))
        return None if names is None else tuple(sorted(names))

    def _filed(self, origin: str) -> str:
        """Where the archive files an origin: its path without the host (mirroring 2.4)."""
        if origin.startswith("oci://"):
            return origin[len("oci://") :].strip("/")
        first, slash, rest = origin.partition("/")
        return rest if slash and ("." in first or ":" in first or first == "localhost") else origin

    @property
    def repositories(self) -> tuple[str, ...]:
        return tuple(sorted(self._tags))


def _require_all_parts(volumes: Sequence[str]) -> None:
    numbers = sorted(int(match.group(1)) for match in (NAME.match(os.path.basename(path)) for path in volumes) if match)
    for expected, number in enumerate(numbers, start=1):
        if number != expected:
            raise CorruptContent(f"mirror_{expected:06d}.tar is missing", subject=os.path.dirname(volumes[0]))
