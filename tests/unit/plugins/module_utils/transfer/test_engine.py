# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine against stores in memory: what arrives, in which order, by how many requests."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    AccessDenied,
    Cancelled,
    NotFound,
    RegistryError,
    Unreachable,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, CATALOG, RELATED, RELEASE
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.events import BlobProgress, Finished, ImageDone, Started
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.tests.fakes.faulty import placed


def many(bench: Any, count: int = 5, shared: bytes = b"shared layer") -> list[PlacedImage]:
    return [
        placed(bench.source.add_image(f"app{number}", "1.0", [shared, b"own %d" % number], b'{"n": %d}' % number), f"app{number}", ["1.0"])
        for number in range(count)
    ]


def outcomes(result: Any) -> list[str]:
    return [image.outcome for image in result.images]


def test_everything_arrives_and_each_blob_crosses_once(bench: Any) -> None:
    images = many(bench)
    result = bench.run(images)
    assert result.complete and result.changed and outcomes(result) == ["copied"] * 5
    for image in images:
        assert bench.destination.named[image.repository]["1.0"] == image.digest
        arrived = bench.destination.manifests[image.repository][image.digest]
        assert arrived.content == bench.source.manifests[image.image.source][image.digest].content
    assert bench.source.count("open_blob") == 11
    assert result.blobs == {"copied": 11, "mounted": 4, "present": 0, "failed": 0}
    assert result.size == sum(len(content) for content in {c for blobs in bench.source.blobs.values() for c in blobs.values()})
    assert bench.destination.count("find_manifest") == 0 and bench.destination.count("blobs_present") == 0
    assert bench.destination.count("tags") == 5


def test_second_run_costs_one_request_for_each_image_and_nothing_at_the_source(bench: Any) -> None:
    images = many(bench)
    bench.run(images)
    result = bench.run(images)
    assert result.complete and not result.changed and outcomes(result) == ["present"] * 5
    assert len(bench.destination.calls) == 5 and bench.source.calls == []


def test_without_history_an_unchanged_image_costs_a_tag_list_and_a_question_more(bench: Any, tmp_path: Any) -> None:
    images = many(bench)
    bench.run(images)
    bench.journal_path = str(tmp_path / "other.jsonl")
    result = bench.run(images)
    assert not result.changed and bench.destination.count("tags") == 5 and bench.destination.count("find_manifest") == 10
    assert bench.source.calls == []


def test_a_tag_that_outlived_its_manifest_does_not_count_as_the_image(bench: Any, tmp_path: Any, monkeypatch: Any) -> None:
    """As registries have it that answer for tags of what was deleted by its digest."""
    images = many(bench)
    bench.run(images)
    bench.journal_path = str(tmp_path / "other.jsonl")
    gone = {images[0].digest, images[3].digest}
    find, put = bench.destination.find_manifest, bench.destination.put_manifest

    def put_manifest(repository: str, manifest: Any, tag: str = "") -> None:
        gone.discard(manifest.digest)
        put(repository, manifest, tag)

    monkeypatch.setattr(
        bench.destination, "find_manifest", lambda repository, reference: None if reference in gone else find(repository, reference)
    )
    monkeypatch.setattr(bench.destination, "put_manifest", put_manifest)
    result = bench.run(images)
    assert result.complete and outcomes(result) == ["copied", "present", "present", "copied", "present"] and not gone


def test_fast_level_asks_once_for_each_repository(bench: Any) -> None:
    manifest = bench.source.add_image("app", "x")
    images = [placed(manifest, "app", [f"v{number}"], "mirror/app") for number in range(10)]
    bench.run(images)
    result = bench.run(images, level="fast")
    assert not result.changed and len(bench.destination.calls) == 1


@pytest.mark.parametrize("level,seen", [("fast", False), ("default", True), ("deep", True)])
def test_moved_tag_is_noticed_from_the_default_level_on(bench: Any, level: str, seen: bool) -> None:
    images = [placed(bench.source.add_image("app", "x", [b"%d" % number]), "app", [f"v{number}"], "mirror/app") for number in range(2)]
    bench.run(images)
    bench.destination.named["mirror/app"]["v0"] = images[1].digest
    result = bench.run(images, level=level)
    assert result.changed is seen
    assert (bench.destination.named["mirror/app"]["v0"] == images[0].digest) is seen
    if seen:
        assert result.images[0].moved == {"v0": images[1].digest}


