# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS as a store meets it: checked by default, each exception for its host alone (user-needs G21)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import images, processes
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

APP = images.image("app")
NO_RETRY = Retries(times=0)


def tags(host, settings):
    store = RegistryStore(host, Http(settings))
    try:
        return store.tags("team/app")
    finally:
        store.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(str(tmp_path_factory.mktemp("authority")))


def serve(authority, **options):
    fake = FakeRegistry(tls=authority.server_context(**options))
    images.put(APP, fake.content, "team/app", "1.0")
    return fake


def test_a_certificate_of_a_trusted_authority_is_accepted(authority):
    with serve(authority, host="127.0.0.1") as fake:
        assert tags(fake.host, Settings(default=HostSettings(ca_path=authority.path), retries=NO_RETRY)) == ("1.0",)


@pytest.mark.parametrize(
    ("options", "trusted", "reason"),
    [
        ({"host": "127.0.0.1"}, False, "not accepted"),
        ({"host": "127.0.0.1", "days": -1}, True, "expired"),
        ({"host": "elsewhere.test"}, True, "not accepted"),
    ],
)
def test_other_certificates_are_refused_and_an_exception_is_for_one_host_only(authority, options, trusted, reason):
    strict = HostSettings(ca_path=authority.path if trusted else "")
    with serve(authority, **options) as fake, serve(authority, **options) as other:
        with pytest.raises(MirrorError, match=reason):
            tags(fake.host, Settings(default=strict, retries=NO_RETRY))
        careless = Settings(default=strict, hosts={fake.host: HostSettings(verify=False)}, retries=NO_RETRY)
        assert tags(fake.host, careless) == ("1.0",)
        with pytest.raises(MirrorError, match=reason):
            tags(other.host, careless)
        assert other.ledger.count() == 0


def test_a_client_certificate_is_shown_where_it_is_asked_for(authority, tmp_path):
    certificate, key = authority.issue("client")
    with serve(authority, host="127.0.0.1", client_authority=authority.path) as fake:
        shown = HostSettings(ca_path=authority.path, client_cert=certificate, client_key=key)
        assert tags(fake.host, Settings(default=shown, retries=NO_RETRY)) == ("1.0",)
        with pytest.raises(MirrorError):
            tags(fake.host, Settings(default=HostSettings(ca_path=authority.path), retries=NO_RETRY))


def test_a_registry_without_tls_is_refused_unless_told(authority):
    with FakeRegistry() as fake:
        images.put(APP, fake.content, "team/app", "1.0")
        with pytest.raises(MirrorError, match="does not speak TLS"):
            tags(fake.host, Settings(retries=NO_RETRY))
        assert tags(fake.host, Settings(hosts={fake.host: HostSettings(plain_http=True)}, retries=NO_RETRY)) == ("1.0",)


def test_a_real_registry_with_tls(authority, tmp_path):
    with processes.DistributionProcess(str(tmp_path), tls=authority.issue("127.0.0.1")) as registry:
        store = RegistryStore(registry.host, Http(Settings(default=HostSettings(ca_path=authority.path))), writing=True)
        images.push(APP, store, "team/app", "1.0")
        assert store.tags("team/app") == ("1.0",)
        store.close()
