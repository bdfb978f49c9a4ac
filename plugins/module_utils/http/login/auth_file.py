# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Auth files of podman and docker, read into values (containers-auth.json(5), docker config.json).

Secrets stay inside: no message and no `repr` shows them.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER_HUB

_HUB_NAMES = frozenset((DOCKER_HUB, "index.docker.io", "registry-1.docker.io"))


@dataclass(frozen=True, repr=False)
class Credential:
    """Who to be at a registry.

    identity_token: exchanged at the token server instead of a password; empty when there is none.
    source: where it was found, for messages (`/run/user/0/containers/auth.json, quay.io/team`).
    """

    username: str
    password: str = ""
    identity_token: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"Credential(username={self.username!r}, source={self.source!r})"

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, the encoded form of a header included."""
        if not self.password:
            return (self.identity_token,) if self.identity_token else ()
        basic = base64.b64encode(f"{self.username}:{self.password}".encode()).decode("ascii")
        return tuple(text for text in (self.password, basic, self.identity_token) if text)


@dataclass(frozen=True)
class AuthFile:
    """entries: by key (`host[/namespace[/repository]]`); helpers: by key, names of credential helpers.

    store: the helper for every other registry, empty for none.  kept: keys whose secrets the store keeps.
    """

    path: str
    entries: Mapping[str, Credential] = field(repr=False)
    helpers: Mapping[str, str]
    store: str = ""
    kept: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: str) -> AuthFile:
        """Raises FileNotFoundError, StorageError (unreadable), InputError (malformed)."""
        try:
            document = json_values.parse(files.read(path, limits.DOCUMENT.size) or b"{}", limits.DOCUMENT)
        except ValueError as error:
            # The text itself is not quoted: it holds secrets.
            where = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            raise InputError(f"the auth file is not JSON{where}", subject=path, advice="Log in again, or correct it.") from None
        return cls.of(document, path)

    @classmethod
    def of(cls, document: Any, path: str) -> AuthFile:
        """From the parsed file; raises InputError saying which member is wrong."""
        document = _mapping(document, path, "")
        auths = _mapping(document.get("auths"), path, "auths")
        helpers = _mapping(document.get("credHelpers"), path, "credHelpers")
        store = document.get("credsStore") or ""
        for key, name in [*helpers.items(), ("credsStore", store)]:
            if not isinstance(name, str):
                raise InputError(f"the name of the credential helper of {key} is not text", subject=path)
        entries: dict[str, Credential] = {}
        kept: list[str] = []
        # A plain host wins over docker's old URL form of the same host.
        for key, entry in sorted(auths.items(), key=lambda item: "://" in item[0]):
            credential = credential_of(entry, f"{path}, {key}")
            if credential:
                entries.setdefault(normal_key(key), credential)
            else:
                kept.append(normal_key(key))
        return cls(path, entries, {normal_key(key): name for key, name in helpers.items() if name}, store, tuple(kept))


def credential_of(entry: Any, source: str) -> Credential | None:
    """From one entry of `auths`; None when it holds nothing.  Raises InputError naming the member that is wrong."""
    members = _mapping(entry, source, "")
    for name in ("auth", "username", "password", "identitytoken", "identity_token"):
        if not isinstance(members.get(name) or "", str):
            raise InputError(f"{name} is not text", subject=source)
    username, password = members.get("username") or "", members.get("password") or ""
    token = members.get("identitytoken") or members.get("identity_token") or ""
    if members.get("auth"):
        username, password = _decoded(members["auth"], source)
    if not (username and password) and not token:
        return None
    return Credential(username, password, token, source)


def _decoded(text: str, source: str) -> tuple[str, str]:
    try:
        name, colon, password = base64.b64decode(text.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        raise InputError("auth is not the base64 form of user:password", subject=source) from None
    if not colon:
        raise InputError("auth is not the base64 form of user:password: it has no colon", subject=source)
    # docker pads what it encodes with zero bytes in old files.
    return name, password.strip("\x00")


def _mapping(value: Any, path: str, member: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InputError(f"{member or 'it'} is not a JSON object", subject=path, advice='The form is {"auths": {"host": {"auth": "..."}}}.')
    return value


def normal_host(host: str) -> str:
    """The one name of a registry: lower case, and docker.io for each name of Docker Hub."""
    host = host.lower()
    return DOCKER_HUB if host in _HUB_NAMES else host


def normal_key(key: str) -> str:
    """`host[/path]` of any key that podman and docker write: with a scheme, docker's `/v1/` and `/v2/` are no path."""
    scheme, separator, rest = key.strip().partition("://")
    if separator and scheme.lower() in ("http", "https"):
        host, _slash, path = rest.partition("/")
        path = "" if path.strip("/") in ("v1", "v2") else path
    else:
        host, _slash, path = key.strip().partition("/")
    path = path.strip("/")
    return f"{normal_host(host)}/{path}" if path else normal_host(host)