def test_moved_tag_can_be_refused(bench: Any) -> None:
    first, second = (bench.source.add_image("app", "x", [b"%d" % number]) for number in range(2))
    bench.run([placed(first, "app", ["v"])])
    result = bench.run([placed(second, "app", ["v"])], tag_moves="refuse")
    assert outcomes(result) == ["failed"] and first.digest in result.failures[0].message and not result.complete
    assert bench.destination.named["mirror/app"]["v"] == first.digest


@pytest.mark.parametrize("level", ["fast", "default", "deep"])
def test_removed_tag_is_written_again_without_moving_blobs(bench: Any, level: str) -> None:
    images = [placed(bench.source.add_image("app", "x", [b"%d" % number]), "app", [f"v{number}"], "mirror/app") for number in range(2)]
    images.append(placed(bench.source.add_image("app", "x", [b"two"]), "app", ["a", "b"], "mirror/app"))
    bench.run(images)
    del bench.destination.named["mirror/app"]["a"]
    result = bench.run(images, level=level)
    assert result.complete and outcomes(result) == ["present", "present", "copied"]
    assert bench.destination.named["mirror/app"]["a"] == images[2].digest
    assert bench.destination.count("start_blob") == 0 and bench.source.calls == []


def test_deep_level_finds_and_mends_a_lost_blob(bench: Any) -> None:
    images = many(bench, 2)
    bench.run(images)
    lost = next(iter(bench.destination.blobs["mirror/app0"]))
    content = bench.destination.blobs["mirror/app0"].pop(lost)
    assert not bench.run(images).changed
    result = bench.run(images, level="deep")
    assert result.complete and outcomes(result) == ["copied", "present"]
    assert bench.destination.blobs["mirror/app0"][lost] == content


def test_prediction_equals_the_run_and_writes_nothing(bench: Any, tmp_path: Any) -> None:
    images = many(bench)
    bench.run(images[:2])

    def written():
        """All but the manifests that were read, which a shelf keeps."""
        paths = [path for path in tmp_path.rglob("*") if path.is_file() and "manifests" not in path.parts]
        return [(path, path.read_bytes()) for path in sorted(paths)]

    before = written()
    predicted = bench.predict(images)
    assert written() == before
    assert {call[0] for call in bench.destination.calls} <= {"tags", "find_manifest"}
    done = bench.run(images)
    assert outcomes(predicted) == outcomes(done) == ["present", "present", "copied", "copied", "copied"]
    assert (predicted.size, predicted.blobs) == (done.size, done.blobs)


def test_order_children_index_attachments_tag(bench: Any) -> None:
    source = bench.source
    children = [source.add_image("app", layers=[b"%d" % number]) for number in range(2)]
    index = source.add_index("app", [("linux/amd64", children[0]), ("linux/arm64", children[1])], "v1")
    signature = source.add_image("app", f"sha256-{index.digest.hex}.sig", [b"signature"])
    below = source.add_image("app", layers=[b"attestation"], subject=children[0])
    upon = source.add_image("app", layers=[b"signed attestation"], subject=below)
    images = [
        placed(upon, "app", [], subject=below.digest),
        placed(signature, "app", [f"sha256-{index.digest.hex}.sig"], subject=index.digest),
        placed(index, "app", ["v1", "latest"]),
        placed(below, "app", [], subject=children[0].digest),
    ]
    assert bench.run(images).complete
    names = [name for _repository, name in bench.destination.order]
    assert set(names[:2]) == {child.digest for child in children}
    assert names[2] == index.digest
    assert set(names[3:6]) == {upon.digest, below.digest, f"sha256-{index.digest.hex}.sig"}
    assert names[6:] == ["v1", "latest"]


def test_image_without_attachments_is_one_put(bench: Any) -> None:
    bench.run(many(bench, 3))
    assert bench.destination.count("put_manifest") == 3


