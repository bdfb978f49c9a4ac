# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The client that everything on the network goes through.

One `Http` serves all threads and all hosts of a run: it keeps connections, spreads what one thread
learns about a host (its pace, its tokens, its death), retries by status, follows redirects without taking
credentials along, and counts.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    InputError,
    RegistryError,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.base.limits import ERROR_BODY
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.allowance import allowance
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.host import Host
from ansible_collections.disconnected.mirror.plugins.module_utils.http.hosts.retry import RETRIED, backoff, retry_after
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.auth import Authenticator
from ansible_collections.disconnected.mirror.plugins.module_utils.http.outgoing import Outgoing
from ansible_collections.disconnected.mirror.plugins.module_utils.http.redirect import REDIRECTS, Onward, redirected
from ansible_collections.disconnected.mirror.plugins.module_utils.http.refusal import conceal, read_error, unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Request, Rule
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.tls import Contexts
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.connection import Fields, Guarded
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.interruption import Interrupted, Oversized, Silent
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response

# Bytes of an answer that is not a blob, unless its reader says otherwise (user-needs G16).
LIMIT = 4 * 1024 * 1024
# A 401 leads to a new token; so many in a row for one request are enough.
_MOST_RENEWALS = 4
# How often a thread that waits for its turn asks when that comes (seconds).
_LOOK = 0.25
# What is under way when a run is cancelled may come to its end for so many seconds; `transfer.crew` gives its threads as many.
_GRACE = 8.0

RetryListener = Callable[[str, str, float], None]


