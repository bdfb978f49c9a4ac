# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The update service at a mirror recommends exactly the way that was mirrored."""

from __future__ import annotations

import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import applied_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.modules import cluster_resources, image_mirror
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release import build
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer
from ansible_collections.disconnected.mirror.tests.fakes.update_service import serve
from ansible_collections.disconnected.mirror.tests.unit.plugins.module_utils.releases.graph_image.test_image import tarball

CHANNEL = "stable-4.14"
VERSIONS = ["4.14.1", "4.14.2", "4.14.3", "4.14.4", "4.14.5"]
# What each release says updates to it; one of these edges was taken back, another has a risk.
PREVIOUS = {
    "4.14.1": [],
    "4.14.2": ["4.14.1"],
    "4.14.3": ["4.14.1", "4.14.2"],
    "4.14.4": ["4.14.1", "4.14.2", "4.14.3"],
    "4.14.5": ["4.14.1", "4.14.3", "4.14.4"],
}
BLOCKED = {
    "./blocked-edges/4.14.4.yaml": {"to": "4.14.4", "from": r"4\.14\.[12]"},
    "./blocked-edges/4.14.5.yaml": {"to": "4.14.5", "from": r"4\.14\.[13]", "name": "Risk", "message": "m", "url": "https://example.com"},
}
EDGES = [[0, 1], [0, 2], [1, 2], [2, 3], [3, 4]]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeRegistry() as source, FakeRegistry() as mirror, ReleaseServer() as server:
        releases = {version: build(version, host=source.host, previous=PREVIOUS[version]) for version in VERSIONS}
        for release in releases.values():
            for repository, built in release.images():
                images.put(built, source.content, repository)
        images.put(images.multi_arch("base"), source.content, "ubi9/ubi", "latest")
        payloads = {version: release.reference for version, release in releases.items()}
        server.graphs["amd64", CHANNEL] = answer(VERSIONS, EDGES, channels=CHANNEL, payloads=payloads)
        channel = yaml.safe_dump({"name": CHANNEL, "versions": VERSIONS}).encode()
        data = {f"./channels/{CHANNEL}.yaml": channel, "./version": b"1.1.0\n"}
        server.files["/graph-data"] = tarball({**data, **{name: yaml.safe_dump(block).encode() for name, block in BLOCKED.items()}})
        yield World(str(tmp_path), source, mirror, server, releases)


class World:
    def __init__(self, folder, source, mirror, server, releases):
        self.folder, self.source, self.mirror, self.server, self.releases = folder, source, mirror, server, releases

    def mirrored(self, **channel):
        """The UpdateService of what was mirrored."""
        platform = {"graph": True, "channels": [{"name": CHANNEL, **channel}]}
        imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"platform": platform}}
        arguments = {
            "workspace": os.path.join(self.folder, "workspace"),
            "imageset": imageset,
            "destination": f"docker://{self.mirror.host}/ocp",
            "tls": [{"host": "*", "plain_http": True}],
            "retry_times": 0,
            "update_url": self.server.url(),
            "release_signatures": "off",
            "graph_data": self.server.url("/graph-data"),
            "graph_base": f"{self.source.host}/ubi9/ubi:latest",
        }
        for module in (image_mirror, cluster_resources):
            result = run_module(module, arguments)
            assert "failed" not in result, result["msg"]
        with open(os.path.join(result["directory"], "updateService.yaml"), encoding="utf-8") as file:
            return yaml.safe_load(file)

    def resources(self, **more):
        """What is written for clusters with more options, after `mirrored`."""
        place = {"workspace": os.path.join(self.folder, "workspace"), "destination": f"docker://{self.mirror.host}/ocp"}
        return run_module(cluster_resources, {**place, **more})

    def served(self, **channel):
        service = self.mirrored(**channel)
        store = RegistryStore(self.mirror.host, Http(Settings.of({"plain_http": True})))
        try:
            return serve(store, service, CHANNEL)
        finally:
            store.close()


def test_the_shortest_way_is_the_only_one_that_is_recommended(world):
    served = world.served(minVersion="4.14.1", maxVersion="4.14.5", shortestPath=True)
    path = ["4.14.1", "4.14.3", "4.14.4", "4.14.5"]
    assert served.nodes == {version: str(world.releases[version].digest) for version in path}
    assert served.edges == set(zip(path, path[1:]))
    assert served.conditional == {("4.14.1", "4.14.5"), ("4.14.3", "4.14.5")}
    reached, at = [path[0]], path[0]
    while served.recommended(at):
        (at,) = served.recommended(at)
        reached.append(at)
    assert reached == path


def test_a_whole_channel_recommends_what_its_update_service_did(world):
    served = world.served(minVersion="4.14.1", maxVersion="4.14.5", full=True)
    assert sorted(served.nodes) == VERSIONS
    assert served.edges == {(VERSIONS[start], VERSIONS[end]) for start, end in EDGES}


def test_nothing_that_is_not_mirrored_is_recommended(world):
    served = world.served(minVersion="4.14.3", maxVersion="4.14.4")
    assert sorted(served.nodes) == ["4.14.3", "4.14.4"] and served.edges == {("4.14.3", "4.14.4")} and not served.conditional


def test_images_of_a_release_are_pinned_by_the_names_that_nodes_ask_for(world):
    world.mirrored(minVersion="4.14.5", maxVersion="4.14.5")
    result = world.resources(pinned_pools=["worker"])
    with open(os.path.join(result["directory"], "pinned-images-worker.yaml"), encoding="utf-8") as file:
        document = yaml.safe_load(file)
    assert document["metadata"]["labels"] == {"machineconfiguration.openshift.io/role": "worker"}
    wanted = {f"{world.source.host}/{repository}@{built.digest}" for repository, built in world.releases["4.14.5"].images()}
    assert {entry["name"] for entry in document["spec"]["pinnedImages"]} == wanted
    assert applied_resources([("file", document)])[0].label == "PinnedImageSet mirror-worker-0"
    assert not [path for path in world.resources(pinned_pools=["worker"], pinned_images=["operator"])["files"] if "pinned" in path]
    assert world.resources(pinned_pools=["../x"])["failed"]
