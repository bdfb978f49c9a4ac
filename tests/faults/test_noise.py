# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that fail now and then: one run is enough, and nobody ever sees something incomplete."""

from __future__ import annotations

import json
import random
import threading
import time

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.faults.conftest import RandomFaults, World, assert_closed

ANSWERS = [
    Fault(status=503, times=0),
    Fault(status=502, body="html", times=0),
    Fault(status=429, retry_after="0", times=0),
    Fault(status=500, body="empty", times=0),
    Fault(reset_at=0, times=0),
    Fault(truncate_at=100, times=0),
    Fault(reset_at=500, times=0),
]
REQUESTS = [*ANSWERS, Fault(reset_request_at=0, times=0), Fault(reset_request_at=777, times=0)]


def own_layer(world: World, image: PlacedImage) -> str:
    """Digest of the layer that no other image has."""
    document = json.loads(world.source.content.find(image.image.source).manifests[image.digest][1])
    return document["layers"][-1]["digest"]


@pytest.mark.parametrize("seed", range(4))
def test_one_run_through_two_percent_of_faults(world: World, seed: int) -> None:
    world.source.faults = RandomFaults(seed, 0.02, ANSWERS)
    world.destination.faults = RandomFaults(seed + 100, 0.02, REQUESTS)
    result = world.run()
    assert result.complete, result.failures
    world.arrived()
    assert world.destination.violations == []
    world.source.faults = world.destination.faults = RandomFaults(0, 0.0, ANSWERS)
    result = world.run()
    assert result.complete and not result.changed
    assert world.source.ledger.count() == 0 and world.destination.ledger.count("GET", "blob") == 0
    assert world.destination.ledger.count("POST") == world.destination.ledger.count("PUT") == 0


@pytest.mark.parametrize("seed", range(2))
def test_reader_never_sees_something_incomplete(world: World, seed: int) -> None:
    world.destination.faults = RandomFaults(seed, 0.05, REQUESTS)
    problems: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                assert_closed(world.destination.content)
            except AssertionError as problem:
                problems.append(problem)
            time.sleep(0.005)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert world.run().complete
    finally:
        done.set()
        reader.join()
    assert not problems and world.destination.violations == []


def test_flipped_bits_are_caught_and_asked_for_again(world: World) -> None:
    """The first answer for each blob is bent somewhere (user-needs G04)."""
    chance = random.Random(1)
    for digest, content in world.source.content.blobs.items():
        world.source.inject(Fault(method="GET", endpoint="blob", path_part=digest, corrupt_at=chance.randrange(len(content))))
    result = world.run()
    assert result.complete, result.failures
    assert world.source.ledger.count("GET", "blob") == 2 * len(world.source.content.blobs)
    world.arrived()


def test_blob_that_is_always_bent_fails_its_images_only(world: World) -> None:
    victim = world.images[5]
    own = own_layer(world, victim)
    world.source.inject(Fault(method="GET", endpoint="blob", path_part=own, corrupt_at=-1, times=0))
    result = world.run()
    assert [failure.code for failure in result.failures] == ["corrupt_content"]
    assert [failure.subject for failure in result.failures] == [victim.image.origin]
    assert victim.tags[0] not in world.destination.content.find(victim.repository).tags
    assert own not in world.destination.content.blobs
    world.arrived([image for image in world.images if image is not victim])


def test_missing_image_and_missing_blob_are_named_and_all_others_arrive(world: World) -> None:
    gone, hollow = world.images[2], world.images[7]
    own = own_layer(world, hollow)
    del world.source.content.find(gone.image.source).manifests[gone.digest]
    world.source.content.find(hollow.image.source).blobs.discard(own)
    result = world.run()
    assert not result.complete and result.changed
    assert {(failure.code, failure.subject) for failure in result.failures} == {
        ("not_found", gone.image.origin),
        ("not_found", hollow.image.origin),
    }
    world.arrived([image for image in world.images if image not in (gone, hollow)])
    for image in (gone, hollow):
        assert image.tags[0] not in world.destination.content.find(image.repository).tags


@pytest.mark.parametrize("header", ["sha256:" + "0" * 64, "rubbish"])
def test_lying_digest_headers_publish_nothing_wrong(world: World, header: str) -> None:
    world.destination.inject(Fault(method="PUT", endpoint="manifest", digest_header=header, times=1))
    result = world.run()
    assert_closed(world.destination.content)
    if header.startswith("sha256"):
        assert [failure.code for failure in result.failures] == ["corrupt_content"]
        assert world.run().complete
    world.arrived()


def test_registry_that_forgets_blobs_is_reminded(world: World) -> None:
    """Accepted, then lost before the manifest arrives (user-needs G27)."""
    world.destination.inject(Fault(method="PUT", endpoint="upload", forget=True, skip=2, times=3))
    result = world.run()
    assert result.complete, result.failures
    world.arrived()


def test_source_tags_that_move_change_nothing(world: World) -> None:
    for found in world.source.content.repositories.values():
        for tag in found.tags:
            found.tags[tag] = next(iter(found.manifests))
    assert world.run().complete
    world.arrived()
