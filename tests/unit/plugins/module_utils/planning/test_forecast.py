# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import RELATED, Collected, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import forecast, top
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.sources import Source
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.tests.fakes.world import World

CONFIG = len(b"{}")


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_shared_blobs_count_once_and_for_each_part(world):
    one = world.store.add_image("one.test/a", "1", layers=[b"s" * 1000, b"a" * 10])
    two = world.store.add_image("two.test/b", "1", layers=[b"s" * 1000, b"b" * 20])
    sums = forecast(world.plan("one.test/a:1", "two.test/b:1"), world.shelf)
    total = 1000 + 10 + 20 + CONFIG + one.size + two.size
    # Manifests were read for the plan.
    assert (sums.pull, sums.ship, sums.store, sums.blobs, sums.images) == (total - one.size - two.size, total, total, 4, 2)
    assert sums.by_source["one.test"].size == 1000 + 10 + CONFIG + one.size
    assert sums.by_source["one.test"].marginal == 10 + one.size
    assert sums.by_category["additional"].marginal == total
    assert world.store.count("open_blob") == 0
    json.dumps(sums.document())


def test_what_is_there_is_neither_read_nor_sent(world):
    first = world.store.add_image("one.test/a", "1", layers=[b"s" * 1000])
    image = world.store.add_image("one.test/a", "2", layers=[b"s" * 1000, b"a" * 10])
    history = History("docker://mirror.test").record(world.plan("one.test/a:1"), world.shelf, 1)
    plan = world.plan("one.test/a:1", "one.test/a:2")
    sums = forecast(plan, world.shelf, history)
    assert (sums.pull, sums.ship, sums.blobs) == (10, 10 + image.size, 1)
    assert sums.store == 1000 + 10 + CONFIG + image.size + first.size
    after = history.record(plan, world.shelf, 2)
    assert forecast(plan, world.shelf, after).ship == 0
    # Another name of the same content costs its manifest once more.
    named = world.plan("one.test/a:1", "one.test/a:2", {"name": "one.test/a:2", "targetTag": "other"})
    assert forecast(named, world.shelf, after).ship == image.size


def test_architectures(world):
    amd, arm = (world.store.add_image("one.test/a", layers=[name * 100]) for name in (b"x", b"y"))
    index = world.store.add_index("one.test/a", [("linux/amd64", amd), ("linux/arm64/v8", arm)], "1")
    sums = forecast(world.plan("one.test/a:1"), world.shelf)
    assert set(sums.by_architecture) == {"amd64", "arm64", "unspecified"}
    assert sums.by_architecture["arm64"].size == 100 + CONFIG + arm.size
    assert sums.by_architecture["arm64"].marginal == 100 + arm.size
    assert sums.by_architecture["unspecified"].size == index.size


def test_a_layout_of_this_host_is_shipped_and_not_pulled(world):
    manifest = world.store.add_image("oci:///work/image", layers=[b"1234"])
    sums = forecast(world.plan("oci:///work/image"), world.shelf)
    assert (sums.pull, sums.ship) == (0, 4 + CONFIG + manifest.size)
    assert set(sums.by_source) == {"local"}


def test_operators_and_what_leaving_one_out_saves(world):
    sizes = {"a": 100, "b": 200, "both": 50}
    wanted = []
    for name, size in sizes.items():
        manifest = world.store.add_image(f"one.test/{name}", layers=[name[:1].encode() * size], config=name.encode())
        for package in ("a", "b") if name == "both" else (name,):
            reference = parse(f"one.test/{name}@{manifest.digest}")
            wanted.append(WantedImage(RELATED, reference, name, ("t",), (), ("operators[0]", package, "stable", f"{package}.v1")))
    source = Source("operators", lambda imageset: True, lambda imageset, context: Collected(images=tuple(wanted)))
    plan = build_plan(world.imageset(), world.context, sources=[source])
    sums = forecast(plan, world.shelf)
    assert set(sums.by_operator) == {"a", "b"}
    assert sums.by_operator["a"].images == 2
    saved = sums.store - sums.by_operator["b"].marginal
    without = build_plan(
        world.imageset(),
        world.context,
        sources=[
            Source(
                "operators", lambda imageset: True, lambda imageset, context: Collected(images=tuple(w for w in wanted if w.why[1] == "a"))
            )
        ],
    )
    assert forecast(without, world.shelf).store == saved
    assert [name for name, _share in top(sums.by_operator)] == ["b", "a"]


def test_a_plan_without_its_manifests_is_told(world, tmp_path):
    world.store.add_image("one.test/a", "1")
    with pytest.raises(NotFound, match="does not hold the manifest"):
        forecast(world.plan("one.test/a:1"), Shelf(str(tmp_path / "other")))


@settings(max_examples=30, derandomize=True, deadline=None)
@given(some.lists(some.lists(some.integers(0, 8), min_size=1, max_size=4), min_size=1, max_size=5))
def test_the_forecast_is_the_unique_bytes(tmp_path_factory, layers):
    world = World(tmp_path_factory.mktemp("forecast"))
    unique = {Digest.of(b"{}"): CONFIG}
    for number, chosen in enumerate(layers):
        contents = [bytes([layer]) * (layer + 1) for layer in chosen]
        manifest = world.store.add_image(f"one.test/a{number}", "1", layers=contents)
        unique.update({Digest.of(content): len(content) for content in contents})
        unique[manifest.digest] = manifest.size
    plan = world.plan(*(f"one.test/a{number}:1" for number in range(len(layers))), signatures="skip")
    sums = forecast(plan, world.shelf)
    # A manifest is put into each repository, a blob is mounted.
    assert sums.store == sum(unique.values()) <= sums.ship
