# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives that are damaged, disks that are full, writing and loading that is killed: nothing half is ever taken for whole.

`MIRROR_KILLS` and `MIRROR_FLIPS` set how many random cases are tried (a few by default; hundreds for a campaign).
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.tests.fakes import images as make
from ansible_collections.disconnected.mirror.tests.fakes import trip
from ansible_collections.disconnected.mirror.tests.fakes.faults import Watch
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.faults.conftest import PATIENCE, assert_closed, on_count

KILLS = int(os.environ.get("MIRROR_KILLS", "5"))
FLIPS = int(os.environ.get("MIRROR_FLIPS", "25"))
IDENTITY = "6f1c1d3c-7e0a-4d0c-9a47-0d8f5b6f0a11\n"
MIB = 1 << 20


class Gap:
    """Both sides; `near` and `far` folders are made anew for each attempt, so that attempts can be compared."""

    def __init__(self, folder: str, source: FakeRegistry, target: FakeRegistry) -> None:
        self.folder, self.source, self.target = folder, source, target
        base = make.layer("base", 40_000)
        self.names = []
        for number in range(8):
            built = make.image(f"app {number}", [base, make.layer(f"own {number}", 3 * MIB if number == 3 else 90_000)])
            make.put(built, source.content, f"team/app{number}", "1")
            self.names.append(f"{source.host}/team/app{number}:1")
        multi = make.multi_arch("multi")
        make.put(multi, source.content, "team/multi", "1")
        make.put(make.attachment(multi)[1], source.content, "team/multi", make.attachment(multi)[0])
        self.names.append(f"{source.host}/team/multi:1")

    def near(self, name: str) -> trip.Near:
        """Workspaces of one identity, as one that is tried several times."""
        near = trip.Near(os.path.join(self.folder, name))
        os.makedirs(near.workspace.root)
        with open(near.workspace.uid, "w", encoding="ascii") as file:
            file.write(IDENTITY)
        return near

    def far(self, name: str, namespace: str) -> trip.Far:
        return trip.Far(os.path.join(self.folder, name), f"docker://{self.target.host}/{namespace}")

    def arrived(self, namespace: str) -> dict[str, Any]:
        return {name.partition("/")[2]: found for name, found in self.target.content.snapshot().items() if name.startswith(f"{namespace}/")}


def tree(folder: str) -> dict[str, str]:
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


@pytest.fixture
def gap(tmp_path: Any) -> Iterator[Gap]:
    with FakeRegistry() as source, FakeRegistry() as target:
        source.faults, target.faults = Watch(), Watch()
        yield Gap(str(tmp_path), source, target)


def killed_at(registry: FakeRegistry, count: int, delay: float, *command: str) -> int:
    """The status of a process that is killed some seconds after a registry got its request number `count`."""
    started: Future[subprocess.Popen[bytes]] = Future()

    def kill() -> None:
        time.sleep(delay)
        started.result(PATIENCE).kill()

    on_count(registry, count, kill)
    child = trip.process(*command)
    started.set_result(child)
    child.communicate(timeout=PATIENCE)
    registry.faults.on_request = lambda method, endpoint, path: None
    registry.settle(PATIENCE)
    return child.returncode


def test_killed_writing_ends_in_the_same_bytes(gap: Gap) -> None:
    expected = tree(gap.near("expected").ship(*gap.names))
    for seed in range(KILLS):
        rng = random.Random(seed)
        near = gap.near(f"near{seed}")
        status = killed_at(gap.source, rng.randrange(1, 60), rng.random() * 0.01, "write", near.folder, near.place, *gap.names)
        assert status in (-signal.SIGKILL, 0)
        left = os.listdir(near.place) if os.path.isdir(near.place) else []
        if any(name.endswith(".part") for name in left):
            with pytest.raises(MirrorError, match="unfinished"):
                gap.far(f"refused{seed}", "refused").load(near.place)
        assert near.write(*gap.names).failures == ()
        assert tree(near.place) == expected


def test_killed_loading_ends_in_the_same_registry(gap: Gap) -> None:
    near = gap.near("near")
    archives = [near.ship(*gap.names[:5]), near.ship(*gap.names)]
    far = gap.far("expected", "expected")
    for archive in archives:
        assert far.load(archive).complete
    expected = gap.arrived("expected")
    for seed in range(KILLS):
        rng = random.Random(1000 + seed)
        far = gap.far(f"far{seed}", f"ns{seed}")
        command = ["load", far.workspace.root, str(far.destination), *archives]
        assert killed_at(gap.target, rng.randrange(1, 90), rng.random() * 0.01, *command) in (-signal.SIGKILL, 0)
        assert_closed(gap.target.content)
        for archive in archives:
            assert far.load(archive).complete
        assert gap.arrived(f"ns{seed}") == expected
    assert gap.target.violations == []