def test_missing_and_corrupt_blobs_fail_exactly_the_images_that_need_them(bench: Any) -> None:
    images = many(bench, 6)
    source = bench.source
    missing = source.manifests["app1"][images[1].digest].blobs[2].digest
    del source.blobs["app1"][missing]
    bent = source.manifests["app3"][images[3].digest].blobs[2]
    source.served[("app3", bent.digest)] = b"own X"
    longer = source.manifests["app4"][images[4].digest].blobs[2]
    source.served[("app4", longer.digest)] = b"own 4 and more"
    result = bench.run(images, stop_on=frozenset())
    assert outcomes(result) == ["copied", "failed", "copied", "failed", "failed", "copied"] and not result.complete
    assert [failure.code for failure in result.failures] == ["not_found", "corrupt_content", "corrupt_content"]
    assert [failure.subject for failure in result.failures] == ["app1:1.0", "app3:1.0", "app4:1.0"]
    for number in (1, 3, 4):
        assert "1.0" not in bench.destination.named.get(f"mirror/app{number}", {})
        assert images[number].digest not in bench.destination.manifests.get(f"mirror/app{number}", {})
    assert bent.digest not in bench.destination.blobs.get("mirror/app3", {})


def test_blob_that_one_source_lost_is_taken_from_another(bench: Any) -> None:
    images = many(bench, 2)
    shared = bench.source.manifests["app0"][images[0].digest].blobs[1].digest
    del bench.source.blobs["app0"][shared]
    assert bench.run(images).complete


def test_bytes_bent_once_are_asked_for_again(bench: Any) -> None:
    images = many(bench, 1)
    blob = bench.source.manifests["app0"][images[0].digest].blobs[2]
    bench.source.served[("app0", blob.digest)] = b"own X"

    def mend(method: str, _repository: str, what: str) -> None:
        if method == "start_blob" and what == blob.digest and len([call for call in bench.destination.calls if call[2] == what]) == 2:
            del bench.source.served[("app0", blob.digest)]

    bench.destination.on_call = mend
    assert bench.run(images).complete
    assert sum(event.size for event in bench.events if isinstance(event, BlobProgress)) == sum(
        blob.size for blob in bench.source.manifests["app0"][images[0].digest].blobs
    )


def test_repository_that_refuses_fails_only_its_own_images(bench: Any) -> None:
    images = many(bench, 3)
    bench.destination.errors[("start_blob", "mirror/app1")] = AccessDenied("no right to push", status=403)
    result = bench.run(images)
    assert outcomes(result) == ["copied", "failed", "copied"]
    assert result.failures[0].code == "access_denied" and result.failures[0].category == "additional"


def test_tag_that_cannot_be_asked_for_fails_its_own_image_only(bench: Any) -> None:
    first, second = (bench.source.add_image("app", "x", [b"%d" % number]) for number in range(2))
    images = [placed(first, "app", ["v1"], "mirror/app"), placed(second, "app", ["v2"], "mirror/app")]
    bench.run(images[1:])
    bench.destination.errors[("find_manifest", "mirror/app")] = AccessDenied("no right to read", status=403)
    bench.destination.named["mirror/app"] = {"v2": second.digest}
    bench.journal_path += ".other"
    result = bench.run(images)
    assert outcomes(result) == ["copied", "failed"]


def test_manifest_missing_at_the_source_names_it(bench: Any) -> None:
    child = bench.source.add_image("app", layers=[b"1"])
    index = bench.source.add_index("app", [("linux/amd64", child)], "v1")
    del bench.source.manifests["app"][child.digest]
    result = bench.run([placed(index, "app", ["v1"]), *many(bench, 1)])
    assert outcomes(result) == ["failed", "copied"]
    assert child.digest in result.failures[0].message and result.failures[0].code == "not_found"


def test_failed_signature_is_reported_and_its_image_published(bench: Any) -> None:
    image = bench.source.add_image("app", "v1")
    signature = bench.source.add_image("app", "s", [b"signature"])
    del bench.source.blobs["app"][signature.blobs[1].digest]
    result = bench.run([placed(image, "app", ["v1"]), placed(signature, "app", ["s"], subject=image.digest)])
    assert outcomes(result) == ["copied", "failed"] and not result.complete
    assert bench.destination.named["mirror/app"] == {"v1": image.digest}


