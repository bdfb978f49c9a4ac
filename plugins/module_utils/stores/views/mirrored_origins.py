# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Answers for origins from what was mirrored of them, so that no source is needed (mirroring 5.4).

Repositories are named as sources name them; which manifest a name means is taken from
records, its bytes from the mirror.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Capabilities, Store
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import BUILT


@dataclass(frozen=True)
class Held:
    """A record of a mirrored image.

    repository, names: as the source has them; names are tags.  digest: of its manifest or index.
    place: repository at the mirror.  content: digests of manifests and blobs below it.  subject: what it is attached to.
    """

    repository: str
    names: tuple[str, ...]
    digest: str
    place: str
    content: frozenset[str] = frozenset()
    subject: str = ""


class Mirrored(ReadOnlyStore):
    """records: where one name has several contents, the first counts.

    local: answers for what was built in the workspace.  default: the repository at the mirror for a source's repository
    of which nothing is recorded; raises InputError when there can be none.
    """

    refusal = "the mirrored content is read-only here"

    name = "mirrored"

    def __init__(self, records: Sequence[Held], mirror: Store, local: Store, default: Callable[[str], str]) -> None:
        self.capabilities = Capabilities(tags=True, delete=False, referrers=True)
        self._mirror = mirror
        self._local = local
        self._default = default
        self._by_repository: dict[str, list[Held]] = {}
        self._attached: dict[tuple[str, str], list[Held]] = {}
        # Repository and digest at the mirror, by the source's repository and a tag or digest there.
        self._known: dict[tuple[str, str], tuple[str, str]] = {}
        self._places: dict[str, str] = {}
        for held in records:
            self._enter(held)

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        if repository.startswith(BUILT):
            return self._local.fetch_manifest(repository, reference)
        place, selector = self._locate(repository, reference)
        return self._mirror.fetch_manifest(place, selector)

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        if repository.startswith(BUILT):
            return self._local.find_manifest(repository, reference)
        try:
            place, selector = self._locate(repository, reference)
        except NotFound:
            return None
        return self._mirror.find_manifest(place, selector)

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        if repository.startswith(BUILT):
            return self._local.open_blob(repository, blob, offset)
        place = self._places.get(blob.digest) or self._elsewhere(repository, blob.digest)
        return self._mirror.open_blob(place, blob, offset)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        held = self._by_repository.get(repository)
        return tuple(sorted({name for each in held for name in each.names})) if held else None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        known = (self._mirror.find_manifest(held.place, held.digest) for held in self._attached.get((repository, digest), ()))
        return tuple(descriptor for descriptor in known if descriptor is not None)

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if digest in self._places}

    def _enter(self, held: Held) -> None:
        self._by_repository.setdefault(held.repository, []).append(held)
        if held.subject and not held.names:
            self._attached.setdefault((held.repository, held.subject), []).append(held)
        for name in (held.digest, *held.names):
            self._known.setdefault((held.repository, name), (held.place, held.digest))
        for digest in held.content:
            self._known.setdefault((held.repository, digest), (held.place, digest))
        for digest in (held.digest, *held.content):
            self._places.setdefault(digest, held.place)

    def _locate(self, repository: str, reference: str) -> tuple[str, str]:
        """Repository and digest (or tag, where nothing is recorded) at the mirror."""
        found = self._known.get((repository, reference))
        if found is not None:
            return found
        if reference:
            return self._elsewhere(repository, reference), reference
        for held in self._by_repository.get(repository, ()):
            return held.place, held.digest
        raise NotFound(f"nothing of {repository} was mirrored", subject=repository)

    def _elsewhere(self, repository: str, reference: str) -> str:
        """Where images of a repository go by default, for mirrors that others filled."""
        known = self._by_repository.get(repository)
        if known:
            return known[0].place
        try:
            return self._default(repository)
        except InputError as error:
            raise NotFound(f"{repository} was not mirrored", subject=f"{repository}:{reference}") from error
