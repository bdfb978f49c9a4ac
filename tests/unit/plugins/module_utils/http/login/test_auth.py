# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in: which credentials go where, how many tokens are asked for, and when to give up."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, RegistryError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login import auth
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.request import Access, Request
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.origin import Origin
from ansible_collections.disconnected.mirror.plugins.module_utils.http.wire.response import Response
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

PASSWORD = "canary-of-a-password"
QUICK = {"plain_http": True, "retries": {"times": 2, "delay": 0.01, "max_delay": 0.02}}


def credentials(registry: FakeRegistry, **entry: str) -> Credentials:
    entry = entry or {"username": "robot", "password": PASSWORD}
    return Credentials.of(entries={registry.host: entry}, environ={"HOME": "/nonexistent"})


def client(known: Credentials | None = None) -> Http:
    return Http(Settings.of(QUICK, {}), known)


def read(http: Http, registry: FakeRegistry, access: Access = Access("team/app"), target: str = "/v2/team/app/tags/list") -> Response:
    return http.exchange(Request("GET", Origin("http", "127.0.0.1", registry.port), target, access=access))


def guarded(mode: str, **options: Any) -> FakeRegistry:
    registry = FakeRegistry(auth=Guard(mode=mode, users={"robot": PASSWORD}, **options))
    registry.content.create("team/app").tags["1"] = "sha256:" + "0" * 64
    return registry


def test_basic_is_sent_from_the_second_request_on():
    with guarded("basic") as registry:
        http = client(credentials(registry))
        assert [read(http, registry).status for _each in range(3)] == [200, 200, 200]
        assert [entry.user for entry in registry.ledger.entries(endpoint="tags")] == ["robot"] * 3
        assert registry.ledger.count() == 4


def test_one_token_serves_a_repository():
    with guarded("bearer") as registry:
        http = client(credentials(registry))
        assert [read(http, registry).status for _each in range(3)] == [200, 200, 200]
        assert registry.ledger.count(endpoint="token") == 1
        token = registry.ledger.entries(endpoint="token")[0]
        assert token.query == {"service": "fake-registry", "scope": "repository:team/app:pull", "account": "robot"}


def test_nobody_gets_a_token_too_when_the_registry_says_so():
    with guarded("bearer", anonymous=frozenset({"pull"})) as registry:
        http = client()
        assert [read(http, registry).status for _each in range(2)] == [200, 200]
        assert [entry.status for entry in registry.ledger.entries(endpoint="tags")] == [401, 200, 200]
        assert PASSWORD not in registry.ledger.entries(endpoint="token")[0].headers.get("authorization", "")


@pytest.mark.parametrize("key", ["token", "access_token", "both"])
def test_either_name_of_the_token_is_understood(key):
    with guarded("bearer", token_key=key) as registry:
        assert read(client(credentials(registry)), registry).status == 200


def test_an_identity_token_is_exchanged_by_post():
    with guarded("bearer", identity_tokens={"canary-of-an-identity": "robot"}) as registry:
        http = client(credentials(registry, identity_token="canary-of-an-identity"))
        assert read(http, registry).status == 200
        asked = registry.ledger.entries(endpoint="token")[0]
        assert asked.method == "POST" and "canary" not in asked.path


def test_a_mount_asks_for_both_repositories_at_once():
    with guarded("bearer") as registry:
        http = client(credentials(registry))
        read(http, registry, Access("team/app", "pull,push", "team/base"))
        path = registry.ledger.entries(endpoint="token")[0].path
        assert "scope=repository%3Ateam%2Fapp%3Apull%2Cpush&scope=repository%3Ateam%2Fbase%3Apull" in path


def test_many_threads_share_one_token_request():
    with guarded("bearer") as registry:
        registry.inject(Fault(endpoint="token", delay=0.2, times=0))
        http = client(credentials(registry))
        with ThreadPoolExecutor(8) as pool:
            assert {response.status for response in pool.map(lambda _each: read(http, registry), range(24))} == {200}
        assert registry.ledger.count(endpoint="token") == 1
        assert registry.ledger.count(endpoint="ping") == 1


