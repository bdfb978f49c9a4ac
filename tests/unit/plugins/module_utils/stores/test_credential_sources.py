# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every request of a store is made as the user that was configured, wherever that user was found (user-needs P14, G13)."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import dialects, images, push_suite
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

SETTINGS = Settings(default=HostSettings(plain_http=True), retries=Retries(times=0))
APP = images.image("app")
BLOB = APP.manifest().blobs[0]

SOURCES = {
    "given": None,
    "file": "given.json",
    "environment": "env.json",
    "runtime": "run/containers/auth.json",
    "config": "home/.config/containers/auth.json",
    "docker": "home/.docker/config.json",
}
REQUESTS = {
    "manifest": lambda store: store.fetch_manifest("team/app", "1.0"),
    "existence": lambda store: store.find_manifest("team/app", "1.0"),
    "blob": lambda store: push_suite.read_blob(store, "team/app", BLOB, 1 << 20),
    "blob existence": lambda store: store.blobs_present("team/app", [BLOB.digest]),
    "tags": lambda store: store.tags("team/app"),
    "referrers": lambda store: store.referrers("team/app", APP.digest),
    "upload": lambda store: push_suite.send(store, "team/app", *push_suite.blob("x", 10)),
    "push": lambda store: store.put_manifest("team/app", APP.manifest(), "2.0"),
    "mount": lambda store: push_suite.send(store, "team/other", BLOB, APP.blobs[BLOB.digest], mount_from="team/app"),
    "delete": lambda store: store.delete_manifest("team/app", APP.digest),
}


def credentials_in(source, tmp_path, host):
    environ = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    entry = {"auth": base64.b64encode(b"me:secret").decode()}
    if source == "given":
        return Credentials.of(entries={host: entry}, environ=environ)
    path = tmp_path / SOURCES[source]
    path.parent.mkdir(parents=True, exist_ok=True)
    other = {"auth": base64.b64encode(b"else:wrong").decode()}
    path.write_text(json.dumps({"auths": {f"{host}/team": entry, host: other}}), encoding="utf-8")
    if source == "environment":
        environ["REGISTRY_AUTH_FILE"] = str(path)
    return Credentials.of(str(path) if source == "file" else "", environ=environ)


@pytest.mark.parametrize("mode", ["basic", "bearer"])
@pytest.mark.parametrize("source", sorted(SOURCES))
def test_every_request_is_made_as_the_configured_user(tmp_path, source, mode):
    guard = Guard(mode=mode, users={"me": "secret"}, anonymous=frozenset(("pull",)))
    with FakeRegistry(dialect=dialects.QUAY, auth=guard) as fake:
        for name, ask in REQUESTS.items():
            images.put(APP, fake.content, "team/app", "1.0")
            fake.ledger.clear()
            store = RegistryStore(fake.host, Http(SETTINGS, credentials_in(source, tmp_path, fake.host)), writing=True)
            ask(store)
            store.close()
            done = [entry for entry in fake.ledger.entries() if entry.status < 400 and entry.endpoint != "ping"]
            assert done and {entry.user for entry in done} == {"me"}, name


def store_as(fake, entry):
    return RegistryStore(fake.host, Http(SETTINGS, Credentials.of(entries={fake.host: entry}, environ={})))


@pytest.mark.parametrize(
    "realm", ["http://169.254.169.254/token", "http://10.0.0.1/token", "http://evil.test/token", "http://me@127.0.0.1/token"]
)
def test_a_realm_elsewhere_gets_no_credentials(realm):
    with FakeRegistry(auth=Guard(mode="bearer", users={"me": "secret"}, realm=realm)) as fake:
        store = store_as(fake, {"username": "me", "password": "secret"})
        with pytest.raises(AccessDenied, match="cannot be logged in to") as caught:
            store.tags("team/app")
        assert "secret" not in str(caught.value)
        store.close()


def test_a_realm_on_this_machine_is_fine_for_a_registry_on_this_machine():
    tokens = Guard(mode="bearer", users={"me": "secret"})
    with FakeRegistry(auth=tokens) as door:
        tokens.realm = f"{door.url}/token"
        with FakeRegistry(auth=tokens) as fake:
            images.put(APP, fake.content, "team/app", "1.0")
            store = store_as(fake, {"username": "me", "password": "secret"})
            assert store.tags("team/app") == ("1.0",)
            assert (door.ledger.count(endpoint="token"), fake.ledger.count(endpoint="token")) == (1, 0)
            store.close()


def test_an_identity_token_is_exchanged_for_a_token():
    with FakeRegistry(auth=Guard(mode="bearer", identity_tokens={"idt": "me"})) as fake:
        images.put(APP, fake.content, "team/app", "1.0")
        store = store_as(fake, {"identity_token": "idt"})
        assert store.tags("team/app") == ("1.0",)
        assert [entry.user for entry in fake.ledger.entries("POST", "token")] == ["me"]
        store.close()