def test_attachments_of_a_failed_image_are_held(bench: Any) -> None:
    image = bench.source.add_image("app", "v1", [b"needed"])
    del bench.source.blobs["app"][image.blobs[1].digest]
    signature = bench.source.add_image("app", "s", [b"signature"])
    result = bench.run([placed(image, "app", ["v1"]), placed(signature, "app", ["s"], subject=image.digest)])
    assert outcomes(result) == ["failed", "held"] and len(result.failures) == 1
    assert bench.destination.named == {}


def operators(bench: Any) -> list[PlacedImage]:
    source, first, second = bench.source, (("operators[0]", "a"),), (("operators[1]", "b"),)
    return [
        placed(source.add_image("catalog-a", "v4", [b"catalog a"]), "catalog-a", ["v4"], type=CATALOG, why=(("operators[0]",),)),
        placed(source.add_image("catalog-b", "v4", [b"catalog b"]), "catalog-b", ["v4"], type=CATALOG, why=(("operators[1]",),)),
        placed(source.add_image("bundle-a", "v1", [b"bundle a"]), "bundle-a", ["v1"], type=BUNDLE, why=first),
        placed(source.add_image("related-a", "v1", [b"related a"]), "related-a", ["v1"], type=RELATED, why=first),
        placed(source.add_image("related-b", "v1", [b"related b"]), "related-b", ["v1"], type=RELATED, why=second),
        placed(source.add_image("related-ab", "v1", [b"related ab"]), "related-ab", ["v1"], type=RELATED, why=first + second),
    ]


def test_catalogs_come_last(bench: Any) -> None:
    assert bench.run(operators(bench)).complete
    assert {repository for repository, _name in bench.destination.order[-2:]} == {"mirror/catalog-a", "mirror/catalog-b"}


@pytest.mark.parametrize("lost,held", [(2, {0}), (3, {0}), (4, {1}), (5, {0, 1})])
def test_catalog_is_held_when_an_image_it_names_fails(bench: Any, lost: int, held: Any) -> None:
    images = operators(bench)
    name = images[lost].image.source
    bench.source.blobs[name].pop(bench.source.manifests[name][images[lost].digest].blobs[1].digest)
    result = bench.run(images)
    assert {position for position, outcome in enumerate(outcomes(result)) if outcome == "held"} == held
    assert [failure.subject for failure in result.failures] == [images[lost].image.origin] and not result.complete
    for position in held:
        assert images[position].repository not in bench.destination.named


def test_release_failure_stops_the_run_when_asked_to(bench: Any) -> None:
    release = bench.source.add_image("release", "4.1", [b"r"])
    del bench.source.manifests["release"][release.digest]
    images = [placed(release, "release", ["4.1"], type=RELEASE), *many(bench, 4)]
    assert outcomes(bench.run(images)) == ["failed"] + ["copied"] * 4
    bench.destination.__init__("destination")
    result = bench.run(images, stop_on=frozenset(["release"]))
    assert result.stopped_by is not None and result.stopped_by.category == "release" and not result.complete
    assert set(outcomes(result)[1:]) == {"pending"} and bench.destination.named == {}


def test_destination_that_only_fails_ends_the_run(bench: Any) -> None:
    images = many(bench, 60)
    for image in images:
        bench.destination.errors[("tags", image.repository)] = Unreachable("connection refused")
    result = bench.run(images, parallel=4)
    assert result.stopped_by is not None and result.stopped_by.code == "unreachable"
    assert len(bench.destination.calls) < 20


@pytest.mark.parametrize("rewind", [0, 3, 1000])
def test_broken_upload_goes_on_where_the_destination_says(bench: Any, rewind: int) -> None:
    layer = bytes(range(256)) * 8
    image = bench.source.add_image("app", "v1", [layer])
    digest = image.blobs[1].digest
    bench.destination.breaks[digest] = [0, 100, 700, 2000]
    bench.destination.rewind = rewind
    result = bench.run([placed(image, "app", ["v1"])], buffer=64)
    assert result.complete and bench.destination.blobs["mirror/app"][digest] == layer
    assert sum(event.size for event in bench.events if isinstance(event, BlobProgress) and event.digest == digest) == len(layer)
    if rewind <= 3:
        # What the buffer still holds is not read again.
        assert len([read for read in bench.source.reads if read[0] == digest]) <= 2


