# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list is generated with no source in reach, reviewed, and deleted from; what anything else needs stays."""

from __future__ import annotations

import json
import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import fnv_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.delete import UNRECORDED
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

APP, LATEST, MULTI = "team/app:1", "team/app:latest", "team/multi:1"
ALL = Guards(limits=Limits(percent=100))
OPERATORS = "foo stable*: 0.1.0; 0.2.0<0.1.0\nbar stable*: 1.0.0"


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        images.put(images.image("app"), registry.content, "team/app", "1")
        images.put(images.image("app"), registry.content, "team/app", "latest")
        multi = images.multi_arch("multi")
        images.put(multi, registry.content, "team/multi", "1")
        tag, signature = images.attachment(multi)
        images.put(signature, registry.content, "team/multi", tag)
        yield registry


@pytest.fixture
def site(source, target, tmp_path):
    return Site(source.host, target.host, tmp_path / "workspace")


def mirrored(site, source, *names, **options):
    """Mirrors, and takes the source away."""
    assert site.mirror(*names, **options).result.complete
    source.stop()


def listed(path):
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    assert (document["kind"], document["apiVersion"]) == ("DeleteImageList", "mirror.openshift.io/v2alpha1")
    return document["items"]


def manifests(target, name):
    return set(target.content.repositories[f"site/{name}"].manifests)


def test_generate_review_delete(site, source, target):
    mirrored(site, source, APP, LATEST, MULTI)
    run = site.generate(MULTI)
    assert run.changed and run.failures == () and run.left_out == ()
    assert listed(run.path) == [
        {"imageName": f"{source.host}/{MULTI}", "imageReference": f"docker://{target.host}/site/{MULTI}", "type": "generic"}
    ]
    assert run.path == os.path.join(site.workspace.delete, "delete-images.yaml")
    with open(run.config_path, encoding="utf-8") as file:
        assert yaml.safe_load(file)["kind"] == "DeleteImageSetConfiguration"
    assert not site.generate(MULTI).changed
    multi = images.multi_arch("multi")
    foreseen = site.delete(run.path, check_mode=True, guards=ALL)
    assert foreseen.changed and target.ledger.count("DELETE") == 0
    done = site.delete(run.path, guards=ALL)
    # The index and its instances; the signature was not asked for.
    assert {candidate.digest for candidate in done.gone} == {each.digest for each in multi.everything()}
    assert foreseen.judgement == done.judgement and len(manifests(target, "team/multi")) == 1
    assert "mirrors them again" in done.warnings[0]
    again = site.delete(run.path, guards=ALL)
    assert not again.changed and [candidate.repository for candidate in again.judgement.absent] == ["site/team/multi"]


def test_signatures_go_too_when_that_is_asked_for(site, source, target):
    mirrored(site, source, APP, MULTI)
    run = site.generate(MULTI, signatures=True, name="4")
    tag, _signature = images.attachment(images.multi_arch("multi"))
    assert {item["imageReference"].rsplit(":", 1)[1] for item in listed(run.path)} == {"1", tag}
    assert os.path.basename(run.path) == "delete-images-4.yaml" and os.path.basename(run.config_path) == "delete-imageset-config-4.yaml"
    assert site.delete(run.path, guards=ALL).changed and manifests(target, "team/multi") == set()


def test_check_mode_writes_no_list(site, source):
    mirrored(site, source, APP)
    run = site.generate(APP, check_mode=True)
    assert run.changed and not os.path.exists(site.workspace.delete) and b"team/app" in run.after


def test_a_digest_that_another_tag_of_the_plan_names_stays(site, source, target):
    mirrored(site, source, APP, LATEST)
    run = site.generate(APP)
    # Generated: another entry wants the same content.
    assert run.items == () and run.path == "" and LATEST in run.left_out[0]
    # Written by hand: the plan keeps what its other tag needs.
    path = write_list(site, target, (APP, "generic"))
    done = site.delete(path, guards=ALL)
    assert not done.changed and len(manifests(target, "team/app")) == 1
    assert "is not listed, needs sha256:" in done.left_alone[0]
    both = write_list(site, target, (APP, "generic"), (LATEST, "generic"))
    assert site.delete(both, guards=ALL).changed and manifests(target, "team/app") == set()


def write_list(site, target, *entries):
    place = f"docker://{target.host}/site"
    items = [{"imageName": f"somewhere/{name}", "imageReference": f"{place}/{name}", "type": kind} for name, kind in entries]
    path = os.path.join(site.workspace.root, "reviewed.yaml")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "DeleteImageList", "items": items}, file)
    return path


