# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`operators` as a content source, against registries in memory."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents import parser
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import beginnings
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.collect import collect
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset import configuration
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import fnv_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, CATALOG, RELATED, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.layout import LayoutStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.tests.fakes import catalogs
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

TEXT = "foo stable*: 0.1.0; 0.2.0<0.1.0\nfoo fast: 0.2.0; 0.3.0<0.2.0\nbar stable*: 1.0.0"
REFERENCE = "registry.example.com/redhat/index:v4.17"
V1, V2 = "v1alpha2", "v2alpha1"


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def context(store, tmp_path):
    workspace = Workspace(str(tmp_path / "workspace"))
    return Context(Upstream(lambda host: store, workspace=workspace), workspace)


def imageset(*operators, version=V2):
    document = {"apiVersion": f"mirror.openshift.io/{version}", "kind": "ImageSetConfiguration", "mirror": {"operators": list(operators)}}
    return configuration.parse(document, ("ImageSetConfiguration",), "test")


def entry(catalog=REFERENCE, **more):
    return {"catalog": catalog, **more}


def with_options(context, **options):
    return Context(context.upstream, context.workspace, options)


def publish(store, text=TEXT, tag="v4.17", repository="redhat/index", more=()):
    """The catalog, and the images of all its bundles."""
    documents = [*catalogs.documents(text), *more]
    for document in documents:
        for image in [document.get("image", ""), *(each["image"] for each in document.get("relatedImages", ()))]:
            if image:
                name, _colon, selector = image.partition("/")[2].rpartition(":")
                if selector not in store.named.get(name, {}):
                    store.add_image(name, selector, layers=[image.encode()])
    return catalogs.publish(store, repository, tag, documents)


def of_type(collected, kind):
    return [image for image in collected.images if image.type == kind]


STABLE = {
    "name": "stable",
    "head": "foo.v0.2.0",
    "bundles": ["foo.v0.2.0"],
    "updates": [{"name": "foo.v0.2.0", "replaces": "foo.v0.1.0"}],
    "of": 2,
}


@pytest.mark.parametrize("version", [V1, V2])
def test_a_filtered_catalog(store, context, version):
    root = publish(store)
    found = collect(imageset(entry(packages=[{"name": "foo", "channels": [{"name": "stable"}]}]), version=version), context)
    assert found.failures == ()
    (catalog,) = found.catalogs
    assert {key: catalog[key] for key in ("catalog", "name", "digest", "destination", "tag", "packages")} == {
        "catalog": REFERENCE,
        "name": REFERENCE,
        "digest": root.digest,
        "destination": "redhat/index",
        "tag": "v4.17",
        "packages": [{"name": "foo", "default_channel": "stable", "channels": [STABLE]}],
    }
    (image,) = of_type(found, CATALOG)
    assert (str(image.reference), image.repository, image.tags, image.why) == (REFERENCE, "redhat/index", ("v4.17",), ("operators[0]",))
    assert image.source.startswith("built://catalogs/")
    assert context.upstream.fetch_manifest(image.source, "").digest == catalog["rebuilt"]
    # v1 names by digest what the catalog names by tag (RI-3).
    pins = [
        f"@{store.named[name][tag]}" if version == V1 else "" for name, tag in (("foo/bundle", "foo.v0.2.0"), ("foo/operator", "0.2.0"))
    ]
    tag = fnv_tag(parse(f"quay.example.com/foo/bundle{pins[0]}")) if version == V1 else "foo.v0.2.0"
    assert [(str(each.reference), each.repository, each.tags, each.why) for each in of_type(found, BUNDLE)] == [
        (f"quay.example.com/foo/bundle:foo.v0.2.0{pins[0]}", "foo/bundle", (tag,), ("operators[0]", "foo", "foo.v0.2.0"))
    ]
    assert [str(each.reference) for each in of_type(found, RELATED)] == [f"quay.example.com/foo/operator:0.2.0{pins[1]}"]


def test_a_whole_catalog_is_taken_as_it_is(store, context):
    root = publish(store)
    found = collect(imageset(entry(full=True)), context)
    (image,) = of_type(found, CATALOG)
    assert (image.source, str(image.reference)) == ("", f"{REFERENCE}@{root.digest}")
    assert len(of_type(found, BUNDLE)) == 4
    assert not os.path.exists(context.workspace.content)
    plan = build_plan(imageset(entry(full=True)), context)
    assert [(each.digest, each.destination, each.tags) for each in plan.images if each.type == CATALOG] == [
        (root.digest, "redhat/index", ("v4.17",))
    ]


