# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry that a configuration of v1alpha2 keeps its history in (mirroring 4.4)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import Remembered
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.tests.fakes.certificates import Authority
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.trip import V1, imageset


def load(folder, host, skip):
    document = imageset("quay.io/team/app:1", api=V1, storageConfig={"registry": {"imageURL": f"{host}/state/meta", "skipTLS": skip}})
    network = Connections(settings={"retries": {"times": 0}}).open({"HOME": str(folder)}, lambda *_retry: None)
    try:
        storage = configuration.parse(document).storage
        return Remembered(Workspace(str(folder / "workspace")), "docker://registry.example.com/ocp", storage, network.registry).load()
    finally:
        network.close()


@pytest.mark.parametrize("encrypted", [True, False])
def test_skip_tls_holds_for_the_registry_of_the_history(tmp_path, encrypted):
    (tmp_path / "authority").mkdir()
    tls = Authority(str(tmp_path / "authority")).server_context("elsewhere.test") if encrypted else None
    with FakeRegistry(tls=tls) as registry:
        assert load(tmp_path, registry.host, True).runs == ()
        with pytest.raises(MirrorError, match=r"storageConfig\.registry"):
            load(tmp_path, registry.host, False)