def test_many_threads_renew_a_dead_token_once():
    with guarded("bearer") as registry:
        http = client(credentials(registry))
        read(http, registry)
        registry.auth.revoke()
        gate = threading.Barrier(8)

        def one(_each: int) -> int:
            gate.wait(60)
            return read(http, registry).status

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(one, range(8))) == {200}
        assert registry.ledger.count(endpoint="token") == 2


def test_a_token_is_renewed_before_it_dies(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with guarded("bearer", ttl=100, clock=lambda: now[0]) as registry:
        http = client(credentials(registry))
        for _each in range(15):
            assert read(http, registry).status == 200
            now[0] += 10
        assert registry.ledger.count(endpoint="tags", status=401) == 0
        assert registry.ledger.count(endpoint="token") == 2


def test_a_token_that_dies_earlier_than_told_is_renewed():
    now = [1000.0]
    with guarded("bearer", ttl=20, announced_ttl=300, clock=lambda: now[0]) as registry:
        http = client(credentials(registry))
        for _each in range(3):
            assert read(http, registry).status == 200
            now[0] += 25
        assert registry.ledger.count(endpoint="token") == 3


def test_wrong_credentials_end_quickly_and_say_where_they_came_from():
    with guarded("bearer") as registry:
        http = client(credentials(registry, username="robot", password="canary-of-a-wrong-one"))
        with pytest.raises(AccessDenied) as caught:
            read(http, registry)
        text = str(caught.value)
        assert registry.host in text and "repository:team/app:pull" in text and "the credentials given" in text
        assert "canary" not in text
        assert registry.ledger.count() == 2


def test_wrong_basic_credentials_are_sent_once():
    with guarded("basic") as registry:
        http = client(credentials(registry, username="robot", password="wrong"))
        with pytest.raises(AccessDenied, match="does not accept the credentials"):
            read(http, registry)
        assert registry.ledger.count(endpoint="tags") == 1


@pytest.mark.parametrize(
    "mode, words", [("basic", "requires a user name and a password"), ("bearer", "does not accept a fresh token|answered 401")]
)
def test_no_credentials_are_told(mode, words):
    with guarded(mode) as registry, pytest.raises(AccessDenied, match=f"{words}.*no credentials were found"):
        read(client(), registry)


def test_a_fresh_token_that_is_refused_ends_it():
    with guarded("bearer", allowed=lambda user, repository, action: repository != "team/secret") as registry:
        http = client(credentials(registry))
        with pytest.raises(AccessDenied, match="does not accept a fresh token for repository:team/secret:pull"):
            read(http, registry, Access("team/secret"), "/v2/team/secret/tags/list")
        assert registry.ledger.count(endpoint="tags") == 1


def test_a_token_service_that_fails_for_a_moment_is_asked_again():
    with guarded("bearer") as registry:
        registry.inject(Fault(endpoint="token", status=503, times=2))
        assert read(client(credentials(registry)), registry).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"token": 5}',
        b'{"token": "a\\nb"}',
        b'{"token": "\\u00e9"}',
        b"<html>",
        b"[" * 100000,
        b'{"token": "good", "expires_in": 1%s}' % (b"0" * 400),
        b'{"token": "good", "expires_in": Infinity}',
        b'{"token": "good", "expires_in": NaN}',
        b'{"token": "good", "others": [%s0]}' % (b"0," * 30_000),
        b'{"token": "good", "others": "%s"}' % (b"x" * 1_100_000),
    ],
    ids=range(13),
)
def test_token_services_that_talk_nonsense(scripted, body):
    def behave(connection: Any, number: int, head: bytes) -> None:
        if b"/token" in head.split(b"\r\n")[0]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        else:
            realm = f'WWW-Authenticate: Bearer realm="http://127.0.0.1:{server.port}/token"\r\n'
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n" + realm.encode() + b"\r\n")

    server = scripted(behave)
    with pytest.raises(RegistryError):
        client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/v2/a/tags/list", access=Access("a")))


