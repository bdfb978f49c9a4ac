# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster runs, what is proposed for it, whether a mirror holds it, and that pruning leaves it alone."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.modules import cluster_info, image_mirror, image_prune
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.clusters import crds
from ansible_collections.disconnected.mirror.tests.fakes.clusters.cluster import READER
from ansible_collections.disconnected.mirror.tests.fakes.clusters.stand_in import StandIn
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.integration.clusters.test_apply import catalog_source, idms, resource

OPENSHIFT, OLM = "config.openshift.io/v1", "operators.coreos.com/v1alpha1"
RELEASE = "quay.io/openshift-release-dev"
DIGESTS = [f"sha256:{letter * 64}" for letter in "abcdef"]


def pod(name, *containers, namespace="openshift-operators"):
    """containers: (image, imageID)."""
    spec = {"containers": [{"name": f"c{number}", "image": image} for number, (image, _got) in enumerate(containers)]}
    states = [{"name": f"c{number}", "imageID": got} for number, (_image, got) in enumerate(containers)]
    return {**resource("v1", "Pod", name, spec, namespace), "status": {"containerStatuses": states}}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with StandIn() as cluster:
        cluster.install([*crds.own(), *crds.platform()])
        spec = {"channel": "stable-4.16"}
        completed = [{"state": "Completed", "version": "4.16.3"}, {"state": "Completed", "version": "4.15.9"}]
        history = [{"state": "Partial", "version": "4.16.4"}, *completed]
        desired = {"version": "4.16.4", "image": f"{RELEASE}/ocp-release@{DIGESTS[0]}"}
        cluster.create({**resource(OPENSHIFT, "ClusterVersion", "version", spec), "status": {"history": history, "desired": desired}})
        cluster.create(resource("v1", "Node", "n1", {}, labels={"kubernetes.io/arch": "arm64"}))
        cluster.create(resource(OPENSHIFT, "OperatorHub", "cluster", {"disableAllDefaultSources": True}))
        cluster.create(catalog_source("cs-redhat-operator-index-v4-15", "mirror.example/redhat/redhat-operator-index:v4.15"))
        wanted = {"name": "web-terminal", "channel": "fast", "source": "cs-redhat-operator-index-v4-15"}
        subscription = resource(OLM, "Subscription", "web-terminal", wanted, "openshift-operators")
        cluster.create({**subscription, "status": {"installedCSV": "web-terminal.v1.11.0"}})
        related = [{"name": "x", "image": f"registry.redhat.io/web/terminal@{DIGESTS[1]}"}]
        installed = {"version": "1.11.0", "relatedImages": related}
        cluster.create(resource(OLM, "ClusterServiceVersion", "web-terminal.v1.11.0", installed, "openshift-operators"))
        copied = {"version": "9", "relatedImages": [{"image": f"copied.example/x@{DIGESTS[5]}"}]}
        cluster.create(resource(OLM, "ClusterServiceVersion", "copy", copied, "openshift-config", labels={"olm.copiedFrom": "x"}))
        cluster.create(pod("release", (f"{RELEASE}/ocp-v4.0-art-dev@{DIGESTS[2]}", f"{RELEASE}/ocp-v4.0-art-dev@{DIGESTS[2]}")))
        cluster.create(pod("operator", (f"registry.redhat.io/web/terminal@{DIGESTS[1]}", "")))
        cluster.create(pod("catalog", ("mirror.example/redhat/redhat-operator-index:v4.15", f"mirror.example/x@{DIGESTS[3]}")))
        cluster.create(pod("own", ("docker.io/team/app:1.0", f"docker-pullable://docker.io/team/app@{DIGESTS[4]}"), ("not an image", "")))
        cluster.requests.clear()
        yield cluster


def info(cluster, user=READER, **more):
    return run_module(cluster_info, {**cluster.login(user), "retry_times": 0, "tls": [{"host": "*", "plain_http": True}], **more})


def test_what_runs_is_told_to_an_account_that_may_only_read(cluster):
    found = info(cluster)
    assert (found["version"], found["versions"], found["channel"]) == ("4.16.3", ["4.16.3", "4.15.9"], "stable-4.16")
    assert (found["architecture"], found["default_sources"], found["images"]) == ("arm64", False, 5)
    operator = {"package": "web-terminal", "channel": "fast", "version": "1.11.0", "namespace": "openshift-operators"}
    assert found["operators"] == [{**operator, "catalog": "cs-redhat-operator-index-v4-15"}]
    assert found["images_outside"] == ["docker.io/team/app:1.0"]
    assert not found["changed"] and {method for method, _path in cluster.requests} == {"GET"}


def test_the_proposal_is_a_configuration_for_it(cluster):
    found = info(cluster)["imageset"]
    assert found["mirror"] == {
        "platform": {
            "architectures": ["arm64"],
            "channels": [{"name": "stable-4.16", "minVersion": "4.16.3", "maxVersion": "4.16.3"}],
            "graph": True,
        },
        "operators": [
            {
                "catalog": "registry.redhat.io/redhat/redhat-operator-index:v4.16",
                "packages": [{"name": "web-terminal", "channels": [{"name": "fast", "minVersion": "1.11.0"}]}],
            }
        ],
        "additionalImages": [{"name": "docker.io/team/app:1.0"}],
    }
    assert parse(found).platform.channels[0].name == "stable-4.16"


