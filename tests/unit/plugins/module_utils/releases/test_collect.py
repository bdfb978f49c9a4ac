# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases as a content source, from the configuration to what is wanted (config-and-releases part 2)."""

from __future__ import annotations

import base64
import gzip
import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration, model
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import GENERIC, GRAPH, RELEASE, RELEASE_CONTENT, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.release import COMPONENTS, build, claim, signature_path, tar_layer
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer, fetch
from ansible_collections.disconnected.mirror.tests.unit.plugins.module_utils.releases.graph_image.test_image import (
    BASE,
    GOOD,
    tarball,
    unpacked,
)

DATA = os.path.join(SHARED_DATA, "cincinnati")
VERSIONS = ("4.14.1", "4.14.2")


def imageset(platform, api="v2alpha1", stanza="mirror"):
    kind = "ImageSetConfiguration" if stanza == "mirror" else "DeleteImageSetConfiguration"
    return configuration.parse({"apiVersion": f"mirror.openshift.io/{api}", "kind": kind, stanza: {"platform": platform}})


class World:
    """An update service, a signature store, graph data and the registries behind them, with releases of our own."""

    def __init__(self, server, root, key):
        self.server = server
        self.store = MemoryStore()
        self.workspace = Workspace(str(root))
        self.key = key
        self.releases = {}
        path = root / "key.asc"
        path.write_bytes(key.public)
        server.files["/graph-data"] = tarball(GOOD)
        self.options = {
            "update_url": server.url(),
            "release_signature_urls": [server.url("/signatures/")],
            "release_signature_keys": [str(path)],
            "graph_data": server.url("/graph-data"),
            "graph_base": str(BASE),
            "environ": {},
        }

    def publish(self, channel, versions, architecture="amd64", sign=True, edges=(), **more):
        payloads = {}
        for version in versions:
            release = build(version, architecture, **more)
            self.releases[version, architecture] = release
            payloads[version] = release.reference
            for repository, built in release.images():
                images.push(built, self.store, f"{release.host}/{repository}")
            if sign:
                self.sign(release)
        edges = edges or [(number, number + 1) for number in range(len(versions) - 1)]
        self.server.graphs[architecture, channel] = answer(versions, edges, channels=channel, payloads=payloads)

    def sign(self, release, key=None, content=None):
        message = (key or self.key).sign(content or claim(release.digest, release.identity))
        self.server.files["/signatures/" + signature_path(release.digest)] = message
        return message

    def collect(self, platform, api="v2alpha1", stanza="mirror", **options):
        context = Context(self.store, self.workspace, {**self.options, **options}, 4, fetch=fetch)
        return collect(imageset(platform, api, stanza), context)


@pytest.fixture
def world(tmp_path, release_key):
    with ReleaseServer() as server:
        yield World(server, tmp_path, release_key)


STABLE = {"channels": [{"name": "stable-4.14", "minVersion": "4.14.1"}]}


def test_a_release_its_components_and_the_plan_s_entry(world):
    world.publish("stable-4.14", ["4.14.1"])
    found = world.collect({"channels": [{"name": "stable-4.14"}]})
    release = world.releases["4.14.1", "amd64"]
    assert (found.failures, found.warnings) == ((), ())
    assert [image.type for image in found.images] == [RELEASE] + [RELEASE_CONTENT] * 10
    assert str(found.images[0].reference) == release.reference
    assert {image.tags[0] for image in found.images[1:]} == {f"4.14.1-x86_64-{name}" for name in COMPONENTS}
    assert {str(image.reference).split("@")[1] for image in found.images[1:]} == {built.digest for built in release.components.values()}
    assert found.images[0].why == ("platform.channels[0]", "stable-4.14", "newest of the channel", "4.14.1-x86_64")
    (entry,) = found.releases
    assert (entry["version"], entry["channel"], entry["architecture"], entry["payload"]) == (
        "4.14.1",
        "stable-4.14",
        "amd64",
        release.reference,
    )
    assert base64.b64decode(entry["signatures"][0]) == world.server.files["/signatures/" + signature_path(release.digest)]
    assert entry["signed_as"] == release.identity


def test_the_same_question_has_the_same_answer_and_costs_the_registries_nothing(world):
    world.publish("stable-4.14", VERSIONS)
    first = world.collect(STABLE)
    world.store.calls.clear()
    world.server.asked.clear()
    assert world.collect(STABLE) == first
    assert world.store.calls == []
    assert [path for path, _query in world.server.asked] == ["/graph"]


