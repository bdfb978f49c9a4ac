# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirror to disk and disk to mirror as whole runs, with emulated registries at both ends."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import (
    Cancelled,
    CorruptContent,
    Incompatible,
    InputError,
    NotFound,
    StorageError,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.prune.deletion import Limits
from ansible_collections.disconnected.mirror.plugins.module_utils.runs import mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading import archives
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.deletion import Guards
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.pruning.prune import PruneRequest, prune
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.check import require_sound
from ansible_collections.disconnected.mirror.tests.fakes import images, trip
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

BASE = images.layer("base", 4000)
APPS = {name: images.image(name, [BASE, images.layer(name, 3000)]) for name in "abcde"}
MULTI = images.multi_arch("multi")


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        for name, built in APPS.items():
            images.put(built, registry.content, f"team/{name}", "1")
        images.put(MULTI, registry.content, "team/multi", "1")
        tag, signature = images.attachment(MULTI)
        images.put(signature, registry.content, "team/multi", tag)
        yield registry


@pytest.fixture
def near(tmp_path):
    return trip.Near(tmp_path / "near")


@pytest.fixture
def far(tmp_path, target):
    return trip.Far(tmp_path / "far", f"docker://{target.host}/ns")


def named(source, *names):
    return [f"{source.host}/team/{name}" for name in names]


def pushes(registry):
    return registry.ledger.count("PUT", "manifest") + registry.ledger.count("POST") + registry.ledger.count("PATCH")


STEPS = (("a:1", "b:1"), ("a:1", "b:1", "c:1", "multi:1"), ("a:1", "c:1", "d:1"), ("a:1", "c:1", "d:1", "e:1"))


def test_increments_bring_what_is_new_and_load_with_the_source_switched_off(near, far, source, target):
    folders = [near.ship(*named(source, *names)) for names in STEPS]
    source.stop()
    held = [trip.blobs(folder) for folder in folders]
    assert not held[0] & held[1] and not held[1] & held[2] and not held[2] & held[3] and not held[0] & held[3]
    for number, folder in enumerate(folders, 1):
        run = far.load(folder)
        assert run.complete and run.changed and run.loaded == (number,)
    assert far.workspace.plan and len(run.plan.images) == 4
    found = trip.tags(target.content, "ns/")
    assert {name: found[f"ns/team/{name}"] for name in "abcde"} == {name: {"1": APPS[name].digest} for name in "abcde"}
    assert set(found["ns/team/multi"]) == {"1", f"sha256-{MULTI.digest.hex}.sig"}
    assert target.violations == [] and trip.unfit(target.content, found) == []


def test_what_only_a_dropped_image_has_is_left_out_and_found_where_it_is(near, far, source, target):
    """As the base of a rebuilt catalog, of which the one before is not named any more."""
    folders = [near.ship(*named(source, *names)) for names in (("b:1",), ("c:1",))]
    assert not trip.blobs(folders[0]) & trip.blobs(folders[1])
    for folder in folders:
        assert far.load(folder).complete
    found = trip.tags(target.content, "ns/")
    assert found["ns/team/c"] == {"1": APPS["c"].digest} and trip.unfit(target.content, found) == []


def test_files_to_carry_have_checksums_that_other_programs_check(near, far, source):
    folder = near.ship(*named(source, "a:1", "b:1", "c:1"), volume_size=24 * 1024)
    volumes = sorted(name for name in os.listdir(folder) if name.endswith(".tar"))
    assert len(volumes) > 1
    checked = subprocess.run(["sha256sum", "-c", "mirror_seq1.sha256"], cwd=folder, capture_output=True, text=True, check=True)
    assert checked.stdout.splitlines() == [f"{name}: OK" for name in volumes]
    with open(os.path.join(folder, "mirror_seq1.sha256"), encoding="ascii") as file:
        sums = [line.split()[0] for line in file]
    report = write_report(near.workspace).report
    carry = next(step for step in report["steps"] if step["kind"] == "carry")
    assert [each["checksum"] for each in carry["files"]] == sums and "sha256sum -c mirror_seq1.sha256" in carry["commands"][0]
    with open(near.workspace.report_page, encoding="utf-8") as file:
        page = file.read()
    assert all(found in page for found in sums)
    assert far.load(folder).complete
    assert os.listdir(near.ship(*named(source, "a:1", "b:1", "d:1"), checksums=False)) == ["mirror_seq2_000000.tar"]


