# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that share one plan, each with a journal of its own, end in what one host alone brings; and places close by are checked."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, CATALOG
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.nearest import Nearest, Place, Stock
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.tests.fakes.faulty import FaultyStore, placed

LAYER = b"a layer of the application"


def many(bench: Any, count: int = 12) -> list[PlacedImage]:
    """Images that share a layer, of which every third lies in two repositories, and one of which is an index."""
    images = []
    for number in range(count):
        own = os.urandom(1) * (1000 * (number + 1))
        manifest = bench.source.add_image(f"app{number}", "1.0", [b"shared layer", own], b'{"n": %d}' % number)
        images.append(placed(manifest, f"app{number}", ["1.0"]))
        if number % 3 == 0:
            images.append(placed(manifest, f"app{number}", ["1.0"], f"mirror/again{number}"))
    index = bench.source.add_index("app0", [("linux/amd64", bench.source.manifests["app0"][images[0].digest])], "list")
    return [*images, placed(index, "app0", ["list"])]


def contents(store: FaultyStore) -> Any:
    return store.blobs, store.named, {repository: set(found) for repository, found in store.manifests.items()}


def share(bench: Any, images: Any, tmp_path: Any, number: int, count: int) -> Any:
    """What one host does; gives the digests that it read."""
    bench.journal_path = str(tmp_path / f"host{number}.jsonl")
    result = bench.run(images, shard=Shard(number, count))
    return result, [digest for method, _repository, digest in bench.source.calls if method == "open_blob"]


def publish(bench: Any, images: Any, tmp_path: Any, count: int) -> Any:
    bench.journal_path = str(tmp_path / "publisher.jsonl")
    return bench.run(images, shard=Shard(0, count, publishes=True))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_all_shards_together_bring_what_one_host_brings(bench: Any, tmp_path: Any, count: int) -> None:
    images = many(bench)
    alone, bench.destination = bench.destination, FaultyStore("destination")
    shared, bench.destination = bench.destination, alone
    assert bench.run(images).complete
    bench.destination = shared
    read: list[str] = []
    for number in range(count):
        result, mine = share(bench, images, tmp_path, number, count)
        assert result.complete and not shared.order
        read += mine
    assert len(read) == len(set(read))
    result = publish(bench, images, tmp_path, count)
    assert result.complete and not result.warnings and bench.source.count("open_blob") == 0
    assert contents(shared) == contents(alone)
    assert not publish(bench, images, tmp_path, count).changed


def test_shares_are_even_in_bytes(bench: Any, tmp_path: Any) -> None:
    images = many(bench, 40)
    sizes = [share(bench, images, tmp_path, number, 4)[0].size for number in range(4)]
    assert max(sizes) < 1.1 * sum(sizes) / 4


def test_a_journal_that_knows_more_moves_no_blob_to_another_shard(bench: Any, tmp_path: Any) -> None:
    """One host published half of it before, and half of that was removed since."""
    images = many(bench)
    bench.journal_path = str(tmp_path / "host0.jsonl")
    assert bench.run(images[:6]).complete
    for image in images[:3]:
        bench.destination.named[image.repository].clear()
        bench.destination.manifests[image.repository].clear()
        bench.destination.blobs[image.repository].clear()
    read = [digest for number in range(3) for digest in share(bench, images, tmp_path, number, 3)[1]]
    assert len(read) == len(set(read))
    result = publish(bench, images, tmp_path, 3)
    assert result.complete and bench.source.count("open_blob") == 0


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_publishing_says_what_a_host_did_not_bring_and_its_rerun_mends_it(bench: Any, tmp_path: Any, lost: int) -> None:
    images = many(bench)
    for number in {0, 1, 2} - {lost}:
        share(bench, images, tmp_path, number, 3)
    result = publish(bench, images, tmp_path, 3)
    assert not result.complete and result.failures and bench.source.count("open_blob") == 0
    assert all(f"of shard {lost} of 3 is not at the registry" in failure.message for failure in result.failures)
    assert len(result.warnings) == 1 and f"of shard {lost} of 3" in result.warnings[0]
    # What is whole is published; nothing else has a name.
    for image, entry in zip(images, result.images):
        named = set(image.tags) & set(bench.destination.named.get(image.repository, {}))
        assert entry.outcome == ("copied" if named else "failed")
    share(bench, images, tmp_path, lost, 3)
    assert publish(bench, images, tmp_path, 3).complete and bench.source.count("open_blob") == 0


def test_a_rerun_of_any_host_alone_mends_it(bench: Any, tmp_path: Any) -> None:
    images = many(bench)
    share(bench, images, tmp_path, 0, 3)
    assert not publish(bench, images, tmp_path, 3).complete
    result, read = share(bench, images, tmp_path, 0, 1)
    assert result.complete and read and publish(bench, images, tmp_path, 1).complete


def test_a_catalog_waits_for_what_a_host_did_not_bring(bench: Any, tmp_path: Any) -> None:
    catalog = placed(bench.source.add_image("catalog", "v1", [b"catalog"]), "catalog", ["v1"], type=CATALOG, why=(("operators[0]",),))
    bundle = placed(bench.source.add_image("bundle", "", [b"b" * 900]), "bundle", [], type=BUNDLE, why=(("operators[0]", "p", "b"),))
    images = [catalog, bundle]
    share(bench, images, tmp_path, 1, 2)
    result = publish(bench, images, tmp_path, 2)
    assert not result.complete and "v1" not in bench.destination.named.get("mirror/catalog", {})


@pytest.mark.parametrize("index,count", [(-1, 2), (2, 2), (0, 0)])
def test_a_shard_that_does_not_exist_is_refused(index: int, count: int) -> None:
    with pytest.raises(InputError, match=f"shard {index} of {count} does not exist"):
        Shard(index, count)


def test_wrong_bytes_of_a_place_close_by_are_replaced_by_right_ones(bench: Any) -> None:
    """Whoever reads checks the digest, and says whom not to ask again."""
    manifest = bench.source.add_image("app", "1", [LAYER])
    near = FaultyStore("near")
    near.add_image("ocp/app", "1", [LAYER])
    digest = near.add_blob("ocp/app", LAYER).digest
    near.served[("ocp/app", digest)] = b"A" + LAYER[1:]
    origin = bench.source
    nearest = Nearest((Place("docker://near", lambda: Stock(near, lambda digest: "ocp/app")),), origin)
    nearest.calls = origin.calls
    bench.source = nearest
    result = bench.run([placed(manifest, "app", ["1"])])
    assert result.complete and bench.destination.blobs["mirror/app"][digest] == LAYER
    assert [digest for method, _repository, digest in origin.calls if method == "open_blob"] == [digest]