@pytest.mark.parametrize("architectures", [["amd64", "arm64"], ["multi"]])
def test_architectures(architectures, world):
    for architecture in architectures:
        world.publish("stable-4.14", VERSIONS, architecture)
    found = world.collect({**STABLE, "architectures": architectures}, api="v1alpha2")
    assert [(entry["architecture"], entry["version"]) for entry in found.releases] == [
        (one, version) for one in architectures for version in VERSIONS
    ]
    assert len({(image.repository, image.tags) for image in found.images}) == 22 * len(architectures)
    assert found.failures == ()


def test_ch16_platforms_mean_the_payload_for_all_and_filter_every_image(world):
    world.publish("stable-4.14", ["4.14.1"], "multi")
    found = world.collect({**STABLE, "platforms": [{"os": "linux", "architecture": "arm64"}], "graph": False})
    assert {str(platform) for image in found.images for platform in image.platforms} == {"linux/arm64"}
    assert all(image.tags[0].startswith("4.14.1-multi") for image in found.images)


def test_two_channels_that_select_one_release_give_both_reasons(world):
    world.publish("stable-4.14", ["4.14.1"])
    world.server.graphs["amd64", "fast-4.14"] = world.server.graphs["amd64", "stable-4.14"]
    found = world.collect({"channels": [{"name": "stable-4.14"}, {"name": "fast-4.14"}]})
    assert len(found.releases) == 1
    assert [chain[0] for chain in found.releases[0]["why"]] == ["platform.channels[0]", "platform.channels[1]", "platform.channels"]
    assert len({image.why for image in found.images if image.type == RELEASE}) == 3


class TestSignaturePolicies:
    """`require` leaves the release out, `warn` says so, `off` does not look (2.7; P08)."""

    def run(self, world, **options):
        return world.collect({"channels": [{"name": "stable-4.14"}]}, **options)

    def test_require_is_the_default(self, world):
        world.publish("stable-4.14", ["4.14.1"], sign=False)
        found = self.run(world)
        assert (found.images, found.releases) == ((), ())
        assert [(failure.code, failure.subject, failure.category) for failure in found.failures] == [
            ("signature_missing", "release 4.14.1 (amd64)", "release")
        ]

    def test_warn(self, world):
        world.publish("stable-4.14", ["4.14.1"], sign=False)
        found = self.run(world, release_signatures="warn")
        assert len(found.images) == 11 and found.failures == ()
        assert found.releases[0]["signatures"] == []
        assert "no signature of" in found.warnings[0]

    def test_off(self, world):
        world.publish("stable-4.14", ["4.14.1"], sign=False)
        found = self.run(world, release_signatures="off")
        assert len(found.images) == 11 and found.warnings == ()
        assert not [path for path, _query in world.server.asked if path.startswith("/signatures")]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ("key", "not a trusted one"),
            ("digest", "the signature is for sha256:"),
            ("identity", "another name"),
            ("truncated", "truncated"),
        ],
    )
    def test_each_fault_has_its_message(self, wrong, message, world, other_key):
        world.publish("stable-4.14", ["4.14.1"])
        release = world.releases["4.14.1", "amd64"]
        place = "/signatures/" + signature_path(release.digest)
        if wrong == "key":
            world.sign(release, other_key)
        elif wrong == "digest":
            world.sign(release, content=claim(Digest.of(b"other"), release.identity))
        elif wrong == "identity":
            world.sign(release, content=claim(release.digest, "quay.io/somebody/else:1"))
        else:
            world.server.files[place] = world.server.files[place][:-30]
        found = self.run(world)
        assert found.images == () and message in found.failures[0].message
        warned = self.run(world, release_signatures="warn")
        assert len(warned.images) == 11 and message in warned.warnings[0]

    def test_a_bad_release_leaves_the_others(self, world, other_key):
        world.publish("stable-4.14", VERSIONS)
        world.sign(world.releases["4.14.2", "amd64"], other_key)
        found = world.collect(STABLE)
        assert [entry["version"] for entry in found.releases] == ["4.14.1"]
        assert [failure.subject for failure in found.failures] == ["release 4.14.2 (amd64)"]

    def test_nm03_the_signed_tag_is_compared(self, world):
        world.publish("stable-4.14", ["4.14.1"])
        release = world.releases["4.14.1", "amd64"]
        world.sign(release, content=claim(release.digest, "quay.io/openshift-release-dev/ocp-release:4.14.9-x86_64"))
        found = self.run(world)
        assert "was signed as quay.io/openshift-release-dev/ocp-release:4.14.9-x86_64" in found.warnings[0]
        assert found.images[0].tags == ("4.14.1-x86_64",)

    def test_okd_warns_by_default(self, world):
        world.publish("4-stable", ["4.14.0-0.okd-1"], sign=False)
        options = {"okd_update_url": world.server.url(), "okd_release_signature_urls": [world.server.url("/signatures")]}
        found = world.collect({"channels": [{"name": "4-stable", "type": "okd"}]}, **options)
        assert [entry["version"] for entry in found.releases] == ["4.14.0-0.okd-1"]
        assert "no public key is known" in found.warnings[0]