def test_a_run_that_ended_while_it_read_for_checksums_is_made_up_for(near, far, source, monkeypatch):
    def stopped(*_given):
        raise Cancelled("the run was stopped")

    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(mirror_to_disk, "write_checksums", stopped)
        near.ship(*named(source, "a:1"))
    assert os.listdir(near.place) == ["mirror_seq1_000000.tar"]
    assert near.write(*named(source, "a:1")).archive_id
    assert sorted(os.listdir(near.place)) == ["mirror_seq1.sha256", "mirror_seq1_000000.tar"]
    assert far.load(near.place).complete


def receipt_of(far):
    """The file that the far workspace keeps its history in."""
    (name,) = (name for name in os.listdir(far.workspace.history) if name.endswith(".json"))
    return os.path.join(far.workspace.history, name)


def pruned(far):
    request = PruneRequest(PlanSource(far.workspace, connections=trip.CONNECTIONS), far.destination, guards=Guards(limits=Limits()))
    return {candidate.repository.rpartition("/")[2] for candidate in prune(request, {}).gone}


def test_by_its_receipt_what_the_mirror_still_has_is_not_shipped_again(near, far, source, target):
    """An image that was dropped two archives ago, and comes back: it was not pruned, so that not a byte of it travels."""
    for names in (("a:1", "b:1"), ("a:1",)):
        assert far.load(near.ship(*named(source, *names))).complete
    own = str(APPS["b"].manifest().blobs[-1].digest)
    without = near.write(*named(source, "a:1", "b:1", "c:1"), check_mode=True)
    assert own in {member.digest for member in without.packing.contents.members if member.is_blob}
    folder = near.ship(*named(source, "a:1", "b:1", "c:1"), receipt=receipt_of(far))
    assert own not in trip.blobs(folder) and str(APPS["c"].manifest().blobs[-1].digest) in trip.blobs(folder)
    source.stop()
    assert far.load(folder).complete
    found = trip.tags(target.content, "ns/")
    assert found["ns/team/b"] == {"1": APPS["b"].digest} and trip.unfit(target.content, found) == []


def test_by_its_receipt_what_was_pruned_there_is_shipped_again(near, far, source, target):
    for names in (("a:1", "b:1"), ("a:1",)):
        assert far.load(near.ship(*named(source, *names))).complete
    assert pruned(far) == {"b"}
    folder = near.ship(*named(source, "a:1", "b:1"), receipt=receipt_of(far))
    assert str(APPS["b"].manifest().blobs[-1].digest) in trip.blobs(folder)
    assert far.load(folder).complete and trip.tags(target.content, "ns/")["ns/team/b"] == {"1": APPS["b"].digest}


def test_a_receipt_that_is_none_is_refused(near, far, source, tmp_path):
    far.load(near.ship(*named(source, "a:1")))
    wrong = tmp_path / "wrong.json"
    for content, error in (("{", StorageError), ("[]", Incompatible), ('{"schema": "x"}', Incompatible)):
        wrong.write_text(content)
        with pytest.raises(error):
            near.write(*named(source, "a:1", "b:1"), receipt=str(wrong))
    with pytest.raises(InputError, match="there is no file"):
        near.write(*named(source, "a:1", "b:1"), receipt=str(tmp_path / "none.json"))
    other = trip.Near(tmp_path / "other")
    other.ship(*named(source, "a:1"))
    with pytest.raises(InputError, match="the record is of the history"):
        other.write(*named(source, "a:1", "b:1"), receipt=receipt_of(far))


