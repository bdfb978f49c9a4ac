# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, Incompatible, InputError, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, memory_name
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.sequence import follows
from ansible_collections.disconnected.mirror.tests.fakes.world import World

DESTINATION = "docker://mirror.test:5000/ns"
A, B = "registry.test/a", "registry.test/b"
SHARED = b"shared layer"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.store.add_image(A, "1", layers=[SHARED, b"a1"])
    world.store.add_image(B, "1", layers=[SHARED, b"b1"])
    return world


def first(world, *names):
    return History(DESTINATION).record(world.plan(*names), world.shelf, timestamp=1000, uid="the-uid")


def test_the_first_run_has_sequence_one_and_ships_everything(world):
    plan = world.plan(f"{A}:1")
    step = History(DESTINATION).next(plan, world.shelf)
    assert step.sequence == 1 and not step.empty
    assert step.blobs == {plan.images[0].digest, Digest.of(SHARED), Digest.of(b"a1"), Digest.of(b"{}")}
    history = first(world, f"{A}:1")
    assert (history.sequence, history.uid, history.runs[0].timestamp) == (1, "the-uid", 1000)
    assert history.known_blobs() == step.blobs


def test_the_next_run_ships_what_is_new_only(world):
    history = first(world, f"{A}:1")
    plan = world.plan(f"{A}:1", f"{B}:1")
    step = history.next(plan, world.shelf)
    added = next(image for image in plan.images if image.source == B)
    assert step.sequence == 2
    assert step.blobs == {added.digest, Digest.of(b"b1")}
    assert [entry.name for entry in step.fresh] == [f"{B}:1"]
    second = history.record(plan, world.shelf, timestamp=2000)
    assert (second.uid, second.sequence, second.runs[1].blobs) == ("the-uid", 2, tuple(sorted(step.blobs)))


def test_a_run_that_brings_nothing_is_no_run(world):
    history = first(world, f"{A}:1")
    assert history.next(world.plan(f"{A}:1"), world.shelf).empty
    assert history.record(world.plan(f"{A}:1"), world.shelf, timestamp=9) is history


def test_what_is_dropped_counts_as_being_there_until_the_sequence_after(world):
    history = first(world, f"{A}:1", f"{B}:1")
    plan = world.plan(f"{A}:1")
    assert [entry.name for entry in history.next(plan, world.shelf).dropped] == [f"{B}:1"]
    assert Digest.of(b"b1") in history.known_blobs()
    after = history.record(plan, world.shelf, timestamp=2)
    assert after.sequence == 2 and Digest.of(b"b1") not in after.known_blobs()
    again = after.next(world.plan(f"{A}:1", f"{B}:1"), world.shelf)
    assert Digest.of(b"b1") in again.blobs and Digest.of(SHARED) not in again.blobs


def test_what_the_destination_has_by_its_own_record_is_not_shipped_again_until_it_is_pruned_there(world):
    near = first(world, f"{A}:1", f"{B}:1")
    there = near
    near = near.record(world.plan(f"{A}:1"), world.shelf, timestamp=2)
    both = world.plan(f"{A}:1", f"{B}:1")
    dropped = next(entry for entry in there.associations if entry.name == f"{B}:1")
    # Loaded, and not pruned: nothing of it travels; a plan that does not want it has no cause for an archive of its own.
    kept = near.by_record(there)
    assert kept.next(both, world.shelf).blobs == frozenset() and Digest.of(b"b1") in near.next(both, world.shelf).blobs
    assert kept.next(world.plan(f"{A}:1"), world.shelf).empty
    assert kept.document() == near.document()
    # Pruned there.
    assert Digest.of(b"b1") in near.by_record(there.without({dropped.key})).next(both, world.shelf).blobs


def test_what_the_destination_lost_is_shipped_again_and_what_came_after_its_record_counts_as_shipped(world):
    old = first(world, f"{A}:1")
    near = old.record(world.plan(f"{A}:1", f"{B}:1"), world.shelf, timestamp=2)
    step = near.by_record(old.without({entry.key for entry in old.associations})).next(world.plan(f"{A}:1", f"{B}:1"), world.shelf)
    assert [entry.name for entry in step.fresh] == [f"{A}:1"]
    assert Digest.of(b"a1") in step.blobs and not {Digest.of(b"b1"), Digest.of(SHARED)} & step.blobs


def test_the_record_of_another_history_is_refused(world):
    near = first(world, f"{A}:1")
    ahead = near.record(world.plan(f"{A}:1", f"{B}:1"), world.shelf, timestamp=2)
    for record in (replace(near, uid="another"), ahead, History(DESTINATION)):
        with pytest.raises(InputError, match="the record is of the history"):
            near.by_record(record)


def test_what_takes_the_place_of_a_dropped_image_brings_only_its_own_layers(world):
    """As a rebuilt catalog does, whose base is most of it: when it arrives, the one before is still there."""
    history = first(world, f"{A}:1")
    world.store.add_image(A, "1", layers=[SHARED, b"a2"])
    step = history.next(world.plan(f"{A}:1"), world.shelf)
    assert [entry.name for entry in step.dropped] == [f"{A}:1"]
    assert Digest.of(b"a2") in step.blobs and Digest.of(SHARED) not in step.blobs


def test_what_was_not_pruned_is_still_there(world):
    history = first(world, f"{A}:1", f"{B}:1")
    plan = world.plan(f"{A}:1")
    assert history.record(plan, world.shelf, timestamp=2, pruned=False) is history


