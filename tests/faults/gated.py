# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two real registries with a gate before each, and runs of the engine between them."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Retries, Settings, Timeouts
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.result import TransferResult
from ansible_collections.disconnected.mirror.tests.fakes import images as make
from ansible_collections.disconnected.mirror.tests.fakes.faulty import placed
from ansible_collections.disconnected.mirror.tests.fakes.gate import Gate
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, require

ENDS = ("source", "destination")
PLAIN = HostSettings(plain_http=True)
# Quick enough for tests, and as many attempts as by default.
PATIENCE = Settings(
    default=PLAIN, retries=Retries(times=7, delay=0.02, max_delay=0.2), timeouts=Timeouts(connect=60.0, stall=2.0, answer=4.0)
)


class Between:
    """A set of images at the real source, and for each run a place of its own at the real destination.

    hosts: of the registries themselves, by end.  gates: what a run goes through instead.  large: digest of one larger layer,
    which image number `with_large` has.
    """

    with_large = 2

    def __init__(self, folder: str, hosts: dict[str, str]) -> None:
        self.folder = folder
        self.hosts = hosts
        self.gates: dict[str, Gate] = {}
        self.images: list[PlacedImage] = []
        self.large = ""
        self.place = ""
        self._opened: list[Gate] = []

    def fill(self) -> None:
        store = self._straight("source")
        base = [make.layer("base 0", 3000), make.layer("base 1", 700)]
        for number in range(6):
            own = make.layer(f"own {number}", 300_000 if number == self.with_large else 2000 + 37 * number)
            built = make.image(f"app {number}", [*base, own], make.DOCKER if number % 3 == 0 else make.OCI)
            self._push(store, built, f"team/app{number}", "1")
            if number == self.with_large:
                self.large = str(max(built.manifest().blobs, key=lambda blob: blob.size).digest)
        multi = make.multi_arch("multi")
        self._push(store, multi, "team/multi", "1")
        tag, signature = make.attachment(multi)
        self._push(store, signature, "team/multi", tag, subject=multi.digest)
        store.close()

    def _push(self, store: RegistryStore, built: Any, repository: str, tag: str, **more: Any) -> None:
        make.push(built, store, repository, tag)
        self.images.append(placed(built.manifest(), repository, [tag], repository, **more))

    def begin(self, name: str) -> Between:
        """A run with fresh gates, into a place where nothing is yet."""
        run = Between(self.folder, self.hosts)
        run.place = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        run.large = self.large
        run._opened = self._opened
        run.images = [replace(image, repository=f"{run.place}/{image.repository}") for image in self.images]
        run.gates = {end: Gate(self.hosts[end]).start() for end in ENDS}
        self._opened += run.gates.values()
        return run

    def transfer(self, settings: Settings = PATIENCE, **options: Any) -> TransferResult:
        credentials = Credentials.of("", {gate.host: {"username": "me", "password": "secret"} for gate in self.gates.values()}, {})
        source, destination = (Http(settings, credentials) for _end in ENDS)
        shelf = Shelf(os.path.join(self.folder, "manifests", self.place))
        try:
            return transfer(
                self.images,
                Ends(
                    RegistryStore(self.gates["source"].host, source),
                    RegistryStore(self.gates["destination"].host, destination, writing=True),
                    shelf,
                ),
                TransferOptions(parallel=4, **options),
            )
        finally:
            source.close()
            destination.close()

    def counts(self) -> dict[str, int]:
        return {end: self.gates[end].ledger.count() for end in ENDS}

    def arrived(self, without: Collection[str] = (), absent: bool = True) -> None:
        """Every other image is at the real destination, byte by byte; what failed has no tag there, where it is to be `absent`."""
        here, there = self._straight("source"), self._straight("destination")
        for image in self.images:
            if image.image.origin in without:
                assert not absent or all(there.find_manifest(image.repository, tag) is None for tag in image.tags)
                continue
            wanted = [here.fetch_manifest(image.image.source, image.digest)]
            assert all(there.fetch_manifest(image.repository, tag).digest == image.digest for tag in image.tags)
            while wanted:
                manifest = wanted.pop()
                assert there.fetch_manifest(image.repository, manifest.digest).content == manifest.content
                wanted += [here.fetch_manifest(image.image.source, child.digest) for child in manifest.children]
                for blob in manifest.blobs:
                    assert hashlib.sha256(read_blob(there, image.repository, blob, 1 << 30)).hexdigest() == blob.digest.hex
        here.close()
        there.close()

    def _straight(self, end: str) -> RegistryStore:
        return RegistryStore(self.hosts[end], Http(Settings(default=PLAIN)), writing=True)

    def close(self) -> None:
        """Of all runs."""
        for gate in self._opened:
            gate.stop()


@contextmanager
def registries(folder: str) -> Iterator[Between]:
    require(*DistributionProcess.names)
    with DistributionProcess(os.path.join(folder, "source")) as source, DistributionProcess(os.path.join(folder, "destination")) as target:
        between = Between(folder, {"source": source.host, "destination": target.host})
        between.fill()
        try:
            yield between
        finally:
            between.close()
