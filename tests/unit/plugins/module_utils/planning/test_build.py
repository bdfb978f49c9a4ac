# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import AccessDenied, InputError, Unreachable, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse as parse_reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import map_helm_image
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import HELM, RELATED, Collected, Context, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import PlanOptions, build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.sources import SOURCES, Source, used_sources
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore

REPOSITORY = "registry.test/team/app"


def imageset(*images, blocked=(), api="v2alpha1"):
    mirror = {"additionalImages": [image if isinstance(image, dict) else {"name": image} for image in images]}
    if blocked:
        mirror["blockedImages"] = [{"name": text} for text in blocked]
    return parse({"apiVersion": f"mirror.openshift.io/{api}", "kind": "ImageSetConfiguration", "mirror": mirror})


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def context(store, tmp_path):
    return Context(upstream=store, workspace=Workspace(str(tmp_path)), parallel=4)


def only(plan):
    assert plan.failures == ()
    assert len(plan.images) == 1
    return plan.images[0]


def test_an_image_is_resolved_to_its_digest_and_size(store, context):
    manifest = store.add_image(REPOSITORY, "1.0", layers=[b"x" * 100, b"y" * 50, b"x" * 100], config=b"{}")
    image = only(build_plan(imageset(f"{REPOSITORY}:1.0"), context))
    assert (image.origin, image.source, image.digest) == (f"{REPOSITORY}:1.0", REPOSITORY, manifest.digest)
    assert (image.destination, image.tags, image.type) == ("team/app", ("1.0",), "generic")
    assert image.size == 100 + 50 + 2 + manifest.size
    assert image.why == (("additionalImages[0]",),)


def test_no_layer_and_no_config_is_read(store, context):
    store.add_index(REPOSITORY, [("linux/amd64", store.add_image(REPOSITORY))], "1")
    build_plan(imageset(f"{REPOSITORY}:1"), context)
    assert store.count("open_blob") == 0
    assert store.count("blobs_present") == 0


def test_a_tag_costs_one_get(store, context):
    store.add_image(REPOSITORY, "1")
    build_plan(imageset(f"{REPOSITORY}:1"), context, options=PlanOptions(signatures="skip"))
    assert store.calls == [("fetch_manifest", REPOSITORY, "1")]


def test_pinned_images_on_the_shelf_cost_nothing(store, context):
    child = store.add_image(REPOSITORY)
    index = store.add_index(REPOSITORY, [("linux/amd64", child)])
    configuration = imageset(f"{REPOSITORY}@{index.digest}")
    first = build_plan(configuration, context, options=PlanOptions(signatures="skip"))
    store.calls.clear()
    assert build_plan(configuration, context, options=PlanOptions(signatures="skip")) == first
    assert store.calls == []


def test_a_tag_that_the_last_plan_knew_costs_a_head_and_is_followed_when_it_moves(store, context):
    store.add_image(REPOSITORY, "1", layers=[b"old"])
    configuration = imageset(f"{REPOSITORY}:1")
    skip = PlanOptions(signatures="skip")
    first = build_plan(configuration, context, options=skip)
    store.calls.clear()
    assert build_plan(configuration, context, previous=first, options=skip) == first
    assert [call[0] for call in store.calls] == ["find_manifest"]
    moved = store.add_image(REPOSITORY, "1", layers=[b"new"])
    assert only(build_plan(configuration, context, previous=first, options=skip)).digest == moved.digest


def test_manifests_of_the_plan_are_on_the_shelf(store, context):
    child = store.add_image(REPOSITORY)
    index = store.add_index(REPOSITORY, [("linux/amd64", child)], "1")
    build_plan(imageset(f"{REPOSITORY}:1"), context)
    shelf = Shelf(context.workspace.manifests)
    assert shelf.get(index.digest).content == index.content
    assert shelf.get(child.digest).content == child.content


def test_an_index_is_taken_with_the_platforms_that_are_wanted(store, context):
    amd = store.add_image(REPOSITORY, layers=[b"a" * 1000])
    arm = store.add_image(REPOSITORY, layers=[b"b" * 2000])
    index = store.add_index(REPOSITORY, [("linux/amd64", amd), ("linux/arm64/v8", arm)], "1")
    entry = {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "arm64"}]}
    image = only(build_plan(imageset(entry), context))
    assert image.digest == index.digest
    assert image.platforms == ("linux/arm64",)
    assert image.size == index.size + arm.size + 2000 + len(b"{}")
    assert ("fetch_manifest", REPOSITORY, amd.digest) not in store.calls


