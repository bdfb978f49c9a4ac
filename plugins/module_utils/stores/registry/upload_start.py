# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""How an upload begins: taken over from another repository, found to be there, or opened.

`POST ?mount=D&from=R` does all three in one request; with the repository itself as R it asks whether
the blob is there already (performance, rule 2).  Registries that do not see it that way are found out once.
"""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.dialect import UploadDialect
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint, blob_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.errors import push_refusal, refusal
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.request_limits import RequestLimits
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.upload import (
    Opened,
    RegistryBlobWriter,
    cancel_upload,
    mount_query,
    open_upload,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobWriter

# Bytes of a blob that are sent as soon as it is asked whether they are there.
_SMALL = 256 * 1024
# Refusals of `?mount=` that may mean that the registry does not know it.
_NOT_UNDERSTOOD = frozenset((400, 404, 405, 415, 416, 422, 500, 501))


class Uploads:
    """All uploads to one registry."""

    def __init__(self, endpoint: Endpoint, limits: RequestLimits) -> None:
        self._endpoint = endpoint
        self._dialect = UploadDialect(endpoint.host, limits)
        self._absent: set[str] = set()

    def absent(self, repository: str) -> None:
        """The registry does not know this repository: what is small enough is put there without asking for it first."""
        self._absent.add(repository)

    @property
    def mounts(self) -> bool:
        return self._dialect.mount

    def start(self, repository: str, blob: Descriptor, source: str = "") -> BlobWriter | None:
        """None when the repository has the blob now.  source: a repository that has it, to mount from."""
        if (
            self._dialect.asks_by_mount is False
            and self._worth_asking(repository, blob)
            and has_blob(self._endpoint, repository, blob.digest)
        ):
            return None
        if self._dialect.mount:
            opened = self._mount(repository, blob, source or repository)
            if opened is None:
                return None
        else:
            opened = self._open(repository)
        return self._writer(repository, blob, opened)

    def again(self, repository: str, blob: Descriptor) -> BlobWriter:
        """Begins an upload without asking whether the repository has the blob."""
        return self._writer(repository, blob, self._open(repository))

    def _worth_asking(self, repository: str, blob: Descriptor) -> bool:
        """A blob without a manifest may lie in a repository that is said not to exist, but not often."""
        return repository not in self._absent or blob.size > _SMALL

    def _mount(self, repository: str, blob: Descriptor, source: str) -> Opened | None:
        """None when it is there now."""
        access = self._endpoint.access(repository, "pull,push", source)
        query = mount_query(blob.digest, source)
        foreign = source != repository
        try:
            opened = open_upload(self._endpoint, repository, access, query)
        except AccessDenied:
            # Perhaps it is the other repository that we may not read.
            if not foreign:
                raise
            return self._mount(repository, blob, repository)
        status = opened[1].status
        if status == 201:
            self._dialect.mounted(foreign)
            return None
        if status == 202:
            return opened
        if status == 403 and foreign:
            return self._mount(repository, blob, repository)
        if status not in _NOT_UNDERSTOOD:
            raise self._refused(repository, blob, opened[1])
        opened = self._open(repository)
        self._dialect.not_mounted()
        return opened

    def _open(self, repository: str) -> Opened:
        opened = open_upload(self._endpoint, repository, self._endpoint.access(repository, "pull,push"))
        if opened[1].status != 202:
            raise self._refused(repository, None, opened[1])
        return opened

    def _writer(self, repository: str, blob: Descriptor, opened: Opened) -> BlobWriter:
        return RegistryBlobWriter(self._endpoint, self._dialect, repository, blob, opened, lambda: self._learn(repository, blob))

    def _learn(self, repository: str, blob: Descriptor) -> None:
        """Once: whether this registry, asked to mount a blob from where it is, says that it is there."""
        dialect = self._dialect
        if dialect.asks_by_mount is not None or not dialect.mount or not dialect.probe.acquire(blocking=False):
            return
        access = self._endpoint.access(repository, "pull,push")
        query = mount_query(blob.digest, repository)
        try:
            request, response = open_upload(self._endpoint, repository, access, query)
        except MirrorError:
            return
        if response.status in (201, 202):
            dialect.asks_by_mount = response.status == 201
        elif response.status in _NOT_UNDERSTOOD:
            dialect.not_mounted()
        if response.status == 202:
            cancel_upload(self._endpoint, request, response.headers.get("location", ""), access)

    def _refused(self, repository: str, blob: Descriptor | None, response: Response) -> MirrorError:
        subject = f"{self._endpoint.host}/{repository}{f'@{blob.digest}' if blob else ''}"
        return push_refusal(response, self._endpoint.host, subject, "start an upload")


def has_blob(endpoint: Endpoint, repository: str, digest: str) -> bool:
    """Asks by HEAD.  Raises on any answer but yes and no."""
    return _blob_head(endpoint, repository, digest) is not None


def blob_size(endpoint: Endpoint, repository: str, blob: Descriptor) -> int | None:
    """As many bytes as the answer to HEAD says, None for no such blob; the blob's own size where it does not say."""
    response = _blob_head(endpoint, repository, blob.digest)
    if response is None:
        return None
    told = response.headers.get("content-length", "")
    return int(told) if told.isdigit() else blob.size


def _blob_head(endpoint: Endpoint, repository: str, digest: str) -> Response | None:
    response = endpoint.ask("HEAD", blob_path(repository, digest), endpoint.access(repository))
    if response.status == 200:
        return response
    if response.status == 404:
        return None
    raise refusal(response, endpoint.host, f"{endpoint.host}/{repository}@{digest}", "say whether it has the blob")
