# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Opens connections: straight or through a proxy, plain or TLS."""

from __future__ import annotations

import base64
import socket
from typing import Any, NamedTuple, Optional, Tuple
from urllib.parse import quote, urlsplit

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.interruption import Interrupted, reason_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.proxy import Proxy
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings import Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire import Connection

_PORTS = {"http": 80, "https": 443}
# What may stand in a request target as it is; `%` because URLs come encoded.
_SAFE = "%/:=&?~+!$,;'@()*[]-._"


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
    def of(cls, scheme: str, netloc: str) -> "Origin":
        """From host[:port].  Raises InputError."""
        try:
            parts = urlsplit(f"{scheme}://{netloc}")
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InputError(f"{netloc!r:.200} is not host or host:port") from error
        if not host or parts.path or parts.query or "@" in netloc or not host.isprintable() or " " in host:
            raise InputError(f"{netloc!r:.200} is not host or host:port")
        return cls(scheme, host, _PORTS[scheme] if port is None else port)


def split_url(url: str) -> Tuple[Origin, str]:
    """(origin, request target) of an absolute http or https URL.  Raises InputError; user names in URLs are refused."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InputError("a URL cannot be read", subject=url.partition("?")[0][:200]) from error
    if parts.scheme not in _PORTS:
        raise InputError(f"only http and https URLs can be fetched, not {parts.scheme or 'one without a scheme'}")
    if "@" in parts.netloc:
        raise InputError(
            "a URL carries a user name",
            subject=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
            advice="Give user and password as credentials for its host.",
        )
    origin = Origin.of(parts.scheme, parts.netloc)
    target = quote(parts.path or "/", safe=_SAFE)
    return origin, f"{target}?{quote(parts.query, safe=_SAFE)}" if parts.query else target


def open_connection(origin: Origin, context: Any, proxy: Optional[Proxy], timeouts: Timeouts) -> Connection:
    """A connection to an origin.

    context: an ssl.SSLContext for https.  Plain requests through a proxy are sent to the proxy in absolute form.
    Raises Interrupted, Unreachable (certificate refused), AccessDenied (the proxy wants credentials).
    """
    sock = _dial(proxy.host, proxy.port, timeouts) if proxy else _dial(origin.host, origin.port, timeouts)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if origin.scheme == "https":
            if proxy:
                _tunnel(sock, origin, proxy, timeouts)
            sock = _secure(sock, origin, context, timeouts)
        return Connection(sock, timeouts.stall)
    except BaseException:
        sock.close()
        raise


def proxy_authorization(proxy: Proxy) -> str:
    """The header line for a proxy that has credentials, else nothing."""
    if not proxy.username:
        return ""
    pair = f"{proxy.username}:{proxy.password}".encode("utf-8")
    return f"Proxy-Authorization: Basic {base64.b64encode(pair).decode('ascii')}\r\n"


def _dial(host: str, port: int, timeouts: Timeouts) -> socket.socket:
    try:
        # Bytes, where they serve: text has Python load its tables for international names first.
        return socket.create_connection((host.encode("ascii") if host.isascii() else host, port), timeouts.connect)
    except socket.gaierror as error:
        raise Interrupted(f"the name {host} cannot be resolved", untouched=True, lasting=error.errno == socket.EAI_NONAME) from error
    except (OSError, UnicodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "the name is not valid"
        raise Interrupted(f"cannot connect: {reason}", untouched=True) from error


def _tunnel(sock: socket.socket, origin: Origin, proxy: Proxy, timeouts: Timeouts) -> None:
    name = f"[{origin.host}]" if ":" in origin.host else origin.host
    line = Connection(sock, timeouts.connect)
    line.send(f"CONNECT {name}:{origin.port} HTTP/1.1\r\nHost: {name}:{origin.port}\r\n{proxy_authorization(proxy)}\r\n".encode("latin-1"))
    # An answer to CONNECT has no body, whatever its headers say (RFC 9110, 9.3.6).
    answer = line.receive("HEAD", timeouts.connect + timeouts.stall)
    if answer.status == 407:
        raise AccessDenied(
            f"the proxy {proxy} asks for credentials that it did not get or does not accept",
            subject=str(proxy),
            host=proxy.host,
            status=407,
            advice="Put user and password into the proxy's URL; only Basic authentication is spoken.",
        )
    if answer.status == 403:
        problem = f"the proxy {proxy} does not let requests through to {origin.netloc}"
        raise AccessDenied(problem, subject=str(proxy), host=proxy.host, status=403)
    if not 200 <= answer.status < 300:
        raise Interrupted(f"the proxy {proxy} answered {answer.status} to CONNECT", untouched=True)


def _secure(sock: socket.socket, origin: Origin, context: Any, timeouts: Timeouts) -> socket.socket:
    import ssl

    try:
        sock.settimeout(timeouts.connect)
        return context.wrap_socket(sock, server_hostname=origin.host)
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(
            f"the certificate of {origin.netloc} is not accepted: {error.verify_message}",
            subject=origin.netloc,
            host=origin.netloc,
            advice="Give its authority as ca_path for this host, or use the name that the certificate is made for.",
        ) from error
    except ssl.SSLError as error:
        reason = (error.reason or "").lower().replace("_", " ")
        if "wrong version number" in reason or "http request" in reason:
            raise Unreachable(
                f"{origin.netloc} does not speak TLS",
                subject=origin.netloc,
                host=origin.netloc,
                advice="If it is meant to be spoken to without protection, set plain_http for this host.",
            ) from error
        refused = "protocol" in reason or "alert" in reason or "certificate required" in reason
        raise Interrupted(f"TLS failed: {reason or 'closed in the handshake'}", untouched=True, lasting=refused) from error
    except OSError as error:
        raise Interrupted(f"TLS failed: {reason_of(error)}", untouched=True) from error