def test_an_increment_asks_about_each_image_once(near, far, source, target):
    """What it leaves out is proved by what the transfer itself found missing."""
    folders = [near.ship(*named(source, *names)) for names in (("a:1", "b:1"), ("a:1", "b:1", "c:1"))]
    far.load(folders[0])
    # A workspace that remembers nothing has to ask for everything.
    other = trip.Far(near.folder + "-other", str(far.destination))
    target.ledger.clear()
    assert other.load(folders[1]).complete
    lists = [asked.repository for asked in target.ledger.entries("GET", "tags") if "/team/" in asked.repository]
    assert sorted(lists) == ["ns/team/a", "ns/team/b", "ns/team/c"]
    tags = [asked.repository for asked in target.ledger.entries("HEAD", "manifest") if asked.target == "1"]
    assert sorted(tags) == ["ns/team/a", "ns/team/b"]


def test_a_folder_with_all_archives_is_loaded_in_its_order(near, far, source, target, tmp_path):
    for names in STEPS:
        near.ship(*named(source, *names))
    together = tmp_path / "together"
    together.mkdir()
    for number in range(1, 5):
        for name in os.listdir(tmp_path / "near" / f"archive{number}"):
            os.rename(tmp_path / "near" / f"archive{number}" / name, together / name)
    foreseen = far.load(str(together), check_mode=True)
    assert foreseen.changed and pushes(target) == 0 and not os.path.exists(far.workspace.root)
    assert far.load(str(together)).loaded == (1, 2, 3, 4)
    again = far.load(str(together))
    assert not again.changed and again.complete and again.loaded == (4,)
    assert len(again.warnings) == 3 and "was loaded before" in again.warnings[0]


def test_a_gap_is_refused_before_the_first_push_and_repeats_are_not(near, far, source, target):
    folders = [near.ship(*named(source, *names)) for names in STEPS[:3]]
    with pytest.raises(Incompatible, match="expects 1, and the destination has none.*mirror_seq1 first"):
        far.load(folders[1])
    assert pushes(target) == 0
    far.load(folders[0])
    with pytest.raises(Incompatible, match="mirror_seq2 first"):
        far.load(folders[2])
    far.load(folders[1])
    before = target.content.snapshot()
    older = far.load(folders[0])
    assert not older.changed and older.loaded == () and "has sequence 2" in older.warnings[0]
    assert not far.load(folders[1]).changed
    assert target.content.snapshot() == before


def test_another_workspace_of_the_far_side_learns_from_the_registry(near, far, source, target, tmp_path):
    folders = [near.ship(*named(source, *names)) for names in STEPS[:2]]
    far.load(folders[0])
    other = trip.Far(tmp_path / "other", str(far.destination))
    assert other.load(folders[1]).complete


def test_what_the_registry_lost_is_named_with_its_archive_which_brings_it_back(near, far, source, target):
    folders = [near.ship(*named(source, *names)) for names in STEPS[:2]]
    far.load(folders[0])
    for name in ("ns/team/a", "ns/team/b"):
        target.content.repositories[name].blobs.clear()
    before = pushes(target)
    with pytest.raises(Incompatible, match="shipped in mirror_seq1. Load mirror_seq1, whatever was loaded since"):
        far.load(folders[1])
    assert pushes(target) == before
    assert far.load(folders[0]).changed and far.load(folders[1]).complete
    assert trip.unfit(target.content, trip.tags(target.content, "ns/")) == []


def lose(repository, kinds, built):
    """What a registry can lose of one image."""
    if "blobs" in kinds:
        repository.blobs -= set(built.blobs)
    if "manifest" in kinds:
        repository.manifests.pop(built.digest)
        repository.tags.pop("1")
    if "tag" in kinds:
        repository.tags.pop("1", None)


