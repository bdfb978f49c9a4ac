# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A request as a value."""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin

_NOT_IN_TARGETS = re.compile(r"[^!-~]")
_WITH_BODY = ("POST", "PUT", "PATCH")


class Access(NamedTuple):
    """What a request needs a registry's permission for; one token is asked for each distinct value.

    actions: `pull`, `pull,push` or `pull,push,delete`.  source: the repository that a blob is mounted from.
    """

    repository: str
    actions: str = "pull"
    source: str = ""

    @property
    def scopes(self) -> tuple[str, ...]:
        """In the form of the token specification; without a repository, none (a mere login)."""
        own = (f"repository:{self.repository}:{self.actions}",) if self.repository else ()
        return (*own, f"repository:{self.source}:pull") if self.source and self.source != self.repository else own


class Rule:
    """What is checked of every host that a request is led to, by the methods of its sub-classes, which raise what refuses it."""

    def check_host(self, origin: Origin) -> None:
        """Before a redirect to this host is followed."""

    def check_address(self, origin: Origin, address: str) -> None:
        """Before anything is sent to the address that the host's name led to; not called behind a proxy."""


class Request(NamedTuple):
    """target: path and query, percent-encoded.

    access: with credentials of the origin for this; None: without any.
    authorization: this header instead.  Neither follows a redirect to another origin.
    slow: the answer may take long (an upload or a push that the other side checks).
    once: not made again when it fails.
    rule: where it may be led; none for anywhere that redirects may go to at all.
    """

    method: str
    origin: Origin
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    access: Access | None = None
    authorization: str = ""
    slow: bool = False
    once: bool = False
    rule: Rule | None = None

    @property
    def subject(self) -> str:
        """The URL for messages: without its query, which may hold a secret."""
        return f"{self.origin}{self.target.partition('?')[0]}"

    def fields(self, common: tuple[tuple[str, str], ...], authorization: str) -> tuple[tuple[str, str], ...]:
        """The headers, but for the length of a body.  Raises InputError for a target that would not be one line's."""
        if _NOT_IN_TARGETS.search(self.target):
            raise InputError(f"{self.target!r:.200} cannot be requested")
        own = (("Authorization", authorization),) if authorization else ()
        return common + self.headers + own

    def length(self, size: int) -> int | None:
        """What a body of so many bytes is announced as; None for not at all."""
        return size if size or self.method in _WITH_BODY else None
