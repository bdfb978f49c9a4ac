# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is filtered out of whatever catalog, what is left can be served (user-needs P04)."""

from __future__ import annotations

import functools
import random
from dataclasses import dataclass

import networkx
import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Bundle, Channel, Package, Selection
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection import exclusion, filtering, graph, validation
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.selection.draft import Options
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Catalog as Wanted
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Package as Listed
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import PackageChannel

RUNS = 500


@dataclass(frozen=True)
class InMemory:
    """As much of a catalog as filters ask for."""

    selection: Selection
    name: str = "random"

    @property
    def names(self):
        return tuple(self.selection.packages)

    @property
    def others(self):
        return ()

    def package(self, name):
        return self.selection.packages.get(name)

    def packages(self):
        return self.selection.packages.values()

    def everything(self):
        return self.selection

    def mentioning(self, words):
        return self.names


def random_channel(choose, package, name, versions):
    """A valid channel: a chain whose entries skip what lies between them, sometimes with a branch that is skipped higher up."""
    while True:
        entries, chain, waiting = [], [], []
        for version in sorted(choose.sample(versions, choose.randint(1, len(versions)))):
            entry = {"name": f"{package}.v{version[0]}.{version[1]}.0"}
            if chain:
                entry["replaces"] = chain[-1] if choose.random() < 0.8 else choose.choice(chain)
            elif choose.random() < 0.2:
                entry["replaces"] = f"{package}.v0.0.0"
            if choose.random() < 0.4:
                entry["skips"] = choose.sample([each["name"] for each in entries], choose.randint(0, len(entries)))
            if choose.random() < 0.3:
                entry["skipRange"] = f"<{version[0]}.{version[1]}.0"
            entries.append(entry)
            chain.append(entry["name"])
        found = Channel.of({"schema": "olm.channel", "package": package, "name": name, "entries": entries})
        loose = [each for each in graph.heads(found) if each != chain[-1]]
        if loose:
            entries[-1]["skips"] = sorted({*entries[-1].get("skips", ()), *loose})
            found = Channel.of({"schema": "olm.channel", "package": package, "name": name, "entries": entries})
        try:
            graph.check(found)
            return found
        except graph.GraphError:
            waiting.clear()


def random_catalog(choose):
    packages = {}
    for name in ("foo", "bar")[: choose.randint(1, 2)]:
        versions = [(major, minor) for major in (1, 2) for minor in range(4)]
        channels = {each: random_channel(choose, name, each, versions) for each in ("a", "b", "c")[: choose.randint(1, 3)]}
        bundles = {}
        for channel in channels.values():
            for entry in channel.names:
                document = {
                    "schema": "olm.bundle",
                    "package": name,
                    "name": entry,
                    "image": f"example.com/{entry}:1",
                    "properties": [{"type": "olm.package", "value": {"packageName": name, "version": entry.rpartition(".v")[2]}}],
                }
                bundles[entry] = Bundle.of(document)
        document = {"schema": "olm.package", "name": name, "defaultChannel": choose.choice(sorted(channels))}
        packages[name] = Package(name, document["defaultChannel"], channels, bundles, document=document)
    return InMemory(Selection(packages))


def random_wanted(choose, catalog, generation):
    def bounds():
        kind = choose.choice(("", "", "min", "max", "both"))
        low, high = sorted((choose.choice((1, 2)), choose.randint(0, 3)) for _each in range(2))
        return {
            "min_version": f"{low[0]}.{low[1]}.0" if kind in ("min", "both") else "",
            "max_version": f"{high[0]}.{high[1]}.0" if kind in ("max", "both") else "",
        }

    listed = []
    for name in choose.sample(catalog.names, choose.randint(0, len(catalog.names))):
        channels = choose.sample(sorted(catalog.package(name).channels), choose.randint(0, len(catalog.package(name).channels)))
        at_channels = choose.random() < 0.5
        default = choose.choice(channels) if channels and choose.random() < 0.3 else ""
        own = {} if channels and at_channels else bounds()
        listed.append(
            Listed(
                name=name,
                default_channel=default,
                channels=tuple(PackageChannel(name=each, **(bounds() if at_channels else {})) for each in channels),
                **own,
            )
        )
    return Wanted(catalog="c", full=choose.random() < 0.2 and generation is Generation.V1, packages=tuple(listed))


def assert_serves(selection):
    """The promise, by a reading of its own: one head that leads to every entry, a default that is kept, no bundle astray."""
    for package in selection.packages.values():
        assert package.default_channel in package.channels
        assert package.document["defaultChannel"] == package.default_channel
        named = set()
        for channel in package.channels.values():
            names = set(channel.names)
            named |= names
            upgrades = networkx.DiGraph()
            upgrades.add_nodes_from(names)
            upgrades.add_edges_from(
                (entry.name, below) for entry in channel.entries for below in (entry.replaces, *entry.skips) if below in names
            )
            heads = [name for name in names if upgrades.in_degree(name) == 0]
            assert len(heads) == 1
            assert names == {heads[0]} | networkx.descendants(upgrades, heads[0])
            assert [entry["name"] for entry in channel.document["entries"]] == list(channel.names)
        assert named == set(package.bundles)
    validation.check(selection)


@functools.cache
def outcomes(generation, repair):
    choose = random.Random(f"{generation} {repair}")
    found = []
    for _each in range(RUNS):
        catalog = random_catalog(choose)
        wanted = random_wanted(choose, catalog, generation)
        try:
            found.append((wanted, filtering.apply(catalog, wanted, generation, Options(repair=repair, strict=False)), None))
        except InputError as error:
            found.append((wanted, None, error))
    return found


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("generation", list(Generation))
def test_what_is_left_can_be_served(generation, repair):
    kept = [filtered for _wanted, filtered, _error in outcomes(generation, repair) if filtered is not None]
    assert len(kept) > RUNS // 4
    for filtered in kept:
        assert_serves(filtered.selection)


@pytest.mark.parametrize("generation", list(Generation))
def test_a_refusal_names_the_setting_that_repairs_it(generation):
    errors = [error for _wanted, filtered, error in outcomes(generation, False) if error is not None]
    assert errors
    for error in errors:
        assert any(
            word in error.advice for word in ("defaultChannel", "minVersion", "maxVersion", "bounds", "channels", "catalog_info")
        ), str(error)


@pytest.mark.parametrize("generation", list(Generation))
def test_repair_leaves_no_channel_with_several_heads_and_no_default_lost(generation):
    for _wanted, _filtered, error in outcomes(generation, True):
        if error is not None:
            assert "multiple channel heads" not in error.message and "could not be determined" not in error.message
            assert "stranded" not in error.message


def test_a_bundle_can_be_taken_out_of_any_valid_catalog():
    """P15 by P04."""
    choose = random.Random(15)
    for _each in range(300):
        catalog = random_catalog(choose)
        gone = {
            package.name: choose.sample(sorted(package.bundles), choose.randint(0, len(package.bundles))) for package in catalog.packages()
        }
        selection, notes = exclusion.without(catalog.everything(), gone)
        assert_serves(selection)
        for name, package in catalog.selection.packages.items():
            left = set(package.bundles) - set(gone[name])
            assert (set(selection.packages[name].bundles) if left else set()) == left
            assert bool(left) == (name in selection.packages)
        assert all(isinstance(note, str) for note in notes)
