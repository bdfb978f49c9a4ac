# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common push suite against real registries, as far as they are installed or were built.

One process serves all cases of a registry; cases keep to repositories of their own.  What only an emulator can be
made to do runs in tests/unit/plugins/module_utils/stores/test_dialects.py.
"""

from __future__ import annotations

import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import images, live, processes, push_suite

SETTINGS = Settings(default=HostSettings(plain_http=True), retries=Retries(times=3, delay=0.05, max_delay=0.2))


@pytest.fixture(scope="module", params=sorted(live.REGISTRIES))
def target(request, tmp_path_factory):
    kind = live.REGISTRIES[request.param]
    with kind.start(str(tmp_path_factory.mktemp(request.param))) as registry:
        stores = []

        def open_store():
            stores.append(RegistryStore(registry.host, Http(SETTINGS), writing=True))
            return stores[-1]

        yield push_suite.Target(
            open=open_store,
            deletes=kind.deletes_manifest == 202,
            keeps_tags=kind.tag_after_deletion == 200,
            mounts=200 in (kind.other_repository, kind.mounts - 1),
        )
        for store in stores:
            store.close()


@pytest.mark.parametrize("case", push_suite.CASES, ids=lambda case: case.__name__)
def test_a_real_registry_can_be_pushed_to(target, case):
    case(target)


def test_credentials_of_an_auth_file_open_a_real_registry(tmp_path):
    htpasswd = tmp_path / "htpasswd"
    htpasswd.write_text(processes.HTPASSWD, encoding="ascii")
    app = images.multi_arch("app")
    with processes.DistributionProcess(str(tmp_path), htpasswd=str(htpasswd)) as registry:
        entries = {
            f"{registry.host}/team": {"username": "me", "password": "secret"},
            registry.host: {"username": "me", "password": "wrong"},
        }
        store = RegistryStore(registry.host, Http(SETTINGS, Credentials.of(entries=entries, environ={})), writing=True)
        images.push(app, store, "team/app", "1.0")
        assert store.fetch_manifest("team/app", "1.0").content == app.content
        with pytest.raises(MirrorError) as caught:
            store.tags("others/app")
        assert "secret" not in str(caught.value) and registry.host in str(caught.value)
        store.close()


def test_what_is_pushed_lies_in_storage_as_it_was(tmp_path):
    app = images.image("app", layers=[images.layer("big", 2_000_000)])
    with processes.DistributionProcess(str(tmp_path)) as registry:
        store = RegistryStore(registry.host, Http(SETTINGS), writing=True)
        images.push(app, store, "team/app", "1.0")
        store.close()
        for digest, content in {**app.blobs, app.digest: app.content}.items():
            algorithm, hexadecimal = digest.split(":")
            path = os.path.join(registry.storage, "docker/registry/v2/blobs", algorithm, hexadecimal[:2], hexadecimal, "data")
            with open(path, "rb") as file:
                assert file.read() == content
        assert [each.status for each in registry.requests("PUT", "/manifests/1.0")] == [201]
