# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A request as a value."""

from __future__ import annotations

import re
from typing import Callable, NamedTuple, Optional, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.connect import Origin

_NOT_IN_TARGETS = re.compile(r"[^!-~]")
_NOT_IN_HEADERS = re.compile(r"[^\t -~\x80-\xff]")


class Access(NamedTuple):
    """What a request needs a registry's permission for; one token is asked for each distinct value.

    actions: `pull`, `pull,push` or `pull,push,delete`.  source: the repository that a blob is mounted from.
    """

    repository: str
    actions: str = "pull"
    source: str = ""

    @property
    def scopes(self) -> Tuple[str, ...]:
        """In the form of the token specification; without a repository, none (a mere login)."""
        own = (f"repository:{self.repository}:{self.actions}",) if self.repository else ()
        return (*own, f"repository:{self.source}:pull") if self.source and self.source != self.repository else own


class Request(NamedTuple):
    """target: path and query, percent-encoded.

    access: with credentials of the origin for this; None: without any.
    authorization: this header instead.  Neither follows a redirect to another origin.
    slow: the answer may take long (an upload or a push that the other side checks).
    once: not made again when it fails.
    check_address: called with the address of the other end before anything is sent there, unless a proxy is between.
    """

    method: str
    origin: Origin
    target: str
    headers: Tuple[Tuple[str, str], ...] = ()
    body: bytes = b""
    access: Optional[Access] = None
    authorization: str = ""
    slow: bool = False
    once: bool = False
    check_address: Optional[Callable[[str], None]] = None

    @property
    def subject(self) -> str:
        """The URL for messages: without its query, which may hold a secret."""
        return f"{self.origin}{self.target.partition('?')[0]}"

    def head(self, common: str, prefix: str, authorization: str, length: int) -> bytes:
        """The bytes before the body; nothing from outside can end a line or add a header.  length: of the body.

        Raises InputError.
        """
        lines = [f"{self.method} {prefix}{self.target} HTTP/1.1\r\n", common]
        if _NOT_IN_TARGETS.search(self.target):
            raise InputError(f"{self.target!r:.200} cannot be asked for")
        for name, value in self.headers:
            if _NOT_IN_HEADERS.search(value):
                raise InputError(f"{value!r:.200} cannot be sent as {name}")
            lines.append(f"{name}: {value}\r\n")
        if authorization:
            lines.append(f"Authorization: {authorization}\r\n")
        if length or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {length}\r\n")
        lines.append("\r\n")
        return "".join(lines).encode("latin-1")