def test_the_way_to_another_version_is_looked_up_and_asked_for(cluster, tmp_path):
    nodes = [{"version": text, "payload": f"{RELEASE}/ocp-release@{DIGESTS[0]}"} for text in ("4.16.3", "4.16.9", "4.17.2", "4.17.5")]
    (tmp_path / "arm64-stable-4.17.json").write_text(json.dumps({"nodes": nodes, "edges": [[0, 1], [1, 2], [2, 3], [0, 2]]}))
    found = info(cluster, to_version="4.17.5", graph_file=str(tmp_path))
    assert found["update_path"] == ["4.16.3", "4.17.2", "4.17.5"] and found["update_explanation"] == ""
    channel = {"name": "stable-4.17", "minVersion": "4.16.3", "maxVersion": "4.17.5", "shortestPath": True}
    assert found["imageset"]["mirror"]["platform"]["channels"] == [channel]
    assert found["imageset"]["mirror"]["operators"][0]["catalog"].endswith(":v4.17")


def test_a_first_configuration_is_written_from_a_cluster(cluster, tmp_path):
    path = tmp_path / "imageset.yaml"
    variables = {"mirror_config": str(path), "mirror_init_from_cluster": {"kubeconfig": cluster.kubeconfig(READER)}}
    assert play(tmp_path / "play", "disconnected.mirror.init", variables).ok
    assert yaml.safe_load(path.read_text()) == info(cluster)["imageset"]
    again = play(tmp_path / "play", "disconnected.mirror.init", variables)
    assert again.ok and again.changed == 0


def test_a_mirror_that_holds_everything_says_so_and_one_that_does_not_says_what(cluster):
    with FakeRegistry() as mirror:
        digest = images.put(images.image("app"), mirror.content, "ocp/team/app", "1.0")
        for name in ("release", "operator", "catalog", "own"):
            cluster.delete("Pod", name, "openshift-operators")
        cluster.clear(["ClusterVersion", "ClusterServiceVersion"])
        cluster.create(
            pod("app", (f"quay.io/team/app@{digest}", ""), (f"quay.io/team/app@{DIGESTS[0]}", ""), (f"else.example/a@{digest}", ""))
        )
        cluster.create(idms("x", ("quay.io/team", f"{mirror.host}/ocp/team"), ("quay.io", "wrong.example/all")))
        found = info(cluster, destination=f"docker://{mirror.host}/ocp")
        assert found["held"] is False and found["missing_total"] == 2
        reasons = {entry["image"].partition("@")[0]: entry["reason"] for entry in found["missing"]}
        assert "no mirror set leads from else.example/a" in reasons["else.example/a"]
        assert "has it in none of ocp/team/app" in reasons["quay.io/team/app"]
        cluster.delete("Pod", "app", "openshift-operators")
        cluster.create(pod("app", (f"quay.io/team/app@{digest}", "")))
        assert info(cluster, destination=f"docker://{mirror.host}/ocp")["held"] is True


@pytest.fixture
def world(tmp_path):
    """A mirror of two images, of which the configuration no longer names the second."""
    with FakeRegistry() as source, FakeRegistry() as mirror:
        digests = [images.put(images.image(f"app {number}"), source.content, f"team/app{number}", "1.0") for number in range(2)]

        def arguments(count, **more):
            names = [{"name": f"{source.host}/team/app{number}:1.0"} for number in range(count)]
            imageset = {
                "apiVersion": "mirror.openshift.io/v2alpha1",
                "kind": "ImageSetConfiguration",
                "mirror": {"additionalImages": names},
            }
            common = {"workspace": str(tmp_path / "workspace"), "tls": [{"host": "*", "plain_http": True}], "retry_times": 0}
            return {**common, "imageset": imageset, "destination": f"docker://{mirror.host}/ocp", **more}

        assert run_module(image_mirror, arguments(2))["changed"] and run_module(image_mirror, arguments(1))
        yield lambda **more: run_module(image_prune, arguments(1, **more)), digests


def test_nothing_that_a_cluster_runs_is_pruned(cluster, world):
    prune, digests = world
    cluster.create(pod("app", ("quay.io/team/app1:1.0", f"quay.io/team/app1@{digests[1]}")))
    login = {name: value for name, value in cluster.login(READER).items() if name in ("host", "api_key")}
    kept = prune(protect_clusters=[login])
    assert not kept["changed"] and f"the cluster {cluster.server} runs it" in json.dumps(kept)
    cluster.delete("Pod", "app", "openshift-operators")
    assert prune(protect_clusters=[login])["changed"]


def test_when_a_cluster_does_not_answer_nothing_is_pruned(world):
    prune, _digests = world
    result = prune(protect_clusters=[{"host": "http://127.0.0.1:9", "api_key": "secret-token"}])
    assert result["failed"] and "127.0.0.1:9" in result["msg"] and "secret-token" not in json.dumps(result)
    assert prune()["changed"]
