# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""v1 writes digests in place of tags into the catalogs that it rebuilds (RI-3), as far as the images are to be had (RI-4)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.file_index import scan
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.extraction import extract_layers
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import fnv_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, CATALOG, RELATED, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

REFERENCE = "registry.example.com/redhat/index:v4.17"
OTHER = "quay.example.com/foo/other@sha256:" + "ab" * 32


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def context(store, tmp_path):
    workspace = Workspace(str(tmp_path / "workspace"))
    return Context(Upstream(lambda host: store, workspace=workspace), workspace)


def wanted(version, whole=False, **more):
    operators = [{"catalog": REFERENCE, **({"full": True} if whole else {"packages": [{"name": "foo"}]})}]
    document = {"apiVersion": f"mirror.openshift.io/{version}", "kind": "ImageSetConfiguration", "mirror": {"operators": operators, **more}}
    return configuration.parse(document, ("ImageSetConfiguration",), "test")


def publish(store, image="", related=()):
    """One bundle; its image, and what it names besides.  Gives the bundle's document."""
    documents = catalogs.documents("foo stable*: 0.1.0")
    bundle = documents[-1]
    bundle["image"] = image or bundle["image"]
    bundle["relatedImages"] = [{"name": "", "image": bundle["image"]}, *({"name": "part", "image": text} for text in related)]
    catalogs.publish(store, "redhat/index", "v4.17", documents)
    return bundle


def rebuilt(context, found, folder):
    """The document of the bundle in the catalog that is pushed."""
    (catalog,) = [image for image in found.images if image.type == CATALOG]
    index = context.upstream.fetch_manifest(catalog.source, "")
    image = context.upstream.fetch_manifest(catalog.source, index.children[0].digest)
    folder.mkdir()
    files = extract_layers(context.upstream, catalog.source, image.blobs[-1:], "configs", str(folder))
    return Catalog("rebuilt", scan(files)).package("foo").bundle("foo.v0.1.0").document


def names(document):
    return [document["image"], *(each["image"] for each in document["relatedImages"])]


def test_tags_become_digests(store, context, tmp_path):
    bundle = publish(store, related=["quay.example.com:5000/foo/operator:1", OTHER])
    first = store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"]).digest
    second = store.add_image("foo/operator", "1", layers=[b"operator"]).digest
    found = collect(wanted("v1alpha2"), context)
    assert found.failures == ()
    pinned = f"quay.example.com/foo/bundle@{first}"
    document = rebuilt(context, found, tmp_path / "files")
    assert names(document) == [pinned, pinned, f"quay.example.com:5000/foo/operator@{second}", OTHER]
    assert {key: document[key] for key in ("name", "package", "properties")} == {
        key: bundle[key] for key in ("name", "package", "properties")
    }
    images = {(image.repository, image.tags[0]): image.reference.digest for image in found.images if image.type in (BUNDLE, RELATED)}
    # v1 names what it pinned by the reference with the digest; so a mirror that it filled has these names already.
    assert images[("foo/bundle", fnv_tag(parse(pinned)))] == first
    assert images[("foo/operator", fnv_tag(parse(f"quay.example.com:5000/foo/operator@{second}")))] == second
    # The second run knows where the channels began, which is another question.
    assert collect(wanted("v1alpha2"), context) == found
    store.calls.clear()
    assert collect(wanted("v1alpha2"), context) == found
    assert store.calls == [("fetch_manifest", "redhat/index", "v4.17")]


def test_v2_leaves_catalogs_as_they_were_written(store, context, tmp_path):
    bundle = publish(store)
    store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"])
    assert names(rebuilt(context, collect(wanted("v2alpha1"), context), tmp_path / "files")) == names(bundle)


def test_what_is_not_to_be_had_keeps_its_tag_until_it_is(store, context, tmp_path):
    publish(store, related=["quay.example.com/foo/operator:1"])
    first = store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"]).digest
    before = names(rebuilt(context, collect(wanted("v1alpha2"), context), tmp_path / "before"))
    assert before[0].endswith(first) and before[2] == "quay.example.com/foo/operator:1"
    second = store.add_image("foo/operator", "1", layers=[b"operator"]).digest
    after = names(rebuilt(context, collect(wanted("v1alpha2"), context), tmp_path / "after"))
    assert after[2] == f"quay.example.com/foo/operator@{second}"


def test_images_without_tag_and_digest_are_told(store, context, tmp_path):
    publish(store, related=["quay.example.com/foo/operator"])
    store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"])
    found = collect(wanted("v1alpha2"), context)
    assert names(rebuilt(context, found, tmp_path / "files"))[2] == "quay.example.com/foo/operator"
    assert any("quay.example.com/foo/operator without tag or digest; the reference is not changed" in text for text in found.warnings)


def test_a_bundle_without_tag_and_digest_keeps_all_its_images(store, context, tmp_path):
    publish(store, "quay.example.com/foo/bundle", ["quay.example.com/foo/operator:1"])
    store.add_image("foo/operator", "1", layers=[b"operator"])
    found = collect(wanted("v1alpha2"), context)
    assert names(rebuilt(context, found, tmp_path / "files"))[2] == "quay.example.com/foo/operator:1"
    assert any("without tag or digest; none of its images is pinned" in text for text in found.warnings)


def test_blocked_images_are_not_asked_for(store, context, tmp_path):
    publish(store, related=["quay.example.com/foo/operator:1"])
    store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"])
    found = collect(wanted("v1alpha2", blockedImages=[{"name": "operator"}]), context)
    assert names(rebuilt(context, found, tmp_path / "files"))[2] == "quay.example.com/foo/operator:1"
    assert not any("foo/operator" in str(call) for call in store.calls)


def test_a_whole_catalog_is_pinned_too_where_it_has_tags(store, context, tmp_path):
    """A cluster that knows only an ImageContentSourcePolicy is redirected by digest alone."""
    publish(store)
    first = store.add_image("foo/bundle", "foo.v0.1.0", layers=[b"bundle"]).digest
    found = collect(wanted("v1alpha2", whole=True), context)
    pinned = f"quay.example.com/foo/bundle@{first}"
    assert names(rebuilt(context, found, tmp_path / "files")) == [pinned, pinned]
    assert [image.tags for image in found.images if image.type == BUNDLE] == [(fnv_tag(parse(pinned)),)]
    (kept,) = [image for image in collect(wanted("v2alpha1", whole=True), context).images if image.type == CATALOG]
    assert not kept.source


def test_a_whole_catalog_of_digests_stays_as_it_is(store, context):
    publish(store, image=OTHER)
    (catalog,) = [image for image in collect(wanted("v1alpha2", whole=True), context).images if image.type == CATALOG]
    assert not catalog.source
