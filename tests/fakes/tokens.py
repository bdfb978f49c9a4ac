# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what at a fake registry: basic credentials, or bearer tokens with scopes and a lifetime."""

from __future__ import annotations

import base64
import binascii
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable

Need = tuple[str, str]  # (repository, action); an empty repository needs a login only


def _everything(user: str, repository: str, action: str) -> bool:
    return True


@dataclass(frozen=True)
class _Token:
    user: str
    grants: frozenset[Need]
    expires: float


@dataclass
class Guard:
    """The registry's door.

    mode: `basic`, `bearer` or empty (open).  users: name to password.  identity_tokens: token to user.
    anonymous: actions that nobody in particular may do (`pull`).  allowed: may this user do this there?
    ttl: seconds that a token lives.  announced_ttl: what `expires_in` says (None: the truth, 0: nothing).
    realm: URL in the challenge (empty: this registry's own /token).  token_key: `token`, `access_token` or `both`.
    clock: seconds, by which tokens die.
    """

    mode: str = ""
    users: Mapping[str, str] = field(default_factory=dict)
    identity_tokens: Mapping[str, str] = field(default_factory=dict)
    anonymous: frozenset[str] = frozenset()
    allowed: Callable[[str, str, str], bool] = _everything
    ttl: float = 300.0
    announced_ttl: float | None = None
    realm: str = ""
    service: str = "fake-registry"
    token_key: str = "token"
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, _Token] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke(self) -> None:
        """No token that was given so far is good any more."""
        with self._lock:
            self._tokens.clear()

    def challenge(self, needs: Sequence[Need], url: str) -> str:
        if self.mode == "basic":
            return f'Basic realm="{self.service}"'
        text = f'Bearer realm="{self.realm or url + "/token"}",service="{self.service}"'
        scope = " ".join(f"repository:{name}:{','.join(actions)}" for name, actions in _grouped(needs).items())
        return f'{text},scope="{scope}"' if scope else text

    def judge(self, header: str, needs: Sequence[Need]) -> tuple[bool, str]:
        """Whether a request with this Authorization may do all that, and whose it is."""
        if not self.mode:
            return True, self.user_of_basic(header) or ""
        if self.mode == "basic":
            user = self.user_of_basic(header)
            if user is None:
                return False, ""
            return self._may(user, needs), user
        scheme, _blank, secret = header.partition(" ")
        token = self._tokens.get(secret) if scheme.lower() == "bearer" else None
        if token is None or token.expires < self.clock():
            return False, ""
        return all(need in token.grants for need in needs if need[0]), token.user

    def user_of_basic(self, header: str) -> str | None:
        """The user of an Authorization header; empty for none sent, None for wrong ones."""
        if not header:
            return ""
        scheme, _blank, secret = header.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _colon, password = base64.b64decode(secret, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if self.users.get(name) == password else None

    def user_of_form(self, form: Mapping[str, str]) -> str | None:
        """The user of an OAuth2 token request; None when it proves nothing."""
        if form.get("grant_type") == "refresh_token":
            return self.identity_tokens.get(form.get("refresh_token", ""))
        if form.get("grant_type") == "password" and self.users.get(form.get("username", "")) == form.get("password", ""):
            return form["username"]
        return None

    def issue(self, user: str, scopes: Sequence[str]) -> dict[str, object]:
        """A token for as much of the wanted scopes as this user may; the JSON of the answer."""
        grants = frozenset(need for scope in scopes for need in _needs(scope) if self._may(user, [need]))
        secret = f"token-{uuid.uuid4().hex}"
        with self._lock:
            self._tokens[secret] = _Token(user, grants, self.clock() + self.ttl)
        names = ("token", "access_token") if self.token_key == "both" else (self.token_key,)
        answer: dict[str, object] = dict.fromkeys(names, secret)
        announced = self.ttl if self.announced_ttl is None else self.announced_ttl
        if announced:
            answer["expires_in"] = int(announced)
        return answer

    def _may(self, user: str, needs: Sequence[Need]) -> bool:
        if user:
            return all(self.allowed(user, repository, action) for repository, action in needs)
        return all(action in self.anonymous for _repository, action in needs)


def _grouped(needs: Sequence[Need]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for repository, action in needs:
        if repository:
            grouped.setdefault(repository, []).append(action)
    return grouped


def _needs(scope: str) -> list[Need]:
    kind, _colon, rest = scope.partition(":")
    name, _colon, actions = rest.rpartition(":")
    return [(name, action) for action in actions.split(",")] if kind == "repository" else []
