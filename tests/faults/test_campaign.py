# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs between real registries through noise, and one large layer over links that are cut.

`MIRROR_RUNS` sets how many runs go through the noise (two by default, fifty for the campaign), `MIRROR_SEED` with which seed they
begin, `MIRROR_LAYER` the size of the layer in MiB (96 by default, 512 for the campaign).
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Retries, Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.writing import write_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.faulty import placed
from ansible_collections.disconnected.mirror.tests.fakes.gate import Link
from ansible_collections.disconnected.mirror.tests.faults.conftest import RandomFaults
from ansible_collections.disconnected.mirror.tests.faults.gated import PLAIN, Between, registries
from ansible_collections.disconnected.mirror.tests.faults.test_archives import large
from ansible_collections.disconnected.mirror.tests.faults.test_noise import ANSWERS, REQUESTS

RUNS = int(os.environ.get("MIRROR_RUNS", "2"))
SEED = int(os.environ.get("MIRROR_SEED", "1"))
MIB = 1 << 20
LAYER = int(os.environ.get("MIRROR_LAYER", "96")) * MIB
SHARE = 0.05
MIXED = [
    *ANSWERS,
    Fault(status=504, body="text", times=0),
    Fault(corrupt_at=120, times=0),
    Fault(truncate_at=150, framing="chunked", times=0),
]


@pytest.fixture(scope="module")
def between(tmp_path_factory: Any) -> Iterator[Between]:
    with registries(str(tmp_path_factory.mktemp("campaign"))) as both:
        yield both


@pytest.mark.parametrize("seed", range(SEED, SEED + RUNS))
def test_a_run_through_five_percent_of_mixed_faults_is_complete(between: Between, seed: int) -> None:
    run = between.begin(f"noise {seed}")
    run.gates["source"].faults = RandomFaults(seed, SHARE, MIXED)
    run.gates["destination"].faults = RandomFaults(seed + 1_000_000, SHARE, REQUESTS)
    result = run.transfer()
    assert result.complete, (seed, result.failures)
    run.arrived()


def test_a_large_layer_goes_on_at_both_ends_of_a_link_that_is_cut(between: Between, tmp_path: Any) -> None:
    """Each connection carries a part of the layer only, as on a link that drops every half minute."""
    chance = random.Random(SEED)
    content = b"".join(chance.randbytes(MIB) for _each in range(LAYER // MIB))
    image = large(content)
    plain = RegistryStore(between.hosts["source"], Http(Settings(default=PLAIN)), writing=True)
    for digest, blob in image.blobs.items():
        write_blob(plain, "team/large", Descriptor("", Digest(digest), len(blob)), blob)
    plain.put_manifest("team/large", image.manifest(), "1")
    plain.close()
    # Less than the first chunk.
    most = min(LAYER // 5, 24 * MIB)
    settings = Settings(default=PLAIN, retries=Retries(times=7, delay=0.02, max_delay=0.2), timeouts=Timeouts(stall=60.0))
    with Link(between.hosts["source"], most) as near, Link(between.hosts["destination"], most) as far:
        source, destination = RegistryStore(near.host, Http(settings)), RegistryStore(far.host, Http(settings), writing=True)
        wanted = placed(image.manifest(), "team/large", ["1"], f"large-{SEED}")
        result = transfer([wanted], Ends(source, destination, Shelf(str(tmp_path))))
        assert result.complete, result.failures
        # This registry forgets an upload that broke off; soon its parts are so small that they pass between two cuts.
        assert near.cuts >= 4 and far.cuts >= 2
        assert far.carried[0] <= LAYER + (far.cuts + 1) * most
        # What was sent for nothing is read again, and of each part no more than lies before it was hashed last.
        assert near.carried[1] <= LAYER + (far.cuts + 1) * (most + 8 * MIB)
    found = RegistryStore(between.hosts["destination"], Http(Settings(default=PLAIN)))
    assert found.fetch_manifest(f"large-{SEED}", "1").digest == image.digest
    found.close()