@pytest.mark.parametrize("lifetime", ["-1", '"long"', "true", "1e300"])
def test_lifetimes_that_cannot_be_are_no_fault_of_the_token(scripted, lifetime):
    body = b'{"token": "good", "expires_in": %s}' % lifetime.encode()

    def behave(connection: Any, number: int, head: bytes) -> None:
        if b"/token" in head.split(b"\r\n")[0]:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        elif b"Bearer good" in head:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            realm = f'WWW-Authenticate: Bearer realm="http://127.0.0.1:{server.port}/token"\r\n'
            connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n" + realm.encode() + b"\r\n")

    server = scripted(behave)
    response = client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/v2/a/tags/list", access=Access("a")))
    assert response.status == 200


@pytest.mark.parametrize("realm", ["http://169.254.169.254/token", "http://user:pass@127.0.0.1/token", "ftp://127.0.0.1/token"])
def test_a_realm_elsewhere_gets_nothing(realm):
    with guarded("bearer", realm=realm) as registry:
        with pytest.raises(AccessDenied, match="token server"):
            read(client(credentials(registry)), registry)
        assert registry.ledger.count(endpoint="token") == 0


def test_a_realm_whose_name_leads_inside_gets_nothing(monkeypatch):
    checked = []

    def check_peer(address: str, registry_address: str, realm_url: str, registry_url: str, allowed: Any) -> None:
        checked.append((address, registry_address, registry_url))
        raise AccessDenied("leads inside")

    monkeypatch.setattr(auth, "check_peer", check_peer)
    with guarded("bearer") as registry:
        with pytest.raises(AccessDenied, match="leads inside"):
            read(client(credentials(registry)), registry)
        assert checked == [("127.0.0.1", "127.0.0.1", registry.url)]
        assert registry.ledger.count(endpoint="token") == 0


def test_a_token_for_more_serves_for_less():
    with guarded("bearer") as registry:
        http = client(credentials(registry))
        for access in (Access("team/app", "pull,push", "team/base"), Access("team/app", "pull,push"), Access("team/app")):
            assert read(http, registry, access).status == 200
        assert registry.ledger.count(endpoint="token") == 1
        read(http, registry, Access("team/app", "pull,push,delete"))
        assert registry.ledger.count(endpoint="token") == 2


@pytest.mark.parametrize("challenge", ["", "Negotiate", "Digest realm=x", "Bearer service=x"])
def test_other_ways_of_logging_in_are_told(scripted, challenge):
    header = f"WWW-Authenticate: {challenge}\r\n" if challenge else ""
    server = scripted(lambda connection, number, head: connection.sendall(f"HTTP/1.1 401 No\r\nContent-Length: 0\r\n{header}\r\n".encode()))
    with pytest.raises(AccessDenied, match="log"):
        client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/v2/", access=Access("a")))
    assert len(server.heads) == 1


def test_a_registry_that_wants_more_than_we_asked_for_gets_it(scripted):
    asked = []

    def behave(connection: Any, number: int, head: bytes) -> None:
        line = head.split(b"\r\n")[0].decode()
        if "/token" in line:
            asked.append(line)
            body = json.dumps({"token": "all" if "%2A" in line else "some"}).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        elif b"Bearer all" in head:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        else:
            realm = f'Bearer realm="http://127.0.0.1:{server.port}/token",scope="repository:a:* repository:b:*"'
            connection.sendall(f"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: {realm}\r\n\r\n".encode())

    server = scripted(behave)
    response = client().exchange(Request("GET", Origin("http", "127.0.0.1", server.port), "/v2/a/", access=Access("a")))
    assert response.status == 200
    assert "repository%3Aa%3A%2A" in asked[1] and "repository%3Ab" not in asked[1]


def test_credentials_of_docker_hub_are_kept_under_its_other_name():
    looked_up: dict[str, str] = {}

    class Known:
        def lookup(self, host: str, repository: str) -> None:
            looked_up[host] = repository

    http = Http(Settings(), Known())
    assert http.auth.header(Origin("https", "registry-1.docker.io", 443), Access("library/busybox")) == ""
    assert looked_up == {"docker.io": "library/busybox"}
