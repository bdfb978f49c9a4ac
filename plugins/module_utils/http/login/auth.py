# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Logging in to registries: Basic, and tokens of the Docker token specification.

A host's way of logging in is learnt from its first 401 (or asked for at `/v2/` when there are credentials for it,
because some registries serve the unknown a different truth).  After that every request carries the
right header from the start.  A token is good for one repository; all threads share it, and one of them renews it.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from typing import Any, Callable, NamedTuple
from urllib.parse import urlencode

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.challenge import Challenge, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.realm import check_peer, check_realm
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access, Request, Rule
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin, split_url
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

_OPEN = Challenge("", {})
_LIFETIME = 60.0
DEPTH_ADVICE = "Registries that limit the depth of repository names answer like this, too: see max_nested_paths."
# Whoever promises more is asked again after a day.
_LONGEST_LIFETIME = 24 * 60 * 60.0
# A token is renewed when this share of its life is over.
_SPENT = 0.8
_VISIBLE = re.compile(r"[!-~]+\Z")
# Docker Hub's registry answers under another name than the one that credentials are kept for.
_KEPT_AS = {"registry-1.docker.io": "docker.io"}


class Token(NamedTuple):
    """header: value of `Authorization`.  obtained, spent: monotonic seconds."""

    header: str
    obtained: float
    spent: float


class _Realm(Rule):
    """A token service may be wherever its registry may name one, whether by a challenge or by a redirect."""

    def __init__(self, registry: Origin, address: str, allowed: tuple[str, ...]) -> None:
        self._registry = registry
        self._address = address
        self._allowed = allowed

    def check_host(self, origin: Origin) -> None:
        check_realm(str(origin), str(self._registry), self._allowed)

    def check_address(self, origin: Origin, address: str) -> None:
        if self._address:
            check_peer(address, self._address, str(origin), str(self._registry), self._allowed)


