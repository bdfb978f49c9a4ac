# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role and the playbook `cluster`, and what only a stand-in can do: be silent, lack kinds."""

from __future__ import annotations

import json
import os
import socket

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.access import Access
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.tests.fakes.clusters import crds
from ansible_collections.disconnected.mirror.tests.fakes.clusters.stand_in import StandIn
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.integration.clusters.conftest import Site
from ansible_collections.disconnected.mirror.tests.integration.clusters.test_apply import (
    MACHINES,
    catalog_source,
    cluster_catalog,
    idms,
    itms,
    resource,
    update_service,
)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with StandIn() as cluster:
        yield cluster


def test_a_role_looks_applies_and_tells(stand_in, tmp_path):
    stand_in.install([*crds.own(), *crds.platform()])
    stand_in.create(resource(MACHINES, "MachineConfigPool", "worker", {"paused": True}))
    folder = tmp_path / "results" / "cluster-resources"
    os.makedirs(folder)
    for document in (idms(), itms()):
        (folder / f"{document['kind']}.yaml").write_text(json.dumps(document))
    variables = {"cluster_path": str(folder), "cluster_kubeconfig": stand_in.kubeconfig(), "cluster_wait_sleep": 1}
    checked = play(tmp_path / "play", "disconnected.mirror.cluster", variables, "--check", "--diff")
    assert checked.ok and checked.changed == 1 and "Nodes will be drained" in checked.text and "+  name: idms-generic-0" in checked.text
    assert stand_in.list("ImageDigestMirrorSet") == []
    applied = play(tmp_path / "play", "disconnected.mirror.cluster", variables)
    assert applied.ok and applied.changed == 1 and "in these: worker" in applied.text
    assert len(stand_in.list("ImageDigestMirrorSet")) == 1
    # In a workflow the job that mirrored says where they are.
    told = {"imageset_summary": {"hosts": {"localhost": {"results": str(folder.parent)}}}}
    del variables["cluster_path"]
    again = play(tmp_path / "play", "disconnected.mirror.cluster", {**variables, **told}, "-v")
    assert again.ok and again.changed == 0 and stand_in.tokens["admin"] not in again.text
    nowhere = play(tmp_path / "play", "disconnected.mirror.cluster", variables)
    assert not nowhere.ok and "cluster_path is not set" in nowhere.text


def test_the_outcome_names_every_host_and_is_complete_only_when_all_are(stand_in, tmp_path):
    stand_in.install([*crds.own(), *crds.platform()])
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "idms.yaml").write_text(json.dumps(idms()))
    local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    # The last host is fine: it does not speak for the one before it.
    hosts = {
        "broken": {**local, "cluster_kubeconfig": str(tmp_path / "none")},
        "fine": {**local, "cluster_kubeconfig": stand_in.kubeconfig()},
    }
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": hosts}}))
    role = {"ansible.builtin.import_role": {"name": "disconnected.mirror.cluster"}}
    plays = [{"hosts": "all", "gather_facts": False, "tasks": [role]}]
    told = play(tmp_path / "play", plays, {"cluster_path": str(tmp_path / "resources"), "cluster_wait_sleep": 1}, "-i", str(inventory))
    outcome = told.stats["cluster_result"]
    assert not told.ok and outcome["complete"] is False and (outcome["hosts_total"], outcome["hosts_complete"]) == (2, 1), told.text
    broken, fine = outcome["hosts"]["broken"], outcome["hosts"]["fine"]
    assert broken["outcome"] == "failed" and str(tmp_path / "none") in broken["reason"]
    assert fine["outcome"] == "complete" and fine["counts"]["created"] == 1


def test_optional_kinds_that_a_cluster_lacks_are_skipped(stand_in):
    stand_in.install([crd for crd in crds.own() if "MirrorSet" in crd["spec"]["names"]["kind"]])
    result = Site(stand_in).apply(idms(), catalog_source(), cluster_catalog(), update_service())
    assert result["counts"] == {"created": 1, "changed": 0, "unchanged": 0, "removed": 0, "stale": 0, "skipped": 3}
    assert "ClusterCatalog cc-index" in str(result["warnings"])


def test_mirror_sets_that_a_cluster_lacks_are_refused(stand_in):
    stand_in.install([crd for crd in crds.own() if crd["spec"]["names"]["kind"] == "ImageContentSourcePolicy"])
    result = Site(stand_in).apply(idms())
    assert result["failed"] and "does not have the kind ImageDigestMirrorSet" in result["msg"] and "mirror_sets: [icsp]" in result["msg"]


def test_settings_of_a_cluster_that_is_no_openshift_are_refused(stand_in):
    assert "has no OperatorHub" in Site(stand_in).apply(disable_default_sources=True)["msg"]


def test_a_server_that_is_busy_is_asked_again(stand_in):
    stand_in.install(crds.own())
    stand_in.fail = [429, 503, 502]
    assert Site(stand_in).apply(idms())["changed"]


def test_a_server_that_fails_all_the_time_is_said(stand_in):
    stand_in.fail = [501] * 3
    result = Site(stand_in).apply(idms())
    assert result["failed"] and "answered 501: for a test" in result["msg"]


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        access = Access(f"http://127.0.0.1:{silent.getsockname()[1]}", token="secret-token")
        with Api(access, {}, retries=0, timeout=0.3) as api, pytest.raises(Unreachable) as raised:
            api.list("ImageDigestMirrorSet")
    assert "secret-token" not in str(raised.value)


def test_a_list_of_several_pages_is_read_whole(stand_in):
    stand_in.install(crds.own())
    for number in range(503):
        stand_in.create(idms(f"x-{number}"))
    with Api(Access(stand_in.server, stand_in.tokens["admin"]), {}) as api:
        assert len(api.list("ImageDigestMirrorSet")) == 503