@pytest.mark.parametrize("version", [V1, V2])
def test_the_plan_has_everything_and_a_second_one_asks_little(store, context, version):
    publish(store)
    wanted = imageset(entry(packages=[{"name": "foo"}]), version=version)
    plan = build_plan(wanted, context)
    assert plan.failures == ()
    assert {image.type for image in plan.images} == {CATALOG, BUNDLE, RELATED}
    assert len(plan.images) == 1 + 2 + 2
    store.calls.clear()
    again = build_plan(wanted, context, previous=plan)
    assert again.document() == plan.document()
    assert store.count("open_blob") == 0


def test_a_second_plan_parses_nothing(store, context, monkeypatch):
    publish(store)
    wanted = imageset(entry(packages=[{"name": "foo"}]))
    first = collect(wanted, context)
    monkeypatch.setattr(parser, "parse", None)
    store.calls.clear()
    assert collect(wanted, context) == first
    assert store.calls == [("fetch_manifest", "redhat/index", "v4.17")]


def test_another_question_to_the_same_catalog_reads_no_layer(store, context):
    publish(store)
    collect(imageset(entry(packages=[{"name": "foo"}])), context)
    store.calls.clear()
    found = collect(imageset(entry(packages=[{"name": "bar"}])), context)
    assert [package["name"] for package in found.catalogs[0]["packages"]] == ["bar"]
    assert store.count("open_blob") == 0


def test_a_catalog_that_moved_on_is_read_anew(store, context):
    publish(store)
    wanted = imageset(entry(packages=[{"name": "bar"}]))
    collect(wanted, context)
    publish(store, TEXT.replace("bar stable*: 1.0.0", "bar stable*: 1.0.0; 2.0.0<1.0.0"))
    found = collect(wanted, context)
    assert found.catalogs[0]["packages"][0]["channels"][0]["head"] == "bar.v2.0.0"
    assert len(os.listdir(context.workspace.path("catalogs"))) == 1


@pytest.mark.parametrize(
    ("fields", "version", "destination", "tag"),
    [
        ({}, V2, "redhat/index", "v4.17"),
        ({"targetTag": "mine"}, V2, "redhat/index", "mine"),
        ({"targetCatalog": "team/ours", "targetTag": "mine"}, V2, "team/ours", "mine"),
        ({"targetCatalog": "team/ours"}, V1, "team/ours", "v4.17"),
        ({"targetName": "ours"}, V1, "redhat/ours", "v4.17"),
    ],
)
def test_where_a_catalog_goes(store, context, fields, version, destination, tag):
    publish(store)
    found = collect(imageset(entry(packages=[{"name": "bar"}], **fields), version=version), context)
    assert [(image.repository, image.tags) for image in of_type(found, CATALOG)] == [(destination, (tag,))]
    assert (found.catalogs[0]["destination"], found.catalogs[0]["tag"]) == (destination, tag)


def test_a_catalog_by_digest_is_named_by_what_was_built(store, context):
    root = publish(store)
    pinned = f"registry.example.com/redhat/index@{root.digest}"
    found = collect(imageset(entry(pinned, packages=[{"name": "bar"}])), context)
    assert found.catalogs[0]["tag"] == found.catalogs[0]["rebuilt"].replace(":", "-")
    whole = collect(imageset(entry(pinned, full=True)), context)
    assert whole.catalogs[0]["tag"] == root.digest.replace(":", "-")
    first = collect(imageset(entry(pinned, packages=[{"name": "bar"}]), version=V1), context)
    assert first.catalogs[0]["tag"] == root.digest.hex[:6]


def test_the_same_selection_has_the_same_identity_and_bytes(store, context, tmp_path):
    publish(store)
    one = collect(imageset(entry(packages=[{"name": "bar"}])), context).catalogs[0]
    other_place = Workspace(str(tmp_path / "other"))
    other = collect(
        imageset(entry(packages=[{"name": "bar"}], targetTag="x")),
        Context(Upstream(lambda host: store, workspace=other_place), other_place),
    )
    assert (one["filter"], one["rebuilt"]) == (other.catalogs[0]["filter"], other.catalogs[0]["rebuilt"])
    different = collect(imageset(entry(packages=[{"name": "foo"}])), context).catalogs[0]
    assert different["filter"] != one["filter"]


