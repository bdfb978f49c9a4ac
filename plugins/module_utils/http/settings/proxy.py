# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which proxy stands between us and a host (user-needs P27).

The variables are those that all tools of the field read: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and
their lower-case forms.  `NO_PROXY` entries are host names (which cover their subdomains), addresses, networks in
CIDR form, any of them with a port, or `*`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, Unsupported

# By scheme; `socks5h` has the proxy resolve names.
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080, "socks4": 1080, "socks4a": 1080}


@dataclass(frozen=True)
class Proxy:
    """One proxy; credentials stay out of every text of it.  scheme: how it is spoken to itself."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    scheme: str = "http"

    def __repr__(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{name}:{self.port}"

    __str__ = __repr__

    @classmethod
    def of(cls, url: str) -> Proxy:
        """From `scheme://[user:password@]host[:port]` or `host:port`, which speaks HTTP.  Raises InputError, Unsupported."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InputError("a proxy's URL cannot be read", subject="proxy", advice="Write it as http://host:port.") from error
        if not host:
            raise InputError("a proxy's URL has no host", subject="proxy", advice="Write it as http://host:port.")
        if parts.scheme not in _PORTS:
            raise Unsupported(
                f"the proxy {host} is to be reached by {parts.scheme}, which is not supported",
                subject="proxy",
                advice=f"Write it as scheme://host:port; known are {', '.join(_PORTS)}.",
            )
        return cls(host, port or _PORTS[parts.scheme], unquote(parts.username or ""), unquote(parts.password or ""), parts.scheme)

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS instead of HTTP."""
        return self.scheme.startswith("socks")

    @property
    def headers(self) -> dict[str, str]:
        """What it is told of its user; only Basic authentication is supported."""
        if not self.username:
            return {}
        pair = f"{self.username}:{self.password}".encode()
        return {"Proxy-Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


@dataclass(frozen=True)
class Proxies:
    """The proxies for plain and TLS requests (None: direct), and the hosts that go without."""

    http: Proxy | None = None
    https: Proxy | None = None
    exceptions: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Mapping[str, str | None], environ: Mapping[str, str]) -> Proxies:
        """`given` (http_proxy, https_proxy, no_proxy; None: not said) before `environ`."""

        def chosen(name: str) -> str:
            value = given.get(name)
            return value if value is not None else environ.get(name) or environ.get(name.upper()) or ""

        plain, secure = chosen("http_proxy").strip(), chosen("https_proxy").strip()
        return cls(
            http=Proxy.of(plain) if plain else None,
            https=Proxy.of(secure) if secure else None,
            exceptions=tuple(entry for entry in chosen("no_proxy").lower().replace(",", " ").split() if entry),
        )

    def choose(self, scheme: str, host: str, port: int) -> Proxy | None:
        """The proxy for requests to a host; None: go direct."""
        proxy = self.https if scheme == "https" else self.http
        if proxy is None or any(_covers(entry, host.lower(), port) for entry in self.exceptions):
            return None
        return proxy


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, wanted = _split_port(entry)
    if wanted is not None and wanted != port:
        return False
    network = _network(name)
    if network is not None:
        return _in_network(host, network)
    name = name[1:] if name.startswith("*.") else name
    name = name.lstrip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _split_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        name, _bracket, rest = entry[1:].partition("]")
        return name, int(rest[1:]) if rest[1:].isdigit() else None
    name, colon, port = entry.rpartition(":")
    if colon and ":" not in name and port.isdigit():
        return name, int(port)
    return entry, None


def _network(name: str) -> Any:
    """As ipaddress has it; None for what is no network."""
    import ipaddress

    try:
        return ipaddress.ip_network(name, strict=False)
    except ValueError:
        return None


def _in_network(host: str, network: Any) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return bool(address in network)
