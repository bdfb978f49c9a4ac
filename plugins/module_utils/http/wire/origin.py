# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Scheme, host and port: what credentials belong to, and what URLs are taken apart to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError

_PORTS = {"http": 80, "https": 443}
# What may stand in a request target as it is; `%` because URLs come encoded.
_SAFE = "%/:=&?~+!$,;'@()*[]-._"


# Python leaves out some of these without a word.
_NOT_IN_HOSTS = re.compile(r"[\x00-\x20\x7f@\\]")


class Origin(NamedTuple):
    """Scheme, host (no brackets) and port: what credentials belong to (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @property
    def netloc(self) -> str:
        """host[:port] as URLs write it, the scheme's own port left out."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, scheme: str, netloc: str) -> Origin:
        """From host[:port].  Raises InputError."""
        try:
            parts = urlsplit(f"{scheme}://{netloc}")
            host, port = parts.hostname, parts.port
            if not host or parts.path or parts.query or _NOT_IN_HOSTS.search(netloc):
                raise ValueError(netloc)
            if "[" in netloc or ":" in host:
                _check_address(netloc, host)
        except ValueError as error:
            raise InputError(f"{netloc!r:.200} is not host or host:port") from error
        if not host.isascii():
            # How else they are read differs between resolvers.
            raise InputError(f"the host {host!r:.200} is not written in ASCII", advice="Write names in other scripts in their xn-- form.")
        return cls(scheme, host, _PORTS[scheme] if port is None else port)


def _check_address(netloc: str, host: str) -> None:
    """Raises ValueError for brackets that hold no address, or are not all of the host.  Pythons differ in what they check."""
    import ipaddress

    ipaddress.IPv6Address(host.partition("%")[0])
    before, _bracket, _rest = netloc.partition("[")
    _before, _bracket, after = netloc.partition("]")
    if before or not (after == "" or after.startswith(":")):
        raise ValueError(netloc)


def split_url(url: str) -> tuple[Origin, str]:
    """(origin, request target) of an absolute http or https URL.  Raises InputError; user names in URLs are refused."""
    try:
        parts = urlsplit(url)
        if any(letter in url for letter in "\t\r\n"):
            raise ValueError(url)
    except ValueError as error:
        raise InputError("a URL cannot be read", subject=url.partition("?")[0][:200]) from error
    if parts.scheme not in _PORTS:
        raise InputError(f"only http and https URLs can be fetched, not {parts.scheme or 'one without a scheme'}")
    if "@" in parts.netloc:
        raise InputError(
            "a URL contains a user name",
            subject=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            advice="Give user and password as credentials for its host.",
        )
    origin = Origin.of(parts.scheme, parts.netloc)
    target = quote(parts.path or "/", safe=_SAFE)
    return origin, f"{target}?{quote(parts.query, safe=_SAFE)}" if parts.query else target