def test_a_local_layout(store, context, tmp_path):
    root = publish(store)
    layout = LayoutStore(str(tmp_path / "layout"))
    for digest, manifest in store.manifests["redhat/index"].items():
        for blob in manifest.blobs:
            writer = layout.start_blob("", blob)
            if writer is not None:
                writer.write(memoryview(store.blobs["redhat/index"][blob.digest]))
                writer.commit()
        layout.put_manifest("", manifest, "latest" if digest == root.digest else "")
    reference = f"oci://{tmp_path}/layout"
    plan = build_plan(imageset(entry(reference, packages=[{"name": "bar"}], targetCatalog="local/index")), context)
    assert plan.failures == ()
    assert [(image.destination, image.tags) for image in plan.images if image.type == CATALOG] == [("local/index", ("latest",))]
    v1 = collect(imageset(entry(reference, packages=[{"name": "bar"}], targetCatalog="local/index"), version=V1), context)
    assert [image.tags for image in of_type(v1, CATALOG)] == [(root.digest.hex[:6],)]


def test_one_catalog_that_fails_leaves_the_others_alone(store, context):
    publish(store)
    found = collect(
        imageset(
            entry("registry.example.com/gone:v1"),
            entry(packages=[{"name": "foo", "channels": [{"name": "fast"}]}]),
            entry(packages=[{"name": "bar"}], targetTag="x"),
        ),
        context,
    )
    assert [(failure.subject, failure.category, failure.code) for failure in found.failures] == [
        ("registry.example.com/gone:v1", "operator", "not_found"),
        (REFERENCE, "operator", "invalid_input"),
    ]
    assert "operators[1]" in found.failures[1].message and "Set defaultChannel to a channel that is kept (fast)" in found.failures[1].advice
    assert [catalog["tag"] for catalog in found.catalogs] == ["x"]


def test_nothing_left_is_a_failure(store, context):
    publish(store)
    found = collect(imageset(entry(packages=[{"name": "chocolate"}])), context)
    assert "no related images found" in found.failures[0].message and "chocolate" in found.failures[0].message


BROKEN = {
    "schema": "olm.bundle",
    "name": "foo.v0.2.0",
    "package": "foo",
    "image": "quay.example.com/foo/bundle:foo.v0.2.0",
    "properties": [{"type": "olm.package", "value": {"packageName": "foo", "version": "0.2.0"}}],
}


def broken(*related):
    documents = [each for each in catalogs.documents("foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0") if each["name"] != "foo.v0.2.0"]
    return [*documents, {**BROKEN, "relatedImages": [{"name": "x", "image": text} for text in related]}]


@pytest.mark.parametrize("text", ["oci:///somewhere", "quay.example.com/foo/x", "quay.example.com/foo/x@sha256:short", "UPPER/x:1", "a b"])
def test_a_malformed_image_fails_alone(store, context, text):
    """RI-11, trap 18."""
    catalogs.publish(store, "redhat/index", "v4.17", broken(text))
    found = collect(imageset(entry(packages=[{"name": "foo"}], full=True)), context)
    assert [failure.subject for failure in found.failures] == [text]
    assert "bundle foo.v0.2.0" in found.failures[0].message
    assert len(of_type(found, BUNDLE)) == 3


def test_bundles_that_do_not_name_themselves_and_empty_references(store, context):
    """RI-10, trap 17."""
    catalogs.publish(store, "redhat/index", "v4.17", broken("", "quay.example.com/foo/x:1"))
    found = collect(imageset(entry(packages=[{"name": "foo"}], full=True)), context)
    assert found.failures == ()
    assert "quay.example.com/foo/bundle:foo.v0.2.0" in [str(image.reference) for image in of_type(found, BUNDLE)]
    assert any("(foo.v0.2.0) of the catalog without its own image" in text for text in found.warnings)
    assert any("(foo.v0.2.0) of the catalog with an empty reference" in text for text in found.warnings)