class TestDirectRelease:
    """`platform.release` (2.4)."""

    def test_pl10_it_overrides_the_channels(self, world):
        world.publish("stable-4.14", VERSIONS)
        release = world.releases["4.14.1", "amd64"]
        found = world.collect({"release": release.reference, "channels": [{"name": "stable-4.14", "full": True}]})
        assert [(entry["version"], entry["channel"], entry["architecture"]) for entry in found.releases] == [("4.14.1", "", "amd64")]
        assert found.images[0].why == ("platform.release", "4.14.1-x86_64")
        assert not [path for path, _query in world.server.asked if path == "/graph"]

    def test_pl11_a_tag_is_resolved_and_remembered_for_offline_use(self, world):
        world.publish("stable-4.14", ["4.14.1"])
        release = world.releases["4.14.1", "amd64"]
        world.store.named.setdefault("quay.io/openshift-release-dev/ocp-release", {})["mine"] = release.digest
        platform = {"release": "quay.io/openshift-release-dev/ocp-release:mine"}
        found = world.collect(platform)
        assert found.releases[0]["payload"] == f"quay.io/openshift-release-dev/ocp-release:mine@{release.digest}"
        world.store.calls.clear()
        assert world.collect(platform, offline=True) == found
        assert world.store.calls == []

    @pytest.mark.parametrize(
        ("release", "code"), [("quay.io/a/b", "invalid_input"), ("quay.io/a/b:none", "not_found"), ("UPPER/x:1", "invalid_input")]
    )
    def test_pl11_what_cannot_be_resolved(self, release, code, world):
        found = world.collect({"release": release})
        assert [failure.code for failure in found.failures] == [code]
        assert found.failures[0].subject == f"platform.release ({release})"

    def test_pl12_an_unsigned_build_needs_the_policy(self, world):
        world.publish("stable-4.14", ["4.14.1"], sign=False)
        platform = {"release": world.releases["4.14.1", "amd64"].reference}
        assert world.collect(platform).failures[0].code == "signature_missing"
        assert len(world.collect(platform, release_signatures="off").images) == 11


