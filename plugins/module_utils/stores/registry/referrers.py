# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What refers to a manifest: by the registry's own list, or by the index that clients keep under a tag.

OCI distribution specification, "Listing Referrers" and "Referrers Tag Schema".  Which of the two a
registry has is learnt once for all its repositories.
"""

from __future__ import annotations

import threading
from datetime import datetime, timezone
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    InputError,
    MirrorError,
    NotFound,
    RegistryError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_INDEX
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint, repository_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.errors import codes, refusal
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.pages import pages
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# More referrers of one manifest than these are refused (user-needs G16).
_MOST = 10000
_CREATED = "org.opencontainers.image.created"


class Referrers:
    """store: reads and writes the tagged index.  api: whether the registry has the list (None: not known yet)."""

    def __init__(self, endpoint: Endpoint, store: Store) -> None:
        self._endpoint = endpoint
        self._store = store
        self._lock = threading.Lock()
        self.api: bool | None = None

    def of(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        """Each once, in the registry's order."""
        if self.api is not False:
            found = self._listed(repository, digest)
            if found is not None:
                return found
        index = self._tagged(repository, digest)
        return index.children if index is not None and index.digest != digest else ()

    def served(self, repository: str, digest: Digest) -> bool:
        """Whether a registry that says it lists referrers does: some do not, or a proxy before them does not let it pass."""
        if self.api is None:
            try:
                self._listed(repository, digest)
            except MirrorError:
                # What cannot be looked at was promised; the push is done and did not fail.
                return True
        return self.api is not False

    def add(self, repository: str, manifest: Manifest) -> None:
        """Adds a manifest to the tagged index of its subject.  The registry was seen not to list it itself.

        An image that has no tag of its own is published under this very tag (mirroring 2.4); that name is left to it.
        """
        if manifest.subject is None:
            return
        with self._lock:
            document: dict[str, Any] = {"schemaVersion": 2, "mediaType": OCI_INDEX}
            try:
                index = self._tagged(repository, manifest.subject.digest)
            except MirrorError as error:
                if not _is_damaged(error):
                    raise
                # What it listed is lost.  Equal bytes would not be taken by a registry that believes to have them.
                index = None
                document["annotations"] = {_CREATED: datetime.now(timezone.utc).isoformat(timespec="seconds")}
            if index is not None and index.digest == manifest.subject.digest:
                return
            entries = index.document().get("manifests") or [] if index is not None else []
            if any(entry.get("digest") == manifest.digest for entry in entries):
                return
            document = index.document() if index is not None else document
            document["manifests"] = [*entries, _entry(manifest)]
            content = files.json_bytes(document)
            self._store.put_manifest(repository, Manifest.parse(content, OCI_INDEX), fallback_tag(manifest.subject.digest))

    def _listed(self, repository: str, digest: Digest) -> tuple[Descriptor, ...] | None:
        """By the registry's list; None when it has none."""
        subject = f"{self._endpoint.host}/{repository}@{digest}"
        access = self._endpoint.access(repository)
        found: dict[Digest, Descriptor] = {}
        for response, document in pages(self._endpoint, f"{repository_path(repository)}/referrers/{digest}", access, subject, OCI_INDEX):
            if not _is_list(response, document):
                self._missing(response, subject)
                return None
            self.api = True
            for entry in document["manifests"] or ():
                descriptor = Descriptor.of(entry, subject)
                found.setdefault(descriptor.digest, descriptor)
            if len(found) > _MOST:
                raise RegistryError(f"there are more than {_MOST} referrers", subject=subject, host=self._endpoint.host)
        return tuple(found.values())

    def _missing(self, response: Response, subject: str) -> None:
        """Not a list: the registry has none, unless it was the repository that it did not know, or it refused us."""
        if response.status in (401, 403) or response.status in RETRIED:
            raise refusal(response, self._endpoint.host, subject, "list the referrers")
        if "NAME_UNKNOWN" not in codes(response) and self.api is None:
            self.api = False

    def _tagged(self, repository: str, digest: Digest) -> Manifest | None:
        """The index of referrers, or the manifest itself where it took the tag."""
        tag = fallback_tag(digest)
        try:
            index = self._store.fetch_manifest(repository, tag)
        except NotFound:
            return None
        if not index.is_index and index.digest != digest:
            raise InputError(
                f"the tag {tag} should list referrers, and names a {index.media_type}", subject=f"{self._endpoint.host}/{repository}:{tag}"
            )
        return index


def _is_damaged(error: MirrorError) -> bool:
    """Whether the registry has something under a name and cannot give it out as it was."""
    return isinstance(error, CorruptContent) or error.status == 500


def fallback_tag(digest: Digest) -> str:
    """`sha256-<hex>`; the specification cuts algorithm and hex to 32 and 64 characters."""
    return f"{digest.algorithm[:32]}-{digest.hex[:64]}"


def _is_list(response: Response, document: Any) -> bool:
    """Whether it is an index; registries in Go write null for an empty list."""
    return response.status == 200 and isinstance(document, dict) and isinstance(document.get("manifests", ""), (list, type(None)))


def _entry(manifest: Manifest) -> dict[str, Any]:
    entry: dict[str, Any] = {"mediaType": manifest.media_type, "digest": manifest.digest, "size": manifest.size}
    if manifest.artifact_type:
        entry["artifactType"] = manifest.artifact_type
    if manifest.annotations:
        entry["annotations"] = manifest.annotations
    return entry