def test_a_missing_image_excludes_its_bundle_by_policy(store, context):
    """P15: what is left still upgrades."""
    publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0 !{0.1.1}; 0.3.0<0.2.0; 0.1.1")
    del store.named["foo/operator"]["0.2.0"]
    wanted = imageset(entry(packages=[{"name": "foo"}], full=True))
    reported = build_plan(wanted, context)
    assert [failure.subject for failure in reported.failures] == ["quay.example.com/foo/operator:0.2.0"]
    plan = build_plan(wanted, with_options(context, catalog_missing_images="exclude"))
    assert plan.failures == ()
    assert plan.catalogs[0]["packages"][0]["channels"] == [
        {
            "name": "stable",
            "head": "foo.v0.3.0",
            "bundles": ["foo.v0.1.0", "foo.v0.3.0", "foo.v0.1.1"],
            "updates": [{"name": "foo.v0.3.0", "replaces": "foo.v0.1.0", "skips": ["foo.v0.2.0", "foo.v0.1.1"]}],
            "of": 4,
        }
    ]
    assert any("foo.v0.2.0 of package foo is left out" in text and "foo/operator:0.2.0" in text for text in plan.warnings)
    documents = _written(context, plan, store)
    (channel,) = [document for document in documents if document["schema"] == "olm.channel"]
    assert channel["entries"][1] == {"name": "foo.v0.3.0", "replaces": "foo.v0.1.0", "skips": ["foo.v0.2.0", "foo.v0.1.1"]}


def _written(context, plan, store):
    """The documents of a rebuilt catalog, read back from its image."""
    from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept

    (image,) = [each for each in plan.images if each.type == CATALOG]
    root = context.upstream.fetch_manifest(image.source, "")
    catalog = Kept(context.upstream, context.workspace).catalog("rebuilt", image.source, root).catalog
    found = []
    for package in catalog.packages():
        found += [
            package.document,
            *(channel.document for channel in package.channels.values()),
            *(bundle.document for bundle in package.bundles.values()),
        ]
    return json.loads(json.dumps(found))


def test_v1_grows_from_what_was_recorded(store, context):
    publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0")
    wanted = imageset(entry(packages=[{"name": "foo"}]), version=V1)
    first = collect(wanted, context)
    assert first.catalogs[0]["record"] == [{"name": "foo", "channels": [{"name": "stable", "minVersion": "0.2.0"}]}]
    assert collect(wanted, context) == first
    publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0; 0.4.0<0.3.0")
    later = collect(wanted, context)
    assert later.catalogs[0]["packages"][0]["channels"][0]["bundles"] == ["foo.v0.2.0", "foo.v0.3.0", "foo.v0.4.0"]
    assert later.catalogs[0]["record"] == first.catalogs[0]["record"]
    forgotten = collect(wanted, with_options(context, catalog_records={}))
    assert forgotten.catalogs[0]["packages"][0]["channels"][0]["bundles"] == ["foo.v0.4.0"]
    told = collect(
        wanted,
        with_options(context, catalog_records={REFERENCE: [{"name": "foo", "channels": [{"name": "stable", "minVersion": "0.3.0"}]}]}),
    )
    assert told.catalogs[0]["packages"][0]["channels"][0]["bundles"] == ["foo.v0.3.0", "foo.v0.4.0"]


