# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says of itself is what the run then does: bytes, differences, reasons.

MIRROR_FORECAST_PLANS sets how many random plans are forecast; 30 are a campaign.
"""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

PLANS = int(os.environ.get("MIRROR_FORECAST_PLANS", "5"))


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


def forecast_of(site, chosen):
    return plan_imageset(site.planning(*chosen), {}, destination=str(site.destination)).forecast


@pytest.mark.parametrize("seed", range(PLANS))
def test_the_forecast_is_what_the_run_then_moves(source, tmp_path, seed):
    chance = random.Random(seed)
    with FakeRegistry() as target:
        site = Site(source.host, target.host, tmp_path / "workspace")
        for _increment in range(2):
            chosen = names(chance.sample(range(30), chance.randrange(1, 15)))
            expected = forecast_of(site, chosen)
            source.ledger.clear()
            result = site.mirror(*chosen).result
            assert result.complete
            blobs = sum(exchange.sent for exchange in source.ledger.entries("GET", "blob", 200))
            assert blobs == result.size
            manifests = manifest_bytes(site, expected.ship)
            assert abs(result.size + manifests - expected.ship) <= 0.01 * max(1, expected.ship)
            assert expected.pull == expected.ship and result.blobs["copied"] == expected.blobs


def manifest_bytes(site, ship):
    """Of the manifests that the last sequence brought, read where they lie now."""
    history = site.history()
    digests = set(history.runs[-1].blobs) if ship else set()
    return sum(len(content) for digest, content in site.manifests().items() if digest in digests)


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