class TestGraphImage:
    """`platform.graph` (2.8)."""

    platform = {**STABLE, "graph": True}

    def prepare(self, world):
        world.publish("stable-4.14", ["4.14.1"])
        self.base = images.multi_arch("ubi")
        images.push(self.base, world.store, BASE.repository, "latest")

    def test_it_is_built_with_the_data_and_the_signatures(self, world):
        self.prepare(world)
        found = world.collect(self.platform)
        image = found.images[-1]
        assert (image.type, image.repository, image.tags, image.source) == (
            GRAPH,
            "openshift/graph-image",
            ("latest",),
            "built://graph-image",
        )
        assert image.platforms == ()
        layout = LayoutStore(os.path.join(world.workspace.content, "graph-image"))
        top = layout.fetch_manifest("", layout.fetch_manifest("", "").children[0].digest).blobs[-1]
        release = world.releases["4.14.1", "amd64"]
        held = unpacked(gzip.decompress(read_blob(layout, "", top, 10**6)))
        signed = held[f"var/lib/cincinnati-graph-data/signatures/sha256/{release.digest.hex}/signature-1"]
        assert signed == world.server.files["/signatures/" + signature_path(release.digest)]

    def test_gr02_v1_mirrors_the_base_as_well(self, world):
        self.prepare(world)
        found = world.collect(self.platform, api="v1alpha2")
        assert [(image.type, image.repository, image.tags) for image in found.images[-2:]] == [
            (GRAPH, "openshift/graph-image", ("latest",)),
            (GENERIC, "ubi9/ubi", ("latest",)),
        ]

    def test_v1_builds_it_only_with_channels(self, world):
        self.prepare(world)
        assert world.collect({"graph": True}, api="v1alpha2").images == ()
        assert [image.type for image in world.collect({"graph": True}).images] == [GRAPH]

    def test_data_from_a_file(self, world, tmp_path):
        self.prepare(world)
        path = tmp_path / "graph-data.tar.gz"
        path.write_bytes(tarball(GOOD))
        for place in (str(path), f"file://{path}"):
            assert world.collect(self.platform, graph_data=place).failures == ()
        assert "/graph-data" not in [asked for asked, _query in world.server.asked]

    def test_a_ready_image_is_mirrored_as_it_is(self, world):
        self.prepare(world)
        found = world.collect(self.platform, graph_image="registry.example.com/openshift/graph-image:latest")
        assert (found.images[-1].type, found.images[-1].source) == (GRAPH, "")
        assert str(found.images[-1].reference) == "registry.example.com/openshift/graph-image:latest"

    def test_gr12_with_another_update_service_only_what_was_built_is_used(self, world):
        self.prepare(world)
        found = world.collect(self.platform, graph_data="")
        assert [failure.subject for failure in found.failures] == ["platform.graph"]
        assert "graph_data" in found.failures[0].advice
        world.collect(self.platform)
        assert world.collect(self.platform, graph_data="").failures == ()

    @pytest.mark.parametrize("options", [{"graph_data": "/nowhere.tar.gz"}, {"graph_base": "registry.example.com/none:1"}])
    def test_what_fails_leaves_the_releases(self, options, world):
        self.prepare(world)
        found = world.collect(self.platform, **options)
        assert len(found.images) == 11
        assert [failure.subject for failure in found.failures] == ["platform.graph"]

    def test_gr15_a_page_in_place_of_the_tarball(self, world):
        self.prepare(world)
        world.server.files["/graph-data"] = b"<html>maintenance</html>"
        assert "not a gzip file" in world.collect(self.platform).failures[0].message


def test_pl30_kubevirt_container(world):
    reference = "quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:" + "7" * 64
    world.publish("stable-4.14", ["4.14.1"], boot_images={"x86_64": reference})
    found = world.collect({**STABLE, "kubeVirtContainer": True})
    assert found.images[-1].tags == ("4.14.1-x86_64-kube-virt-container",) and str(found.images[-1].reference) == reference


@pytest.mark.parametrize("boot_images", [None, {}])
def test_pl32_a_wanted_kubevirt_container_that_is_not_there_is_a_failure(boot_images, world):
    world.publish("stable-4.14", ["4.14.1"], boot_images=boot_images)
    found = world.collect({**STABLE, "kubeVirtContainer": True})
    assert len(found.images) == 11
    assert [failure.code for failure in found.failures] == ["release_payload_invalid"]


def test_ch30_v1_remembers_where_a_channel_began(world):
    platform = {"channels": [{"name": "stable-4.14"}]}
    world.publish("stable-4.14", ["4.14.1"])
    assert [entry["version"] for entry in world.collect(platform, api="v1alpha2").releases] == ["4.14.1"]
    world.publish("stable-4.14", ["4.14.1", "4.14.2", "4.14.3"])
    assert [entry["version"] for entry in world.collect(platform, api="v1alpha2").releases] == ["4.14.1", "4.14.2", "4.14.3"]
    assert [entry["version"] for entry in world.collect(platform).releases] == ["4.14.3"]


def test_ch30_a_history_given_by_the_caller_wins(world):
    world.publish("stable-4.14", ["4.14.1", "4.14.2", "4.14.3"])
    platform = {"channels": [{"name": "stable-4.14"}]}
    past = {"stable-4.14": {"first": "4.14.2"}}
    assert [entry["version"] for entry in world.collect(platform, api="v1alpha2", past_channels=past).releases] == ["4.14.2", "4.14.3"]
    assert not os.path.exists(world.workspace.path("releases", "channels.json"))


METADATA = {
    "apiVersion": "mirror.openshift.io/v1alpha2",
    "kind": "Metadata",
    "uid": "x",
    "singleUse": False,
    "pastMirror": {
        "sequence": 1,
        "mirror": {"platform": {"channels": [{"name": "stable-4.14", "minVersion": "4.14.2", "maxVersion": "4.14.2"}]}},
        "platforms": [{"channel": "stable-4.14", "minVersion": "4.14.2"}],
    },
}