def test_all_orders_of_four_archives_end_the_same_or_are_refused_before_the_first_push(gap: Gap) -> None:
    near, steps = gap.near("near"), (slice(0, 2), slice(0, 4), slice(2, 6), slice(2, 9))
    folders = [near.ship(*gap.names[step]) for step in steps]
    gap.source.stop()
    expected = None
    for number, order in enumerate([tuple(range(4)), *itertools.permutations(range(4))]):
        far = gap.far(f"far{number}", f"ns{number}")
        for place in order:
            before = gap.target.content.snapshot()
            try:
                assert far.load(folders[place]).complete
            except MirrorError as error:
                assert "Load mirror_seq" in str(error) and gap.target.content.snapshot() == before
        # What was refused is loaded once its time has come, and what was loaded is loaded again.
        for folder in folders:
            assert far.load(folder).failures == ()
        assert far.load(folders[-1]).complete
        expected = expected or gap.arrived(f"ns{number}")
        assert gap.arrived(f"ns{number}") == expected


def test_damage_of_every_kind_is_refused_before_the_first_push(gap: Gap) -> None:
    near = gap.near("near")
    first, second = near.ship(*gap.names[:5], volume_size=MIB), near.ship(*gap.names, volume_size=MIB)
    other = gap.near("other").ship(*gap.names[1:6], volume_size=MIB)
    volumes = sorted(name for name in os.listdir(first) if name.endswith(".tar"))
    assert len(volumes) > 3
    far = gap.far("far", "ns")
    for seed in range(FLIPS):
        rng = random.Random(seed)
        victim = rng.choice(volumes)
        with damaged(first) as folder:
            path = os.path.join(folder, victim)
            kind = rng.choice(["flip", "flip", "flip", "flip", "cut", "drop", "double", "swap", "rename", "mix"])
            expected = [victim]
            if kind == "flip":
                flip(path, rng)
            elif kind == "cut":
                os.truncate(path, rng.randrange(os.path.getsize(path)))
            elif kind == "drop":
                os.unlink(path)
            elif kind == "double":
                shutil.copy(path, os.path.join(folder, "mirror_seq1_000042.tar"))
            elif kind == "swap":
                rival = rng.choice([name for name in volumes if name != victim])
                expected.append(rival)
                swap(path, os.path.join(folder, rival))
            elif kind == "rename":
                os.rename(path, os.path.join(folder, "mirror_seq1_000042.tar"))
            else:
                shutil.copy(
                    os.path.join(other, victim) if os.path.exists(os.path.join(other, victim)) else os.path.join(other, volumes[1]), path
                )
                # The head of another set makes strangers of all the others.
                expected = volumes
            with pytest.raises(MirrorError) as caught:
                far.load(folder)
        assert any(name in str(caught.value) for name in expected), f"seed {seed}, {kind} of {victim}: {caught.value}"
    assert gap.target.ledger.count("PUT") == gap.target.ledger.count("POST") == gap.target.ledger.count("PATCH") == 0
    assert far.load(first).complete and far.load(second).complete


@contextmanager
def damaged(folder: str) -> Iterator[str]:
    """A copy of a folder, to be damaged."""
    shutil.copytree(folder, f"{folder}-damaged")
    try:
        yield f"{folder}-damaged"
    finally:
        shutil.rmtree(f"{folder}-damaged")


def flip(path: str, rng: random.Random) -> None:
    with open(path, "r+b") as file:
        position = rng.randrange(os.path.getsize(path))
        file.seek(position)
        byte = file.read(1)
        file.seek(position)
        file.write(bytes([byte[0] ^ 1 << rng.randrange(8)]))


def swap(one: str, other: str) -> None:
    os.rename(one, f"{one}.x")
    os.rename(other, one)
    os.rename(f"{one}.x", other)


