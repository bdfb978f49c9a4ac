# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A registry that loses things between loads of archives: there is always a way on, the message names it, and taking it works.

`MIRROR_LOSSES` sets how many random histories are tried (a few by default; hundreds for a campaign), `MIRROR_LOSSES_SEED` the first.
"""

from __future__ import annotations

import os
import random
import re
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible
from ansible_collections.disconnected.mirror.tests.fakes import images as make
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

LOSSES = int(os.environ.get("MIRROR_LOSSES", "4"))
SEED = int(os.environ.get("MIRROR_LOSSES_SEED", "0"))
# Of operations in one history; more loads than this on one way are no way.
STEPS = 12
PATIENCE = 25
_NAMED = re.compile(r"mirror_seq(\d+)")


class Place:
    """Archives that build on each other: shared layers, tags that move, images that go, an index, content under two names."""

    def __init__(self, folder: str, source: FakeRegistry) -> None:
        base, middle = make.layer("base", 3000), make.layer("middle", 2500)
        built = {
            "a": make.image("a", [base, make.layer("a", 900)]),
            "b": make.image("b", [base, middle, make.layer("b", 900)]),
            "c": make.image("c", [middle, make.layer("c", 900)]),
            "d": make.image("d", [base, middle, make.layer("a", 900)]),
            "multi": make.multi_arch("multi"),
        }
        near = trip.Near(os.path.join(folder, "near"))
        self.folders: list[str] = []
        for names in (("a", "multi"), ("a", "b", "multi"), ("b", "c", "multi"), ("b", "c", "d"), ("a", "b", "c", "d", "again")):
            for name in names:
                # `again` is the content of `b` in another repository; from the third archive on `c` is what `d` was not yet.
                make.put(built["b" if name == "again" else name], source.content, f"team/{name}", "1")
            if len(self.folders) == 3:
                make.put(built["a"], source.content, "team/c", "1")
            self.folders.append(near.ship(*(f"{source.host}/team/{name}:1" for name in names)))


class World:
    """A registry, whoever loads into it, and what can happen to it."""

    def __init__(self, folder: str, place: Place, target: FakeRegistry, rng: random.Random, name: str) -> None:
        self.place, self.target, self.rng, self.name = place, target, rng, name
        self.far = trip.Far(os.path.join(folder, name), f"docker://{target.host}/{name}")
        self.told: list[str] = []

    def load(self, number: int) -> None:
        """Loads an archive by whatever way the messages name."""
        waiting, loads = [number], 0
        while waiting:
            loads += 1
            assert loads < PATIENCE, "\n".join(self.told)
            answer = self.answer(waiting[-1])
            if not answer:
                waiting.pop()
                continue
            named = [int(found) for found in _NAMED.findall(answer.partition("Load ")[2].partition("; or")[0])]
            assert named and all(1 <= each <= len(self.place.folders) for each in named), "\n".join(self.told)
            waiting += sorted(named, reverse=True)

    def answer(self, number: int) -> str:
        """What a load says that it cannot do; empty when it did all it should."""
        try:
            run = self.far.load(self.place.folders[number - 1])
            text = " ".join(f"{failure.subject}: {failure.message} {failure.advice}" for failure in run.failures)
        except Incompatible as error:
            text = str(error)
        self.told.append(f"{number}: {text or 'loaded'}")
        return text

    def lose(self) -> None:
        repositories = {name: each for name, each in self.target.content.repositories.items() if name.startswith(f"{self.name}/")}
        if not repositories:
            return
        name = self.rng.choice(sorted(repositories))
        repository = repositories[name]
        self.rng.choice([self._blobs, self._blobs, self._manifest, self._tag, self._all])(name, repository)

    def _blobs(self, name: str, repository: Any) -> None:
        lost = [digest for digest in sorted(repository.blobs) if self.rng.random() < 0.5]
        repository.blobs.difference_update(lost)
        self.told.append(f"lost {len(lost)} blobs of {name}")

    def _manifest(self, name: str, repository: Any) -> None:
        if repository.manifests:
            digest = self.rng.choice(sorted(repository.manifests))
            del repository.manifests[digest]
            for tag in [tag for tag, named in repository.tags.items() if named == digest]:
                del repository.tags[tag]
            self.told.append(f"lost a manifest of {name}")

    def _tag(self, name: str, repository: Any) -> None:
        if repository.tags:
            del repository.tags[self.rng.choice(sorted(repository.tags))]
            self.told.append(f"lost a tag of {name}")

    def _all(self, name: str, repository: Any) -> None:
        repository.blobs.clear()
        repository.manifests.clear()
        repository.tags.clear()
        self.told.append(f"lost all of {name}")

    def forget(self) -> None:
        """Another host loads from now on."""
        self.far = trip.Far(f"{self.far.workspace.root}-", str(self.far.destination))


@pytest.fixture(scope="module")
def place(tmp_path_factory: Any) -> Place:
    with FakeRegistry() as source:
        return Place(str(tmp_path_factory.mktemp("place")), source)


@pytest.mark.parametrize("seed", range(SEED, SEED + LOSSES))
def test_whatever_was_lost_the_messages_lead_to_a_whole_mirror(place: Place, tmp_path: Any, seed: int) -> None:
    rng = random.Random(seed)
    with FakeRegistry() as target:
        world = World(str(tmp_path), place, target, rng, "ns")
        acts: list[Callable[[], None]] = [world.lose, world.lose, world.forget, lambda: world.load(rng.randint(1, len(place.folders)))]
        for _step in range(STEPS):
            rng.choice(acts)()
        for number in range(1, len(place.folders) + 1):
            world.load(number)
        # What was lost of images that the last archive found there is seen when it is loaded once more.
        world.load(len(place.folders))
        assert world.far.load(place.folders[-1]).complete, world.told
        assert whole(target, "ns/team/"), world.told


def whole(target: FakeRegistry, below: str) -> dict[str, Any]:
    """The last archive's images with all that they refer to; empty when something is missing."""
    tagged = {name: tags for name, tags in trip.tags(target.content, below).items() if name.rpartition("/")[2] in "abcd" or "again" in name}
    if set(tagged) != {f"{below}{name}" for name in ("a", "b", "c", "d", "again")} or trip.unfit(target.content, tagged):
        return {}
    return tagged
