# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking over from oc-mirror: its archives are loaded, its metadata is carried on (mirroring 4.5, 4.6, 4.7)."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import fnv_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.archive_info import describe
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.verify import VerifyRequest, verify_mirror
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images, oc_mirror, release, trip
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

HOST = "registry.example.com"
BASE = images.layer("base", 4000)
APPS = {name: images.image(name, [BASE, images.layer(name, 3000)], images.DOCKER) for name in "abc"}
MULTI = images.multi_arch("multi")


@pytest.fixture
def target():
    with FakeRegistry() as registry:
        yield registry
        assert registry.violations == []


@pytest.fixture
def far(tmp_path, target):
    return trip.Far(tmp_path / "far", f"docker://{target.host}/ns")


def wanted(*names):
    return {f"{HOST}/team/{name}:1": MULTI if name == "multi" else APPS[name] for name in names}


def arrived(target):
    return {name.rpartition("/")[2]: tags["1"] for name, tags in trip.tags(target.content, "ns/team/").items()}


def test_a_v1_archive_in_parts_is_loaded_and_its_increments_take_layers_from_the_registry(far, target, tmp_path):
    site = oc_mirror.V1Site()
    first = site.archive(tmp_path / "one", wanted("a", "multi"), [("charts/app-1.tgz", b"chart")], size=3000)
    second = site.archive(tmp_path / "two", wanted("a", "b", "multi"))
    assert len(os.listdir(first)) > 1
    with pytest.raises(Incompatible, match="mirror_seq1 first"):
        far.load(second)
    assert target.ledger.count("PUT") == 0
    run = far.load(first)
    assert run.complete and run.loaded == (1,)
    assert (tmp_path / "far" / "results" / "charts" / "app-1.tgz").read_bytes() == b"chart"
    run = far.load(second)
    assert run.complete and run.loaded == (2,)
    assert arrived(target) == {"a": APPS["a"].digest, "b": APPS["b"].digest, "multi": MULTI.digest}
    assert trip.unfit(target.content, trip.tags(target.content, "ns/")) == []


@pytest.mark.parametrize(
    "incoming, current, outcome",
    [(1, 0, "loads"), (2, 0, "refused"), (3, 1, "refused"), (2, 1, "loads"), (2, 2, "loads"), (1, 2, "skipped")],
)
def test_the_sequence_table_holds_against_what_v1_recorded_at_the_registry(far, target, tmp_path, incoming, current, outcome):
    site = oc_mirror.V1Site()
    folders = [site.archive(tmp_path / str(number), wanted("a", "b")) for number in range(3)]
    if current:
        recorder = oc_mirror.V1Site()
        for number in range(current):
            recorder.archive(tmp_path / f"recorded{number}", wanted("a", "b"))
        recorder.record_at(target.content)
        for name in ("a", "b"):
            images.put(APPS[name], target.content, f"ns/team/{name}", "1")
    if outcome == "refused":
        with pytest.raises(Incompatible, match=f"Load mirror_seq{current + 1} first"):
            far.load(folders[incoming - 1])
        return
    run = far.load(folders[incoming - 1])
    assert run.loaded == ((incoming,) if outcome == "loads" else ()) and run.complete == (outcome == "loads")
    # What v1 recorded stays, so that one can go back.
    tags = target.content.repositories["ns/oc-mirror"].tags if "ns/oc-mirror" in target.content.repositories else {}
    assert (oc_mirror.UID in tags) == bool(current)


def test_archives_of_v1_that_keeps_no_metadata_load_at_any_time(far, target, tmp_path):
    for number, names in enumerate((("a",), ("a", "b"))):
        site = oc_mirror.V1Site(uid=f"1b4f0e98-51bb-4ba1-9b4e-12345678900{number}", single=True)
        run = far.load(site.archive(tmp_path / str(number), wanted(*names)))
        assert run.complete and run.loaded == (1,)
    assert "ns/oc-mirror" not in target.content.repositories