@pytest.fixture
def small_disk(tmp_path: Any) -> Iterator[str]:
    """A file system of 8 MiB, where this machine allows to make one."""
    folder = str(tmp_path / "disk")
    os.mkdir(folder)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no file system can be mounted here; run it as root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: str, leave: int) -> str:
    status = os.statvfs(folder)
    path = os.path.join(folder, "ballast")
    try:
        with open(path, "ab") as file:
            file.write(bytes(max(0, status.f_bavail * status.f_frsize - leave)))
    except OSError as error:
        # Somebody else took the rest of it.
        assert error.errno == errno.ENOSPC
    return path


def test_a_full_disk_is_told_before_the_first_byte_and_in_the_middle(gap: Gap, small_disk: str) -> None:
    near = gap.near("near")
    place = os.path.join(small_disk, "archive")
    ballast = fill(small_disk, 3 * MIB)
    with pytest.raises(MirrorError, match=r"needs \d+ more bytes and the file system has \d+ free") as caught:
        near.write(*gap.names, folder=place)
    assert place in str(caught.value) and gap.source.ledger.count("GET", "blob") == 0
    os.unlink(ballast)

    def take_the_space(_method: str, endpoint: str, _path: str) -> None:
        if endpoint == "blob":
            fill(small_disk, 0)

    gap.source.faults.on_request = take_the_space
    run = near.write(*gap.names, folder=place)
    assert not run.archive_id and "no space is left for the archive of" in run.failures[0].message
    assert "run again to resume" in run.failures[0].advice
    gap.source.faults.on_request = lambda method, endpoint, path: None
    os.unlink(ballast)
    with pytest.raises(MirrorError, match="unfinished"):
        gap.far("far", "ns").load(place)
    assert near.write(*gap.names, folder=place).archive_id
    assert gap.far("far", "ns").load(place).complete


def test_a_file_that_may_not_grow_is_told_and_gone_on_with(gap: Gap) -> None:
    """As a full quota does; works without mounting anything."""
    near = gap.near("near")
    document = trip.finish(trip.process("write", near.folder, near.place, *gap.names, limit=2 * MIB), PATIENCE)
    assert document["status"] == 1 and "Traceback" not in document["stderr"], document
    told = document.get("error") or document["failures"][0]["message"]
    assert "archive" in told
    assert near.write(*gap.names).archive_id
    assert gap.far("far", "ns").load(near.place).complete


def test_no_volume_is_too_large_and_the_disk_holds_little_else(gap: Gap) -> None:
    near, peak, done = gap.near("near"), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], used(near.folder))
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        folder = near.ship(*gap.names, volume_size=MIB)
    finally:
        done.set()
        watcher.join()
    sizes = [os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)]
    # The largest layer has three times the size of a volume.
    assert max(sizes) <= MIB and len(sizes) >= 4
    assert peak[0] <= 1.05 * sum(sizes) + 256 * 1024
    far = gap.far("far", "ns")
    assert far.load(folder).complete and used(far.workspace.root) < 256 * 1024


def used(folder: str) -> int:
    """Bytes on disk below a folder."""
    total = 0
    for path, _folders, names in os.walk(folder):
        for name in names:
            try:
                status = os.stat(os.path.join(path, name))
                # Some file systems take more for a while, foreseeing that a file grows.
                total += min(status.st_blocks * 512, status.st_size + 4096)
            except FileNotFoundError:
                continue
    return total


def test_memory_does_not_grow_with_the_layers(gap: Gap) -> None:
    names: list[str] = []
    for number in range(3):
        layer = random.Random(number).randbytes(48 * MIB)
        built = large(layer)
        make.put(built, gap.source.content, f"big/{number}", "1")
        names.append(f"{gap.source.host}/big/{number}:1")
    near = gap.near("near")
    written = trip.finish(trip.process("write", near.folder, near.place, *names), PATIENCE)
    far = gap.far("far", "ns")
    loaded = trip.finish(trip.process("load", far.workspace.root, str(far.destination), near.place), PATIENCE)
    assert written["whole"] and loaded["whole"], (written, loaded)
    assert max(written["memory"], loaded["memory"]) < 130 * MIB
    assert set(loaded["peers"]) == {gap.target.host}


def large(layer: bytes) -> make.BuiltImage:
    """An image whose layer is no tar, which nobody looks into."""
    small = make.image("config of a large image")
    document = small.document()
    digest = Digest(f"sha256:{hashlib.sha256(layer).hexdigest()}")
    document["layers"] = [{**document["layers"][0], "size": len(layer), "digest": digest}]
    config = document["config"]["digest"]
    return make.BuiltImage(json.dumps(document).encode("ascii"), small.media_type, {config: small.blobs[config], digest: layer})