class Authenticator:
    """fetch: sends a Request and reads the answer (`Http.exchange`).

    address_of: the address that a host's name led to, empty when it is not known.
    credentials: None, or has `lookup(host, repository)` that gives None or a value with `username`, `password`,
    `identity_token` and `source` (where it was found, for messages).
    realms: hosts that may hand out tokens for registries of other names.
    check_plain: raises when a host is not to be spoken to without TLS.
    """

    def __init__(
        self,
        fetch: Callable[[Request], Response],
        address_of: Callable[[Origin], str],
        credentials: Any = None,
        realms: tuple[str, ...] = (),
        check_plain: Callable[[Origin], None] = lambda origin: None,
    ) -> None:
        self._fetch = fetch
        self._address_of = address_of
        self._credentials = credentials
        self._realms = realms
        self._check_plain = check_plain
        self._ways: dict[Origin, Challenge] = {}
        self._tokens: dict[tuple[Origin, Access], Token] = {}
        # Scopes that a registry named when ours did not suffice.
        self._further: dict[tuple[Origin, Access], tuple[str, ...]] = {}
        self._lock = threading.Lock()
        self._locks: dict[Any, threading.Lock] = {}

    def header(self, origin: Origin, access: Access) -> str:
        """The Authorization header for a request; empty where none is needed, or not known to be.

        Raises AccessDenied, and what the token service's exchange raises.
        """
        way = self._ways.get(origin)
        if way is None:
            if self._credentials is None or self._credential(origin, access) is None:
                return ""
            way = self._ask(origin)
        if way.scheme == "bearer":
            token = self._tokens.get((origin, access))
            if token is None or time.monotonic() > token.spent:
                token = self._token(origin, access, way, "")
            return token.header
        return self._basic(origin, access) if way.scheme == "basic" else ""

    def plain_header(self, origin: Origin, path: str) -> tuple[str, str]:
        """For a document of a web server, such as a repository of charts: (Authorization header, where its credential was found).

        Only credentials that are kept for this host, or for a path above `path`, count; both texts are empty for none.
        """
        credential = self._credential(origin, Access(path.strip("/")))
        if credential is None or not (credential.username and credential.password):
            return "", ""
        return basic(credential.username, credential.password), str(getattr(credential, "source", ""))

    def renew(self, origin: Origin, access: Access, challenges: str, sent: str, started: float) -> None:
        """Learns from a 401 that answered the header `sent`; `header` gives a better one after this.

        started: when the request was first made; a token that is younger and was refused means no.
        Raises AccessDenied.
        """
        way = _choose(parse(challenges))
        if way is None:
            problem = "requires an unsupported kind of login" if challenges else "answered 401 without saying how to log in"
            raise self._denied(origin, access, problem)
        known = self._ways.get(origin)
        self._ways[origin] = way
        if way.scheme == "basic":
            header = self._basic(origin, access)
            if not header:
                raise self._denied(origin, access, "requires a user name and a password")
            if header == sent:
                raise self._denied(origin, access, "does not accept the credentials")
            return
        key = (origin, access)
        token = self._tokens.get(key)
        if known is not None and token is not None and token.header == sent and token.obtained >= started:
            further = _further(way, access)
            if not further or self._further.get(key) == further:
                raise self._denied(origin, access, "does not accept a fresh token")
            self._further[key] = further
        self._token(origin, access, way, sent)

    def _ask(self, origin: Origin) -> Challenge:
        """How a host wants to be logged in to, by its answer at /v2/."""
        with self._lock_of(origin):
            way = self._ways.get(origin)
            if way is None:
                response = self._fetch(Request("GET", origin, "/v2/"))
                way = _choose(parse(response.headers.get("www-authenticate", ""))) if response.status == 401 else None
                self._ways[origin] = way = way or _OPEN
            return way

    def _basic(self, origin: Origin, access: Access) -> str:
        credential = self._credential(origin, access)
        return basic(credential.username, credential.password) if credential is not None and credential.username else ""

    def _credential(self, origin: Origin, access: Access) -> Any:
        if self._credentials is None:
            return None
        return self._credentials.lookup(_KEPT_AS.get(origin.netloc, origin.netloc), access.repository)

    def _token(self, origin: Origin, access: Access, way: Challenge, stale: str) -> Token:
        """A usable token other than `stale`; of threads that want the same one, one fetches it."""
        key = (origin, access)
        with self._lock_of(key):
            token = self._tokens.get(key)
            if token is None or token.header == stale or time.monotonic() > token.spent:
                token = self._tokens[key] = self._fetch_token(origin, access, way)
                self._share(origin, access, token)
            return token

    def _share(self, origin: Origin, access: Access, token: Token) -> None:
        """A token for a mount or a push is good for the lesser accesses that have none of their own."""
        for lesser in (access._replace(source=""), Access(access.repository)):
            known = self._tokens.get((origin, lesser))
            if known is None or token.obtained > known.spent:
                self._tokens[(origin, lesser)] = token

    def _lock_of(self, key: Any) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(key, threading.Lock())

    def _fetch_token(self, origin: Origin, access: Access, way: Challenge) -> Token:
        realm = way.parameters.get("realm", "")
        check_realm(realm, str(origin), self._realms)
        service = way.parameters.get("service", "")
        scopes = (*access.scopes, *self._further.get((origin, access), ()))
        credential = self._credential(origin, access)
        asked = time.monotonic()
        request = _token_request(realm, service, scopes, credential)
        if request.origin.host != origin.host:
            # That the registry may be spoken to without TLS says nothing of others.
            self._check_plain(request.origin)
        response = self._fetch(request._replace(rule=_Realm(origin, self._address_of(origin), self._realms)))
        if 400 <= response.status < 500 and response.status != 429:
            raise self._denied(origin, access, f"has a token service, {response.origin}, that answered {response.status}", response.status)
        return _read_token(origin, response, asked)

    def _denied(self, origin: Origin, access: Access, problem: str, status: int = 401) -> AccessDenied:
        credential = self._credential(origin, access)
        if credential is None:
            used, advice = "no credentials were found for it", "Give credentials for this host in the authentication file."
        else:
            used = f"the credentials came from {getattr(credential, 'source', '') or 'the task'}"
            advice = "Check that they are right, not expired, and allow this."
        if "push" in access.actions and access.repository.count("/") > 1:
            advice += f" {DEPTH_ADVICE}"
        about = f" for {' and '.join(access.scopes)}" if access.repository else ""
        return AccessDenied(
            f"{origin.netloc} {problem}{about}; {used}",
            subject=f"{origin.netloc}/{access.repository}" if access.repository else origin.netloc,
            host=origin.netloc,
            status=status,
            advice=advice,
        )


