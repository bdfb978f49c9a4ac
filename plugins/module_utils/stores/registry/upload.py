# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Writes a blob to a registry, in the way that this registry understands (user-needs P17, section 2).

The quick way is one PUT with the whole blob.  A registry that refuses it gets PATCH and PUT; one that
refuses large requests gets chunks, smaller and smaller; what a registry turned out to need is remembered for all
blobs.  After a broken connection the upload goes on where the registry says it ended.
"""

from __future__ import annotations

import re
from typing import Callable
from urllib.parse import quote

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, MirrorError, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED
from ansible_collections.disconnected.mirror.plugins.module_utils.http.outgoing import Outgoing
from ansible_collections.disconnected.mirror.plugins.module_utils.http.refusal import read_error, unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access, Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.dialect import KIB, MIB, UploadDialect
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.endpoint import Endpoint, repository_path
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.errors import codes, refusal
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobWriter, WriteInterrupted

# Chunks after a first break, and the least that further ones lead to.
RESUME_CHUNK = 32 * MIB
_LEAST_CHUNK = 128 * KIB
# Refusals of a PUT with a body that may mean: this registry takes bodies by PATCH only.
_NOT_THIS_WAY = frozenset((400, 404, 405, 411, 415, 501))
_RANGE = re.compile(r"(?:bytes[ =])?(\d+)-(\d+)\Z")
_OCTETS = (("Content-Type", "application/octet-stream"),)

Opened = tuple[Request, Response]


class RegistryBlobWriter(BlobWriter):
    """One upload session.  opened: the exchange that began it.  committed: called when the registry has the blob."""

    def __init__(
        self, endpoint: Endpoint, dialect: UploadDialect, repository: str, blob: Descriptor, opened: Opened, committed: Callable[[], None]
    ) -> None:
        self._committed = committed
        self._endpoint = endpoint
        self._dialect = dialect
        self._repository = repository
        self._blob = blob
        self._access = endpoint.access(repository, "pull,push")
        self._subject = f"{endpoint.host}/{repository}@{blob.digest}"
        self._location: tuple[Request, str] = (opened[0], opened[1].headers.get("location", ""))
        self._patch = dialect.patch
        self._chunk = dialect.chunk
        self._written = 0
        self._complete = False
        self._sending: Outgoing | None = None
        self._until = 0
        # Where the last request began, and whether each has a connection of its own, which lasts longer than a used one.
        self._begun = 0
        self._alone = False
        # Failures since the upload last came further than ever before.
        self._attempts = 0
        self._refused = 0
        self._furthest = 0
        # What the last interruption was, and how to go on after it.
        self._reason = ""
        self._answer: Response | None = None
        self._restart = False
        self._wait = True
        self._refused_ways: set[str] = set()
        if not self._location[1]:
            raise self._broken_protocol("did not say where to upload to")

    def write(self, chunk: memoryview) -> None:
        if self._written + len(chunk) > self._blob.size:
            self.abort()
            raise CorruptContent(f"there are more than the {self._blob.size} bytes that the manifest names", subject=self._subject)
        while len(chunk):
            sending = self._sending or self._begin()
            part = chunk[: self._until - self._written]
            try:
                sending.write(part)
            except Interrupted as error:
                self._sending = None
                self._lost(error.reason, sending)
            self._written += len(part)
            chunk = chunk[len(part) :]
            if self._patch and self._written == self._until:
                self._end_chunk()

    def commit(self) -> None:
        if self._written != self._blob.size:
            self.abort()
            raise CorruptContent(f"{self._written} bytes were given where the manifest names {self._blob.size}", subject=self._subject)
        if self._complete:
            return
        sending = self._sending or self._start("PUT", 0)
        self._sending = None
        response = self._finish(sending)
        if response.status not in (200, 201, 202, 204):
            self._refuse(response, sending, self._blob.size if not self._patch else 0)
        told = response.headers.get("docker-content-digest", "")
        if told and told != self._blob.digest and told.startswith(f"{self._blob.digest.algorithm}:"):
            raise CorruptContent(f"{self._endpoint.host} took the blob as {told:.100}", subject=self._subject, host=self._endpoint.host)
        self._complete = True
        if self._blob.size and not self._patch:
            self._dialect.took("PUT")
        self._committed()

    def resume(self) -> int:
        self._pause()
        offset = 0
        if not self._restart:
            offset = self._status()
        if not offset and not self._open_again():
            offset = self._blob.size
        self._restart = False
        self._written = offset
        if offset or (self._wait and "PATCH" not in self._refused_ways):
            # The next break shall not cost all of it again.
            self._patch = self._alone = True
            self._chunk = self._smaller(offset) if self._chunk else RESUME_CHUNK
        return offset

    def _smaller(self, offset: int) -> int:
        """After a break the next chunk is as large as before only where the registry kept a part of that one.

        Many forget the whole upload then, so that a chunk must get through while a connection lives.
        """
        if offset > self._begun or not self._wait:
            return self._chunk
        return min(self._chunk, max(_LEAST_CHUNK, self._chunk // 4))

    def abort(self) -> None:
        if self._sending is not None:
            self._sending.abort()
            self._sending = None
        location, self._location = self._location[1], (self._location[0], "")
        if location and not self._complete:
            cancel_upload(self._endpoint, self._location[0], location, self._access)

    def _begin(self) -> Outgoing:
        """Starts the request that takes the next bytes."""
        left = self._blob.size - self._written
        if not self._patch and self._chunk and left > self._chunk:
            self._patch = True
        length = min(left, self._chunk or left) if self._patch else left
        self._begun, self._until = self._written, self._written + length
        self._sending = self._start("PATCH" if self._patch else "PUT", length)
        return self._sending

    def _start(self, method: str, length: int) -> Outgoing:
        base, location = self._location
        origin, target, own = self._endpoint.locate(base, location)
        headers: tuple[tuple[str, str], ...] = _OCTETS
        if method == "PUT":
            target = f"{target}{'&' if '?' in target else '?'}digest={quote(self._blob.digest, safe='')}"
        elif self._chunk or self._written:
            headers = (*headers, ("Content-Range", f"{self._written}-{self._written + length - 1}"))
        request = Request(method, origin, target, headers, access=self._access if own else None)
        try:
            return self._endpoint.http.start(request, length, fresh=self._alone)
        except Interrupted as error:
            self._interrupt(error.reason)
            raise WriteInterrupted(error.reason) from error

    def _end_chunk(self) -> None:
        sending, self._sending = self._sending, None
        if sending is None:
            return
        response = self._finish(sending)
        if response.status not in (200, 201, 202, 204):
            self._refuse(response, sending, self._until)
        if self._written > self._furthest:
            self._furthest = self._written
            self._attempts = self._refused = 0
        self._dialect.took("PATCH")
        self._dialect.patch = self._dialect.patch or not self._chunk
        if response.headers.get("location"):
            self._location = (sending.request, response.headers["location"])

    def _finish(self, sending: Outgoing) -> Response:
        try:
            response = sending.finish(self._blob.size)
        except Interrupted as error:
            self._interrupt(error.reason)
            raise WriteInterrupted(error.reason) from error
        self._endpoint.http.host(sending.request.origin).note(response)
        read_error(response, sending.sent)
        return response

    def _lost(self, reason: str, sending: Outgoing) -> None:
        """The connection broke while bytes were sent; the registry may have said why."""
        early = sending.early
        if early is not None and early.status >= 400:
            read_error(early, sending.sent)
            self._refuse(early, sending, self._until)
        self._interrupt(reason)
        raise WriteInterrupted(reason)

    def _interrupt(self, reason: str, response: Response | None = None, restart: bool = False, wait: bool = True) -> None:
        self._reason = reason
        self._answer = response
        self._restart = restart
        self._wait = wait

    def _refuse(self, response: Response, sending: Outgoing, tried: int) -> None:
        """Raises what a refusal means: go on in another way, go on later, or the end."""
        status = response.status
        # What is proven is a way to send a body; another one may be refused all the same.
        proven = sending.request.method in self._dialect.proven
        self._refused += 1
        if status == 401 and sending.request.access is not None and self._refused < 3:
            self._endpoint.http.renew(sending.request, response, sending.sent, sending.started)
            self._interrupt("the token had expired", wait=False)
        elif status == 413 and self._dialect.shrink(min(tried, self._chunk or tried)):
            if not self._patch:
                self._refused_ways.add("PUT")
            self._chunk = self._dialect.chunk
            self._patch = True
            self._interrupt("the registry accepts only smaller requests", restart=True, wait=False)
        elif status in RETRIED:
            self._interrupt(f"answered {status}", response)
        elif status == 416 or "BLOB_UPLOAD_UNKNOWN" in codes(response) or (status == 404 and proven):
            self._interrupt("the registry lost the upload", response, restart=status != 416)
        elif status in _NOT_THIS_WAY and self._blob.size and not proven and self._other_way():
            self._interrupt("the registry accepts blobs in another form", restart=True, wait=False)
        else:
            raise refusal(response, self._endpoint.host, self._subject, "accept the blob")
        raise WriteInterrupted(self._reason)

    def _other_way(self) -> bool:
        """From PUT to PATCH or back; False when both were refused."""
        self._refused_ways.add("PATCH" if self._patch else "PUT")
        self._patch = not self._patch
        self._chunk = self._dialect.chunk if self._patch else 0
        return len(self._refused_ways) < 2

    def _pause(self) -> None:
        if not self._wait:
            return
        self._attempts += 1
        origin = self._endpoint.origin
        if not self._endpoint.http.pause(origin, self._attempts, self._reason, self._answer):
            if self._answer is not None:
                raise refusal(self._answer, self._endpoint.host, self._subject, "accept the blob")
            raise unreachable(origin, Interrupted(self._reason), self._attempts)

    def _status(self) -> int:
        """How many bytes the registry has; 0 when it does not say."""
        base, location = self._location
        if not location:
            return 0
        origin, target, own = self._endpoint.locate(base, location)
        request = Request("GET", origin, target, access=self._access if own else None)
        response = self._endpoint.http.exchange(request)
        match = _RANGE.match(response.headers.get("range", ""))
        if response.status not in (200, 202, 204) or match is None or match.group(1) != "0":
            return 0
        # `0-0` is said of an empty upload, too; one byte is not worth the doubt.
        offset = int(match.group(2)) + 1
        if not 1 < offset <= self._blob.size:
            return 0
        self._location = (request, response.headers.get("location") or location)
        return offset

    def _open_again(self) -> bool:
        """Begins anew; False when the registry has the blob after all: only its answer was lost."""
        query = mount_query(self._blob.digest, self._repository) if self._dialect.mount else ""
        request, response = open_upload(self._endpoint, self._repository, self._access, query)
        if query and response.status == 201:
            self._complete = True
            return False
        if query and response.status != 202:
            request, response = open_upload(self._endpoint, self._repository, self._access)
        if response.status != 202 or not response.headers.get("location"):
            raise refusal(response, self._endpoint.host, self._subject, "start an upload")
        self._location = (request, response.headers["location"])
        return True

    def _broken_protocol(self, problem: str) -> RegistryError:
        return RegistryError(f"{self._endpoint.host} {problem}", subject=self._subject, host=self._endpoint.host)


def open_upload(endpoint: Endpoint, repository: str, access: Access, query: str = "") -> Opened:
    """`POST /v2/<repository>/blobs/uploads/`, with the answer whatever it is."""
    request = endpoint.request("POST", f"{repository_path(repository)}/blobs/uploads/{query}", access)
    return request, endpoint.ask("POST", request.target, access)


def mount_query(digest: str, source: str) -> str:
    """The query that asks to take a blob over from another repository."""
    return f"?mount={quote(digest, safe='')}&from={quote(source, safe='')}"


def cancel_upload(endpoint: Endpoint, base: Request, location: str, access: Access) -> None:
    """Tells the registry that nothing more comes; its answer does not matter."""
    try:
        origin, target, own = endpoint.locate(base, location)
        if own:
            endpoint.http.exchange(Request("DELETE", origin, target, access=access, once=True))
    except MirrorError:
        return