def test_a_platform_that_no_instance_has_fails_that_image_only(store, context):
    store.add_index(REPOSITORY, [("linux/amd64", store.add_image(REPOSITORY))], "1")
    store.add_image("registry.test/other", "1")
    entry = {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "s390x"}]}
    plan = build_plan(imageset(entry, "registry.test/other:1"), context)
    assert [image.origin for image in plan.images] == ["registry.test/other:1"]
    assert "linux/s390x" in plan.failures[0].message and "linux/amd64" in plan.failures[0].message


def test_a_single_manifest_is_taken_whatever_the_platforms(store, context):
    store.add_image(REPOSITORY, "1")
    entry = {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "s390x"}]}
    assert only(build_plan(imageset(entry), context)).platforms == ()


def test_failures_are_isolated_and_named(store, context):
    store.add_image(REPOSITORY, "1")
    store.add_document("registry.test/old", {"schemaVersion": 1, "name": "old"}, "1")
    store.errors["fetch_manifest", "down.test/app"] = Unreachable("down.test does not answer", host="down.test", attempts=5)
    store.errors["fetch_manifest", "private.test/app"] = AccessDenied("credentials are missing", host="private.test", status=401)
    names = [f"{REPOSITORY}:1", f"{REPOSITORY}:gone", "registry.test/old:1", "down.test/app:1", "private.test/app:1", "not an image"]
    plan = build_plan(imageset(*names), context)
    assert [image.origin for image in plan.images] == [f"{REPOSITORY}:1"]
    assert {failure.subject: failure.code for failure in plan.failures} == {
        f"{REPOSITORY}:gone": "not_found",
        "registry.test/old:1": "unsupported",
        "down.test/app:1": "unreachable",
        "private.test/app:1": "access_denied",
        "not an image": "invalid_input",
    }
    assert {failure.category for failure in plan.failures} == {"additional"}


def test_duplicates_are_united(store, context):
    amd = store.add_image(REPOSITORY, layers=[b"a"])
    arm = store.add_image(REPOSITORY, layers=[b"b"])
    store.add_index(REPOSITORY, [("linux/amd64", amd), ("linux/arm64", arm)], "1")
    entries = [
        {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "amd64"}]},
        {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "arm64"}], "targetTag": "other"},
        {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "amd64"}]},
    ]
    image = only(build_plan(imageset(*entries), context))
    assert image.tags == ("1", "other")
    assert image.platforms == ("linux/amd64", "linux/arm64")
    assert image.why == (("additionalImages[0]",), ("additionalImages[1]",), ("additionalImages[2]",))
    whole = only(build_plan(imageset(f"{REPOSITORY}:1"), context))
    assert image.size == whole.size


def test_all_platforms_win_over_some(store, context):
    store.add_index(REPOSITORY, [("linux/amd64", store.add_image(REPOSITORY))], "1")
    some = {"name": f"{REPOSITORY}:1", "platforms": [{"os": "linux", "architecture": "amd64"}]}
    assert only(build_plan(imageset(some, f"{REPOSITORY}:1"), context)).platforms == ()


def test_names_by_tag_and_by_digest_stay_apart_for_the_mirror_sets(store, context):
    manifest = store.add_image(REPOSITORY, "1")
    plan = build_plan(imageset(f"{REPOSITORY}:1", f"{REPOSITORY}@{manifest.digest}"), context)
    assert [image.origin for image in plan.images] == [f"{REPOSITORY}:1", f"{REPOSITORY}@{manifest.digest}"]
    assert {image.digest for image in plan.images} == {manifest.digest}


def test_two_contents_for_one_tag_are_refused_by_the_names_of_their_entries(store, context):
    store.add_image("one.test/team/app", "1", layers=[b"1"])
    store.add_image("two.test/team/app", "1", layers=[b"2"])
    store.add_image("two.test/team/app", "2", layers=[b"3"])
    plan = build_plan(imageset("one.test/team/app:1", "two.test/team/app:1", "two.test/team/app:2"), context)
    assert [image.origin for image in plan.images] == ["two.test/team/app:2"]
    assert len(plan.failures) == 2
    for failure in plan.failures:
        assert "additionalImages[0]" in failure.message and "additionalImages[1]" in failure.message
        assert "team/app:1" in failure.message and "targetTag" in failure.advice


def test_blocked_images_are_left_out_and_told(store, context):
    store.add_image("docker.io/library/alpine", "3")
    store.add_image(REPOSITORY, "1")
    plan = build_plan(imageset("docker.io/library/alpine:3", f"{REPOSITORY}:1", blocked=["alpine"]), context)
    assert [image.origin for image in plan.images] == [f"{REPOSITORY}:1"]
    assert any("alpine" in text and "docker.io/library/alpine:3" in text for text in plan.warnings)
    assert not any(call[1].startswith("docker.io") for call in store.calls)


