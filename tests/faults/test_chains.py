# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of mirrors, connected > DMZ > enclave > enclave, with random outages: each holds what the first one holds.

A hop reads from the registry before it alone, by the plan that is kept there.  `MIRROR_ROUNDS` sets how many chains are tried (a few by
default, hundreds for a campaign), `MIRROR_SEED` which.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.tests.fakes import dialects
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.internet import Internet
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

ROUNDS = int(os.environ.get("MIRROR_ROUNDS", "4"))
SEED = int(os.environ.get("MIRROR_SEED", "1"))
CONNECTIONS = Connections(settings={"plain_http": True, "retries": {"times": 1, "delay": 0.01}})
# How often a hop may be begun again: outages are used up by then.
PATIENCE = 40


class Station:
    """A registry with a workspace of its own; every one has another namespace."""

    def __init__(self, folder: str, namespace: str) -> None:
        self.folder = folder
        self.namespace = namespace
        self.workspace = Workspace(os.path.join(folder, "workspace"))
        # One that lists referrers itself: what clients keep in its place has the order in which they came.
        self.registry = FakeRegistry(dialects.ZOT_DOCKER).start()

    @property
    def destination(self) -> Destination:
        return Destination.parse(f"docker://{self.registry.host}/{self.namespace}")

    def planning(self, **what: Any) -> PlanSource:
        return PlanSource(self.workspace, connections=CONNECTIONS, **what)

    def mirror(self, **what: Any) -> bool:
        """Plans and mirrors; whether everything arrived."""
        plan_imageset(self.planning(**what), {})
        return mirror(MirrorRequest(self.planning(), self.destination), {}).result.complete

    def load_from(self, other: Station) -> bool:
        """The same through an archive, which is written beside the other station's registry."""
        archive = os.path.join(self.folder, "archive")
        os.makedirs(archive, exist_ok=True)
        beside = Workspace(os.path.join(self.folder, "beside"))
        planning = PlanSource(beside, connections=CONNECTIONS, source_mirror=str(other.destination))
        plan_imageset(planning, {})
        written = mirror_to_disk(ToDiskRequest(PlanSource(beside, connections=CONNECTIONS), archive, volume_size=GIB), {})
        if written.result is not None and not written.result.complete:
            return False
        loaded = disk_to_mirror(FromDiskRequest(self.planning(archive=archive), self.destination), {})
        return loaded.result.complete

    def held(self) -> dict[str, Any]:
        """Tags, manifests and blobs by repository below the namespace, but for the history."""
        start = f"{self.namespace}/"
        found = {name[len(start) :]: content for name, content in self.registry.content.snapshot().items()}
        return {name: content for name, content in found.items() if name != "oc-mirror"}


@pytest.fixture
def stations(tmp_path: Any) -> Iterator[list[Station]]:
    made = []
    for name in ("connected", "dmz", "enclave", "inner"):
        os.makedirs(tmp_path / name)
        made.append(Station(str(tmp_path / name), name))
    yield made
    for station in made:
        station.registry.stop()


def outages(chance: random.Random, *registries: FakeRegistry) -> None:
    """A few requests that go wrong in a row, somewhere in what follows."""
    for registry in registries:
        for _number in range(chance.choice((0, 0, 1, 3))):
            method, endpoint = chance.choice(
                (("GET", "blob"), ("GET", "manifest"), ("PUT", "manifest"), ("POST", "upload"), ("GET", "tags"))
            )
            registry.inject(Fault(method, endpoint, status=chance.choice((500, 503)), times=chance.randrange(1, 9)))


def persistently(action: Any) -> None:
    """As somebody does who begins again after an outage; what was done stays done."""
    for attempt in range(PATIENCE):
        try:
            if action():
                return
        except MirrorError:
            if attempt == PATIENCE - 1:
                raise
    raise AssertionError("the hop did not come to an end")


@pytest.mark.parametrize("seed", range(SEED * 1000, SEED * 1000 + ROUNDS))
def test_every_mirror_of_a_chain_holds_what_the_first_one_holds(stations: list[Station], seed: int, tmp_path: Any) -> None:
    chance = random.Random(seed)
    with Internet(tmp_path) as internet:
        imageset = internet.imageset(chance)
        assert stations[0].mirror(imageset=imageset, options=internet.options)
        internet.move_on(chance)
        asked = (len(internet.registry.ledger), len(internet.server.asked))
        for before, station in zip(stations, stations[1:]):
            outages(chance, before.registry, station.registry)
            by_archive = chance.random() < 0.3
            if by_archive:
                persistently(partial(station.load_from, before))
            else:
                persistently(partial(station.mirror, source_mirror=str(before.destination)))
            for registry in (before.registry, station.registry):
                registry.faults.clear()
            before.registry.stop()
            assert station.held() == stations[0].held()
            first, here = (Plan.read(each.workspace.plan) for each in (stations[0], station))
            assert (here.releases, here.catalogs, here.config) == (first.releases, first.catalogs, first.config)
        assert (len(internet.registry.ledger), len(internet.server.asked)) == asked