@pytest.mark.parametrize("kinds", [("blobs",), ("manifest",), ("tag",), ("blobs", "manifest"), ("blobs", "tag")], ids="+".join)
def test_an_archive_that_others_came_after_brings_back_what_was_lost_of_it(near, far, source, target, kinds):
    """And nothing else: tags that moved on, and what was dropped since, stay as they are."""
    first = near.ship(*named(source, "a:1", "b:1", "d:1"))
    images.put(APPS["c"], source.content, "team/b", "1")
    second = near.ship(*named(source, "a:1", "b:1"))
    far.load(first)
    far.load(second)
    expected = target.content.snapshot()
    lose(target.content.repositories["ns/team/a"], kinds, APPS["a"])
    foreseen = far.load(first, check_mode=True)
    assert foreseen.changed and foreseen.loaded == (1,) and target.content.snapshot() != expected
    run = far.load(first)
    assert run.changed and run.complete and run.loaded == (1,)
    assert "sequence 2, and brought back what is lost of it" in run.warnings[-1]
    far.load(second)
    assert target.content.snapshot() == expected
    again = far.load(first)
    assert not again.changed and not again.complete and again.loaded == ()
    assert "lacks nothing that is in it" in again.warnings[-2] and "None of the archives was loaded" in again.warnings[-1]


def test_archives_in_folders_of_their_own_mend_together_what_none_of_them_mends_alone(near, far, source, target):
    """A manifest that refers to what another archive shipped: each load says which archive is the next, and taking it works."""
    both = images.image("both", [*images_layers("a"), images.layer("own", 2000)])
    images.put(both, source.content, "team/a", "2")
    folders = [near.ship(*named(source, *names)) for names in (("a:1",), ("a:1", "a:2"), ("a:1", "a:2", "b:1"))]
    for folder in folders:
        far.load(folder)
    expected = target.content.snapshot()
    repository = target.content.repositories["ns/team/a"]
    repository.blobs.clear()
    repository.manifests.pop(both.digest)
    repository.tags.pop("2")
    run = far.load(folders[1])
    (failure,) = run.failures
    assert not run.complete and "still lacks" in failure.message and "shipped in mirror_seq1" in failure.message
    assert far.load(folders[0]).loaded == (1,) and far.load(folders[1]).complete
    assert target.content.snapshot() == expected


def images_layers(name):
    return [BASE, images.layer(name, 3000)]


def test_a_new_name_for_old_content_needs_no_bytes(near, far, source, target, tmp_path):
    images.put(APPS["b"], source.content, "team/a-copy", "9")
    first = near.ship(*named(source, "b:1"))
    second = near.ship(*named(source, "b:1", "a-copy:9"))
    assert trip.blobs(second) == set()
    far.load(first)
    # Nothing but the registry remembers what the first archive brought.
    other = trip.Far(tmp_path / "other", str(far.destination))
    assert other.load(second).complete
    assert target.content.repositories["ns/team/a-copy"].tags == {"9": APPS["b"].digest}


def test_nothing_new_writes_no_archive_and_a_removal_writes_a_small_one(near, far, source):
    first = near.ship(*named(source, "a:1", "b:1"))
    near.count += 1
    again = near.write(*named(source, "a:1", "b:1"))
    assert not again.changed and again.volumes == () and not os.path.exists(near.place)
    near.count -= 1
    second = near.ship(*named(source, "a:1"))
    assert trip.blobs(second) == set()
    far.load(first)
    assert far.load(second).complete


def test_an_ignored_history_gives_a_full_set_that_any_registry_takes(near, far, source):
    for names in STEPS[:2]:
        near.ship(*named(source, *names))
    full = near.ship(*named(source, *STEPS[2]), ignore_history=True)
    run = far.load(full)
    assert run.complete and run.loaded == (3,)
    last = near.ship(*named(source, *STEPS[3]))
    assert far.load(last).complete


