# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where a token may be asked for: the realm of a `WWW-Authenticate` challenge is checked before it is used.

A registry names the place to which credentials are sent.  It may name itself, a host below the same registrable
domain, or a host that is known to serve its tokens; everything else the user has to list (user-needs G13;
GHSA-28r5-37g7-p6mp, GHSA-xf85-363p-868w).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NoReturn, Union
from urllib.parse import SplitResult, urlsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied

_Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

PUBLIC, PRIVATE, LINK_LOCAL, LOOPBACK, SPECIAL = "public", "private", "link-local", "loopback", "special"
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

# Registries whose tokens come from a host of another registrable domain.
_PAIRS = frozenset(
    (
        ("docker.io", "auth.docker.io"),
        ("registry.redhat.io", "sso.redhat.com"),
        ("registry.hub.docker.com", "auth.docker.io"),
        ("lscr.io", "ghcr.io"),
        ("nvcr.io", "authn.nvidia.com"),
    )
)
# Below these, neighbours belong to different owners, so that a common parent says nothing.
_SHARED_PARENTS = frozenset(
    [
        "amazonaws.com",
        "amazonaws.com.cn",
        "appspot.com",
        "azurecr.io",
        "azurecr.cn",
        "azurecr.us",
        "azurewebsites.net",
        "cloudapp.net",
        "cloudfront.net",
        "windows.net",
        "core.windows.net",
        "duckdns.org",
        "dyndns.org",
        "fly.dev",
        "github.io",
        "githubusercontent.com",
        "gitlab.io",
        "herokuapp.com",
        "jfrog.io",
        "netlify.app",
        "ngrok.io",
        "ngrok.app",
        "nip.io",
        "no-ip.org",
        "openshiftapps.com",
        "pages.dev",
        "pkg.dev",
        "run.app",
        "sslip.io",
        "trycloudflare.com",
        "vercel.app",
        "workers.dev",
        "xip.io",
        "digitaloceanspaces.com",
        "web.app",
        "firebaseapp.com",
    ]
)
_COUNTRY_SECOND_LEVEL = frozenset(
    ["ac", "co", "com", "edu", "go", "gob", "gov", "gouv", "mil", "ne", "net", "nom", "or", "org", "plc", "sch"]
)
_PRIVATE_SUFFIXES = (".local", ".internal", ".lan", ".corp", ".home", ".home.arpa", ".intranet", ".private")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?\Z")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")


def check_realm(realm_url: str, registry_url: str, allowed: Iterable[str] = ()) -> None:
    """Raises AccessDenied, saying why, unless tokens for the registry may be asked for at the realm.

    registry_url: with scheme, as it was spoken to.  allowed: hosts (`host` or `host:port`) that the user listed; they
    lift the rules on hosts, never those on TLS and on the form of the URL.
    """
    registry, registry_host = _parts(registry_url, registry_url)
    realm, host = _parts(realm_url, registry_url)
    if registry.scheme == "https" and realm.scheme != "https":
        _refuse(registry, "its token server is named without TLS", "")
    if realm.username is not None or realm.password is not None:
        _refuse(registry, "the URL of its token server contains a user name", "")
    if host == registry_host or _listed(host, realm, allowed):
        return
    advice = f"If {host} is right, list it in trusted_token_hosts."
    kind, own = place(host), place(registry_host)
    if kind == LOOPBACK and own == LOOPBACK:
        return
    if kind != PUBLIC and kind != own:
        _refuse(registry, f"its token server {host} is a {kind} address", advice)
    if not _related(host, registry_host):
        _refuse(registry, f"its token server {host} is a host of another domain", advice)


def check_peer(address: str, registry_address: str, realm_url: str, registry_url: str, allowed: Iterable[str] = ()) -> None:
    """The same for the addresses that the names were resolved to, after connecting and before anything is sent.

    A name that was fine can lead to an inner address (DNS rebinding): raises AccessDenied when the realm's address is
    closer to this machine than the registry's.
    """
    registry, registry_host = _parts(registry_url, registry_url)
    realm, host = _parts(realm_url, registry_url)
    if host == registry_host or _listed(host, realm, allowed):
        return
    kind, own = place(address.lower()), place(registry_address.lower())
    if kind != PUBLIC and kind != own:
        advice = f"If that is right, list {host} in trusted_token_hosts."
        _refuse(registry, f"its token server {host} leads to the {kind} address {address}", advice)