@pytest.mark.parametrize("key", ["platform", "operators", "helm"])
def test_a_part_that_no_source_serves_is_refused_by_its_key(key):
    parts = {
        "platform": {"channels": [{"name": "stable-4.16"}]},
        "operators": [{"catalog": "registry.test/index:v1", "packages": [{"name": "a"}]}],
        "helm": {"local": [{"name": "a", "path": "/a.tgz"}]},
    }
    configuration = parse({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {key: parts[key]}})
    bare = [Source(source.key, source.used) for source in SOURCES]
    with pytest.raises(Unsupported, match=rf"mirror\.{key} "):
        used_sources(configuration, bare)


def test_the_same_answers_give_the_same_bytes(store, tmp_path):
    names = []
    for number in range(12):
        manifest = store.add_image(f"registry.test/app{number}", "1", layers=[bytes([number])])
        store.add_image(f"registry.test/app{number}", f"sha256-{manifest.digest.hex}.sig", layers=[bytes([100 + number])])
        names.append(f"registry.test/app{number}:1")
    plans = [
        json_bytes(build_plan(imageset(*names), Context(store, Workspace(str(tmp_path / str(run))), parallel=run)).document())
        for run in (1, 8)
    ]
    assert plans[0] == plans[1]
    assert Plan.of(json.loads(plans[0])).document() == json.loads(plans[0])


def test_an_image_set_that_names_nothing_gives_a_warning(context):
    plan = build_plan(imageset(), context)
    assert plan.images == ()
    assert plan.warnings == ("The image set names no image.",)


def test_content_built_here_is_read_from_its_layout_and_never_searched_for_signatures(store, context):
    built = store.add_image("oci:///work/catalog")
    wanted = WantedImage(
        "operatorCatalog", parse_reference("registry.test/index:v1"), "index", ("v1",), (), ("operators[0]",), source="oci:///work/catalog"
    )
    source = Source("additionalImages", lambda imageset: True, lambda imageset, context: Collected(images=(wanted,)))
    image = only(build_plan(imageset(f"{REPOSITORY}:1"), context, sources=[source], options=PlanOptions(signatures="require")))
    assert (image.origin, image.source, image.digest) == ("registry.test/index:v1", "oci:///work/catalog", built.digest)
    assert [call[0] for call in store.calls] == ["fetch_manifest"]


def test_an_image_that_many_bundles_need_keeps_every_chain(store, context):
    manifest = store.add_image(REPOSITORY)
    reference = parse_reference(f"{REPOSITORY}@{manifest.digest}")
    chains = [("operators[0]", "pkg", "stable", f"pkg.v{number}") for number in range(3)]
    wanted = [WantedImage(RELATED, reference, "team/app", ("t",), (Platform("linux", "amd64"),), chain) for chain in reversed(chains)]
    source = Source("operators", lambda imageset: True, lambda imageset, context: Collected(images=tuple(wanted)))
    image = only(build_plan(imageset(f"{REPOSITORY}:1"), context, sources=[source]))
    assert image.why == tuple(chains)


def test_a_wrong_policy_is_refused(context):
    with pytest.raises(InputError, match="signatures"):
        build_plan(imageset(), context, options=PlanOptions(signatures="maybe"))


def test_another_digest_than_the_one_asked_for_is_a_failure(store, context):
    manifest = store.add_image(REPOSITORY, "1")
    pinned = Digest.of(b"something else")
    store.manifests[REPOSITORY][pinned] = manifest
    plan = build_plan(imageset(f"{REPOSITORY}@{pinned}"), context)
    assert [failure.code for failure in plan.failures] == ["corrupt_content"]


@pytest.mark.parametrize("api, tags", [("v1alpha2", "{0:.8}"), ("v2alpha1", "sha256-{0}")])
def test_an_additional_image_and_one_of_a_chart_do_not_fight_for_a_tag(store, context, api, tags):
    digests = [store.add_image(REPOSITORY, layers=[layer]).digest for layer in (b"one", b"two")]
    configuration = imageset(f"{REPOSITORY}@{digests[0]}", api=api)

    def charted(imageset, _context):
        reference = parse_reference(f"{REPOSITORY}@{digests[1]}", imageset.generation)
        target = map_helm_image(reference, imageset.generation)
        return Collected(images=(WantedImage(HELM, reference, target.repository, (target.tag,), why=("helm.local[0]",)),))

    plan = build_plan(configuration, context, (*SOURCES, Source("chart", lambda imageset: True, charted)))
    assert plan.failures == ()
    assert {image.digest: image.tags for image in plan.images} == {digest: (tags.format(digest.hex),) for digest in digests}
