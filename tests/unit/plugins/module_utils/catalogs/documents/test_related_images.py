# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that bundles name (operator-catalogs 4): roles, owners, names by tag and digest, platforms."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import related_images
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.related_images import BundleImages
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, RELATED, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

HOST = "registry.example.com"
TEXT = "foo stable*: 1.0.0"
VERSIONS = ("v1alpha2", "v2alpha1")


class Site:
    """Catalogs `one` and `two`, each with the bundle foo.v1.0.0 and images of its own."""

    def __init__(self, folder):
        self.store = MemoryStore()
        self.workspace = Workspace(str(folder))

    def publish(self, name, *related):
        """Gives the bundle further related images, which are added to the registry as they are named."""
        documents = catalogs.documents(TEXT)
        (bundle,) = [document for document in documents if document["schema"] == "olm.bundle"]
        bundle["relatedImages"] += [{"name": "more", "image": image} for image in related]
        for each in bundle["relatedImages"]:
            repository, _colon, tag = each["image"].partition("@")[0].partition("/")[2].rpartition(":")
            if repository and tag not in self.store.named.get(repository, {}):
                self.store.add_image(repository, tag, layers=[each["image"].encode()])
        catalogs.publish(self.store, name, "v1", documents)

    def plan(self, *entries, version="v2alpha1"):
        document = {
            "apiVersion": f"mirror.openshift.io/{version}",
            "kind": "ImageSetConfiguration",
            "mirror": {"operators": [{"catalog": f"{HOST}/{name}:v1", "packages": [{"name": "foo"}], **more} for name, more in entries]},
        }
        context = Context(Upstream(lambda host: self.store, workspace=self.workspace), self.workspace)
        return build_plan(configuration.parse(document, ("ImageSetConfiguration",), "test"), context)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_ri2_every_image_once_with_its_roles_and_bundles():
    bundles = [
        BundleImages(
            "foo", "foo.v1", "r/foo/bundle:1", (("", "r/foo/bundle:1"), ("proxy", "r/proxy:1"), ("sidecar", "r/proxy:1"), ("x", ""))
        ),
        BundleImages("bar", "bar.v1", "r/bar/bundle:1", (("proxy", "r/proxy:1"),)),
    ]
    assert related_images.related_images(bundles) == [
        {"image": "r/bar/bundle:1", "roles": ["bundle"], "bundles": ["bar.v1"]},
        {"image": "r/foo/bundle:1", "roles": ["bundle"], "bundles": ["foo.v1"]},
        {"image": "r/proxy:1", "roles": ["proxy", "sidecar"], "bundles": ["bar.v1", "foo.v1"]},
    ]
    assert [bundle.references for bundle in bundles] == [("r/foo/bundle:1", "r/proxy:1"), ("r/bar/bundle:1", "r/proxy:1")]


@pytest.mark.parametrize("version", VERSIONS)
def test_ri12_bundles_of_one_name_in_two_catalogs_keep_all_their_images(site, version):
    site.publish("one", f"{HOST}/one/tool:1", f"{HOST}/shared/tool:1")
    site.publish("two", f"{HOST}/two/tool:1", f"{HOST}/shared/tool:1")
    plan = site.plan(("one", {}), ("two", {}), version=version)
    assert plan.failures == ()
    wanted = {image.destination: [chain[0] for chain in image.why] for image in plan.images}
    assert wanted["one/tool"] == ["operators[0]"] and wanted["two/tool"] == ["operators[1]"]
    assert wanted["shared/tool"] == wanted["foo/bundle"] == ["operators[0]", "operators[1]"]
    assert {image.type for image in plan.images if image.destination == "foo/bundle"} == {BUNDLE}


def test_ri14_tag_and_digest_are_pulled_by_digest_and_pushed_under_the_tag(site):
    pinned = site.store.add_image("team/tool", "v1", layers=[b"as it was pinned"])
    site.publish("one", f"{HOST}/team/tool:v1@{pinned.digest}")
    site.store.add_image("team/tool", "v1", layers=[b"the tag moved on"])
    plan = site.plan(("one", {}))
    (image,) = [image for image in plan.images if image.destination == "team/tool"]
    assert (image.digest, image.tags, image.type) == (pinned.digest, ("v1",), RELATED)


def test_ri15_platforms_of_two_catalogs_are_united(site):
    for name in ("one", "two"):
        site.publish(name, f"{HOST}/{name}/tool:1", f"{HOST}/shared/tool:1")
    instances = {platform: site.store.add_image("shared/tool", layers=[platform.encode()]) for platform in ("linux/amd64", "linux/arm64")}
    site.store.add_index("shared/tool", list(instances.items()), "1")

    def platforms(*architectures):
        return {"platforms": [{"os": "linux", "architecture": architecture} for architecture in architectures]}

    plan = site.plan(("one", platforms("amd64")), ("two", platforms("arm64")))
    (shared,) = [image for image in plan.images if image.destination == "shared/tool"]
    assert shared.platforms == ("linux/amd64", "linux/arm64")
    plan = site.plan(("one", platforms("amd64")), ("two", platforms("amd64")))
    (shared,) = [image for image in plan.images if image.destination == "shared/tool"]
    assert shared.platforms == ("linux/amd64",)
