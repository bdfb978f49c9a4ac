# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where connections to one host come from: a pool of urllib3, straight or through a proxy, and what went wrong in the field's words."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, Unreachable, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.proxy import Proxy
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.tls import NamedContext
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import POOLS, Guarded, socks_pools
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Silent, Unreached, reason_of
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.urllib3_library import HTTPError, socks_library, urllib3

# So many idle connections are kept, which is more than there are threads.
_KEPT = 256
_OPTIONS = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
_HOST_ADVICE = "Check its name and port, that it runs, and that this host may reach it; where a proxy leads to it, set https_proxy."
_SILENT_ADVICE = "Check that a registry or web server listens there, and what stands before it: a load balancer, a firewall, a proxy."
_PROXY_ADVICE = "Check the proxy's address and that it runs, or name {host} in no_proxy if it is to be reached without."
_REFUSED_BY_PROXY = re.compile(r"Tunnel connection failed: (\d+)")


class Distrusted(Unreachable):
    """A certificate was refused.  reason: in OpenSSL's words."""

    def __init__(self, message: str, *, reason: str, **details: Any) -> None:
        super().__init__(message, **details)
        self.reason = reason


@dataclass
class Pool:
    """The connections to an origin.  context, proxy_context: ssl.SSLContexts, for those ends that have TLS."""

    origin: Origin
    timeouts: Timeouts
    context: Any = None
    proxy: Proxy | None = None
    proxy_context: Any = None

    def __post_init__(self) -> None:
        origin = self.origin
        # One pool of a manager: managers are who knows how proxies are set up.
        self._pool = self._manager().connection_from_host(origin.host, origin.port, origin.scheme)

    def take(self, fresh: bool = False, patience: float = 0.0) -> Guarded:
        """A connected connection: an idle one that is still open, or a new one (always when `fresh`).

        patience: seconds that a proxy may take to answer; 0 for those of `timeouts`.

        Raises Interrupted, Unreachable (certificate refused), AccessDenied (the proxy wants credentials).
        """
        connection: Guarded = self._pool._new_conn() if fresh else self._pool._get_conn()
        if connection.sock is None:
            self._connect(connection, patience or self.timeouts.connect + self.timeouts.stall)
        return connection

    def give(self, connection: Guarded) -> None:
        """Takes an idle connection back; more than are kept are closed."""
        self._pool._put_conn(connection)

    def close(self) -> None:
        """Closes the idle connections; it can be used on."""
        self._pool.close()
        self.__post_init__()

    def _manager(self) -> Any:
        details = {"maxsize": _KEPT, "block": False, "socket_options": _OPTIONS}
        proxy = self.proxy
        proxy_context = _named(self.proxy_context, proxy.host) if proxy is not None else None
        if self.context is not None:
            details["ssl_context"] = _named(self.context, self.origin.host)
        if proxy is None:
            manager = urllib3.PoolManager(**details)
        elif proxy.is_socks:
            return self._socks_manager(proxy, details)
        else:
            if proxy.scheme == "https" and self.context is None:
                # What is not to be protected end to end is asked of the proxy itself.
                details["ssl_context"] = proxy_context
            manager = urllib3.ProxyManager(str(proxy), proxy_headers=proxy.headers, proxy_ssl_context=proxy_context, **details)
        manager.pool_classes_by_scheme = POOLS
        return manager

    @staticmethod
    def _socks_manager(proxy: Proxy, details: Any) -> Any:
        socks = socks_library()
        if socks is None:
            problem = f"the proxy {proxy} speaks SOCKS, for which this host lacks the Python library PySocks"
            raise Unsupported(problem, subject="proxy", advice="Install PySocks, or use a proxy that speaks HTTP.")
        manager = socks.SOCKSProxyManager(str(proxy), username=proxy.username or None, password=proxy.password or None, **details)
        manager.pool_classes_by_scheme = socks_pools(socks)
        return manager

    def silent(self, seconds: float, asked: str = "") -> Unreached:
        """For an end that takes connections and says nothing; asked: a proxy was asked for this."""
        proxied = bool(asked) or (self.proxy is not None and not self.proxy.is_socks and self.origin.scheme == "http")
        reason = f"it accepts connections, but has not answered{asked} within {seconds:.3g} seconds"
        if proxied:
            return self._not_reached(reason)
        return Unreached(reason, str(self.origin), _SILENT_ADVICE)

    def _connect(self, connection: Any, patience: float) -> None:
        connection.timeout = self.timeouts.connect
        connection.stall = self.timeouts.stall
        connection.patience = patience
        try:
            if self._pool.proxy is not None and self.origin.scheme == "https":
                self._pool._prepare_proxy(connection)
            else:
                connection.connect()
        except Silent as error:
            connection.close()
            raise self.silent(patience, " CONNECT") from error
        except BaseException as error:
            tunnelled = connection.tunnelled
            connection.close()
            self._explain(error, tunnelled)
            raise

    def _explain(self, error: BaseException, tunnelled: bool) -> None:
        """Raises what a failure to connect means; returns for what is no such failure."""
        if isinstance(error, HTTPError):
            self._unreached(error.__cause__ or error.__context__ or error)
        if isinstance(error, UnicodeError):
            raise self._not_reached("cannot connect: the name is not valid", lasting=True) from error
        if isinstance(error, ValueError) and not isinstance(error, OSError):
            # Of a urllib3 that knows no TLS within TLS, as in Debian 11.
            problem = f"{self.proxy or self.origin.netloc} is not supported by the urllib3 of this host: {error}"
            raise Unsupported(problem, subject="proxy", advice="Use a proxy without TLS, or a newer urllib3.") from error
        refused = _REFUSED_BY_PROXY.match(str(error)) if isinstance(error, OSError) else None
        if refused is not None:
            self._refused_by_proxy(int(refused.group(1)), error)
        if isinstance(error, OSError):
            secured = self.proxy if self.proxy is not None and self.proxy.scheme == "https" and not tunnelled else None
            self._unsecured(error, Origin("https", secured.host, secured.port) if secured else self.origin)

    def _unreached(self, error: BaseException) -> NoReturn:
        name = self.proxy.host if self.proxy is not None else self.origin.host
        if isinstance(error, socket.gaierror):
            raise self._not_reached(f"the name {name} cannot be resolved", error.errno == socket.EAI_NONAME) from error
        reason = reason_of(error) if isinstance(error, OSError) else "the name is not valid"
        raise self._not_reached(f"cannot connect: {reason}") from error

    def _not_reached(self, reason: str, lasting: bool = False) -> Unreached:
        if self.proxy is None:
            return Unreached(reason, str(self.origin), _HOST_ADVICE, lasting)
        return Unreached(reason, f"the proxy {self.proxy}", _PROXY_ADVICE.format(host=self.origin.host), lasting)

    def _refused_by_proxy(self, status: int, error: BaseException) -> NoReturn:
        proxy = self.proxy
        about: dict[str, Any] = {"subject": str(proxy), "host": proxy.host if proxy else "", "status": status}
        if status == 407:
            raise AccessDenied(
                f"the proxy {proxy} requires credentials, or rejects the given ones",
                advice="Put user and password into the proxy's URL; only Basic authentication is supported.",
                **about,
            ) from error
        if status == 403:
            problem = f"the proxy {proxy} does not let requests through to {self.origin.netloc}"
            raise AccessDenied(problem, **about) from error
        problem = f"the proxy {proxy} answered {status} to CONNECT"
        raise Unreached(problem, str(self.origin), _PROXY_ADVICE.format(host=self.origin.host)) from error

    @staticmethod
    def _unsecured(error: OSError, end: Origin) -> NoReturn:
        """TLS failed with one end: the origin, or a proxy."""
        about: dict[str, Any] = {"subject": end.netloc, "host": end.netloc}
        if isinstance(error, ssl.SSLCertVerificationError):
            raise Distrusted(
                f"the certificate of {end.netloc} is not accepted: {error.verify_message}",
                reason=error.verify_message,
                advice="Give its authority as ca_path for this host, or use the name that the certificate is made for.",
                **about,
            ) from error
        if isinstance(error, ssl.SSLError):
            reason = (error.reason or "").lower().replace("_", " ")
            if "wrong version number" in reason or "http request" in reason or "record layer failure" in reason:
                raise Unreachable(
                    f"{end.netloc} does not speak TLS",
                    advice="If the host is meant to be used without TLS, set plain_http for it.",
                    **about,
                ) from error
            refused = "protocol" in reason or "alert" in reason or "certificate required" in reason
            raise Unreached(f"TLS failed: {reason or 'closed in the handshake'}", str(end), _HOST_ADVICE, refused) from error
        raise Unreached(f"TLS failed: {reason_of(error)}", str(end), _HOST_ADVICE) from error


def _named(context: Any, host: str) -> Any:
    is_address = ":" in host or host.replace(".", "").isdigit()
    return NamedContext(context, host) if context is not None and is_address and urllib3.__version__.startswith("1.") else context
