# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts and bytes of a result are what the registries acknowledged (user-needs G24, G28)."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.tests.faults.conftest import RandomFaults, World
from ansible_collections.disconnected.mirror.tests.faults.test_noise import REQUESTS


@pytest.mark.parametrize("seed,share", [(0, 0.0), (1, 0.03), (2, 0.03), (3, 0.1)])
def test_result_equals_the_ledger(world: World, seed: int, share: float) -> None:
    world.destination.faults = RandomFaults(seed, share, REQUESTS)
    result = world.run()
    assert result.complete, result.failures
    ledger = world.destination.ledger
    uploads = [*ledger.entries("PUT", "upload", 201), *ledger.entries("PATCH", "upload", 202)]
    if not share:
        assert result.blobs["copied"] == len(uploads)
        assert result.size == sum(entry.received for entry in uploads)
        assert result.blobs["mounted"] + result.blobs["present"] == len(ledger.entries("POST", "upload", 201)) - _probes(world)
        assert result.requests["destination"] == _by_method(world)
        assert result.requests["source"] == {"GET": world.source.ledger.count()}
    else:
        # Answers that were cut after the work was done are asked for again.
        assert result.retries > 0
        assert sum(result.requests["destination"].values()) >= ledger.count()
    assert result.count("copied") == len(world.images)


def _probes(world: World) -> int:
    """The one question by which a registry's way of mounting is found out."""
    return sum(entry.query.get("from") == entry.repository for entry in world.destination.ledger.entries("POST", "upload", 201))


def _by_method(world: World) -> dict:
    counted: dict = {}
    for entry in world.destination.ledger.entries():
        counted[entry.method] = counted.get(entry.method, 0) + 1
    return counted