class Http:
    """settings: of connections.  credentials: has `lookup(host, repository)`; see http.auth.

    realms: hosts that may hand out tokens for others (see http.realm).
    on_retry: called as (host, reason, seconds until the next attempt), from the thread that waits.
    """

    def __init__(
        self, settings: Settings = Settings(), credentials: Any = None, on_retry: RetryListener | None = None, realms: Iterable[str] = ()
    ) -> None:
        self.settings = settings
        self.auth = Authenticator(self.exchange, lambda origin: self.host(origin).address, credentials, tuple(realms), self.check_plain)
        self._on_retry = on_retry
        self._contexts = Contexts()
        self._hosts: dict[Origin, Host] = {}
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._repeated = 0
        self._stop = threading.Event()
        # What failed as often as it may, in whatever task.
        self._spent: set[tuple[Origin, str]] = set()

    @property
    def requests(self) -> dict[str, int]:
        """How many requests were sent so far, by method; repeated ones and those for tokens included."""
        with self._lock:
            return dict(self._counts)

    @property
    def retries(self) -> int:
        """How many requests were made again so far."""
        return self._repeated

    def exchange(self, request: Request, limit: int = LIMIT) -> Response:
        """Sends a request and reads the whole answer (its `body`), whatever its status.

        Raises Unreachable, AccessDenied (401 with a fresh token), RegistryError (too large, bad redirect), Cancelled.
        """
        return self._run(request, limit)

    def open(self, request: Request) -> Response:
        """Like `exchange`, but the body of an answer below 300 is left to be read with `readinto`."""
        return self._run(request, None)

    def start(self, request: Request, length: int, fresh: bool = False) -> Outgoing:
        """Begins a request whose body of `length` bytes is written piece by piece.  Not repeated here.

        fresh: over a connection that nothing was sent over before.

        Raises Interrupted besides what `exchange` raises.
        """
        host = self.host(request.origin)
        started = time.monotonic()
        sent = self._authorization(request)
        fields = request.fields(host.common_headers, sent)
        _check(host)
        self._await_turn(host)
        self._count(request.method)
        connection = host.take(fresh)
        try:
            head = connection.head(request.method, host.target_prefix + request.target, fields, request.length(length))
        except InputError:
            connection.close()
            raise
        return Outgoing(host, connection, request, head, sent, started)

    def get(self, url: str, accept: str = "*/*", limit: int = LIMIT) -> bytes:
        """The document at a URL; see `Documents.document`."""
        # Not every run fetches documents.
        from ansible_collections.disconnected.mirror.plugins.module_utils.http.documents import Documents

        with Documents(self, limit) as session:
            content: bytes = session.document(url, accept)
        return content

    def newer(self, url: str, accept: str, limit: int, known: str) -> tuple[bytes | None, str]:
        """The document at a URL unless it is known; see `Documents.newer`."""
        from ansible_collections.disconnected.mirror.plugins.module_utils.http.documents import Documents

        with Documents(self, limit) as session:
            found: tuple[bytes | None, str] = session.newer(url, accept, known)
        return found

    def host(self, origin: Origin) -> Host:
        """What is known about a host, made on first use."""
        host = self._hosts.get(origin)
        if host is None:
            with self._lock:
                host = self._hosts.setdefault(origin, Host(origin, self.settings, self._contexts))
        return host

    def check_plain(self, origin: Origin) -> None:
        """Raises Unreachable when a host is not to be spoken to without TLS."""
        if origin.scheme == "http" and not self.host(origin).settings.plain_http:
            raise Unreachable(
                f"{origin.netloc} would be contacted without TLS, which is not allowed",
                subject=origin.netloc,
                host=origin.netloc,
                advice="Use https, or set plain_http for this host.",
            )

    def onward(self, source: Origin, origin: Origin, rule: Rule | None = None) -> Rule:
        """The rule for what is asked of `origin` because `source` led to it; `rule` when the request has one.  Raises AccessDenied.

        No credentials go along, so that from a host without TLS to another one nothing is lost.
        """
        rule = rule or Onward(source, self.host(source).address, self.settings)
        rule.check_host(origin)
        return rule

    def renew(self, request: Request, response: Response, sent: str, started: float) -> None:
        """After a 401: makes the next request to carry better credentials.  Raises AccessDenied when there are none."""
        if request.access is not None:
            self.auth.renew(request.origin, request.access, response.headers.get("www-authenticate", ""), sent, started)

    def pause(self, origin: Origin, attempt: int, reason: str, response: Response | None = None) -> bool:
        """Waits before attempt number `attempt` + 1; False when it is not worth while.  Raises Cancelled."""
        host = self.host(origin)
        retries = self.settings.retries
        asked = retry_after(response.headers.get("retry-after")) if response is not None else None
        if asked is None and response is not None and response.status == 429:
            asked = allowance(response.headers).wait
        if response is not None and response.status == 429:
            host.health.alive()
        elif host.health.exhausted():
            return False
        if attempt > _attempts(retries, response) or (asked is not None and asked > retries.max_wait):
            return False
        delay = min(backoff(attempt, retries), host.health.left())
        if asked is not None:
            delay = max(asked, min(delay, retries.delay))
            host.pace.hold(asked)
        with self._lock:
            self._repeated += 1
        if self._on_retry is not None:
            self._on_retry(origin.netloc, reason, delay)
        self._sleep(delay)
        return True

    def waiting(self) -> tuple[str, float]:
        """The host whose answer has been waited for the longest, and for how many seconds; no host and 0 when there is none."""
        waits = [(host.waits.oldest(), host.origin.netloc) for host in list(self._hosts.values())]
        seconds, netloc = max(waits, default=(0.0, ""))
        return netloc if seconds else "", seconds

    def cancel(self) -> None:
        """No request is begun any more; those that wait raise Cancelled, those under way some seconds later."""
        self._stop.set()
        end = threading.Timer(_GRACE, self._hang_up)
        end.daemon = True
        end.start()

    def _hang_up(self) -> None:
        for host in list(self._hosts.values()):
            host.hang_up()

    def close(self) -> None:
        """Closes idle connections; the object can be used on."""
        for host in list(self._hosts.values()):
            host.close()

    def _run(self, request: Request, limit: int | None) -> Response:
        started = time.monotonic()
        attempt = hops = renewals = 0
        while True:
            sent = self._authorization(request)
            host = self.host(request.origin)
            try:
                response = self._once(host, request, sent, limit)
            except Oversized as error:
                raise RegistryError(error.reason, subject=request.subject, host=request.origin.netloc) from error
            except Interrupted as error:
                attempt += 1
                if request.once or not self._again(request, attempt, error.reason):
                    raise unreachable(request.origin, error, attempt) from error
                continue
            status = response.status
            if status == 401 and renewals < _MOST_RENEWALS and (request.access is not None):
                renewals += 1
                self.renew(request, response, sent, started)
            elif status in REDIRECTS and request.method in ("GET", "HEAD"):
                hops += 1
                request = redirected(request, response, hops, self.onward)
            elif status in RETRIED and not request.once:
                attempt += 1
                if not self._again(request, attempt, f"answered {status}", response):
                    return response
            else:
                self._spent.discard((request.origin, request.target))
                return response

    def _again(self, request: Request, attempt: int, reason: str, response: Response | None = None) -> bool:
        """Waits before the next attempt; False when what is asked for has had its attempts, by this task or by another one."""
        wanted = (request.origin, request.target)
        if wanted not in self._spent and self.pause(request.origin, attempt, reason, response):
            return True
        self._spent.add(wanted)
        return False

    def _once(self, host: Host, request: Request, sent: str, limit: int | None) -> Response:
        fields = request.fields(host.common_headers, sent)
        _check(host)
        self._await_turn(host)
        self._count(request.method)
        host.enter()
        try:
            response = self._send(host, request, fields)
            conceal(response, sent)
            host.note(response)
            if response.status >= 300:
                read_error(response, sent)
            elif limit is not None:
                response.read(limit)
            return response
        finally:
            host.leave()

    def _send(self, host: Host, request: Request, fields: Fields) -> Response:
        seconds = host.health.patience(host.waits.limit(len(request.body)) if request.slow else host.timeouts.stall)
        fresh = False
        while True:
            connection = host.take(fresh)
            try:
                if request.rule is not None and host.address:
                    request.rule.check_address(request.origin, host.address)
                head = connection.head(request.method, host.target_prefix + request.target, fields, request.length(len(request.body)))
                with host.waits.waiting(request.slow):
                    response = _exchange(connection, request, head, seconds)
                response.origin = request.origin
                response.on_done(host.give)
                return response
            except Silent:
                connection.close()
                host.silent(seconds)
                raise
            except Interrupted as error:
                connection.close()
                if not (connection.used and error.untouched and not fresh):
                    raise
                # The other side had closed an idle connection: that is no failure.
                fresh = True
                self._count(request.method)
            except BaseException:
                connection.close()
                raise

    def _authorization(self, request: Request) -> str:
        if request.access is not None:
            return self.auth.header(request.origin, request.access)
        return request.authorization

    def _await_turn(self, host: Host) -> None:
        if self._stop.is_set():
            raise Cancelled("the run was stopped")
        if not host.pace.limited:
            return
        with host.pace.queue:
            delay = host.pace.turn()
            while delay > 0:
                # The rate may have changed before.
                self._sleep(min(delay, _LOOK))
                delay = host.pace.turn()

    def _sleep(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise Cancelled("the run was stopped")

    def _count(self, method: str) -> None:
        with self._lock:
            self._counts[method] += 1


def _attempts(retries: Retries, response: Response | None) -> int:
    """A server that fails at one thing (500) does so again more often than one that is overloaded."""
    return (retries.times + 1) // 2 if response is not None and response.status == 500 else retries.times


def _check(host: Host) -> None:
    """Raises Unreachable when it is known that there is no way to a host."""
    if host.health.lost is not None:
        raise unreachable(host.origin, host.health.lost)


def _exchange(connection: Guarded, request: Request, head: bytes, seconds: float) -> Response:
    try:
        connection.send(head + request.body)
    except Interrupted:
        if len(request.body) < ERROR_BODY:
            raise
        # Who refuses a large body may say so and hang up before all of it was sent.
        return connection.receive(2.0)
    return connection.receive(seconds)