def test_what_lies_elsewhere_and_what_is_not_ours_is_left_alone(site, source, target):
    mirrored(site, source, APP, MULTI)
    images.put(images.image("theirs"), target.content, "site/team/theirs", "1")
    images.put(images.image("far"), target.content, "far/away", "1")
    path = write_list(site, target, ("team/theirs:1", "generic"), ("../far/away:1", "generic"), ("team/app:1", "ocpRelease"))
    done = site.delete(path, guards=ALL)
    assert not done.changed and [spared.reason for spared in done.judgement.spared] == [UNRECORDED]
    assert len(done.left_alone) == 2 and target.ledger.count("DELETE") == 0
    assert site.delete(path, guards=ALL, unrecorded=True).changed and manifests(target, "team/theirs") == set()
    assert "far/away" in target.content.repositories and target.content.repositories["far/away"].manifests


def test_a_tag_that_others_moved_is_not_deleted(site, source, target):
    mirrored(site, source, APP, MULTI)
    images.put(images.image("theirs"), target.content, "site/team/app", "1")
    done = site.delete(site.generate(APP).path, guards=ALL)
    assert not done.changed and [spared.reason for spared in done.judgement.spared] == [UNRECORDED]


def test_a_foreign_tag_saves_its_image(site, source, target):
    mirrored(site, source, APP, MULTI)
    target.content.create("site/team/app").tags["pinned"] = images.image("app").digest
    done = site.delete(site.generate(APP).path, guards=ALL)
    assert not done.changed and [spared.reason for spared in done.judgement.spared] == ["the tag site/team/app:pinned needs it"]


def test_limits_hold_for_lists_too(site, source, target):
    mirrored(site, source, APP, MULTI)
    with pytest.raises(InputError, match="max_deletion_percent"):
        site.delete(site.generate(APP, MULTI).path)
    assert target.ledger.count("DELETE") == 0


def test_what_is_not_at_the_mirror_is_told_and_the_rest_listed(site, source):
    mirrored(site, source, APP)
    run = site.generate(APP, "team/never:1")
    assert len(listed(run.path)) == 1 and [failure.subject for failure in run.failures] == [f"{source.host}/team/never:1"]


def test_what_is_gone_already_is_told_and_no_failure(site, source, target):
    mirrored(site, source, APP, MULTI)
    multi = images.multi_arch("multi")
    # Of one image all is gone, of the other an instance.
    target.content.repositories["site/team/app"].manifests.clear()
    target.content.repositories["site/team/app"].tags.clear()
    del target.content.repositories["site/team/multi"].manifests[multi.children[0].digest]
    run = site.generate(APP, MULTI)
    assert run.failures == () and [item["imageName"] for item in listed(run.path)] == [f"{source.host}/{MULTI}"]
    assert [text for text in run.warnings if "no longer in the mirror" in text and APP in text]
    # The same after the list was carried out: the history forgot the image, the plan still names it.
    assert site.delete(run.path, guards=ALL).changed
    again = site.generate(MULTI)
    assert again.failures == () and again.items == () and "no longer in the mirror" in again.warnings[-1]


def test_a_file_that_is_no_list_and_one_that_is_not_there(site):
    os.makedirs(site.workspace.root)
    path = os.path.join(site.workspace.root, "list.yaml")
    with pytest.raises(InputError, match="no such list"):
        site.delete(path)
    with open(path, "w", encoding="utf-8") as file:
        file.write("kind: DeleteImageList\n")
    with pytest.raises(InputError, match="not a DeleteImageList"):
        site.delete(path)
    with pytest.raises(InputError, match="part of a file's name"):
        site.generate(APP, name="../up")


def publish_operators(source):
    """A catalog of two packages with their images; both operators need one common image."""
    text = json.dumps(catalogs.documents(OPERATORS)).replace("quay.example.com", source.host)
    documents = json.loads(text)
    common = f"{source.host}/common/proxy@{images.image('proxy').digest}"
    images.put(images.image("proxy"), source.content, "common/proxy")
    for document in documents:
        if document["schema"] == "olm.bundle":
            document["relatedImages"].append({"name": "proxy", "image": common})
        for related in document.get("relatedImages", ()):
            name, _colon, tag = related["image"].partition("/")[2].rpartition(":")
            if "@" not in name:
                images.put(images.image(related["image"]), source.content, name, tag)
    layers = [catalogs.tar(catalogs.BASE), catalogs.tar(catalogs.files(documents))]
    images.put(images.image("catalog", layers, labels=catalogs.LABELS), source.content, "redhat/index", "v4.17")
    return f"{source.host}/redhat/index:v4.17"


