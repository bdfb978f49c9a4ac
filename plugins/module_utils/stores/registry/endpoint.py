# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One registry's address: its names checked, its paths built, its answers fetched (OCI distribution specification)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, RegistryError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import TAG
from ansible_collections.disconnected.mirror.plugins.module_utils.http.refusal import unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access, Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import LIMIT, Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

# Wider than the specification's names (capitals, a leading underscore), narrow enough for paths.
_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*\Z")
# Names that are not those of their registry's API.
_API_HOSTS = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
# What servers say to a plain request at a port that has TLS (Go, nginx, Apache, Tomcat).
_WHOLE = ("http://", "https://")
_TLS_WANTED = re.compile(rb"to an HTTPS server|to HTTPS port|SSL-enabled server|requires TLS", re.IGNORECASE)


class Endpoint:
    """host: host[:port] as references write it.  name: docker://host[:port], for messages.

    actions: what tokens are asked for (see Access); a destination asks for `pull,push` from the start, so that it
    needs one token for each repository instead of two.
    """

    def __init__(self, host: str, http: Http, actions: str = "pull") -> None:
        self.host = host
        self.http = http
        self.name = f"docker://{host}"
        self.actions = actions
        secure = Origin.of("https", _API_HOSTS.get(host, host))
        settings = http.host(secure).settings
        # What need not be verified is still spoken to with TLS where it has it, as by the other tools of the field.
        self._careless = settings.plain_http and not settings.verify
        self.origin = Origin.of("http", host) if settings.plain_http and not self._careless else secure
        self._settled = not settings.plain_http

    def access(self, repository: str, actions: str = "", source: str = "") -> Access:
        return Access(repository, actions or self.actions, source if source != repository else "")

    def request(self, method: str, target: str, access: Access, **details: Any) -> Request:
        return Request(method, self.origin, target, access=access, **details)

    def ask(self, method: str, target: str, access: Access, limit: int = LIMIT, **details: Any) -> Response:
        """Sends a request and reads the whole answer."""
        if self._careless:
            self._choose_scheme()
        request = self.request(method, target, access, **details)
        response = self.http.exchange(request, limit)
        if self._wants_tls(request, response):
            return self.http.exchange(request._replace(origin=self.origin), limit)
        return response

    def open(self, target: str, access: Access, headers: tuple[tuple[str, str], ...]) -> Response:
        """Begins to read; see `Http.open`."""
        if self._careless:
            self._choose_scheme()
        if not self._settled:
            greeting = Request("GET", self.origin, "/v2/")
            self._wants_tls(greeting, self.http.exchange(greeting))
        return self.http.open(self.request("GET", target, access, headers=headers))

    def _choose_scheme(self) -> None:
        """Goes without TLS when the host does not answer with it."""
        try:
            self.http.exchange(Request("GET", self.origin, "/v2/", once=True))
        except Unreachable:
            self.origin = Origin.of("http", self.host)
        self._settled = True
        self._careless = False

    def _wants_tls(self, request: Request, response: Response) -> bool:
        """Whether a host that may be spoken to without TLS insists on it; it gets it from then on."""
        self._settled = True
        if response.status != 400 or request.origin.scheme != "http" or not _TLS_WANTED.search(response.body):
            return False
        self.origin = Origin.of("https", self.host)
        return True

    def wait(self, attempt: int, reason: str) -> None:
        """Waits before going on after failure number `attempt`.  Raises Unreachable when there is no use in it."""
        if not self.http.pause(self.origin, attempt, reason):
            raise unreachable(self.origin, Interrupted(reason), attempt)

    def locate(self, request: Request, location: str) -> tuple[Origin, str, bool]:
        """Where a `Location` leads: (origin, target, whether it is this registry).

        A registry behind a proxy that adds TLS may give its own URLs as http: they are taken to mean itself.
        Raises RegistryError.
        """
        try:
            whole = location if location.startswith(_WHOLE) else urljoin(f"{request.origin}{request.target}", location)
            origin, target = split_url(whole)
        except (InputError, ValueError) as error:
            raise RegistryError(f"{self.host} gave a Location that cannot be used", subject=self.name, host=self.host) from error
        if origin.host == self.origin.host and origin.scheme == "http" and self.origin.scheme == "https":
            origin = self.origin
        if origin != self.origin:
            if self.origin.scheme == "https":
                self.http.check_plain(origin)
            self.http.onward(self.origin, origin)
        return origin, target, origin == self.origin


def repository_path(repository: str) -> str:
    """`/v2/<repository>`.  Raises InputError when it is not a repository's name."""
    if not _REPOSITORY.match(repository) or len(repository) > 1024:
        raise InputError(f"{repository!r:.200} is not the name of a repository", subject=repository[:200])
    return f"/v2/{repository}"


def manifest_path(repository: str, reference: str) -> str:
    """Raises InputError when `reference` is neither a tag nor a digest."""
    if digest_of(reference) is None and not TAG.match(reference):
        raise InputError(f"{reference!r:.200} is neither a tag nor a digest", subject=repository)
    return f"{repository_path(repository)}/manifests/{reference}"


def blob_path(repository: str, digest: str) -> str:
    return f"{repository_path(repository)}/blobs/{Digest.parse(digest)}"


def digest_of(reference: str) -> Digest | None:
    """The digest that a reference is; None for a tag."""
    return Digest.parse(reference) if ":" in reference else None