def test_since_counts_only_what_was_shipped_before(near, far, source):
    near.ship(*named(source, "a:1"))
    full = near.ship(*named(source, "a:1", "b:1"), since=1)
    assert APPS["a"].digest in trip.blobs(full)
    assert far.load(full).complete


def test_check_mode_says_what_would_be_written_and_writes_nothing(near, source):
    run = near.write(*named(source, "a:1", "multi:1"), check_mode=True)
    assert run.volumes == ("mirror_seq1_000000.tar",) and len(run.result.images) == 3
    assert source.ledger.count("GET", "blob") == 0 and not os.path.exists(near.folder)


def test_an_image_that_fails_leaves_the_archive_unfinished_and_the_next_run_finishes_it(near, far, source):
    broken = next(digest for digest in APPS["b"].blobs if digest not in APPS["a"].blobs)
    source.inject(Fault(endpoint="blob", method="GET", path_part=broken, status=404, times=1))
    run = near.write(*named(source, "a:1", "b:1"))
    assert run.archive_id == "" and [failure.subject for failure in run.failures] == [f"{source.host}/team/b:1"]
    with pytest.raises(CorruptContent, match="is unfinished"):
        far.load(near.place)
    before = source.ledger.count("GET", "blob")
    near.count -= 1
    near.ship(*named(source, "a:1", "b:1"), folder=near.folder + "/archive0")
    assert source.ledger.count("GET", "blob") - before <= 2
    assert far.load(near.folder + "/archive0").complete


def test_an_archive_of_the_same_sequence_is_never_overwritten(near, source, tmp_path):
    near.ship(*named(source, "a:1"))
    other = trip.Near(tmp_path / "other")
    with pytest.raises(StorageError, match="another archive with sequence 1"):
        other.write(*named(source, "b:1"), folder=near.place)


def test_a_run_that_ended_before_its_bookkeeping_is_made_good(near, far, source):
    folder = near.ship(*named(source, "a:1"))
    (name,) = os.listdir(near.workspace.history)
    os.unlink(os.path.join(near.workspace.history, name))
    again = near.write(*named(source, "a:1"), folder=folder)
    assert not again.changed and again.archive_id and os.listdir(near.workspace.history) == [name]
    second = near.ship(*named(source, "a:1", "b:1"))
    far.load(folder)
    assert far.load(second).complete


def test_the_custody_log_names_the_archive_before(near, source):
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
    from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.volumes import find

    first, second = (ArchiveReader(find(near.ship(*named(source, *names)))[0]) for names in STEPS[:2])
    assert json.loads(second.document("custody.json"))[0]["previous"] == first.archive_id
    first.close()
    second.close()


def test_one_can_switch_between_the_workflows(near, far, source, target):
    near.mirror(str(far.destination), *named(source, "a:1", "b:1"))
    archive = near.ship(*named(source, "a:1", "b:1", "c:1"), destination=str(far.destination))
    assert trip.blobs(archive) == {APPS["c"].digest, *APPS["c"].blobs} - set(APPS["a"].blobs)
    run = far.load(archive)
    assert run.loaded == (2,) and run.complete
    back = near.mirror(str(far.destination), *named(source, "a:1", "b:1", "c:1", "d:1"))
    assert back.result.complete and back.warnings == ()
    last = near.ship(*named(source, "a:1", "d:1", "e:1"), destination=str(far.destination))
    assert far.load(last).loaded == (4,)


def test_a_registry_that_takes_no_history_is_mirrored_to_with_a_warning(near, far, source, target):
    target.inject(Fault(endpoint="manifest", method="PUT", repository="ns/oc-mirror", status=403))
    run = near.mirror(str(far.destination), *named(source, "a:1"))
    assert run.result.complete and "did not accept a copy of the history" in run.warnings[0]