class TestTakeover:
    """What oc-mirror v1 began is carried on (CH-30)."""

    def run(self, world, storage):
        world.publish("stable-4.14", ["4.14.1", "4.14.2", "4.14.3"])
        document = {"apiVersion": "mirror.openshift.io/v1alpha2", "kind": "ImageSetConfiguration", "storageConfig": storage}
        document["mirror"] = {"platform": {"channels": [{"name": "stable-4.14"}]}}
        return collect(configuration.parse(document), Context(world.store, world.workspace, world.options, 4, fetch=fetch))

    def versions(self, found):
        assert found.failures == ()
        return [entry["version"] for entry in found.releases]

    def test_from_a_directory(self, world, tmp_path):
        storage = {"local": {"path": str(tmp_path / "metadata")}}
        assert self.versions(self.run(world, storage)) == ["4.14.3"]
        os.unlink(world.workspace.path("releases", "channels.json"))
        (tmp_path / "metadata" / "publish").mkdir(parents=True)
        (tmp_path / "metadata" / "publish" / ".metadata.json").write_text(json.dumps(METADATA))
        assert self.versions(self.run(world, storage)) == ["4.14.2", "4.14.3"]
        assert self.versions(self.run(world, storage)) == ["4.14.2", "4.14.3"]

    @pytest.mark.parametrize("single_use", [True, False])
    def test_from_a_registry(self, single_use, world):
        content = json.dumps({**METADATA, "singleUse": single_use}).encode()
        world.store.add_image("registry.example.com/oc-mirror/metadata", "latest", layers=[tar_layer({"publish/.metadata.json": content})])
        found = self.run(world, {"registry": {"imageURL": "registry.example.com/oc-mirror/metadata"}})
        assert self.versions(found) == (["4.14.3"] if single_use else ["4.14.2", "4.14.3"])

    def test_nothing_there_is_a_beginning(self, world):
        assert self.versions(self.run(world, {"registry": {"imageURL": "registry.example.com/oc-mirror/metadata:x"}})) == ["4.14.3"]

    def test_what_cannot_be_read_stops_the_releases_instead_of_forgetting(self, world, tmp_path):
        (tmp_path / "metadata" / "publish").mkdir(parents=True)
        (tmp_path / "metadata" / "publish" / ".metadata.json").write_text("{")
        found = self.run(world, {"local": {"path": str(tmp_path / "metadata")}})
        assert [(failure.code, failure.subject) for failure in found.failures] == [("corrupt_content", "storageConfig")]
        assert not os.path.exists(world.workspace.path("releases", "channels.json"))


def test_a_delete_configuration_plans_from_what_was_kept(world):
    world.publish("stable-4.14", VERSIONS)
    mirrored = world.collect(STABLE)
    world.store.calls.clear()
    world.server.asked.clear()
    world.server.graphs.clear()
    found = world.collect(STABLE, stanza="delete")
    assert [image.tags for image in found.images] == [image.tags for image in mirrored.images]
    assert (world.store.calls, world.server.asked, found.failures) == ([], [], ())
    unknown = world.collect({"channels": [{"name": "stable-4.15"}]}, stanza="delete")
    assert [failure.code for failure in unknown.failures] == ["no_graph_data"]


def test_faults_of_the_configuration_are_failures_with_their_place(world):
    world.publish("stable-4.14", ["4.14.1"])
    found = world.collect({"channels": [{"name": "stable-4.14"}, {"name": "stable-4.99"}]})
    assert len(found.releases) == 1
    assert [failure.subject for failure in found.failures] == ["channel stable-4.99 on amd64"]
    with pytest.raises(InputError):
        world.collect(STABLE, release_signatures="perhaps")


def test_a_payload_that_is_no_release(world):
    world.publish("stable-4.14", ["4.14.1"])
    other = images.image("something")
    images.push(other, world.store, "quay.io/openshift-release-dev/ocp-release")
    reference = f"quay.io/openshift-release-dev/ocp-release@{other.digest}"
    world.server.graphs["amd64", "stable-4.14"] = answer(["4.14.1"], payloads={"4.14.1": reference})
    found = world.collect(STABLE, release_signatures="off")
    assert [failure.code for failure in found.failures] == ["release_payload_invalid"]