class TestTakeover:
    """What oc-mirror v1 recorded in the storage of a configuration is carried on (operator-catalogs 2.8; mirroring 4.2)."""

    OTHER = "registry.example.com/redhat/other:v4.17"

    @staticmethod
    def recorded(version):
        return [{"name": "foo", "channels": [{"name": "stable", "minVersion": version}]}]

    def metadata(self, **more):
        packages = self.recorded("0.2.0")
        operators = [{"catalog": name, "imagePin": f"{name}@sha256:{'0' * 64}", "packages": packages} for name in (REFERENCE, self.OTHER)]
        operators.append({"catalog": "registry.example.com/redhat/full:v1"})
        run = {"sequence": 1, "operators": operators}
        return json.dumps({"apiVersion": "mirror.openshift.io/v1alpha2", "kind": "Metadata", "uid": "x", "pastMirror": run, **more})

    def collect(self, store, context, storage):
        publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0; 0.4.0<0.3.0")
        document = {"apiVersion": f"mirror.openshift.io/{V1}", "kind": "ImageSetConfiguration", "storageConfig": storage}
        document["mirror"] = {"operators": [entry(packages=[{"name": "foo"}])]}
        return collect(configuration.parse(document), context)

    def bundles(self, found):
        assert found.failures == ()
        return found.catalogs[0]["packages"][0]["channels"][0]["bundles"]

    def test_from_a_directory(self, store, context, tmp_path):
        (tmp_path / "publish").mkdir()
        (tmp_path / "publish" / ".metadata.json").write_text(self.metadata())
        storage = {"local": {"path": str(tmp_path)}}
        found = self.collect(store, context, storage)
        assert self.bundles(found) == ["foo.v0.2.0", "foo.v0.3.0", "foo.v0.4.0"]
        assert beginnings.kept(context.workspace) == {REFERENCE: self.recorded("0.2.0"), self.OTHER: self.recorded("0.2.0")}
        (tmp_path / "publish" / ".metadata.json").write_text(self.metadata().replace("0.2.0", "0.3.0"))
        assert self.bundles(self.collect(store, context, storage)) == ["foo.v0.2.0", "foo.v0.3.0", "foo.v0.4.0"]

    @pytest.mark.parametrize("single_use", [True, False])
    def test_from_a_registry(self, store, context, single_use):
        content = self.metadata(singleUse=single_use).encode()
        store.add_image("oc-mirror/metadata", "latest", layers=[catalogs.tar([("publish/.metadata.json", content)])])
        found = self.collect(store, context, {"registry": {"imageURL": "registry.example.com/oc-mirror/metadata"}})
        assert self.bundles(found) == (["foo.v0.4.0"] if single_use else ["foo.v0.2.0", "foo.v0.3.0", "foo.v0.4.0"])

    def test_what_cannot_be_read_stops_the_catalogs_instead_of_forgetting(self, store, context, tmp_path):
        (tmp_path / "publish").mkdir()
        (tmp_path / "publish" / ".metadata.json").write_text("{")
        found = self.collect(store, context, {"local": {"path": str(tmp_path)}})
        assert [(failure.code, failure.subject) for failure in found.failures] == [("corrupt_content", "storageConfig")]
        assert found.images == () and beginnings.kept(context.workspace) == {}


def test_v2_remembers_nothing(store, context):
    publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0")
    collect(imageset(entry(packages=[{"name": "foo"}])), context)
    publish(store, "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0")
    found = collect(imageset(entry(packages=[{"name": "foo"}])), context)
    assert found.catalogs[0]["packages"][0]["channels"][0]["bundles"] == ["foo.v0.3.0"]
    assert not os.path.exists(context.workspace.path("catalogs", "records.json"))


@pytest.mark.parametrize("options", [{"catalog_dependencies": "sometimes"}, {"catalog_missing_images": "shrug"}])
def test_options_that_are_none(store, context, options):
    with pytest.raises(InputError, match="Allowed are"):
        collect(imageset(entry()), with_options(context, **options))


def test_digest_images_get_the_tags_of_their_generation(store, context):
    digest = "sha256:" + "2881fc" + "0" * 58
    catalogs.publish(store, "redhat/index", "v4.17", broken(f"registry.example.com/openshift/x@{digest}"))
    wanted = entry(packages=[{"name": "foo"}], full=True)
    (second,) = [image for image in collect(imageset(wanted), context).images if image.repository == "openshift/x"]
    (first,) = [image for image in collect(imageset(wanted, version=V1), context).images if image.repository == "openshift/x"]
    assert second.tags == (digest.replace(":", "-"),)
    assert len(first.tags[0]) <= 8 and first.tags != second.tags


def test_platforms_limit_every_image(store, context):
    publish(store)
    found = collect(imageset(entry(packages=[{"name": "bar"}], platforms=[{"os": "linux", "architecture": "arm64"}])), context)
    assert {tuple(map(str, image.platforms)) for image in found.images} == {("linux/arm64",)}


def test_an_image_that_is_gone_is_not_the_catalogs_fault(store, context):
    publish(store)
    del store.named["bar/operator"]["1.0.0"]
    plan = build_plan(imageset(entry(packages=[{"name": "bar"}])), context)
    assert [failure.code for failure in plan.failures] == [NotFound.code]
    assert {image.type for image in plan.images} == {CATALOG, BUNDLE}
