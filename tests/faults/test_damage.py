# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random damages of a registry's storage: what verify says is what a walk through the files finds, before and after a repair.

`MIRROR_ROUNDS` sets how many are tried with each registry (a few by default, hundreds for a campaign), `MIRROR_SEED` which.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import Finding, Verification
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import CONTENT, LEVELS
from ansible_collections.disconnected.mirror.tests.fakes import dialects
from ansible_collections.disconnected.mirror.tests.fakes import images as make
from ansible_collections.disconnected.mirror.tests.fakes.processes import DISTRIBUTION, DistributionProcess, require
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.site import Site
from ansible_collections.disconnected.mirror.tests.fakes.storage import DistributionStorage

ROUNDS = int(os.environ.get("MIRROR_ROUNDS", "4"))
SEED = int(os.environ.get("MIRROR_SEED", "1"))
_ADVISED = re.compile(r"remove (docker/registry/v2/blobs/\S+) below")


class Damaged:
    """A mirror in a registry's files, a pristine copy of them, and archives of the same content."""

    def __init__(self, folder: str, program: str) -> None:
        self.folder = folder
        self.archive = os.path.join(folder, "archive")
        self.source = FakeRegistry(dialects.ZOT).start()
        self.registry = DistributionProcess(os.path.join(folder, "registry"), program=program)
        os.makedirs(self.registry.folder)
        self.registry.start()
        self.site = Site(self.source.host, self.registry.host, os.path.join(folder, "workspace"))
        names = self._fill()
        run = self.site.mirror(*names)
        assert run.result.complete, run.failures
        os.makedirs(self.archive)
        mirror_to_disk(ToDiskRequest(self.site.planning(*names), self.archive, volume_size=GIB), {})
        self.placed = place_images(Plan.read(self.site.workspace.plan), self.site.destination)[0]
        shutil.copytree(self.registry.storage, self._pristine)
        self.files = DistributionStorage(self.registry.storage)

    def _fill(self) -> list[str]:
        base = make.layer("base", 900)
        names = []
        for number in range(4):
            kind = make.DOCKER if number % 2 else make.OCI
            built = make.image(f"app {number}", [base, make.layer(f"own {number}", 500 + number)], kind)
            make.put(built, self.source.content, f"team/app{number % 3}", f"v{number}")
            names.append(f"team/app{number % 3}:v{number}")
        multi = make.multi_arch("multi")
        make.put(multi, self.source.content, "team/multi", "1")
        tag, signature = make.attachment(multi)
        make.put(signature, self.source.content, "team/multi", tag)
        make.put(make.artifact("sbom", multi), self.source.content, "team/multi")
        return [*names, "team/multi:1"]

    @property
    def _pristine(self) -> str:
        return os.path.join(self.folder, "pristine")

    def restore(self) -> None:
        shutil.rmtree(self.registry.storage)
        shutil.copytree(self._pristine, self.registry.storage)

    def walk(self, level: str) -> set[tuple[str, str]]:
        """Repository and origin of each image that is not whole."""
        return {(entry.repository, entry.image.origin) for entry in self.placed if self._wrong(entry, level)}

    def _wrong(self, entry: PlacedImage, level: str) -> bool:
        image = entry.image
        unlisted = bool(image.subject) and not entry.tags and not self.files.lists(entry.repository, image.subject, image.digest)
        return unlisted or bool(self.files.wrong(entry.repository, image.digest, entry.tags, level))

    def everything(self, name: str) -> list[str]:
        """Paths of all files of a name below the registry's storage."""
        return sorted(
            os.path.join(path, each) for path, _folders, names in os.walk(self.registry.storage) for each in names if each == name
        )

    def close(self) -> None:
        self.registry.stop()
        self.source.stop()


def _write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _flip(path: str, chance: random.Random) -> None:
    content = bytearray(_read(path))
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    _write(path, bytes(content))


def _other(path: str, others: list[str], chance: random.Random) -> None:
    _write(path, _read(chance.choice([other for other in others if other != path])))