def test_a_mirroring_run_that_changes_nothing_does_not_write_the_history_again(near, far, source, target):
    near.mirror(str(far.destination), *named(source, "a:1"))
    before = pushes(target)
    near.mirror(str(far.destination), *named(source, "a:1"))
    assert pushes(target) == before


@pytest.mark.parametrize("where", ["local", "registry"])
def test_the_history_is_kept_where_the_configuration_says(near, far, source, target, tmp_path, where):
    storage = (
        {"local": {"path": str(tmp_path / "state")}}
        if where == "local"
        else {"registry": {"imageURL": f"{target.host}/state/meta:site", "skipTLS": True}}
    )
    document = {"api": trip.V1, "storageConfig": storage}
    first = near.ship(*named(source, "a:1"), document=document)
    other = trip.Near(tmp_path / "near2")
    second = other.ship(*named(source, "a:1", "b:1"), document=document)
    assert APPS["a"].digest not in trip.blobs(second)
    far.load(first)
    assert far.load(second).loaded == (2,)
    assert not os.path.exists(near.workspace.history)


def test_a_folder_without_archives_is_told(far, tmp_path):
    with pytest.raises(NotFound, match="no archive volumes"):
        far.load(str(tmp_path))
    with pytest.raises(NotFound, match="no such archive"):
        far.load(str(tmp_path / "absent"))


def test_what_could_not_be_resolved_leaves_the_archive_unfinished_and_unrecorded(near, far, source):
    """Nothing else would ever say that it is not all that the configuration names."""
    run = near.write(*named(source, "a:1", "gone:1"))
    assert not run.archive_id and [failure.subject for failure in run.failures] == named(source, "gone:1")
    assert not os.path.exists(near.workspace.history)
    with pytest.raises(CorruptContent, match="is unfinished"):
        far.load(near.place)
    images.put(APPS["b"], source.content, "team/gone", "1")
    again = near.write(*named(source, "a:1", "gone:1"))
    assert again.archive_id and far.load(near.place).loaded == (1,)


def test_what_may_fail_is_told_on_both_sides_and_keeps_nothing_back(near, far, source):
    first = near.write(*named(source, "a:1", "gone:1"))
    asked = source.ledger.count("GET", "blob")
    run = near.write(*named(source, "a:1", "gone:1"), allow=("*/team/gone:1",))
    assert run.archive_id and run.failures == first.failures and source.ledger.count("GET", "blob") == asked
    loaded = far.load(near.place)
    assert loaded.complete and "1 object that could not be resolved" in loaded.warnings[-1]


def test_bytes_that_change_after_they_were_proved_are_refused_by_the_registry(near, far, source, target, monkeypatch):
    """Proved bytes are not hashed a second time on their way; the registry still compares what it gets."""
    folder = near.ship(*named(source, "a:1"))
    layer = APPS["a"].blobs[list(APPS["a"].blobs)[-1]]
    path = os.path.join(folder, "mirror_seq1_000000.tar")

    def damage(reader, parallel):
        require_sound(reader, parallel)
        with open(path, "r+b") as file:
            place = file.read().index(layer)
            file.seek(place + 100)
            file.write(bytes([layer[100] ^ 1]))

    monkeypatch.setattr(archives, "require_sound", damage)
    run = far.load(folder)
    assert not run.complete and len(run.failures) == 1
    assert trip.tags(target.content, "ns/") == {} and target.violations == []


def test_a_load_whose_record_the_registry_did_not_take_warns_and_is_made_good_by_the_next(near, far, source, target):
    folder = near.ship(*named(source, "a:1"))
    target.inject(Fault(endpoint="manifest", method="PUT", repository="ns/oc-mirror", status=400))
    first = far.load(folder)
    assert first.complete and any("load it again" in text for text in first.warnings)
    again = far.load(folder)
    assert again.complete and again.loaded == (1,) and not any("load it again" in text for text in again.warnings)