def test_an_operator_goes_and_what_it_shares_stays(site, source, target):
    catalog = publish_operators(source)
    wanted = [{"catalog": catalog, "packages": [{"name": "foo"}, {"name": "bar"}]}]
    mirrored(site, source, imageset=site.imageset([], operators=wanted))
    run = site.generate(content={"operators": [{"catalog": catalog, "packages": [{"name": "foo"}]}]})
    assert run.failures == ()
    names = {item["imageName"].partition("/")[2] for item in listed(run.path)}
    assert names == {"foo/bundle:foo.v0.2.0", "foo/operator:0.2.0"}
    assert len(run.left_out) == 1 and "common/proxy" in run.left_out[0] and "bar" in run.left_out[0]
    assert site.delete(run.path, guards=ALL).changed
    assert manifests(target, "foo/operator") == set()
    assert all(manifests(target, name) for name in ("common/proxy", "bar/operator", "redhat/index"))


def test_the_tags_of_the_first_generation_are_known(site, source, target):
    catalog = publish_operators(source)
    wanted = [{"catalog": catalog, "packages": [{"name": "bar"}]}]
    pinned = f"team/app@{images.image('app').digest}"
    mirrored(site, source, imageset=site.imageset([pinned], operators=wanted))
    run = site.generate(pinned, content={"operators": wanted}, v1_images=True)
    proxy = fnv_tag(parse(f"{source.host}/common/proxy@{images.image('proxy').digest}"))
    found = {item["imageReference"].partition("/site/")[2] for item in listed(run.path)}
    assert {f"common/proxy:{proxy}", "team/app:latest", "bar/operator:1.0.0"} <= found


def test_what_is_not_recorded_is_no_part_of_a_share_of_what_is(site, source, target):
    """Each was named by itself; the default share of one image cannot be half of it."""
    mirrored(site, source, APP)
    images.put(images.image("theirs"), target.content, "site/team/theirs", "1")
    images.put(images.image("more"), target.content, "site/team/theirs", "2")
    path = write_list(site, target, ("team/theirs:1", "generic"), ("team/theirs:2", "generic"))
    foreseen = site.delete(path, check_mode=True, unrecorded=True)
    done = site.delete(path, unrecorded=True)
    assert done.changed and manifests(target, "team/theirs") == set()
    assert len(foreseen.gone) == len(done.gone) == 2
    with pytest.raises(InputError, match="max_deletion_percent"):
        site.delete(write_list(site, target, ("team/app:1", "generic")))


def test_an_image_that_stays_names_who_needs_it(site, source, target):
    """Both names have one content; only one is given up."""
    mirrored(site, source, APP, LATEST)
    done = site.delete(write_list(site, target, ("team/app:1", "generic")), guards=ALL)
    assert not done.changed
    assert any(f"{source.host}/{LATEST}" in text for text in done.left_alone), done.left_alone


def test_the_list_of_what_referred_to_a_deleted_image_goes_with_it(target, tmp_path):
    """No tag is left that lists manifests which are not there."""
    with FakeRegistry(dialects.ZOT) as source:
        app = images.image("app")
        images.put(app, source.content, "team/app", "1")
        images.put(images.artifact("sbom", app), source.content, "team/app")
        images.put(images.image("other"), source.content, "team/other", "1")
        site = Site(source.host, target.host, tmp_path / "workspace")
        mirrored(site, source, APP, "team/other:1")
    assert f"sha256-{app.digest.hex}" in target.content.repositories["site/team/app"].tags
    path = site.generate(APP, signatures=True).path
    foreseen = site.delete(path, check_mode=True, guards=ALL)
    done = site.delete(path, guards=ALL)
    assert target.content.repositories["site/team/app"].tags == {} and manifests(target, "team/app") == set()
    assert foreseen.gone == done.gone and len(done.gone) == 3


def test_what_is_gone_already_is_foreseen_as_gone(site, source, target):
    mirrored(site, source, APP, MULTI)
    instance = images.multi_arch("multi").children[0]
    del target.content.repositories["site/team/multi"].manifests[instance.digest]
    path = site.generate(MULTI).path
    foreseen = site.delete(path, check_mode=True, guards=ALL)
    done = site.delete(path, guards=ALL)
    assert len(foreseen.gone) == len(done.gone) == 2
