# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two registries, an image set of every shape between them, and the engine as a process that can be killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any, Callable

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.run.journal import Journal
from ansible_collections.disconnected.mirror.tests.benchmarks import engine as engine_process
from ansible_collections.disconnected.mirror.tests.fakes import images as make
from ansible_collections.disconnected.mirror.tests.fakes.content import Content
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault, Watch
from ansible_collections.disconnected.mirror.tests.fakes.faulty import placed
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

# Seconds that one run of the engine may take before the test gives up.
PATIENCE = 120


class World:
    def __init__(self, folder: str, source: FakeRegistry, destination: FakeRegistry) -> None:
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self.source = source
        self.destination = destination
        self.images: list[PlacedImage] = []
        self._fill()

    def _fill(self) -> None:
        """Single images with shared layers, indexes, attachments by tag and by subject, an artifact, a larger layer."""
        base = [make.layer("base 0", 3000), make.layer("base 1", 700)]
        for number in range(14):
            own = make.layer(f"own {number}", 300000 if number == 3 else 2000 + 37 * number)
            kind = make.DOCKER if number % 3 == 0 else make.OCI
            self._add(make.image(f"app {number}", [*base, own], kind, indent=number % 4 or None), f"team/app{number % 9}", f"v{number}")
        for number in range(3):
            built = make.multi_arch(f"multi {number}")
            self._add(built, f"team/multi{number}", "latest")
            tag, signature = make.attachment(built)
            self._add(signature, f"team/multi{number}", tag, built.digest)
            self._add(make.artifact(f"sbom {number}", built), f"team/multi{number}", "", built.digest)
        self._add(make.artifact("lonely"), "team/artifact", "1")

    def _add(self, built: make.BuiltImage, repository: str, tag: str, subject: str = "") -> None:
        make.put(built, self.source.content, repository, tag)
        self.images.append(placed(built.manifest(), repository, [tag] if tag else [], repository, subject=subject))

    @property
    def tagged(self) -> list[PlacedImage]:
        return [image for image in self.images if image.tags]

    def store(self, registry: FakeRegistry, writing: bool = False) -> RegistryStore:
        settings = Settings(
            default=HostSettings(plain_http=True),
            retries=Retries(times=7, delay=0.01, max_delay=0.05),
            timeouts=Timeouts(connect=PATIENCE, stall=PATIENCE, answer=PATIENCE),
        )
        return RegistryStore(registry.host, Http(settings), writing=writing)

    def run(self, listener: Any = None, stop: Any = None, **options: Any) -> TransferResult:
        """One run in this process."""
        self.source.ledger.clear()
        self.destination.ledger.clear()
        source, destination = self.store(self.source), self.store(self.destination, writing=True)
        journal = Journal.open(os.path.join(self.state, "journal"), destination.name)
        try:
            shelf = Shelf(os.path.join(self.state, "manifests"))
            ends = Ends(source, destination, shelf, journal)
            return transfer(self.images, ends, TransferOptions(**options), listener or (lambda event: None), stop)
        finally:
            source.close()
            destination.close()

    def start(self, *flags: str) -> subprocess.Popen:
        """The engine as a process; it mirrors what has tags."""
        path = os.path.join(self.folder, "images.json")
        with open(path, "w", encoding="utf-8") as file:
            entries = [{"repo": image.repository, "tag": image.tags[0], "digest": image.digest} for image in self.tagged]
            json.dump({"images": entries}, file)
        arguments = ["--images", path, "--source", self.source.host, "--destination", self.destination.host, "--state", self.state]
        return subprocess.Popen(
            [sys.executable, engine_process.__file__, *arguments, *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def finish(self, process: subprocess.Popen) -> dict[str, Any]:
        """The result document of a process that ended by itself."""
        output, errors = process.communicate(timeout=PATIENCE)
        assert output, errors.decode()
        return {**json.loads(output), "status": process.returncode, "errors": errors.decode()}

    def kill_on(
        self,
        registry: FakeRegistry,
        count: int,
        how: int = signal.SIGKILL,
        method: str = "",
        flags: Sequence[str] = (),
        then: Callable[[], None] = lambda: None,
    ) -> Any:
        """Starts the engine and sends it a signal when the registry gets its request number `count`, and does what is next `then`."""
        started: Future[subprocess.Popen] = Future()

        def act() -> None:
            started.result(PATIENCE).send_signal(how)
            then()

        on_count(registry, count, act, method)
        process = self.start(*flags)
        started.set_result(process)
        return process

    def settle(self) -> None:
        """After the end of a process: what it left under way is over too."""
        for registry in (self.source, self.destination):
            registry.settle(PATIENCE)

    def calm(self) -> None:
        for registry in (self.source, self.destination):
            registry.faults.on_request = lambda method, endpoint, path: None
            registry.faults.clear()
            registry.ledger.clear()

    def arrived(self, images: Sequence[PlacedImage] | None = None) -> None:
        """Everything is there, byte by byte."""
        for image in self.images if images is None else images:
            found = self.destination.content.find(image.repository)
            for tag in image.tags:
                assert found.tags.get(tag) == image.digest, f"{image} is not at the destination"
            assert found.manifests[image.digest] == self.source.content.find(image.image.source).manifests[image.digest]
        assert_closed(self.destination.content)

    def missing_blobs(self) -> set[str]:
        """Digests that no repository of the destination has."""
        there = {digest for found in self.destination.content.repositories.values() for digest in found.blobs}
        wanted = {digest for found in self.source.content.repositories.values() for digest in found.blobs}
        return wanted - there


def on_count(registry: FakeRegistry, count: int, act: Callable[[], None], method: str = "") -> None:
    """Does something when a registry gets its request number `count`, of this method, before that is answered."""
    lock, seen = threading.Lock(), [0]

    def on_request(asked: str, _endpoint: str, _path: str) -> None:
        with lock:
            if method in ("", asked):
                seen[0] += 1
                if seen[0] == count:
                    act()

    registry.faults.on_request = on_request


def assert_closed(content: Content) -> None:
    """Every manifest at the destination can be pulled completely (user-needs G01, G02)."""
    with content.lock:
        for name, found in content.repositories.items():
            for tag, digest in found.tags.items():
                assert digest in found.manifests, f"{name}:{tag} names a manifest that is not there"
            for digest, (_media_type, manifest) in found.manifests.items():
                missing = found.missing(json.loads(manifest), sparse=False)
                assert not missing, f"{name}@{digest} lacks {missing}"
            for digest in found.blobs:
                assert Content().put_blob("check", content.blobs[digest]) == digest


class RandomFaults(Watch):
    """A share of all requests goes wrong, in one of the given ways."""

    def __init__(self, seed: int, share: float, kinds: Sequence[Fault]) -> None:
        super().__init__()
        self._random = random.Random(seed)
        self._share = share
        self._kinds = kinds
        self.count = 0

    def take(self, method: str, endpoint: str, repository: str, path: str) -> Fault:
        with self._lock:
            fault = self._random.choice(self._kinds) if self._random.random() < self._share else None
            self.count += fault is not None
        return fault or super().take(method, endpoint, repository, path)


@pytest.fixture
def world(tmp_path: Any) -> Iterator[World]:
    with FakeRegistry() as source, FakeRegistry() as destination:
        source.faults, destination.faults = Watch(), Watch()
        yield World(str(tmp_path), source, destination)