def test_upload_that_breaks_for_ever_is_given_up(bench: Any) -> None:
    image = bench.source.add_image("app", "v1", [b"x" * 100])
    bench.destination.breaks[image.blobs[1].digest] = [50] * 100
    result = bench.run([placed(image, "app", ["v1"])])
    assert result.failures[0].code == "unreachable"


def test_lost_blob_is_repaired_before_its_manifest_is_published(bench: Any) -> None:
    images = many(bench, 2)
    dropped = []

    def drop(method: str, repository: str, what: str) -> None:
        if method == "put_manifest" or dropped or repository != "mirror/app0" or len(bench.destination.blobs.get(repository, {})) < 3:
            return
        dropped.append(bench.destination.blobs[repository].pop(next(iter(bench.destination.blobs[repository]))))

    put = bench.destination.put_manifest

    def put_after_loss(repository: str, manifest: Any, tag: str = "") -> None:
        drop("before", repository, tag)
        put(repository, manifest, tag)

    bench.destination.put_manifest = put_after_loss
    result = bench.run(images)
    assert dropped and result.complete


def test_journal_that_is_wrong_costs_requests_but_no_image(bench: Any) -> None:
    images = many(bench, 3)
    bench.source.errors[("open_blob", "app2")] = NotFound("gone")
    bench.run(images)
    del bench.source.errors[("open_blob", "app2")]
    # The registry was emptied in between, the journal remembers.
    bench.destination.__init__("destination")
    result = bench.run(images)
    assert result.complete and outcomes(result) == ["copied"] * 3


def test_emptied_registry_gets_each_blob_once_whatever_the_journal_says(bench: Any) -> None:
    images = many(bench, 30)
    bench.source.errors[("fetch_manifest", "app29")] = NotFound("gone")
    bench.run(images)
    del bench.source.errors[("fetch_manifest", "app29")]
    bench.destination.__init__("destination")
    for image in images[:28]:
        bench.destination.add_blob(image.repository, b"unrelated")
    result = bench.run(images, parallel=1)
    assert result.complete
    reads = [digest for method, _repository, digest in bench.source.calls if method == "open_blob"]
    assert len(reads) == len(set(reads)) > 0


def test_mount_that_fails_is_followed_by_mounts_from_where_the_blob_is(bench: Any) -> None:
    images = many(bench, 12)
    shared = bench.source.manifests["app0"][images[0].digest].blobs[1].digest
    journal = Journal(bench.journal_path, "destination")
    journal.add_blob(shared, "mirror/elsewhere")
    journal.close()
    assert bench.run(images, parallel=1).complete
    assert [digest for method, _repository, digest in bench.source.calls if method == "open_blob"].count(shared) == 1


def test_immutable_tag_with_the_same_content_is_no_failure(bench: Any) -> None:
    image = bench.source.add_image("app", "v1")
    put = bench.destination.put_manifest

    def refuse(repository: str, manifest: Any, tag: str = "") -> None:
        put(repository, manifest, tag)
        if tag:
            raise RegistryError("tag is immutable", status=409)

    bench.destination.put_manifest = refuse
    assert bench.run([placed(image, "app", ["v1"])]).complete


def sparse(bench: Any) -> Any:
    children = [bench.source.add_image("app", layers=[b"%d" % number]) for number in range(3)]
    index = bench.source.add_index("app", list(zip(["linux/amd64", "linux/arm64", "linux/s390x"], children)), "v1")
    return children, index


def test_platforms_leave_instances_behind_and_bytes_unchanged(bench: Any) -> None:
    children, index = sparse(bench)
    result = bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))])
    assert result.complete
    assert set(bench.destination.manifests["mirror/app"]) == {children[1].digest, index.digest}
    assert bench.destination.manifests["mirror/app"][index.digest].content == index.content