def test_pl11_a_payload_by_tag_is_resolved_first(world):
    world.publish("stable-4.14", ["4.14.1"])
    release = world.releases["4.14.1", "amd64"]
    repository = "quay.io/openshift-release-dev/ocp-release"
    world.store.named.setdefault(repository, {})["4.14.1-x86_64"] = release.digest
    payloads = {"4.14.1": f"{repository}:4.14.1-x86_64", "4.14.2": f"{repository}:gone", "4.14.3": "UPPER/case:1"}
    world.server.graphs["amd64", "stable-4.14"] = answer(list(payloads), payloads=payloads)
    found = world.collect(STABLE)
    assert [entry["payload"] for entry in found.releases] == [f"{repository}:4.14.1-x86_64@{release.digest}"]
    assert [(failure.code, failure.subject) for failure in found.failures] == [
        ("not_found", "release 4.14.2 (amd64)"),
        ("invalid_input", "release 4.14.3 (amd64)"),
    ]


def test_values_that_only_other_callers_could_give_are_refused_by_name(world):
    world.publish("stable-4.14", ["4.14.1"])
    platform = model.PlatformContent(
        channels=(model.Channel(name="stable-4.14"), model.Channel(name="stable-4.15", min_version="4.x")),
        architectures=("amd64", "x86_64"),
    )
    found = collect(model.ImageSet(Generation.V2, platform=platform), Context(world.store, world.workspace, world.options, 4, fetch=fetch))
    assert [entry["version"] for entry in found.releases] == ["4.14.1"]
    assert [failure.subject for failure in found.failures] == ["platform.channels[1] (stable-4.15)", "platform.architectures"]


def test_a_version_that_the_image_denies_is_told(world):
    world.publish("stable-4.14", ["4.14.1"])
    reference = world.releases["4.14.1", "amd64"].reference
    world.server.graphs["amd64", "stable-4.14"] = answer(["4.14.7"], payloads={"4.14.7": reference})
    found = world.collect({"channels": [{"name": "stable-4.14"}]})
    assert "calls itself 4.14.1" in found.warnings[0]


@pytest.fixture(scope="module")
def recorded():
    folders = [os.path.join(DATA, folder) for folder in ("served", "reconstructed")]
    with ReleaseServer.of_directory(*folders) as server:
        yield server


