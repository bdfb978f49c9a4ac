# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A registry as a store (OCI distribution specification, with the dialects of user-needs section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    CorruptContent,
    InputError,
    MirrorError,
    RegistryError,
    Unsupported,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import MAX_SIZE, Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import ACCEPT
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.blob import RegistryBlobReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import (
    Endpoint,
    blob_path,
    digest_of,
    manifest_path,
    repository_path,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.errors import codes, push_refusal, refusal
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.pages import next_link, pages
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.referrers import Referrers
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.request_limits import RequestLimits
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.upload_start import Uploads, blob_size, has_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobReader, BlobWriter, Capabilities, Store

_ACCEPT = (("Accept", ACCEPT),)
# A registry that was just given a blob may deny it for a moment (user-needs F17).
_FORGETFUL = frozenset(("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"))
_REMINDERS = 3
# How often a manifest whose bytes are not right is asked for again.
_READINGS = 3


class _Bent(CorruptContent):
    """Something happened to the bytes on their way."""


class RegistryStore(Store):
    """host: host[:port] as references write it.

    writing: blobs and manifests will be put here, so tokens are asked for with the right to do so.
    limits: what is known of the sizes of requests.
    """

    def __init__(self, host: str, http: Http, writing: bool = False, limits: RequestLimits = RequestLimits()) -> None:
        actions = "pull,push" if writing else "pull"
        self._endpoint = Endpoint(host, http, actions)
        self._uploads = Uploads(self._endpoint, limits)
        self._referrers = Referrers(self._endpoint, self)
        self._deletes: bool | None = None
        self.host = host
        self.http = http
        self.name = self._endpoint.name

    # Told by what the registry answered so far; other stores know from the start and set it, hence the override.
    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        return Capabilities(mount=self._uploads.mounts, tags=True, delete=self._deletes, referrers=self._referrers.api)

    def ping(self) -> None:
        """Asks whether the registry answers and lets us in.  Raises what any request raises."""
        response = self._endpoint.ask("GET", "/v2/", self._endpoint.access(""))
        if response.status >= 300:
            raise refusal(response, self.host, self.name, "answer as a registry")

    def fetch_manifest(self, repository: str, reference: str) -> Manifest:
        """Bytes that were bent on their way are asked for again, like an answer that broke off."""
        attempt = 0
        while True:
            response = self._ask_manifest("GET", repository, reference)
            if response.status != 200:
                raise refusal(response, self.host, self._subject(repository, reference), "serve the manifest")
            try:
                return self._manifest_of(response, repository, reference)
            except _Bent as error:
                attempt += 1
                if attempt > _READINGS or not self.http.pause(self._endpoint.origin, attempt, error.message):
                    raise CorruptContent(error.message, subject=error.subject, host=self.host, attempts=attempt) from error

    def _manifest_of(self, response: Response, repository: str, reference: str) -> Manifest:
        """Raises _Bent when the bytes are not what their name or the registry says of them."""
        subject = self._subject(repository, reference)
        told = response.headers.get("docker-content-digest", "")
        names = [name for name in (digest_of(reference), _digest_said(told)) if name is not None]
        try:
            for name in names:
                name.check(response.body, subject)
        except CorruptContent as error:
            raise _Bent(error.message, subject=subject) from error
        try:
            return Manifest.parse(response.body, response.headers.get("content-type", ""), digest_of(reference), subject)
        except CorruptContent as error:
            # Bytes that are as they are named stay so, however often they are read.
            raise error if names else _Bent(error.message, subject=subject) from error

    def find_manifest(self, repository: str, reference: str) -> Descriptor | None:
        response = self._ask_manifest("HEAD", repository, reference)
        if response.status == 404:
            return None
        headers = response.headers
        size = headers.get("content-length", "")
        told = headers.get("docker-content-digest", "") or (digest_of(reference) or "")
        if response.status == 405 or (response.status == 200 and not (told and size.isdigit())):
            return super().find_manifest(repository, reference)
        if response.status != 200:
            raise refusal(response, self.host, self._subject(repository, reference), "describe the manifest")
        subject = self._subject(repository, reference)
        try:
            digest = Digest.parse(told)
        except InputError as error:
            raise CorruptContent(f"{self.host} gave {told!r:.100} as the digest", subject=subject, host=self.host) from error
        if digest_of(reference) not in (None, digest):
            raise CorruptContent(f"{self.host} has {digest} under that digest", subject=subject, host=self.host)
        return Descriptor(headers.get("content-type", "").split(";")[0].strip(), digest, int(size))

    def open_blob(self, repository: str, blob: Descriptor, offset: int = 0) -> BlobReader:
        target = blob_path(repository, blob.digest)
        access = self._endpoint.access(repository)
        subject = f"{self.host}/{repository}@{blob.digest}"

        def opener(start: int) -> Response:
            headers = (("Range", f"bytes={start}-"),) if start else ()
            response = self._endpoint.open(target, access, headers)
            if response.status in (200, 206):
                return response
            raise refusal(response, self.host, subject, "serve the blob")

        def mend(attempt: int, reason: str) -> None:
            self._endpoint.wait(attempt, reason)

        return RegistryBlobReader(opener, mend, blob.size, offset, subject)

    def tags(self, repository: str) -> tuple[str, ...] | None:
        found = self._tags(repository)
        return None if found is None else found[0]

    def some_tags(self, repository: str, most: int) -> tuple[tuple[str, ...], bool]:
        return self._tags(repository, most) or ((), True)

    def _tags(self, repository: str, most: int = 0) -> tuple[tuple[str, ...], bool] | None:
        """Tags and whether they are all.  most: enough to stop at the next page, 0 for never; None: no such repository."""
        found: dict[str, None] = {}
        access = self._endpoint.access(repository)
        subject = f"{self.host}/{repository}"
        for response, document in pages(self._endpoint, f"{repository_path(repository)}/tags/list", access, subject):
            if response.status == 404:
                self._uploads.absent(repository)
                return None
            if response.status != 200:
                raise refusal(response, self.host, subject, "list the tags")
            listed = document.get("tags") if isinstance(document, dict) else ""
            if listed is not None and not (isinstance(listed, list) and all(isinstance(tag, str) for tag in listed)):
                raise RegistryError(f"{self.host} answered with something that is not a list of tags", subject=subject, host=self.host)
            found.update(dict.fromkeys(listed or ()))
            if 0 < most <= len(found) and next_link(response.headers.get("link", "")):
                return tuple(found), False
        return tuple(found), True

    def referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        return self._referrers.of(repository, Digest.parse(digest))

    def blobs_present(self, repository: str, digests: Iterable[Digest]) -> set[Digest]:
        return {digest for digest in digests if has_blob(self._endpoint, repository, digest)}

    def blob_size(self, repository: str, blob: Descriptor) -> int | None:
        return blob_size(self._endpoint, repository, blob)

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        return self._uploads.start(repository, blob, mount_from)

    def replace_blob(self, repository: str, blob: Descriptor) -> BlobWriter:
        return self._uploads.again(repository, blob)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        reference = tag or manifest.digest
        subject = self._subject(repository, reference)
        response = self._push_manifest(repository, reference, manifest)
        if response.status not in (200, 201, 202):
            raise self._push_refused(response, subject, manifest)
        told = response.headers.get("docker-content-digest", "")
        if told and told != manifest.digest and told.startswith(f"{manifest.digest.algorithm}:"):
            raise CorruptContent(
                f"{self.host} changed the manifest {manifest.digest} and keeps it as {told:.100}",
                subject=subject,
                host=self.host,
                advice="Have the registry accept manifests as they are (zot: http.compat: [docker2s2]).",
            )
        if manifest.subject is not None:
            promised = response.headers.get("oci-subject", "") == manifest.subject.digest
            if not (promised and self._referrers.served(repository, manifest.subject.digest)):
                self._referrers.add(repository, manifest)

    def delete_manifest(self, repository: str, digest: Digest) -> None:
        try:
            self._delete(repository, digest, manifest_path(repository, Digest.parse(digest)), "manifest")
            self._deletes = True
        except Unsupported:
            self._deletes = False
            raise

    def delete_tag(self, repository: str, tag: str) -> None:
        self._delete(repository, tag, manifest_path(repository, tag), "tag")

    def delete_blob(self, repository: str, digest: Digest) -> None:
        self._delete(repository, digest, blob_path(repository, Digest.parse(digest)), "blob")

    def _delete(self, repository: str, reference: str, target: str, what: str) -> None:
        subject = self._subject(repository, reference)
        response = self._endpoint.ask("DELETE", target, self._endpoint.access(repository, "pull,push,delete"))
        if response.status in (200, 202, 204):
            return
        if response.status == 405 or "UNSUPPORTED" in codes(response):
            raise self._undeletable(response, subject, what)
        raise refusal(response, self.host, subject, f"delete the {what}")

    def _undeletable(self, response: Response, subject: str, what: str) -> Unsupported:
        """A registry that takes no changes at all also refuses to put manifests where it refuses to delete them."""
        allowed = response.headers.get("allow", "").upper()
        if allowed and "PUT" not in allowed:
            message, advice = f"{self.host} is read-only", "Deleting has to wait until its maintenance is over."
        else:
            message = f"{self.host} does not delete {what}s"
            advice = "Deleting has to be switched on in the registry (distribution: storage.delete.enabled)."
        return Unsupported(message, subject=subject, host=self.host, status=response.status, advice=advice)

    @property
    def requests(self) -> Mapping[str, int]:
        return self.http.requests

    @property
    def retries(self) -> int:
        return self.http.retries

    def cancel(self) -> None:
        self.http.cancel()

    def close(self) -> None:
        self.http.close()

    def _ask_manifest(self, method: str, repository: str, reference: str) -> Response:
        target = manifest_path(repository, reference)
        return self._endpoint.ask(method, target, self._endpoint.access(repository), MAX_SIZE, headers=_ACCEPT)

    def _push_manifest(self, repository: str, reference: str, manifest: Manifest) -> Response:
        target = manifest_path(repository, reference)
        headers = (("Content-Type", manifest.media_type),)
        access = self._endpoint.access(repository, "pull,push")
        reminder = 0
        while True:
            response = self._endpoint.ask("PUT", target, access, headers=headers, body=manifest.content, slow=True)
            if response.status not in (400, 404) or not _FORGETFUL.intersection(codes(response)):
                return response
            reminder += 1
            reason = "the registry does not see yet what was just pushed"
            if reminder > _REMINDERS or not self.http.pause(self._endpoint.origin, reminder, reason):
                return response

    def _push_refused(self, response: Response, subject: str, manifest: Manifest) -> MirrorError:
        error = push_refusal(response, self.host, subject, f"accept the manifest of type {manifest.media_type}", manifest.is_index)
        if response.status == 415 or ("unsupported" in error.message and "media" in error.message):
            error.advice = "The registry does not accept this media type; zot needs http.compat: [docker2s2] for images in Docker's format."
        elif subject.endswith(manifest.digest) and response.status in (400, 403, 404, 405):
            error.advice = f"{error.advice} Some registries accept no manifest without a tag (the OpenShift internal registry).".strip()
        return error

    def _subject(self, repository: str, reference: str) -> str:
        return f"{self.host}/{repository}{'@' if ':' in reference else ':'}{reference}"


def _digest_said(told: str) -> Digest | None:
    """The digest of a header; None where it has none that we know."""
    try:
        return Digest.parse(told)
    except InputError:
        return None