def test_a_moved_tag_replaces_the_old_image(world):
    history = first(world, f"{A}:1")
    moved = world.store.add_image(A, "1", layers=[SHARED, b"a2"])
    after = history.record(world.plan(f"{A}:1"), world.shelf, timestamp=2)
    assert [entry.id for entry in after.associations] == [moved.digest]
    assert after.runs[1].images == (("a", moved.digest, f"{A}:1"),)


def test_another_tag_of_the_same_content_is_a_change_without_bytes(world):
    history = first(world, f"{A}:1")
    step = history.next(world.plan({"name": f"{A}:1", "targetTag": "other"}), world.shelf)
    assert not step.empty and step.blobs == frozenset()


def test_what_did_not_arrive_is_not_recorded_and_the_old_stays(world):
    history = first(world, f"{A}:1")
    old = history.associations
    world.store.add_image(A, "1", layers=[b"a2"])
    plan = world.plan(f"{A}:1", f"{B}:1")
    broken = next((image.destination, image.digest) for image in plan.images if image.source == A)
    after = history.record(plan, world.shelf, timestamp=2, failed={broken})
    assert [entry.name for entry in after.associations] == [f"{A}:1", f"{B}:1"]
    assert after.associations[0] == old[0]
    assert Digest.of(b"a2") not in after.known_blobs()
    assert history.record(world.plan(f"{A}:1"), world.shelf, timestamp=2, failed={broken}) is history


@pytest.mark.parametrize("category, dropped", [("additional", []), ("", []), ("operator", [f"{B}:1"])])
def test_what_could_not_be_looked_up_is_not_unwanted(world, category, dropped):
    history = first(world, f"{A}:1", f"{B}:1")
    plan = world.plan(f"{A}:1")
    failing = replace(plan, failures=(Failure("unreachable", "no answer", f"{B}:1", category),))
    assert [entry.name for entry in history.next(failing, world.shelf).dropped] == dropped
    names = {entry.name for entry in history.record(failing, world.shelf, timestamp=2).associations}
    assert names == {f"{A}:1", f"{B}:1"} - set(dropped)


def test_children_of_indexes_and_attachments_are_remembered(world):
    child = world.store.add_image("registry.test/multi", layers=[b"m"])
    index = world.store.add_index("registry.test/multi", [("linux/amd64", child)], "1")
    signature = world.store.add_image("registry.test/multi", f"sha256-{index.digest.hex}.sig", layers=[b"s"])
    history = first(world, "registry.test/multi:1")
    assert {index.digest, child.digest, signature.digest, Digest.of(b"m"), Digest.of(b"s")} <= history.known_blobs()
    entry = next(entry for entry in history.associations if entry.id == index.digest)
    assert entry.manifests == (child.digest,)
    assert history.repositories()[Digest.of(b"m")] == "multi"
    assert next(entry for entry in history.associations if entry.id == signature.digest).subject == index.digest


def test_it_is_saved_and_loaded_by_destination_and_configuration(world):
    history = first(world, f"{A}:1")
    assert history.save(world.workspace) is True
    assert history.save(world.workspace) is False
    assert History.load(world.workspace, DESTINATION) == history
    assert History.load(world.workspace, DESTINATION, "other") == History(DESTINATION, "other")
    assert History.load(world.workspace, "docker://elsewhere") == History("docker://elsewhere")


def test_an_empty_history_writes_nothing(world):
    assert History(DESTINATION).save(world.workspace) is False
    assert not os.path.exists(world.workspace.history)


def test_the_file_is_private_and_its_name_stays_in_the_folder(world):
    history = first(world, f"{A}:1")
    name = memory_name("docker://../../etc/passwd", "../x")
    assert "/" not in name and ".." not in name
    history.save(world.workspace)
    (file,) = os.listdir(world.workspace.history)
    assert stat.S_IMODE(os.stat(os.path.join(world.workspace.history, file)).st_mode) == 0o640
    assert memory_name("docker://a/b") != memory_name("docker://a-b")


def test_what_is_no_history_is_refused(world):
    document = first(world, f"{A}:1").document()
    for broken, error in (
        ([], Incompatible),
        ({**document, "schema": "other"}, Incompatible),
        ({key: value for key, value in document.items() if key != "runs"}, InputError),
        ({**document, "associations": [{"id": "x"}]}, InputError),
        ({**document, "runs": [*document["runs"], *document["runs"]]}, InputError),
    ):
        with pytest.raises(error):
            History.parse(broken)


def test_a_torn_file_is_told_by_its_name(world):
    first(world, f"{A}:1").save(world.workspace)
    (file,) = os.listdir(world.workspace.history)
    path = os.path.join(world.workspace.history, file)
    with open(path, "w", encoding="utf-8") as torn:
        torn.write('{"schema": ')
    with pytest.raises(StorageError, match=file):
        History.load(world.workspace, DESTINATION)


# mirroring 4.5
@pytest.mark.parametrize("incoming, current, result", [(1, 0, True), (2, 1, True), (2, 2, False), (1, 1, False)])
def test_sequences_that_follow(incoming, current, result):
    assert follows(incoming, current) is result


@pytest.mark.parametrize(
    "incoming, current, text", [(2, 0, "mirror_seq1 "), (3, 1, "mirror_seq2 "), (4, 2, "mirror_seq3 "), (1, 2, "older")]
)
def test_sequences_that_do_not_follow(incoming, current, text):
    with pytest.raises(Incompatible, match=text):
        follows(incoming, current)


def test_a_gap_is_told_in_words():
    with pytest.raises(Incompatible, match=r"sequence 4 expects 3, and the destination has 2\. Load mirror_seq3 first"):
        follows(4, 2)
