# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user says about connections reaches them, and an exception for one host stays with it (user-needs G13, G21)."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.tests.fakes import images, push_suite
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

APP = images.image("app")
BLOB = APP.manifest().blobs[0]
TOKENS = "tokens.example.test"
RETRIES = {"times": 0}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("authority")))


@pytest.fixture
def reach(tmp_path):
    """The store of all sources, with these connections; closed at the end."""
    opened = []

    def open_with(conf="", **options):
        path = tmp_path / "registries.conf"
        path.write_text(conf, encoding="utf-8")
        settings = {"retries": RETRIES, **options.pop("settings", {})}
        network = Connections(registries_conf=str(path), settings=settings, **options).open({"HOME": str(tmp_path)}, lambda *_retry: None)
        opened.append(network)
        return network.upstream(Workspace(str(tmp_path / "workspace")))

    yield open_with
    for network in opened:
        network.close()


def insecure(*hosts):
    return "".join(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n' for host in hosts)


def holding(**options):
    fake = FakeRegistry(**options)
    images.put(APP, fake.content, "team/app", "1.0")
    return fake


def test_a_source_that_need_not_be_verified_is_spoken_to_with_tls_where_it_has_it(authority, reach):
    with holding(tls=authority.server_context("elsewhere.test")) as secure, holding() as plain:
        store = reach(insecure(secure.host, plain.host))
        for fake in (secure, plain):
            assert store.tags(f"{fake.host}/team/app") == ("1.0",)
            assert push_suite.read_blob(store, f"{fake.host}/team/app", BLOB, 1 << 20) == APP.blobs[BLOB.digest]
        strict = reach(insecure(plain.host))
        with pytest.raises(MirrorError, match="not accepted"):
            strict.tags(f"{secure.host}/team/app")


def test_credentials_for_it_go_over_tls(authority, reach):
    guard = Guard(mode="basic", users={"me": "secret"})
    with holding(tls=authority.server_context("elsewhere.test"), auth=guard) as fake:
        store = reach(insecure(fake.host), credentials={fake.host: {"username": "me", "password": "secret"}})
        assert store.tags(f"{fake.host}/team/app") == ("1.0",)


def test_where_it_leads_to_is_verified(authority, reach):
    context = authority.server_context("elsewhere.test")
    for other in (FakeRegistry(tls=context), FakeRegistry()):
        with other, holding(tls=context, blob_redirect=other.url) as fake:
            other.content = fake.content
            with pytest.raises(MirrorError, match="not accepted|without TLS|from https to http"):
                push_suite.read_blob(reach(insecure(fake.host)), f"{fake.host}/team/app", BLOB, 1 << 20)
            assert other.ledger.count() == 0


def test_so_is_where_it_sends_for_a_token(authority, reach):
    context = authority.server_context("elsewhere.test")
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry(tls=context, auth=guard) as door:
        guard.realm = f"{door.url}/token"
        with holding(tls=context, auth=guard) as fake:
            given = {fake.host: {"username": "me", "password": "secret"}}
            with pytest.raises(MirrorError, match="not accepted"):
                reach(insecure(fake.host), credentials=given).tags(f"{fake.host}/team/app")
            assert door.ledger.count() == 0
            trusting = reach(insecure(fake.host), credentials=given, settings={"hosts": {door.host: {"ca_path": "", "verify": False}}})
            assert trusting.tags(f"{fake.host}/team/app") == ("1.0",)


@pytest.fixture
def names(monkeypatch):
    """The token host's name leads to this machine."""
    lookup = socket.getaddrinfo

    def here(name, *rest, **more):
        return lookup("127.0.0.1" if name in (TOKENS, TOKENS.encode("ascii")) else name, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)


@pytest.mark.usefixtures("names")
def test_a_token_host_of_another_name_is_asked_when_the_user_lists_it(reach):
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry(auth=guard) as door:
        guard.realm = f"http://{TOKENS}:{door.port}/token"
        with holding(auth=guard) as fake:
            given = {"credentials": {fake.host: {"username": "me", "password": "secret"}}, "settings": {"plain_http": True}}
            with pytest.raises(AccessDenied, match="a host of another domain") as caught:
                reach(**given).tags(f"{fake.host}/team/app")
            assert "trusted_token_hosts" in caught.value.advice and TOKENS in caught.value.advice
            assert door.ledger.count() == 0
            assert reach(token_hosts=(TOKENS,), **given).tags(f"{fake.host}/team/app") == ("1.0",)
            assert [entry.user for entry in door.ledger.entries(endpoint="token")] == ["me"]


@pytest.mark.usefixtures("names")
def test_a_registry_without_tls_does_not_make_its_token_host_one(reach):
    guard = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry(auth=guard) as door:
        guard.realm = f"http://{TOKENS}:{door.port}/token"
        with holding(auth=guard) as fake:
            given = {"credentials": {fake.host: {"username": "me", "password": "secret"}}, "token_hosts": (TOKENS,)}
            hosts = {fake.host: {"plain_http": True}}
            with pytest.raises(MirrorError, match=f"{TOKENS}:{door.port} would be contacted without TLS"):
                reach(settings={"hosts": hosts}, **given).tags(f"{fake.host}/team/app")
            assert door.ledger.count() == 0
            hosts = {**hosts, TOKENS: {"plain_http": True}}
            assert reach(settings={"hosts": hosts}, **given).tags(f"{fake.host}/team/app") == ("1.0",)


def test_what_may_hold_secrets_is_not_shown():
    settings = {"https_proxy": "http://me:canary-1@proxy:3128"}
    assert "canary" not in repr(Connections(credentials={"a.io": {"password": "canary-2"}}, settings=settings))


@pytest.mark.parametrize("path", ["", "/team"])
@pytest.mark.parametrize("tls", [True, False])
def test_a_destination_that_registries_conf_calls_insecure_is_pushed_to_so(authority, tmp_path, path, tls):
    """As by skopeo and podman; what the entry does not cover keeps its protection."""
    with FakeRegistry(tls=authority.server_context("elsewhere.test") if tls else None) as registry:
        conf = tmp_path / "registries.conf"
        conf.write_text(insecure(f"{registry.host}{path}"), encoding="utf-8")
        network = Connections(registries_conf=str(conf), settings={"retries": RETRIES}).open({"HOME": str(tmp_path)}, lambda *_retry: None)
        store = network.mirror(Destination(registry.host, "team"), writing=True)
        images.push(APP, store, "team/app", "1.0")
        assert store.tags("team/app") == ("1.0",)
        if path:
            with pytest.raises(MirrorError):
                network.mirror(Destination(registry.host, "other"), writing=True).tags("other/app")
        network.close()