def test_a_layer_that_neither_v1_archive_nor_registry_has_is_told_before_the_first_push(far, target, tmp_path):
    site = oc_mirror.V1Site()
    site.archive(tmp_path / "one", wanted("a"))
    second = site.archive(tmp_path / "two", wanted("a", "b"))
    lost = oc_mirror.V1Site()
    lost.archive(tmp_path / "lost", wanted("a"))
    lost.record_at(target.content)
    with pytest.raises(Incompatible, match="the registry lacks"):
        far.load(second)
    assert target.ledger.count("PUT") == target.ledger.count("POST") == 0


def test_damage_in_a_v1_layer_never_reaches_a_tag(far, target, tmp_path):
    folder = oc_mirror.V1Site().archive(tmp_path / "one", wanted("a"))
    path = Path(folder, "mirror_seq1_000000.tar")
    content = path.read_bytes()
    blob = APPS["a"].blobs[list(APPS["a"].blobs)[-1]]
    place = content.index(blob)
    path.write_bytes(content[: place + 40] + bytes([content[place + 40] ^ 1]) + content[place + 41 :])
    run = far.load(folder)
    assert not run.complete and [failure.code for failure in run.failures] == ["corrupt_content"]
    assert arrived(target) == {}


@pytest.mark.parametrize("where", ["local", "registry"])
def test_v1_metadata_is_carried_on_by_mirror_to_disk(far, target, tmp_path, where):
    """The connected side changes tools: sequence 2 is ours, has only what is new, and loads where v1 loaded sequence 1."""
    site = oc_mirror.V1Site()
    with FakeRegistry() as source:
        for name, built in APPS.items():
            images.put(built, source.content, f"team/{name}", "1")
        named = {f"{source.host}/team/{name}:1": built for name, built in APPS.items()}
        first = site.archive(tmp_path / "one", {name: built for name, built in named.items() if "/c:" not in name})
        if where == "local":
            path = tmp_path / "state" / "publish"
            path.mkdir(parents=True)
            (path / ".metadata.json").write_bytes(site.metadata())
            storage = {"local": {"path": str(tmp_path / "state")}}
        else:
            site.record_at(source.content, "state/meta", "latest")
            storage = {"registry": {"imageURL": f"{source.host}/state/meta", "skipTLS": True}}
        near = trip.Near(tmp_path / "near")
        second = near.ship(*named, document={"api": trip.V1, "storageConfig": storage})
    far.load(first)
    site.record_at(target.content)
    assert set(APPS["a"].blobs) & trip.blobs(second) == set() and set(APPS["c"].blobs) - {images.Digest.of(BASE)} <= trip.blobs(second)
    run = far.load(second)
    assert run.loaded == (2,) and run.complete
    assert arrived(target) == {name: built.digest for name, built in APPS.items()}


def test_mirroring_to_a_registry_carries_on_what_v1_mirrored_there(target, tmp_path):
    site = oc_mirror.V1Site()
    with FakeRegistry() as source:
        images.put(APPS["a"], source.content, "team/a", "1")
        name = f"{source.host}/team/a:1"
        site.archive(tmp_path / "one", {name: APPS["a"]})
        for record in site.past:
            record["path"] = f"{target.host}/ns/{record['path']}"
        path = tmp_path / "state" / "publish"
        path.mkdir(parents=True)
        (path / ".metadata.json").write_bytes(site.metadata())
        near = trip.Near(tmp_path / "near")
        near.mirror(f"docker://{target.host}/ns", name, api=trip.V1, storageConfig={"local": {"path": str(tmp_path / "state")}})
    (kept,) = [name for name in os.listdir(tmp_path / "state") if name.endswith(".json")]
    history = json.loads((tmp_path / "state" / kept).read_text())
    assert history["uid"] == oc_mirror.UID and history["runs"][-1]["sequence"] == 2
    assert {entry["path"] for entry in history["associations"]} == {"team/a"}


def configuration(*names):
    return {**trip.imageset(*wanted(*names)), "mirror": {"additionalImages": [{"name": name} for name in wanted(*names)]}}


