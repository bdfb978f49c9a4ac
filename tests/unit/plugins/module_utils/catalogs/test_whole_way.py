# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators through the whole way: plan, mirror, again, and what a cluster would find at the mirror."""

from __future__ import annotations

import json
import os
from itertools import product

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import validation
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import fnv_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.modules import cluster_resources, image_mirror, imageset_plan, mirror_verify
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.module import run_module
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release import claim

TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 1.0.0"


@pytest.fixture
def world(tmp_path, monkeypatch):
    for name in ("REGISTRY_AUTH_FILE", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "CONTAINERS_REGISTRIES_CONF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with FakeRegistry() as source, FakeRegistry() as mirror:
        yield World(str(tmp_path), source, mirror)


class World:
    def __init__(self, folder, source, mirror):
        self.folder, self.source, self.mirror = folder, source, mirror
        self.workspace = os.path.join(folder, "workspace")
        self.publish(TEXT)

    def publish(self, text, tag="v1"):
        store, host = MemoryStore(), self.source.host
        documents = json.loads(json.dumps(catalogs.documents(text)).replace("quay.example.com", host))
        root = catalogs.publish(store, "index", tag, documents)
        for manifest in store.manifests["index"].values():
            for blob in manifest.blobs:
                self.source.content.put_blob("team/index", store.blobs["index"][blob.digest], blob.digest)
        for manifest in store.manifests["index"].values():
            self.source.content.put_manifest("team/index", manifest.content, manifest.media_type)
        self.source.content.create("team/index").tags[tag] = root.digest
        for document in documents:
            for each in document.get("relatedImages", ()):
                name, _colon, selector = each["image"].partition("/")[2].rpartition(":")
                images.put(images.image(each["image"]), self.source.content, name, selector)
        return root

    def arguments(self, version="v2alpha1", **operator):
        entry = {"catalog": f"{self.source.host}/team/index:v1", **operator}
        return {
            "imageset": {"apiVersion": f"mirror.openshift.io/{version}", "kind": "ImageSetConfiguration", "mirror": {"operators": [entry]}},
            "workspace": self.workspace,
            "tls": [{"host": "*", "plain_http": True}],
            "retry_times": 0,
        }

    def placed(self, **more):
        return {**self.arguments(**more), "destination": f"docker://{self.mirror.host}/ocp"}

    def served(self, namespace="ocp"):
        """The catalog at the mirror, read as a cluster reads it."""
        store = RegistryStore(self.mirror.host, Http(Settings(default=HostSettings(plain_http=True, verify=False))))
        kept = Kept(store, Workspace(os.path.join(self.folder, "cluster")))
        root = kept.root(f"{namespace}/team/index", "v1")
        for instance in kept.instances(f"{namespace}/team/index", root):
            blobs = [blob.digest for blob in instance.manifest.blobs]
            assert store.blobs_present(f"{namespace}/team/index", blobs) == set(blobs)
        return kept.catalog("mirror", f"{namespace}/team/index", root).catalog


@pytest.mark.parametrize("version", ["v1alpha2", "v2alpha1"])
def test_a_filtered_catalog_arrives_whole(world, version):
    wanted = {"version": version, "packages": [{"name": "foo"}]}
    planned = run_module(imageset_plan, world.arguments(**wanted))
    assert planned["catalogs"] == 1 and planned["failures_total"] == 0 and planned["images"] == 3
    mirrored = run_module(image_mirror, world.placed(**wanted))
    assert mirrored["changed"] and mirrored["complete"], mirrored
    assert catalogs.graph(world.served().everything()) == {"foo stable*": "0.2.0<0.1.0"}
    held = world.mirror.content.repositories["ocp/foo/bundle"]
    # What v1 names by digest has the tag that it gives to such images.
    (digest,) = held.tags.values()
    by_digest = fnv_tag(parse(f"{world.source.host}/foo/bundle@{digest}"))
    assert set(held.tags) == {by_digest if version == "v1alpha2" else "foo.v0.2.0"}
    again = run_module(imageset_plan, world.arguments(**wanted))
    assert not again["changed"]
    assert not run_module(image_mirror, world.placed(**wanted))["changed"]


def test_an_unfiltered_catalog_keeps_its_digest(world):
    root = world.publish(TEXT)
    result = run_module(image_mirror, world.placed(full=True))
    assert result["complete"], result
    assert world.mirror.content.repositories["ocp/team/index"].tags["v1"] == root.digest
    assert world.served().names == ("bar", "foo")


def test_check_mode_predicts_and_writes_nothing(world):
    predicted = run_module(image_mirror, world.placed(packages=[{"name": "foo"}]), check_mode=True)
    assert predicted["changed"] and not os.path.exists(world.workspace)
    assert not world.mirror.content.repositories
    done = run_module(image_mirror, world.placed(packages=[{"name": "foo"}]))
    assert {key: value for key, value in done["counts"].items() if key.startswith("images")} == {
        key: value for key, value in predicted["counts"].items() if key.startswith("images")
    }


def test_the_tag_of_a_catalog_waits_for_its_images(world):
    """G03: an image that is gone fails alone, and the catalog's tag does not move over it."""
    del world.source.content.repositories["foo/operator"].tags["0.2.0"]
    result = run_module(image_mirror, world.placed(packages=[{"name": "foo"}]))
    assert result["failed"] and result["failures_total"] >= 1
    assert "v1" not in world.mirror.content.repositories.get("ocp/team/index", EMPTY).tags
    excluded = run_module(image_mirror, {**world.placed(packages=[{"name": "foo"}], full=True), "catalog_missing_images": "exclude"})
    assert excluded["complete"], excluded
    assert catalogs.graph(world.served().everything()) == {"foo stable*": "0.1.0"}


class EMPTY:
    tags: dict = {}


def test_a_catalog_grows_for_v1(world):
    run_module(image_mirror, world.placed(version="v1alpha2", packages=[{"name": "foo"}]))
    world.publish("foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0; 0.4.0<0.3.0")
    result = run_module(image_mirror, world.placed(version="v1alpha2", packages=[{"name": "foo"}]))
    assert result["complete"]
    assert catalogs.graph(world.served().everything()) == {"foo stable*": "0.2.0<0.1.0; 0.3.0<0.2.0; 0.4.0<0.3.0"}


def test_resources_name_the_catalog(world):
    run_module(imageset_plan, world.arguments(packages=[{"name": "foo"}]))
    run_module(cluster_resources, world.placed(packages=[{"name": "foo"}]))
    found = {}
    folder = os.path.join(world.workspace, "results", "cluster-resources")
    for name in (name for name in os.listdir(folder) if name.endswith(".yaml")):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found.update({document["kind"]: document for document in yaml.safe_load_all(file)})
    image = f"{world.mirror.host}/ocp/team/index:v1"
    assert found["CatalogSource"]["spec"]["image"] == image
    assert found["ClusterCatalog"]["spec"]["source"]["image"]["ref"] == image


def test_the_base_layers_cross_the_wire_once(world):
    """They stay with their publisher until they are mirrored: the plan's layout does not hold them."""
    run_module(imageset_plan, world.arguments(packages=[{"name": "foo"}]))
    held = sum(len(names) for _folder, _folders, names in os.walk(os.path.join(world.workspace, "content")))
    assert held < 14
    (layout,) = os.listdir(os.path.join(world.workspace, "content", "catalogs"))
    with open(os.path.join(world.workspace, "content", "catalogs", layout, "index.json"), encoding="utf-8") as file:
        digest = json.load(file)["manifests"][0]["digest"]
    with open(os.path.join(world.workspace, "content", "catalogs", layout, "blobs", *digest.split(":")), "rb") as file:
        assert Manifest.parse(file.read()).is_index


def lose_blobs(world, repository):
    """The manifests of a repository stay and its blobs are gone, which nobody notices before they are copied."""
    world.source.content.repositories[repository].blobs.clear()


def test_a_catalog_that_is_not_signed_as_it_has_to_be_is_not_mirrored(world, publisher, tmp_path):
    root = world.publish(TEXT)
    (tmp_path / "key.asc").write_bytes(publisher.public)
    place = tmp_path / "sigstore" / "team" / f"index@sha256={root.digest.hex}"
    place.mkdir(parents=True)
    rule = {"catalog": "*/team/index", "keys": [str(tmp_path / "key.asc")], "urls": [f"file://{tmp_path}/sigstore"]}
    arguments = {**world.placed(packages=[{"name": "foo"}]), "catalog_signatures": [rule]}
    refused = run_module(image_mirror, arguments)
    assert [failure["code"] for failure in refused["failures"]] == ["signature_missing"]
    assert not world.mirror.content.repositories
    (place / "signature-1").write_bytes(publisher.sign(claim(root.digest, f"{world.source.host}/team/index:v1")))
    assert run_module(image_mirror, arguments)["complete"]
    assert world.served().names == ("foo",)


@pytest.mark.parametrize("lost_while", ["planning", "copying", "reading the catalog"])
def test_one_catalog_that_lacks_something_holds_no_other_back(world, lost_while):
    world.publish("bar stable*: 1.0.0", tag="v2")
    arguments = world.placed(packages=[{"name": "foo"}])
    operators = arguments["imageset"]["mirror"]["operators"]
    operators.append({"catalog": f"{world.source.host}/team/index:{'v3' if lost_while.startswith('reading') else 'v2'}"})
    if lost_while == "planning":
        del world.source.content.repositories["bar/operator"].tags["1.0.0"]
    elif lost_while == "copying":
        lose_blobs(world, "bar/operator")
    result = run_module(image_mirror, arguments)
    assert result["failed"]
    assert all(text.startswith("operators[1]") for failure in result["failures"] for text in failure["wanted_by"])
    assert set(world.mirror.content.repositories["ocp/team/index"].tags) == {"v1"}
    assert catalogs.graph(world.served().everything()) == {"foo stable*": "0.2.0<0.1.0"}


class TestImagesThatAreLostWhileCopying:
    """P03, P15, K8: the bundle is lost by policy, never the catalog."""

    def tags(self, world):
        return world.mirror.content.repositories.get("ocp/team/index", EMPTY).tags

    def test_the_catalog_waits_by_default_and_the_setting_is_named(self, world):
        lose_blobs(world, "bar/operator")
        result = run_module(image_mirror, world.placed())
        assert result["failed"] and not result["complete"]
        assert [failure["subject"].partition("/")[2] for failure in result["failures"]] == ["bar/operator:1.0.0"]
        assert "v1" not in self.tags(world)
        assert (result["counts"]["images_failed"], result["counts"]["images_held"]) == (1, 1)
        assert any("The catalog ocp/team/index:v1 was not updated" in text and "catalog_missing_images" in text for text in told(result))

    @pytest.mark.parametrize("full", [False, True], ids=["heads", "whole"])
    def test_its_bundle_leaves_the_catalog(self, world, full):
        lose_blobs(world, "bar/operator")
        result = run_module(image_mirror, {**world.placed(full=full), "catalog_missing_images": "exclude"})
        assert "failed" not in result and result["complete"], result
        assert list(catalogs.graph(world.served().everything())) == ["foo stable*"]
        assert any(f"Bundle bar.v1.0.0 of package bar is left out, because {world.source.host}/bar" in text for text in told(result))
        # Its own image was copied before; a tag more at the mirror harms nobody.
        assert "1.0.0" not in world.mirror.content.repositories.get("ocp/bar/operator", EMPTY).tags
        assert result["counts"]["images_total"] == (5 if full else 3)

    def test_upgrades_lead_around_it(self, world):
        world.publish("foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0")
        lose_blobs_of(world, "foo/operator", "0.2.0")
        wanted = {"full": True, "packages": [{"name": "foo"}]}
        result = run_module(image_mirror, {**world.placed(**wanted), "catalog_missing_images": "exclude"})
        assert result["complete"], result
        assert catalogs.graph(world.served().everything()) == {"foo stable*": "0.1.0; 0.3.0<0.1.0 !{0.2.0}"}

    def test_the_next_run_brings_it_when_it_is_there(self, world):
        held = set(world.source.content.repositories["bar/operator"].blobs)
        lose_blobs(world, "bar/operator")
        arguments = {**world.placed(), "catalog_missing_images": "exclude"}
        run_module(image_mirror, arguments)
        assert not run_module(image_mirror, arguments)["changed"]
        world.source.content.repositories["bar/operator"].blobs.update(held)
        assert run_module(image_mirror, arguments)["changed"]
        assert sorted(catalogs.graph(world.served().everything())) == ["bar stable*", "foo stable*"]

    def test_an_image_may_stay_behind(self, world):
        lose_blobs(world, "bar/operator")
        result = run_module(image_mirror, {**world.placed(), "catalog_missing_images": "keep"})
        assert result["complete"], result
        assert sorted(catalogs.graph(world.served().everything())) == ["bar stable*", "foo stable*"]
        assert any(f"{world.source.host}/bar/operator:1.0.0 is not mirrored" in text for text in told(result))

    @pytest.mark.parametrize(("until", "complete"), [("2999-12-31", True), ("2001-01-01", False)])
    def test_an_exception_holds_until_it_ends(self, world, until, complete):
        lose_blobs(world, "bar/operator")
        exceptions = [{"bundle": "bar.*", "until": until, "reason": "ticket 12"}]
        result = run_module(image_mirror, {**world.placed(), "catalog_exceptions": exceptions})
        assert result["complete"] is complete
        assert ("v1" in self.tags(world)) is complete
        if complete:
            assert any(world.source.host in text and "accepted until 2999-12-31 (ticket 12)" in text for text in told(result))
        else:
            (failure,) = result["failures"]
            assert failure["code"] == "exception_ended"
            assert "the exception for bar.* ended on 2001-01-01 (ticket 12)" in failure["message"]

    def test_the_plan_of_the_workspace_becomes_what_was_mirrored(self, world):
        run_module(imageset_plan, world.arguments())
        lose_blobs(world, "bar/operator")
        arguments = world.placed()
        arguments.pop("imageset")
        result = run_module(image_mirror, {**arguments, "catalog_missing_images": "exclude"})
        assert result["complete"], result
        verified = run_module(mirror_verify, dict(arguments))
        assert "failed" not in verified, verified
        run_module(cluster_resources, arguments)

    def test_what_the_mirror_refuses_is_no_reason_to_leave_a_bundle_out(self, world):
        world.mirror.inject(Fault("PUT", "manifest", "ocp/bar/operator", times=0, status=403, code="DENIED"))
        result = run_module(image_mirror, {**world.placed(), "catalog_missing_images": "exclude"})
        assert result["failed"] and "v1" not in self.tags(world)

    def test_a_source_that_fails_for_a_while_is_no_reason_either(self, world):
        world.source.inject(Fault("GET", "blob", "bar/operator", times=0, status=503))
        result = run_module(image_mirror, {**world.placed(), "catalog_missing_images": "exclude"})
        assert result["failed"] and "v1" not in self.tags(world)

    def test_an_archive_is_written_without_it(self, world, tmp_path):
        lose_blobs(world, "bar/operator")
        folder = tmp_path / "archive"
        arguments = {**world.arguments(), "destination": f"file://{folder}"}
        failed = run_module(image_mirror, arguments)
        assert failed["failed"] and not [name for name in os.listdir(folder) if name.endswith(".tar")]
        written = run_module(image_mirror, {**arguments, "catalog_missing_images": "exclude"})
        assert written["complete"] and [name for name in os.listdir(folder) if name.endswith(".tar")], written
        loaded = run_module(
            image_mirror,
            {
                "workspace": str(tmp_path / "inside"),
                "tls": [{"host": "*", "plain_http": True}],
                "archive": f"file://{folder}",
                "destination": f"docker://{world.mirror.host}/ocp",
            },
        )
        assert loaded["complete"], loaded
        assert list(catalogs.graph(world.served().everything())) == ["foo stable*"]


def test_whichever_image_fails_the_result_names_it_and_those_that_want_it(world, tmp_path):
    """P03: of all images of a plan each one in turn."""
    text = "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0\nbar stable*: 1.0.0"
    world.publish(text)
    places = [(f"{name}/{kind}", tag) for name, kind, tag in product(("foo",), ("bundle", "operator"), ("0.1.0", "0.2.0", "0.3.0"))]
    places += [("bar/bundle", "1.0.0"), ("bar/operator", "1.0.0")]
    for number, (repository, version) in enumerate(places):
        package, _slash, kind = repository.partition("/")
        bundle = f"{package}.v{version}"
        tag = bundle if kind == "bundle" else version
        held = set(world.source.content.repositories[repository].blobs)
        lose_blobs_of(world, repository, tag)
        arguments = {
            **world.arguments(packages=[{"name": "foo"}, {"name": "bar"}], full=True),
            "workspace": str(tmp_path / f"workspace-{number}"),
            "destination": f"docker://{world.mirror.host}/site{number}",
        }
        failed = run_module(image_mirror, arguments)
        assert [(failure["subject"], failure["wanted_by"]) for failure in failed["failures"]] == [
            (f"{world.source.host}/{repository}:{tag}", [f"operators[0] > {package} > {bundle}"])
        ]
        assert "v1" not in world.mirror.content.repositories.get(f"site{number}/team/index", EMPTY).tags
        assert run_module(image_mirror, {**arguments, "catalog_missing_images": "exclude"})["complete"]
        left = world.served(f"site{number}").everything()
        validation.check(left)
        assert {each for package in left.packages.values() for each in package.bundles} == {
            "foo.v0.1.0",
            "foo.v0.2.0",
            "foo.v0.3.0",
            "bar.v1.0.0",
        } - {bundle}
        world.source.content.repositories[repository].blobs.update(held)


def told(result):
    """The warnings of a module, wherever ansible-core has them."""
    return [str(text) for text in result.get("warnings", ())]


def lose_blobs_of(world, repository, tag):
    """The blobs of one image alone."""
    content = world.source.content.repositories[repository]
    blobs = {}
    for digest, (_media_type, text) in content.manifests.items():
        document = json.loads(text)
        blobs[digest] = {entry["digest"] for entry in (document["config"], *document["layers"])}
    lost = blobs.pop(content.tags[tag])
    content.blobs -= lost - set().union(*blobs.values())