def _cut(path: str, chance: random.Random) -> None:
    content = _read(path)
    _write(path, content[: chance.randrange(len(content))])


def _lose_folder(path: str, chance: random.Random) -> None:
    """The folder of one thing, or one further up."""
    for _step in range(chance.randrange(1, 4)):
        path = os.path.dirname(path)
    shutil.rmtree(path, ignore_errors=True)


Damage = Callable[[str, list[str], random.Random], None]
DAMAGES: dict[str, Damage] = {
    "lost": lambda path, others, chance: os.unlink(path),
    "empty": lambda path, others, chance: _write(path, b""),
    "cut": lambda path, others, chance: _cut(path, chance),
    "flipped": lambda path, others, chance: _flip(path, chance),
    "garbage": lambda path, others, chance: _write(path, chance.getrandbits(400).to_bytes(50, "big")),
    "another's": _other,
    "folder lost": lambda path, others, chance: _lose_folder(path, chance),
}


def damage(damaged: Damaged, chance: random.Random) -> str:
    """One random thing; says which."""
    paths = [path for path in damaged.everything(chance.choice(["data", "link"])) if os.path.getsize(path)]
    if len(paths) < 2:
        return "nothing is left to damage"
    path, how = chance.choice(paths), chance.choice(sorted(DAMAGES))
    DAMAGES[how](path, paths, chance)
    return f"{how}: {os.path.relpath(path, damaged.registry.storage)}"


def told(verification: Verification) -> set[tuple[str, str]]:
    return {(finding.repository, origin) for finding in verification.findings for origin in finding.origins}


def follow_advice(damaged: Damaged, findings: tuple[Finding, ...]) -> None:
    """As an administrator does who reads what is left."""
    folders = {found for finding in findings for found in _ADVISED.findall(finding.message)}
    assert folders, f"nothing says what to do about {findings}"
    damaged.registry.stop()
    for folder in folders:
        shutil.rmtree(os.path.join(damaged.registry.storage, folder))
    damaged.registry.start()


@pytest.fixture(scope="module", params=["2", "3"])
def damaged(request: Any, tmp_path_factory: Any) -> Any:
    program = require(*DISTRIBUTION) if request.param == "2" else require("registry3")
    made = Damaged(str(tmp_path_factory.mktemp("damaged")), program)
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(SEED * 1000, SEED * 1000 + ROUNDS))
def test_the_verdict_is_what_the_files_say(damaged: Damaged, seed: int) -> None:
    chance = random.Random(seed)
    damaged.restore()
    what = [damage(damaged, chance) for _number in range(chance.choice([1, 1, 2, 4]))]
    level, archive = chance.choice(LEVELS), chance.choice(["", damaged.archive])
    run = damaged.site.verify(level=level)
    assert told(run.found) == damaged.walk(level), (what, level, run.found.findings)
    assert run.found.clean == (not damaged.walk(level) and not run.found.findings)
    replaced = chance.choice([True, False])
    run = damaged.site.verify(level=level, repair=True, archive=archive, replace_corrupt=replaced)
    assert told(run.left) == damaged.walk(level), (what, level, run.left.findings)
    run = damaged.site.verify(level=CONTENT, repair=True, archive=archive)
    for _attempt in range(3):
        if not told(run.left):
            break
        # Behind content that could not be read may lie more of it.
        follow_advice(damaged, run.left.findings)
        run = damaged.site.verify(level=CONTENT, repair=True, archive=archive)
    assert not told(run.left) and not damaged.walk(CONTENT), (what, run.left.findings)


def test_every_image_is_looked_at(damaged: Damaged) -> None:
    damaged.restore()
    assert damaged.site.verify(level=CONTENT).found.clean and not damaged.walk(CONTENT)
    assert len(damaged.placed) == 7 and any(entry.image.subject and not entry.tags for entry in damaged.placed)
    assert all(Digest.parse(entry.digest) for entry in damaged.placed)