def test_a_v2_archive_is_planned_from_its_own_configuration(far, target, tmp_path):
    folder = oc_mirror.write_v2(tmp_path / "v2", configuration("a", "multi"), wanted("a", "multi"))
    run = far.load(folder)
    assert run.complete and run.plan.failures == ()
    assert arrived(target) == {"a": APPS["a"].digest, "multi": MULTI.digest}
    assert {image.origin for image in run.plan.images} == set(wanted("a", "multi"))
    assert not far.load(folder).changed


def test_a_v2_increment_finds_at_the_registry_what_an_earlier_archive_brought(far, target, tmp_path):
    first = oc_mirror.write_v2(tmp_path / "one", configuration("a", "multi"), wanted("a", "multi"))
    names = ("a", "b", "multi")
    second = oc_mirror.write_v2(tmp_path / "two", configuration(*names), wanted(*names), oc_mirror.digests(APPS["a"], MULTI))
    # Loaded alone it says what is not there, and the rest is not pushed as if it were all.
    with pytest.raises(Incompatible, match="shipped in an earlier archive"):
        trip.Far(tmp_path / "other", f"docker://{target.host}/other").load(second)
    assert far.load(first).complete
    run = far.load(second)
    assert run.complete, run.failures
    assert arrived(target) == {"a": APPS["a"].digest, "b": APPS["b"].digest, "multi": MULTI.digest}


def test_archives_of_both_makers_are_described(tmp_path):
    first = oc_mirror.V1Site().archive(tmp_path / "v1", wanted("a", "multi"))
    second = oc_mirror.write_v2(tmp_path / "v2", configuration("a"), wanted("a"))
    (one,), (two,) = describe(first), describe(second, images=True)
    assert (one["maker"], one["sequence"], one["uid"], one["images"]) == ("oc-mirror v1", 1, oc_mirror.UID, 2)
    assert (two["maker"], two["images"], two["image_list"][0]["origin"]) == ("oc-mirror v2", 1, f"{HOST}/team/a:1")


def test_a_signature_that_is_required_cannot_come_from_oc_mirror(far, tmp_path):
    folder = oc_mirror.V1Site().archive(tmp_path / "v1", wanted("a"))
    with pytest.raises(CorruptContent, match="archives of oc-mirror have none"):
        far.load(folder, trusted=object())


PACKAGES = """
    foo stable*: 0.1.0; 0.2.0<0.1.0
    bar stable*: 1.0.0
"""


def catalog_image(store):
    return catalogs.publish(store, "redhat/index", "v4.17", catalogs.documents(PACKAGES))