@pytest.mark.parametrize("history", [True, False])
@pytest.mark.parametrize("wanted", [("linux/amd64", "linux/arm64"), ("linux/amd64",)])
def test_further_platforms_are_added_to_an_index_that_is_there(bench: Any, tmp_path: Any, history: bool, wanted: Any) -> None:
    children, index = sparse(bench)
    bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))])
    if not history:
        bench.journal_path = str(tmp_path / "other.jsonl")
    result = bench.run([placed(index, "app", ["v1"], platforms=wanted)])
    assert result.complete and outcomes(result) == ["copied"] and children[0].digest in bench.destination.manifests["mirror/app"]
    assert not bench.run([placed(index, "app", ["v1"], platforms=wanted)]).changed


def test_all_platforms_after_some(bench: Any) -> None:
    children, index = sparse(bench)
    bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))])
    assert bench.run([placed(index, "app", ["v1"])]).changed
    assert {child.digest for child in children} <= set(bench.destination.manifests["mirror/app"])
    # Fewer platforms later: nothing to do.
    assert not bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))]).changed


def test_strict_destination_gets_all_instances_and_the_user_is_told(bench: Any) -> None:
    children, index = sparse(bench)
    bench.destination.sparse = False
    result = bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))])
    assert result.complete and "all of its instances" in result.warnings[0]
    assert {child.digest for child in children} <= set(bench.destination.manifests["mirror/app"])
    # Other platforms, or all of them, cost nothing any more.
    for platforms in ((), ("linux/s390x",), ("linux/arm64",)):
        assert not bench.run([placed(index, "app", ["v1"], platforms=platforms)]).changed
        assert len(bench.destination.calls) == 1


def test_strict_destination_and_a_source_without_the_other_instances(bench: Any) -> None:
    children, index = sparse(bench)
    bench.destination.sparse = False
    del bench.source.manifests["app"][children[2].digest]
    result = bench.run([placed(index, "app", ["v1"], platforms=("linux/arm64",))])
    assert outcomes(result) == ["failed"] and "sparse indexes" in result.failures[0].advice
    assert "mirror/app" not in bench.destination.named


def test_retagging_mends_what_was_lost_below(bench: Any) -> None:
    children, index = sparse(bench)
    bench.run([placed(index, "app", ["v1", "v2"])])
    del bench.destination.named["mirror/app"]["v2"]
    del bench.destination.manifests["mirror/app"][children[1].digest]
    bench.destination.sparse = False
    assert bench.run([placed(index, "app", ["v1", "v2"])]).complete
    assert children[1].digest in bench.destination.manifests["mirror/app"]


def test_platform_that_does_not_exist_names_the_field(bench: Any) -> None:
    _children, index = sparse(bench)
    result = bench.run([placed(index, "app", ["v1"], platforms=("linux/ppc64le",))])
    assert result.failures[0].code == "unsupported" and "additionalImages[0].platforms" in result.failures[0].advice


def test_stop_keeps_what_is_done_and_the_next_run_goes_on(bench: Any) -> None:
    images = many(bench, 20)
    stop = threading.Event()

    def interrupt(method: str, _repository: str, _what: str) -> None:
        if len(bench.destination.order) >= 5:
            stop.set()

    bench.destination.on_call = interrupt
    result = bench.run(images, stop=stop, parallel=2)
    assert result.cancelled and not result.complete and result.failures == ()
    done = outcomes(result).count("copied")
    assert 5 <= done < 20 and outcomes(result).count("pending") == 20 - done
    bench.destination.on_call = lambda *_call: None
    result = bench.run(images)
    assert result.complete and outcomes(result).count("copied") == 20 - done


def test_stop_before_anything(bench: Any) -> None:
    stop = threading.Event()
    stop.set()
    result = bench.run(many(bench), stop=stop)
    assert result.cancelled and bench.destination.calls == []


def test_questions_that_a_stop_cuts_off_are_no_failures(bench: Any) -> None:
    """A store that is asked to stop refuses what it is asked from then on."""
    images = many(bench, 3)
    stop = threading.Event()

    def cut_off(*_question: Any) -> Any:
        stop.set()
        raise Cancelled("the run was asked to stop")

    bench.destination.tags = cut_off
    result = bench.run(images, stop=stop)
    assert result.cancelled and result.failures == () and set(outcomes(result)) == {"pending"}


