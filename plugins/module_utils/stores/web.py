# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Files of web servers as blobs: what a digest names that no registry has, such as the boot images of a release.

A repository is the URL of one file, as `repository_of` writes it: with the host whose content named it, where that was not the user.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.http.refusal import unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import LIMIT, Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.blob import RegistryBlobReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, Capabilities
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.read_only import ReadOnlyStore

SCHEMES = ("https://", "http://")


def repository_of(url: str, guide: str = "") -> str:
    """guide: host[:port] of the registry whose content names the URL; empty where the user does."""
    return f"{url} {guide}".rstrip()


class WebFiles(ReadOnlyStore):
    """http: the client of the run."""

    refusal = "web servers are only read from"
    name = "web"

    def __init__(self, http: Http) -> None:
        self.capabilities = Capabilities(tags=False, delete=False, referrers=False)
        self._http = http

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        url, guide = _parts(repository)
        origin, target = split_url(url)
        session = self._session(guide)

        def opener(start: int) -> Response:
            answer: Response = session.opened(url, start)
            return answer

        def mend(attempt: int, reason: str) -> None:
            if not self._http.pause(origin, attempt, reason):
                raise unreachable(origin, Interrupted(reason), attempt)

        return RegistryBlobReader(opener, mend, blob.size, offset, f"{origin}{target.partition('?')[0]}", origin.netloc)

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        """Raises Unsupported when the server does not say it, and what the network raises."""
        url, guide = _parts(repository)
        try:
            size: int | None = self._session(guide).length_of(url)
        except NotFound:
            return None
        if size is None:
            raise Unsupported("the server does not say how large the file is", subject=url.partition("?")[0])
        return size

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        """A URL is there or not; whether it has a digest, only reading tells."""
        wanted = set(digests)
        return wanted if wanted and self.blob_size(repository, Descriptor("", next(iter(wanted)), 0)) is not None else set()

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        raise NotFound("web servers have no manifests", subject=repository)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        return None

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return ()

    def _session(self, guide: str) -> Any:
        # Hardly any run reads files of web servers, and requests takes its time to be imported.
        from ansible_collections.disconnected.mirror.plugins.module_utils.http.documents import Documents

        return Documents(self._http, LIMIT, Origin.of("https", guide) if guide else None)


def _parts(repository: str) -> tuple[str, str]:
    url, _blank, guide = repository.partition(" ")
    return url, guide