def v1_catalog():
    """The files of a catalog as v1 packs them: the published image as a layout, and what was chosen of it."""
    store = MemoryStore()
    index = catalog_image(store)
    folder = f"catalogs/{HOST}/redhat/index/v4.17"
    entry = {"mediaType": index.media_type, "digest": index.digest, "size": index.size}
    chosen = [document for document in catalogs.documents(PACKAGES) if "bar" not in json.dumps(document)]
    members = [
        (f"{folder}/layout/oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
        (f"{folder}/layout/index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()),
        (f"{folder}/index/index.json", "\n".join(map(json.dumps, chosen)).encode()),
    ]
    content = {digest: manifest.content for digest, manifest in store.manifests["redhat/index"].items()}
    content.update(store.blobs["redhat/index"])
    return members + [(f"{folder}/layout/blobs/sha256/{digest[7:]}", bytes(blob)) for digest, blob in content.items()]


def served_packages(target, repository, tag):
    """The packages in the last layer of a catalog image at the mirror."""
    found = target.content.repositories[repository]
    root = json.loads(found.manifests[found.tags[tag]][1])
    for entry in root["manifests"]:
        layers = json.loads(found.manifests[entry["digest"]][1])["layers"]
        with tarfile.open(fileobj=io.BytesIO(target.content.blobs[layers[-1]["digest"]])) as tar:
            return sorted({member.name.split("/")[1] for member in tar.getmembers() if member.isreg()})
    raise AssertionError(f"the index {repository}:{tag} names no image")


def test_a_catalog_in_a_v1_archive_is_built_again(far, target, tmp_path):
    folder = oc_mirror.V1Site().archive(tmp_path / "v1", wanted("a"), v1_catalog())
    run = far.load(folder)
    assert run.complete and run.plan.failures == ()
    assert served_packages(target, "ns/redhat/index", "v4.17") == ["foo"]
    (entry,) = run.plan.catalogs
    assert (entry["catalog"], [package["name"] for package in entry["packages"]]) == (f"{HOST}/redhat/index:v4.17", ["foo"])
    assert not far.load(folder).changed


def test_a_catalog_in_a_v2_archive_is_filtered_as_its_configuration_says(far, target, tmp_path):
    store = MemoryStore()
    index = catalog_image(store)
    document = configuration("a")
    document["mirror"]["operators"] = [{"catalog": f"{HOST}/redhat/index:v4.17", "packages": [{"name": "foo"}]}]
    root = "docker/registry/v2"
    content = {digest: manifest.content for digest, manifest in store.manifests["redhat/index"].items()}
    content.update(store.blobs["redhat/index"])
    members = [(f"{root}/blobs/sha256/{digest[7:9]}/{digest[7:]}/data", bytes(blob)) for digest, blob in content.items()]
    members.append((f"{root}/repositories/redhat/index/_manifests/tags/v4.17/current/link", str(index.digest).encode()))
    run = far.load(oc_mirror.write_v2(tmp_path / "v2", document, wanted("a"), extra=members))
    assert "ns/redhat/index" in target.content.repositories, run
    assert served_packages(target, "ns/redhat/index", "v4.17") == ["foo"]
    # The bundles' images are not in this archive: that is told of each, and the rest stands.
    assert arrived(target)["a"] == APPS["a"].digest
    assert not run.complete and run.failures and {failure.category for failure in run.failures} == {"operator"}


@pytest.fixture(scope="module")
def release_key():
    key = release.SigningKey()
    yield key
    key.close()


def release_archive(folder, versions, key, known=()):
    """As v2 packs releases: under the repositories of the mirror, with graph, signatures and graph image."""
    built = [release.build(version) for version in versions]
    filed = {"any.example.com/openshift/graph-image:latest": images.image("graph data")}
    extra = []
    for each in built:
        filed[f"any.example.com/openshift/release-images:{each.tag}"] = each.payload
        filed.update({f"any.example.com/openshift/release:{each.tag}-{name}": image for name, image in each.components.items()})
        signature = key.sign(release.claim(each.digest, each.identity))
        extra.append((f"working-dir/signatures/{each.tag}-sha256-{each.digest.hex}", signature))
    graph = answer(versions, [[0, 1]] if len(versions) > 1 else [], payloads={each.version: each.reference for each in built})
    extra.append(("working-dir/hold-release/cincinnati-graph-data/amd64-stable-4.14.json", graph))
    channel = {"name": "stable-4.14", "minVersion": versions[0], "maxVersion": versions[-1]}
    document = {**configuration(), "mirror": {"platform": {"graph": True, "channels": [channel]}}}
    oc_mirror.write_v2(folder, document, filed, known, extra)
    return str(folder), oc_mirror.digests(*filed.values())


def test_releases_in_v2_archives_are_planned_from_the_graph_and_the_signatures_in_them(far, target, tmp_path, release_key):
    (tmp_path / "key.asc").write_bytes(release_key.public)
    keys = {"release_signature_keys": [str(tmp_path / "key.asc")], "environ": {}}
    first, known = release_archive(tmp_path / "one", ("4.14.1",), release_key)
    run = far.load(first, planning=keys)
    assert run.complete, run.failures
    assert [entry["version"] for entry in run.plan.releases] == ["4.14.1"]
    second, _digests = release_archive(tmp_path / "two", ("4.14.1", "4.14.2"), release_key, known)
    run = far.load(second, planning=keys)
    assert run.complete, run.failures
    named = trip.tags(target.content, "ns/openshift/")
    assert set(named["ns/openshift/release-images"]) == {"4.14.1-x86_64", "4.14.2-x86_64"}
    assert len(named["ns/openshift/release"]) == 2 * len(release.COMPONENTS) and set(named["ns/openshift/graph-image"]) == {"latest"}
    # Who does not have the key is told, and gets nothing that is not signed.
    other = trip.Far(tmp_path / "other", f"docker://{target.host}/other")
    unsigned = other.load(first, planning={"environ": {}})
    assert not unsigned.complete and {failure.category for failure in unsigned.failures} == {"release"}
    assert "other/openshift/release-images" not in target.content.repositories


def planning(far, **more):
    return PlanSource(far.workspace, connections=trip.CONNECTIONS, **more)


@pytest.mark.parametrize("maker", ["v1", "v2"])
def test_what_a_mirror_lost_is_repaired_from_an_archive_of_oc_mirror(far, target, tmp_path, maker):
    if maker == "v1":
        folder = oc_mirror.V1Site().archive(tmp_path / "one", wanted("a", "multi"))
    else:
        folder = oc_mirror.write_v2(tmp_path / "one", configuration("a", "multi"), wanted("a", "multi"))
    assert far.load(folder).complete
    del target.content.repositories["ns/team/a"].tags["1"]
    request = VerifyRequest(planning(far), far.destination, repair=True, archive=folder)
    run = verify_mirror(request, {})
    assert [finding.kind for finding in run.found.findings] == ["missing_tag"]
    assert run.changed and run.left.clean, run.failures
    assert arrived(target)["a"] == APPS["a"].digest


@pytest.mark.parametrize("maker", ["v1", "v2"])
def test_pruning_goes_by_the_plan_of_an_archive_of_oc_mirror(far, target, tmp_path, maker):
    if maker == "v1":
        site = oc_mirror.V1Site()
        folders = [site.archive(tmp_path / "one", wanted("a", "b")), site.archive(tmp_path / "two", wanted("a"))]
    else:
        folders = [oc_mirror.write_v2(tmp_path / names, configuration(*names), wanted(*names)) for names in ("ab", "a")]
    assert far.load(folders[0]).complete
    request = PruneRequest(planning(far, archive=folders[1]), far.destination, guards=Guards(limits=Limits()))
    foreseen = prune(request, {}, check_mode=True)
    assert {candidate.repository for candidate in foreseen.gone} == {"ns/team/b"}


def pruned(far, **options):
    """What pruning takes away, by the last component of its repositories; by the plan that the last load left."""
    run = prune(PruneRequest(planning(far, **options), far.destination, guards=Guards(limits=Limits())), {})
    return {candidate.repository.rpartition("/")[2] for candidate in run.gone}, run


def test_an_increment_of_v1_stands_for_the_whole_set_that_its_metadata_states(far, target, tmp_path):
    """The images that earlier archives brought and that are still wanted stay, whatever the increment itself brings."""
    site = oc_mirror.V1Site()
    sets = [("a", "b", "multi"), ("a", "b", "c", "multi"), ("a", "c", "multi")]
    folders = [site.archive(tmp_path / str(number), wanted(*names)) for number, names in enumerate(sets)]
    assert far.load(folders[0]).complete
    run = far.load(folders[1])
    assert run.complete and run.plan.whole
    assert [image.placed.repository for image in run.result.images] == ["ns/team/c"]
    assert {image.destination for image in run.plan.images} == {f"team/{name}" for name in sets[1]}
    for options in ({}, {"archive": folders[1]}):
        assert pruned(far, **options)[0] == set()
    (described,) = describe(folders[1])
    assert (described["images"], described["images_new"]) == (4, 1)
    assert verify_mirror(VerifyRequest(planning(far), far.destination), {}).left.clean
    assert far.load(folders[2]).complete
    assert pruned(far)[0] == {"b"}
    assert arrived(target) == {"a": APPS["a"].digest, "c": APPS["c"].digest, "multi": MULTI.digest}


def test_a_part_of_a_set_prunes_nothing(far, target, tmp_path):
    site = oc_mirror.V1Site()
    first = site.archive(tmp_path / "one", wanted("a"))
    site.stated = False
    second = site.archive(tmp_path / "two", wanted("a", "b"))
    assert far.load(first).complete
    run = far.load(second)
    assert run.complete and not run.plan.whole
    gone, run = pruned(far)
    assert gone == set() and "left for now: 1 image (" in run.warnings[0]


def test_a_second_v2_archive_finds_layers_where_the_first_went(far, target, tmp_path):
    """What an image of the new set shares with one that is not in it any more lies in the repository of that one alone."""
    first = oc_mirror.write_v2(tmp_path / "one", configuration("a"), wanted("a"))
    cached = {**wanted("b"), **wanted("a")}
    second = oc_mirror.write_v2(tmp_path / "two", configuration("b"), cached, oc_mirror.digests(APPS["a"]))
    assert far.load(first).complete
    run = far.load(second)
    assert run.complete, run.failures
    assert arrived(target) == {"a": APPS["a"].digest, "b": APPS["b"].digest}
    assert trip.unfit(target.content, trip.tags(target.content, "ns/")) == []


@pytest.mark.parametrize(
    ("kind", "path", "tag"),
    [
        ("operatorBundle", "team/bundle", "by reference"),
        ("operatorRelatedImage", "team/bundle", "by reference"),
        ("ocpRelease", "openshift/release-images", "4.14.1-x86_64"),
        ("ocpReleaseContent", "openshift/release", "4.14.1-x86_64-etcd"),
        ("generic", "team/bundle", "latest"),
    ],
)
def test_what_v1_mirrored_from_registry_to_registry_is_pruned_under_the_tags_that_it_pushed(target, tmp_path, kind, path, tag):
    """It records six digits of the digest, or nothing, as the tag."""
    kept, gone = APPS["a"], APPS["b"]
    with FakeRegistry() as source:
        images.put(kept, source.content, "team/a", "1")
        site = oc_mirror.V1Site()
        site.archive(tmp_path / "one", {f"{source.host}/team/a:1": kept})
        name = f"{HOST}/{path}@{gone.digest}"
        pushed = fnv_tag(parse(name)) if tag == "by reference" else tag
        record = {**oc_mirror.associations(f"{HOST}/{path}:x", gone)[0], "name": name, "type": kind, "tagSymlink": gone.digest.hex[:6]}
        site.past += [{**record, "path": f"{target.host}/ns/{path}@{gone.digest}"}]
        images.put(gone, target.content, f"ns/{path}", pushed)
        folder = tmp_path / "state" / "publish"
        folder.mkdir(parents=True)
        (folder / ".metadata.json").write_bytes(site.metadata())
        near = trip.Near(tmp_path / "near")
        destination = f"docker://{target.host}/ns"
        document = {"api": trip.V1, "storageConfig": {"local": {"path": str(tmp_path / "state")}}}
        near.mirror(destination, f"{source.host}/team/a:1", **document)
        imageset = trip.imageset(f"{source.host}/team/a:1", **document)
        request = PlanSource(near.workspace, imageset=imageset, connections=trip.CONNECTIONS)
        guards = Guards(limits=Limits())
        run = prune(PruneRequest(request, Destination.parse(destination), guards=guards), {})
        assert [candidate.digest for candidate in run.gone] == [gone.digest], run


def test_pruning_is_foreseen_for_increments_that_are_not_loaded_yet(far, target, tmp_path):
    site = oc_mirror.V1Site()
    first = site.archive(tmp_path / "one", wanted("a", "b"))
    for names in (("a", "b", "multi"), ("a", "c", "multi")):
        rest = site.archive(tmp_path / "rest", wanted(*names))
    assert far.load(first).complete
    request = PruneRequest(planning(far, archive=rest), far.destination, guards=Guards(limits=Limits()))
    assert {candidate.repository for candidate in prune(request, {}, check_mode=True).gone} == {"ns/team/b"}
    assert far.load(rest).loaded == (2, 3)
    assert pruned(far)[0] == {"b"}