def basic(username: str, password: str) -> str:
    """The Authorization header of RFC 7617."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def secrets_of(header: str) -> tuple[str, ...]:
    """What must not be shown of an Authorization header; a password so short that it is in any text is left out."""
    scheme, _blank, secret = header.partition(" ")
    if scheme != "Basic":
        return (secret,) if secret else ()
    try:
        password = base64.b64decode(secret).decode("utf-8").partition(":")[2]
    except ValueError:
        return (secret,)
    return (secret, password) if len(password) > 3 else (secret,)


def _choose(challenges: tuple[Challenge, ...]) -> Challenge | None:
    for scheme in ("bearer", "basic"):
        for challenge in challenges:
            if challenge.scheme == scheme and (scheme == "basic" or challenge.parameters.get("realm")):
                return challenge
    return None


def _further(way: Challenge, access: Access) -> tuple[str, ...]:
    """Scopes of the challenge that were not asked for, of this repository only."""
    named = way.parameters.get("scope", "").split()
    return tuple(scope for scope in named if scope.startswith(f"repository:{access.repository}:") and scope not in access.scopes)


def _token_request(realm: str, service: str, scopes: tuple[str, ...], credential: Any) -> Request:
    origin, target = split_url(realm)
    token = getattr(credential, "identity_token", "")
    if token:
        form = {"grant_type": "refresh_token", "service": service, "client_id": "disconnected.mirror", "scope": " ".join(scopes)}
        form["refresh_token"] = token
        kind = (("Content-Type", "application/x-www-form-urlencoded"),)
        return Request("POST", origin, target, kind, urlencode(form).encode("ascii"))
    query = [("service", service)] if service else []
    query += [("scope", scope) for scope in scopes]
    authorization = ""
    if credential is not None and credential.username:
        query.append(("account", credential.username))
        authorization = basic(credential.username, credential.password)
    joined = f"{target}{'&' if '?' in target else '?'}{urlencode(query)}" if query else target
    return Request("GET", origin, joined, authorization=authorization)


def _read_token(origin: Origin, response: Response, asked: float) -> Token:
    """The lifetime counts from when it was asked for, by our own clock: theirs may be wrong."""
    subject = f"token service {response.origin} of {origin.netloc}"
    if response.status != 200:
        raise RegistryError(f"answered {response.status}", subject=subject, host=response.origin.netloc, status=response.status)
    try:
        document = json_values.parse(response.body, limits.SMALL)
        text = document.get("token") or document.get("access_token")
        seconds = document.get("expires_in") or _LIFETIME
    except (ValueError, AttributeError) as error:
        raise RegistryError("did not answer with a JSON object", subject=subject, host=response.origin.netloc) from error
    if not isinstance(text, str) or not _VISIBLE.match(text):
        raise RegistryError("answered without a token", subject=subject, host=response.origin.netloc)
    life = float(min(seconds, _LONGEST_LIFETIME)) if isinstance(seconds, (int, float)) and seconds > 0 else _LIFETIME
    return Token(f"Bearer {text}", asked, asked + _SPENT * life)