@pytest.mark.needs_data
@pytest.mark.skipif(not os.path.isdir(DATA), reason="../shared/data is not here")
class TestDocumentedConfigurations:
    """Each documented configuration with a platform, against recorded graphs over HTTP; what is selected is told by what cannot be read."""

    def selected(self, server, tmp_path, platform, api="v1alpha2", **options):
        options = {"update_url": server.url(), "release_signatures": "off", "environ": {}, **options}
        found = collect(imageset(platform, api), Context(MemoryStore(), Workspace(str(tmp_path)), options, 4, fetch=fetch))
        versions = [failure.subject[len("release ") :] for failure in found.failures if failure.subject.startswith("release ")]
        others = [
            failure for failure in found.failures if not failure.subject.startswith("release ") and failure.subject != "platform.graph"
        ]
        return versions, found.warnings, others

    def newest(self, name):
        with open(os.path.join(DATA, name), encoding="utf-8") as file:
            versions = [node["version"] for node in json.load(file)["nodes"] if "-" not in node["version"]]
        return max(versions, key=lambda version: [int(part) for part in version.split(".")])

    @pytest.mark.parametrize(
        ("platform", "file", "architecture"),
        [
            ({"channels": [{"name": "stable-4.22", "type": "ocp"}], "graph": True}, "reconstructed/amd64-stable-4.22.json", "amd64"),
            ({"channels": [{"name": "stable-4.13"}]}, "served/amd64-stable-4.13.json", "amd64"),
            ({"architectures": ["s390x"], "channels": [{"name": "stable-4.22"}]}, "reconstructed/s390x-stable-4.22.json", "s390x"),
        ],
    )
    def test_newest_of_a_channel(self, platform, file, architecture, recorded, tmp_path):
        versions, warnings, others = self.selected(recorded, tmp_path, platform)
        assert versions == [f"{self.newest(file)} ({architecture})"]
        assert not warnings and not others

    def test_shortest_path(self, recorded, tmp_path):
        platform = {"channels": [{"name": "stable-4.12", "minVersion": "4.11.37", "maxVersion": "4.12.15", "shortestPath": True}]}
        assert self.selected(recorded, tmp_path, platform) == (["4.11.37 (amd64)", "4.12.15 (amd64)"], (), [])

    def test_multi_architecture_range(self, recorded, tmp_path):
        platform = {"architectures": ["multi"], "channels": [{"name": "stable-4.13", "minVersion": "4.13.4", "maxVersion": "4.13.6"}]}
        assert self.selected(recorded, tmp_path, platform) == (["4.13.4 (multi)", "4.13.5 (multi)", "4.13.6 (multi)"], (), [])

    def test_multi_architecture_with_operators(self, recorded, tmp_path):
        platform = {
            "architectures": ["multi"],
            "channels": [{"name": "stable-4.21", "minVersion": "4.21.0", "maxVersion": "4.21.1", "type": "ocp"}],
        }
        assert self.selected(recorded, tmp_path, platform)[0] == ["4.21.0 (multi)", "4.21.1 (multi)"]

    def test_one_version(self, recorded, tmp_path):
        platform = {"channels": [{"name": "stable-4.12", "minVersion": "4.12.1", "maxVersion": "4.12.1"}]}
        versions, warnings, others = self.selected(recorded, tmp_path, platform)
        with open(os.path.join(DATA, "reconstructed", "amd64-stable-4.12.json"), encoding="utf-8") as file:
            there = "4.12.1" in [node["version"] for node in json.load(file)["nodes"]]
        assert versions == (["4.12.1 (amd64)"] if there else [])
        assert bool(others) is not there

    def test_a_channel_without_recording_is_an_empty_channel(self, recorded, tmp_path):
        versions, _warnings, others = self.selected(
            recorded, tmp_path, {"channels": [{"name": "stable-4.11", "type": "ocp"}], "graph": True}
        )
        assert versions == [] and others[0].code == "no_versions_found"

    eus = {
        "graph": True,
        "architectures": ["amd64"],
        "channels": [
            {"name": "stable-4.12", "minVersion": "4.12.28", "maxVersion": "4.12.28", "shortestPath": True, "type": "ocp"},
            {"name": "eus-4.14", "minVersion": "4.12.28", "maxVersion": "4.14.16", "shortestPath": True, "type": "ocp"},
        ],
    }

    def test_eus_has_no_unconditional_path_and_that_is_told(self, recorded, tmp_path):
        versions, warnings, others = self.selected(recorded, tmp_path, self.eus, api="v2alpha1")
        assert versions == ["4.12.28 (amd64)", "4.14.16 (amd64)"] and not others
        (told,) = [text for text in warnings if text.startswith("no update path")]
        assert "no update path from 4.12.28 to 4.14.16 in channel eus-4.14" in told
        assert "4.12.28 > 4.13.37 > 4.14.16" in told
        strict = self.selected(recorded, tmp_path, self.eus, api="v2alpha1", strict_update_paths=True)[2]
        assert "no_update_path" in [failure.code for failure in strict]

    def test_eus_is_planned_when_conditional_updates_count(self, recorded, tmp_path):
        versions, warnings, others = self.selected(recorded, tmp_path, self.eus, api="v2alpha1", conditional_updates=True)
        assert versions == ["4.12.28 (amd64)", "4.13.37 (amd64)", "4.14.16 (amd64)"]
        assert not [text for text in warnings if "no update path" in text] and not others

    def test_eus_has_a_path_in_a_later_graph(self, recorded, tmp_path):
        path = os.path.join(DATA, "reconstructed", "amd64-eus-4.14-head.json")
        platform = {"channels": [{"name": "eus-4.14", "minVersion": "4.12.28", "maxVersion": "4.14.71", "shortestPath": True}]}
        versions = self.selected(recorded, tmp_path, platform, api="v2alpha1", graph_file=path)[0]
        assert versions == ["4.12.28 (amd64)", "4.13.69 (amd64)", "4.14.71 (amd64)"]

    def test_okd(self, recorded, tmp_path):
        path = os.path.join(DATA, "okd", "amd64-stable-4.json")
        versions = self.selected(
            recorded, tmp_path, {"channels": [{"name": "stable-4", "type": "okd"}]}, graph_file=path, okd_release_signatures="off"
        )[0]
        assert len(versions) == 1 and "okd" in versions[0]
