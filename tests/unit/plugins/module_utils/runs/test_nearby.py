# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors and archives close by take the place of the source, as far as they have what is wanted."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site

NAMES = tuple(f"team/app{number}:1" for number in range(4))


@pytest.fixture
def source():
    with FakeRegistry() as registry:
        for name in NAMES:
            repository = name.partition(":")[0]
            images.put(images.image(repository), registry.content, repository, "1")
        yield registry


class Fleet:
    """Five registries, each with a workspace of its own, and one plan for all of them."""

    def __init__(self, source, registries, folder):
        self.source = source
        self.registries = registries
        self.sites = [Site(source.host, registry.host, folder / f"site{number}") for number, registry in enumerate(registries)]
        settings = {"hosts": {host: {"plain_http": True} for host in (source.host, *(registry.host for registry in registries))}}
        for site in self.sites:
            site.connections = replace(site.connections, settings={**site.connections.settings, **settings})
        self.plan = plan_imageset(self.sites[0].planning(*NAMES), {}, hands_on=True)
        source.ledger.clear()

    @property
    def names(self):
        return [str(site.destination) for site in self.sites]

    def fill(self, number, nearby=None, **options):
        site = self.sites[number]
        plan_imageset(PlanSource(site.workspace, handed=self.plan.handed, connections=site.connections), {})
        places = tuple(self.names if nearby is None else nearby)
        return mirror(MirrorRequest(site.planning(), site.destination, nearby=places, options=TransferOptions(**options)), {})

    @property
    def pulled(self):
        """Bytes that the source gave since the plan was made, against those of all unique blobs."""
        sent = sum(entry.sent for entry in self.source.ledger.entries("GET") if entry.endpoint in ("blob", "manifest"))
        unique = {digest: len(content) for name in NAMES for digest, content in images.image(name.partition(":")[0]).all_blobs().items()}
        return sent / sum(unique.values())


@pytest.fixture
def fleet(source, tmp_path):
    with ExitStack() as stack:
        yield Fleet(source, [stack.enter_context(FakeRegistry()) for _number in range(5)], tmp_path)


def test_five_registries_read_the_source_once(fleet):
    runs = [fleet.fill(number) for number in range(5)]
    assert all(run.result.complete and not run.failures for run in runs)
    assert fleet.pulled == pytest.approx(1.0, abs=0.05)
    assert not any(registry.violations for registry in fleet.registries)
    contents = [
        {name: sorted(found.manifests) for name, found in registry.content.repositories.items() if "oc-mirror" not in name}
        for registry in fleet.registries
    ]
    assert all(content == contents[0] for content in contents)
    assert [list(run.read) for run in runs[1:]] == [[fleet.names[0]]] * 4 and list(runs[0].read) == [""]


def test_a_registry_that_was_down_gets_all_of_it_from_its_siblings_later(fleet):
    fleet.registries[2].stop()
    for number in (0, 1, 3, 4):
        run = fleet.fill(number, [name for name in fleet.names if name != fleet.names[2]])
        assert run.result.complete
    fleet.registries[2].start()
    before = fleet.pulled
    run = fleet.fill(2)
    assert run.result.complete and fleet.pulled == before and "" not in run.read


def test_a_sibling_that_is_gone_is_told_and_costs_nothing_else(fleet):
    assert fleet.fill(0).result.complete
    fleet.registries[0].stop()
    run = fleet.fill(1, [fleet.names[0]])
    assert run.result.complete and any(text.startswith(f"Nothing more was read from {fleet.names[0]}") for text in run.warnings)


def test_a_sibling_that_lies_is_found_out_and_the_source_has_the_last_word(fleet):
    assert fleet.fill(0).result.complete
    fleet.registries[0].inject(Fault(method="GET", endpoint="blob", corrupt_at=0, times=1000, repository="site/team/app1"))
    run = fleet.fill(1)
    assert run.result.complete and run.read[""] > 0
    for name, digest in ((entry.repository, entry.digest) for entry in (image.placed for image in run.result.images)):
        assert digest in fleet.registries[1].content.repositories[name].manifests


def test_archives_close_by_are_read_too(fleet, tmp_path):
    site = fleet.sites[0]
    request = ToDiskRequest(site.planning(), str(tmp_path / "archives"))
    assert mirror_to_disk(request, {}).complete
    fleet.source.ledger.clear()
    run = fleet.fill(1, [f"file://{tmp_path}/archives"])
    assert run.result.complete and fleet.pulled == 0 and list(run.read) == [f"file://{tmp_path}/archives"]


def test_check_mode_reads_no_blob_and_says_what_there_is_to_do(fleet):
    site = fleet.sites[1]
    planning = PlanSource(site.workspace, handed=fleet.plan.handed, connections=site.connections)
    plan_imageset(planning, {})
    run = mirror(MirrorRequest(site.planning(), site.destination, nearby=tuple(fleet.names)), {}, check_mode=True)
    assert run.result.complete and run.result.ahead.ship > 0
    assert not fleet.source.ledger.entries("GET", "blob") and not fleet.registries[1].content.repositories


@pytest.mark.parametrize("place", ["quay.io/app", "https://mirror.test", "docker://", "file:/x"])
def test_a_place_of_no_known_kind_is_refused(fleet, place):
    with pytest.raises(InputError):
        fleet.fill(1, [place])
