# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of itself is what the run then does: bytes, differences, reasons.

MIRROR_FORECAST_PLANS sets for how many random pairs of plans bytes are compared with ledgers; 100 are a campaign.
"""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import Target, plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.records.remembered import ARCHIVES
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import Ahead
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

PLANS = int(os.environ.get("MIRROR_FORECAST_PLANS", "3"))


@pytest.fixture(scope="module")
def source():
    """Thirty images that share layers, some of several architectures, some signed."""
    chance = random.Random(11)
    with FakeRegistry() as registry:
        layers = [images.layer(f"layer {number}", chance.randrange(100, 20_000)) for number in range(40)]
        for number in range(30):
            chosen = chance.sample(layers, chance.randrange(1, 6))
            if number % 5:
                built = images.image(f"app {number}", chosen)
            else:
                built = images.index([images.image(f"app {number}", chosen, platform=f"linux/{name}") for name in ("amd64", "arm64")])
            images.put(built, registry.content, f"team/app{number % 7}", str(number))
            if number % 4 == 0:
                tag, signature = images.attachment(built)
                images.put(signature, registry.content, f"team/app{number % 7}", tag)
        yield registry


def names(numbers):
    return [f"team/app{number % 7}:{number}" for number in numbers]


def forecast_of(site, chosen, target=None):
    return plan_imageset(site.planning(*chosen), {}, target=target or Target(str(site.destination))).forecast


def close(forecast, truth):
    """Within 1 % or 64 KiB, and within 2 KiB where next to nothing is to be moved."""
    return abs(forecast - truth) <= (max(0.01 * truth, 64 * 1024) if truth > 512 * 1024 else max(0.01 * truth, 2048))


def pulled(source):
    return sum(exchange.sent for exchange in source.ledger.entries("GET", "blob", 200))


def shipped(target):
    return sum(exchange.received for exchange in target.ledger.entries())


def increments(seed):
    chance = random.Random(seed)
    return [names(chance.sample(range(30), chance.randrange(1, 15))) for _increment in range(2)]


@pytest.mark.parametrize("seed", range(PLANS))
def test_the_forecast_is_what_the_run_then_moves_between_registries(source, tmp_path, seed):
    with FakeRegistry() as target:
        site = Site(source.host, target.host, tmp_path / "workspace")
        for chosen in increments(seed):
            expected = forecast_of(site, chosen)
            foreseen = mirror(MirrorRequest(site.planning(), site.destination), {}, True).result
            source.ledger.clear()
            target.ledger.clear()
            result = site.mirror(*chosen).result
            assert result.complete and result.blobs["copied"] == foreseen.blobs["copied"]
            for told in (expected, foreseen.ahead):
                assert told.pull == pulled(source) and close(told.ship, shipped(target)), (told, shipped(target))
            assert expected.blobs == result.blobs["copied"] and foreseen.size == result.size


@pytest.mark.parametrize("seed", range(PLANS))
def test_the_forecast_is_what_archives_hold_and_bring(source, tmp_path, seed):
    with FakeRegistry() as target:
        site = Site(source.host, "127.0.0.1:1", tmp_path / "workspace")
        far = Site("127.0.0.1:1", target.host, tmp_path / "far")
        for number, chosen in enumerate(increments(seed)):
            folder = tmp_path / f"archive-{number}"
            expected = forecast_of(site, chosen, Target(ARCHIVES, archive=True))
            request = ToDiskRequest(site.planning(), str(folder))
            foreseen = mirror_to_disk(request, {}, True)
            source.ledger.clear()
            run = mirror_to_disk(request, {})
            assert run.complete
            truth = sum(entry.stat().st_size for entry in folder.iterdir()) if run.volumes else 0
            ahead = foreseen.result.ahead if foreseen.result else Ahead(0, 0)
            for told in (expected, ahead):
                assert told.pull == pulled(source) and abs(told.ship - truth) <= 1024, (told, truth)
            if not run.volumes:
                continue
            loading = FromDiskRequest(far.planning(archive=str(folder)), far.destination)
            ahead = disk_to_mirror(loading, {}, True).result.ahead
            target.ledger.clear()
            assert disk_to_mirror(loading, {}).complete
            assert ahead.pull == 0 and close(ahead.ship, shipped(target)), (ahead, shipped(target))


def test_what_was_mirrored_is_not_forecast_again(source, tmp_path):
    with FakeRegistry() as target:
        site = Site(source.host, target.host, tmp_path / "workspace")
        chosen = names(range(5))
        before = forecast_of(site, chosen)
        assert site.mirror(*chosen).result.complete
        after = forecast_of(site, chosen)
        assert before.pull > 0 and (after.pull, after.ship, after.blobs) == (0, 0, 0) and after.store == before.store


def test_differences_and_reasons(source, tmp_path):
    site = Site(source.host, "127.0.0.1:1", tmp_path / "workspace")
    site.plan(*names([1, 2]))
    asked = plan_imageset(site.planning(*names([1, 3])), {}, questions=[f"{source.host}/team/app1:1", f"{source.host}/team/app2:2"])
    assert [len(found) for found in (asked.difference.added, asked.difference.removed)] == [1, 1]
    first, second = asked.explanations
    assert first.present and first.chains == (("additionalImages[0]",),)
    assert not second.present and "No part of the configuration names" in second.text[0]


def test_a_locked_plan_is_replayed_although_tags_moved(source, tmp_path):
    site = Site(source.host, "127.0.0.1:1", tmp_path / "workspace")
    planned = site.plan(*names([1])).plan
    repository = source.content.repositories["team/app1"]
    before = repository.tags["1"]
    images.put(images.image("moved"), source.content, "team/app1", "1")
    try:
        assert site.plan(*names([1]), locked=True).plan == planned
        assert site.plan(*names([1])).plan != planned
    finally:
        repository.tags["1"] = before
    with pytest.raises(InputError, match="locked"):
        site.plan(*names([2]), locked=True)