def test_shards_share_the_blobs_and_a_last_run_publishes(bench: Any, tmp_path: Any) -> None:
    from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard

    images = many(bench, 12)
    moved = []
    for number in range(3):
        bench.journal_path = str(tmp_path / f"host{number}.jsonl")
        result = bench.run(images, shard=Shard(number, 3))
        assert result.complete and set(outcomes(result)) == {"pending"}
        moved.append({digest for method, _repository, digest in bench.source.calls if method == "open_blob"})
    assert bench.destination.order == []
    assert sum(map(len, moved)) == len(set().union(*moved)) == 25 and all(moved)
    result = bench.run(images)
    assert result.complete and bench.source.count("open_blob") == 0


def test_same_image_under_two_entries(bench: Any) -> None:
    manifest = bench.source.add_image("app", "v1")
    images = [placed(manifest, "app", ["v1"]), placed(manifest, "app", ["v2"]), placed(manifest, "app", ["v1"])]
    assert bench.run(images).complete
    assert bench.destination.named["mirror/app"] == {"v1": manifest.digest, "v2": manifest.digest}


def test_image_without_tags_is_published_by_digest(bench: Any) -> None:
    manifest = bench.source.add_image("app", "v1")
    assert bench.run([placed(manifest, "app", [])]).complete
    assert bench.destination.named == {} and manifest.digest in bench.destination.manifests["mirror/app"]
    assert not bench.run([placed(manifest, "app", [])]).changed
    assert [call[0] for call in bench.destination.calls] == ["find_manifest"]
    assert not bench.run([placed(manifest, "app", [])], level="fast").changed
    assert bench.destination.calls == []


def test_events_tell_the_whole_story(bench: Any) -> None:
    images = many(bench, 3)
    result = bench.run(images)
    started = [event for event in bench.events if isinstance(event, Started)]
    assert [(event.images, event.blobs, event.size) for event in started] == [(3, 7, result.size)]
    assert len([event for event in bench.events if isinstance(event, ImageDone)]) == 3
    assert isinstance(bench.events[-1], Finished) and bench.events[-1].complete
    assert result.document()["counts"]["images_copied"] == 3


def test_fault_of_ours_is_not_hidden(bench: Any) -> None:
    def broken(*_call: Any) -> None:
        raise ValueError("a fault")

    bench.destination.on_call = broken
    with pytest.raises(ValueError):
        bench.run(many(bench))


def test_catalogs_are_held_when_the_plan_lacks_something(bench: Any) -> None:
    predicted = bench.predict(operators(bench), hold_catalogs=True)
    result = bench.run(operators(bench), hold_catalogs=True)
    assert outcomes(predicted) == outcomes(result)
    assert outcomes(result) == ["held", "held"] + ["copied"] * 4 and not result.complete and result.failures == ()
    assert not bench.run(operators(bench), hold_catalogs=False).images[0].failure
    # A catalog that is there already is not concerned.
    assert bench.run(operators(bench), hold_catalogs=True).complete


def test_only_the_catalogs_of_entries_that_lack_something_are_held(bench: Any) -> None:
    lacking = frozenset({"operators[1]"})
    predicted = bench.predict(operators(bench), hold_entries=lacking)
    result = bench.run(operators(bench), hold_entries=lacking)
    assert outcomes(predicted) == outcomes(result) == ["copied", "held"] + ["copied"] * 4


def test_workspace_that_cannot_be_written_costs_no_image(bench: Any, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("")
    bench.shelf = Shelf(str(tmp_path / "file" / "manifests"))
    bench.journal_path = str(tmp_path / "later" / "journal.jsonl")

    def break_journal(method: str, _repository: str, _what: str) -> None:
        if method == "tags" and not os.path.lexists(tmp_path / "later"):
            os.symlink(tmp_path / "file", tmp_path / "later")

    bench.destination.on_call = break_journal
    result = bench.run(many(bench), parallel=1)
    assert result.complete and len(result.warnings) == 2