def check_onward(host: str, address: str, source: str, source_address: str) -> None:
    """For what a host redirects to, or names in a manifest: content from a public host never comes from this machine, nor from
    the services of its network that answer to its neighbours alone.  addresses: that names led to; empty where not known.

    Raises AccessDenied.
    """
    kind = place((address or host).lower())
    if kind in (LOOPBACK, LINK_LOCAL) and place((source_address or source).lower()) == PUBLIC:
        where = f"{host} leads to the {kind} address {address}" if address else f"{host} is a {kind} address"
        raise AccessDenied(
            f"{source} leads to an address that is not public: {where}",
            host=source,
            advice=f"If that is right, name {host} in the tls option, with the settings it needs.",
        )


def place(host: str) -> str:
    """Where a host is by its name alone: public, private, link-local, loopback or special (multicast, reserved)."""
    address = _address(host)
    if address is not None:
        return _place_of(address)
    if host == "localhost" or host.endswith(".localhost"):
        return LOOPBACK
    return PRIVATE if "." not in host or host.endswith(_PRIVATE_SUFFIXES) else PUBLIC


def registrable(host: str) -> str:
    """The part of a name that somebody registered: `example.com` of `a.b.example.com`.

    The host itself for addresses and below the shared domains of hosting services.
    """
    if _address(host) is not None:
        return host
    labels = host.split(".")
    if any(".".join(labels[start:]) in _SHARED_PARENTS for start in range(len(labels))):
        return host
    double = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _COUNTRY_SECOND_LEVEL
    return ".".join(labels[-3:] if double else labels[-2:])


def _parts(url: str, registry_url: str) -> tuple[SplitResult, str]:
    """A URL taken apart and its host in the one form that is compared."""
    try:
        parts = urlsplit("" if _FORBIDDEN.search(url) else url)
        host = _normal(parts.hostname or "")
        if parts.scheme in ("http", "https") and (parts.port is None or parts.port > 0):
            return parts, host
    except ValueError:
        pass
    raise AccessDenied("the registry names a token server that is not a proper http(s) URL", subject=registry_url.rpartition("@")[2])


def _normal(host: str) -> str:
    """Without a final dot; raises ValueError for what is no host in ASCII.

    Names in other scripts come in their `xn--` form: how else they are read differs between resolvers.
    """
    if ":" in host:
        return str(ipaddress.ip_address(host.split("%")[0]))
    if not _HOST.match(host):
        raise ValueError(host)
    return host.rstrip(".")


def _address(host: str) -> _Address | None:
    """The address that a host is, in any way of writing it that resolvers take (`127.1`, `0x7f000001`, `2130706433`)."""
    try:
        return ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        pass
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.match(part) for part in parts):
        return None
    try:
        numbers = [_integer(part) for part in parts]
    except ValueError:
        return None
    last = numbers.pop()
    value = last
    for position, number in enumerate(numbers):
        if number > 255:
            return None
        value += number << (24 - 8 * position)
    return ipaddress.IPv4Address(value) if last < 1 << (32 - 8 * len(numbers)) else None


def _integer(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)


def _place_of(address: _Address) -> str:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and (address in _NAT64 or int(address) >> 32 == 0 and int(address) > 1):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _place_of(inner)
    if address.is_loopback or address.is_unspecified:
        return LOOPBACK
    if address.is_link_local:
        return LINK_LOCAL
    if address.is_multicast or address.is_reserved:
        return SPECIAL
    if address.is_private or (isinstance(address, ipaddress.IPv4Address) and address in _SHARED):
        return PRIVATE
    return PUBLIC


def _listed(host: str, realm: SplitResult, allowed: Iterable[str]) -> bool:
    port = realm.port or (443 if realm.scheme == "https" else 80)
    names = {entry.lower().rstrip(".") for entry in allowed}
    return host in names or f"{host}:{port}" in names


def _related(host: str, registry_host: str) -> bool:
    parent = registrable(registry_host)
    if place(host) in (LINK_LOCAL, SPECIAL):
        return False
    if (registry_host, host) in _PAIRS or (parent, host) in _PAIRS:
        return True
    return "." in parent and _address(host) is None and registrable(host) == parent


def _refuse(registry: SplitResult, reason: str, advice: str) -> NoReturn:
    host = registry.netloc.rpartition("@")[2]
    raise AccessDenied(f"the registry {host} cannot be logged in to: {reason}", advice=advice, host=host)
