# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Documents of web servers, fetched with requests: update services, graph data, stores of signatures, repositories of charts.

They go over the same connections as everything else, so that a host behaves the same whichever way it is asked: its TLS
settings, its proxy, its pace, its retries and the end of a cancelled run hold for both.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, NotFound, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.requests_library import (
    AuthBase,
    BaseAdapter,
    CaseInsensitiveDict,
    PreparedRequest,
    RequestException,
    Response,
    Session,
    require,
)

# What servers say of documents that are not for everybody; some deny that they exist.
_CLOSED = frozenset((401, 403, 404))
_NOT_MODIFIED = 304
# Characters of an entity tag; a longer one is cut, and then never known again.
_ENTITY_TAG = 256


class Documents(Session):
    """http: the client of the run (`http.session.Http`).  limit: bytes of a document.

    guide: the host whose content names the URLs, None where the user does.  Such a URL is checked like a redirect of that host, and
    gets no credentials.
    Nothing of the environment, no netrc and no cookies are used.  Redirects are followed by the client, by its rules.
    """

    def __init__(self, http: Any, limit: int, guide: Origin | None = None) -> None:
        require()
        super().__init__()
        self.trust_env = False
        self.headers = CaseInsensitiveDict({"Accept": "*/*"})
        self.auth: _Login = _Login(http.auth if guide is None else None)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Transport(http, limit, guide))

    def document(self, url: str, accept: str) -> bytes:
        """The document at a URL.  Where it is not open to everybody, user and password go along that are known for its host.

        Raises NotFound (404, 410), AccessDenied (401, 403), RegistryError (any other refusal), InputError, Unreachable.
        """
        return bytes(self._get(url, {"Accept": accept}).content)

    def newer(self, url: str, accept: str, known: str) -> tuple[bytes | None, str]:
        """The document and its entity tag; None when it is still the one with the entity tag `known`.  Raises like `document`."""
        response = self._get(url, {"Accept": accept, **({"If-None-Match": known} if known else {})}, bool(known))
        if response.status_code == _NOT_MODIFIED:
            return None, known
        return bytes(response.content), response.headers.get("etag", "")[:_ENTITY_TAG]

    def length_of(self, url: str) -> int | None:
        """How many bytes a URL has, by its HEAD; None when the server does not say.  Raises like `document`."""
        told = self._get(url, {"Accept-Encoding": "identity"}, method="HEAD").headers.get("content-length", "")
        return int(told) if told.isdigit() and len(told) <= limits.DIGITS else None

    def opened(self, url: str, start: int) -> Any:
        """The answer (`http.wire.response.Response`) to be read, from a byte on where the server knows ranges.  Raises like `document`."""
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        return self._get(url, headers, stream=True).raw

    def _get(self, url: str, headers: dict[str, str], conditional: bool = False, method: str = "GET", stream: bool = False) -> Response:
        try:
            response = self.request(method, url, headers=headers, stream=stream)
        except RequestException as error:
            # Of the library itself: it could not read the URL, which may hold a secret.
            raise InputError("a URL cannot be read", subject=url.partition("?")[0].rpartition("@")[2][:200]) from error
        if not (conditional and response.status_code == _NOT_MODIFIED):
            _check(response, self.auth.source)
        return response


class _Transport(BaseAdapter):
    """Sends what requests has prepared by way of the client."""

    def __init__(self, http: Any, limit: int, guide: Origin | None) -> None:
        super().__init__()
        self._http = http
        self._limit = limit
        self._guide = guide

    def send(self, request: PreparedRequest, stream: bool = False, *_settings: Any, **_others: Any) -> Response:
        origin, target = split_url(request.url or "")
        rule = None if self._guide is None or self._guide == origin else self._http.onward(self._guide, origin)
        self._http.check_plain(origin)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("authorization", "content-length")}
        body = request.body.encode("utf-8") if isinstance(request.body, str) else request.body or b""
        authorization = request.headers.get("Authorization", "")
        asked = Request(request.method or "GET", origin, target, tuple(headers.items()), body, authorization=authorization, rule=rule)
        answer = self._http.open(asked) if stream else self._http.exchange(asked, self._limit)
        response = Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.url = str(request.url)
        response.request = request
        response.connection = self
        response._content = answer.body
        response._content_consumed = True
        response.raw = answer
        return response

    def close(self) -> None:
        """The client closes its connections itself."""


class _Login(AuthBase):
    """Nobody's credentials at first; those of the host when it does not answer without.  source: where those were found."""

    def __init__(self, auth: Any) -> None:
        self.source = ""
        self._auth = auth

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.register_hook("response", self._again)
        return request

    def _again(self, response: Response, **settings: Any) -> Response:
        origin, target = split_url(response.url)
        if response.status_code not in _CLOSED or self._auth is None:
            return response
        header, self.source = self._auth.plain_header(origin, target.partition("?")[0])
        if not header:
            return response
        request = response.request.copy()
        request.headers["Authorization"] = header
        return response.connection.send(request, **settings)


def _check(response: Response, source: str) -> None:
    if response.status_code < 300:
        return
    origin, target = split_url(response.url)
    place = target.partition("?")[0]
    about = {"subject": f"{origin}{place}", "host": origin.netloc, "status": response.status_code}
    if response.status_code in (401, 403):
        used = f"the credentials came from {source}" if source else "no credentials were found for it"
        raise AccessDenied(
            f"{origin} answered {response.status_code}; {used}",
            advice="Give user and password for this host in the authentication file, or correct them.",
            **about,
        )
    if response.status_code in (404, 410):
        raise NotFound(f"{origin} has no {place}", **about)
    raise RegistryError(f"{origin} answered {response.status_code}", **about)
