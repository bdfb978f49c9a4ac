# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible calls them: results as documented, check mode, diff, failures as data, secrets kept."""

from __future__ import annotations

import json
import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.modules import cluster_resources, image_mirror, imageset_plan, registry_process
from ansible_collections.disconnected.mirror.tests.fakes import images, oc_mirror
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.tokens import Guard

# Keys that every module may return (Ansible's own).
COMMON = {"changed", "failed", "msg", "diff", "warnings", "deprecations", "exception"}


@pytest.fixture
def world(tmp_path, monkeypatch):
    for name in ("REGISTRY_AUTH_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeRegistry() as source, FakeRegistry() as mirror:
        for number in range(3):
            images.put(images.image(f"app {number}"), source.content, f"team/app{number}", "1.0")
        yield World(str(tmp_path), source, mirror)


class World:
    def __init__(self, folder, source, mirror):
        self.source = source
        self.mirror = mirror
        self.workspace = os.path.join(folder, "workspace")

    def arguments(self, *names, **more):
        """Of all modules that take a plan; the images of the source when none are named."""
        names = names or tuple(f"{self.source.host}/team/app{number}:1.0" for number in range(3))
        mirror = {"additionalImages": [{"name": name} for name in names]}
        return {
            "imageset": {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror},
            "workspace": self.workspace,
            "tls": [{"host": "*", "plain_http": True}],
            "retry_times": 0,
            **more,
        }

    def placed(self, *names, **more):
        return self.arguments(*names, destination=f"docker://{self.mirror.host}/ocp", **more)


def documented(module):
    return set(yaml.safe_load(module.RETURN))


def check_keys(module, result):
    assert set(result) - COMMON <= documented(module), f"undocumented: {sorted(set(result) - COMMON - documented(module))}"


def test_a_plan_is_made_once(world):
    result = run_module(imageset_plan, world.arguments())
    check_keys(imageset_plan, result)
    assert result["changed"] and result["images"] == 3 and result["bytes"] > 0 and result["failures_total"] == 0
    assert os.path.exists(result["plan_path"])
    assert not run_module(imageset_plan, world.arguments())["changed"]


def test_check_mode_plans_without_writing(world):
    result = run_module(imageset_plan, world.arguments(), check_mode=True, diff=True)
    assert result["changed"] and result["diff"]["before"] == "" and result["diff"]["after"].count("\n") == 3
    assert not os.path.exists(world.workspace)


def test_what_cannot_be_resolved_is_data(world):
    gone = f"{world.source.host}/team/gone:1.0"
    result = run_module(imageset_plan, world.arguments(f"{world.source.host}/team/app0:1.0", gone))
    check_keys(imageset_plan, result)
    assert result["failed"] and gone in result["msg"]
    assert [(failure["subject"], failure["category"]) for failure in result["failures"]] == [(gone, "additional")]
    assert result["images"] == 1 and result["failed_categories"] == ["additional"]
    allowed = run_module(imageset_plan, world.arguments(f"{world.source.host}/team/app0:1.0", gone, allow_failures=["*/gone:*"]))
    assert not allowed.get("failed") and allowed["failures_total"] == 1


def test_an_unusable_configuration_is_a_sentence(world):
    result = run_module(imageset_plan, {**world.arguments(), "imageset": {"kind": "Pod"}})
    check_keys(imageset_plan, result)
    assert result["failed"] and "exception" not in result and result["error"]["code"]
    assert not os.path.exists(world.workspace)


def test_all_faces_of_a_run(world):
    planned = run_module(imageset_plan, world.arguments())
    predicted = run_module(image_mirror, world.placed(), check_mode=True, diff=True)
    check_keys(image_mirror, predicted)
    assert planned["images"] == predicted["counts"]["images_copied"] == 3 and predicted["changed"]
    assert not world.mirror.content.repositories and not world.mirror.ledger.count("POST")

    arguments = {key: value for key, value in world.placed().items() if key != "imageset"}
    mirrored = run_module(image_mirror, arguments, diff=True)
    check_keys(image_mirror, mirrored)
    assert mirrored["complete"] and mirrored["counts"]["images_copied"] == 3 and mirrored["diff"] == predicted["diff"]
    assert set(yaml.safe_load(image_mirror.RETURN)["counts"]["contains"]) == set(mirrored["counts"])
    with open(mirrored["result_path"], encoding="utf-8") as file:
        assert len(json.load(file)["images"]) == 3
    again = run_module(image_mirror, arguments)
    assert not again["changed"] and again["counts"]["images_present"] == 3

    foreseen = run_module(cluster_resources, arguments, check_mode=True)
    assert foreseen["changed"] and not os.path.exists(foreseen["directory"])
    written = run_module(cluster_resources, arguments)
    check_keys(cluster_resources, written)
    assert written["changed"] and written["files"] == foreseen["files"] and all(os.path.exists(path) for path in written["files"])
    assert not run_module(cluster_resources, arguments)["changed"]

    reported = run_module(cluster_resources, {**arguments, "report": True})
    check_keys(cluster_resources, reported)
    assert not reported["changed"] and os.path.exists(reported["report"])
    os.remove(reported["report"])
    os.mkdir(reported["report"])
    kept = run_module(cluster_resources, {**arguments, "report": True})
    assert "failed" not in kept and "report" not in kept and "The report could not be written" in str(kept["warnings"])


def test_a_plan_for_a_mirror_says_where_each_image_goes(world):
    arguments = world.placed(max_nested_paths=2)
    foreseen = run_module(imageset_plan, arguments, check_mode=True)
    assert foreseen["changed"] and not os.path.exists(foreseen["mapping_path"])
    planned = run_module(imageset_plan, arguments)
    check_keys(imageset_plan, planned)
    with open(planned["mapping_path"], encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert [line.rpartition("docker://")[2] for line in lines] == [f"{world.mirror.host}/ocp/team-app{number}:1.0" for number in range(3)]
    assert not run_module(imageset_plan, arguments)["changed"] and not world.mirror.ledger.count("GET")
    assert run_module(imageset_plan, world.placed())["changed"]
    assert run_module(imageset_plan, world.arguments())["mapping_path"] == ""


def test_resources_of_an_archive_need_no_mirror_and_are_those_of_the_loaded_one(world, tmp_path):
    archive = f"file://{tmp_path}/archive"
    assert run_module(image_mirror, world.arguments(destination=archive))["complete"]
    world.source.stop()
    arguments = {key: value for key, value in world.placed().items() if key != "imageset"}
    far = {**arguments, "workspace": str(tmp_path / "far")}
    foreseen = run_module(cluster_resources, {**far, "archive": archive}, check_mode=True)
    assert foreseen["changed"] and not os.path.exists(far["workspace"])
    written = run_module(cluster_resources, {**far, "archive": archive})
    check_keys(cluster_resources, written)
    assert written["changed"] and written["files"] == foreseen["files"] and not world.mirror.content.repositories
    assert run_module(image_mirror, {**far, "archive": archive})["complete"]
    assert not run_module(cluster_resources, far)["changed"]


def test_a_small_result_however_many_images_fail(world):
    names = [f"{world.source.host}/team/gone{number}:1.0" for number in range(60)]
    result = run_module(image_mirror, world.placed(*names))
    assert result["failed"] and result["failures_total"] == 60 and len(result["failures"]) == 20
    assert len(json.dumps(result)) < 64 * 1024


def test_a_destination_that_refuses_is_told_once(world):
    world.mirror.auth = Guard(mode="basic", users={"me": "right"})
    credentials = [{"registry": world.mirror.host, "username": "me", "password": "wrong-password-1"}]
    result = run_module(image_mirror, world.placed(credentials=credentials))
    check_keys(image_mirror, result)
    assert result["failed"] and result["error"]["code"] == "access_denied" and world.mirror.host in result["msg"]
    assert "wrong-password-1" not in json.dumps(result)


def test_no_plan_and_no_configuration_is_told(world):
    arguments = {key: value for key, value in world.placed().items() if key != "imageset"}
    assert "there is no plan at" in run_module(image_mirror, arguments)["msg"]


def test_a_busy_workspace_is_told(world):
    from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.lock import WorkspaceLock

    with WorkspaceLock(os.path.join(world.workspace, "lock"), "somebody"):
        result = run_module(imageset_plan, world.arguments())
        assert result["error"]["code"] == "locked" and "somebody" in result["msg"]
        assert "failed" not in run_module(imageset_plan, world.arguments(), check_mode=True)


def test_registry_process_returns_what_it_says(tmp_path):
    result = run_module(registry_process, {"state": "stopped", "pid_file": str(tmp_path / "pid")})
    check_keys(registry_process, result)
    assert not result["changed"] and result["pid"] == 0


def test_charts_of_an_archive_of_oc_mirror_lead_to_no_program_and_no_file_of_this_host(world, tmp_path):
    name = "registry.example.com/team/app:1"
    document = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
    document["mirror"] = {"additionalImages": [{"name": name}], "helm": {"local": [{"name": "app", "path": str(tmp_path)}]}}
    folder = oc_mirror.write_v2(tmp_path / "archive", document, {name: images.image("app")})
    arguments = world.placed(archive=f"file://{folder}", helm_path="/no/such/helm", progress=False)
    del arguments["imageset"]
    result = run_module(image_mirror, arguments)
    assert result["failed"] and "/no/such/helm" not in result["msg"]
    assert "helm: charts of an archive of oc-mirror v2 are left out" in result["msg"]
