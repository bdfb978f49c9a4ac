# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's process between two real registries, judged by their logs and by a real client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.benchmarks import engine
from ansible_collections.disconnected.mirror.tests.benchmarks.content import PRESETS, Filler, scaled, wishes
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, require


class Pair:
    def __init__(self, folder: str, source: DistributionProcess, destination: DistributionProcess) -> None:
        self.folder = folder
        self.source = source
        self.destination = destination
        store = RegistryStore(source.host, Http(Settings(default=HostSettings(plain_http=True))), writing=True)
        self.images: list[dict[str, Any]] = Filler(store, False).fill(wishes(scaled(PRESETS["many-small"], 0.02), "integration"))["images"]
        store.close()
        self.list = os.path.join(folder, "images.json")
        with open(self.list, "w", encoding="utf-8") as file:
            json.dump({"images": self.images}, file)

    def run(self, *flags: str) -> dict[str, Any]:
        """The result, with the requests that the registries logged meanwhile."""
        self.settle()
        before = len(self.source.requests()), len(self.destination.requests())
        command = [sys.executable, engine.__file__, "--images", self.list, "--source", self.source.host]
        command += ["--destination", self.destination.host, "--state", os.path.join(self.folder, "state"), *flags]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False)
        assert done.stdout, done.stderr.decode()
        document = json.loads(done.stdout)
        document["status"] = done.returncode
        self.settle()
        document["source_log"] = self.source.requests()[before[0] :]
        document["destination_log"] = self.destination.requests()[before[1] :]
        return document

    def settle(self) -> None:
        self.source.settle()
        self.destination.settle()


@pytest.fixture
def pair(tmp_path: Any) -> Iterator[Pair]:
    with DistributionProcess(str(tmp_path / "source")) as source, DistributionProcess(str(tmp_path / "destination")) as destination:
        yield Pair(str(tmp_path), source, destination)


def storage(registry: DistributionProcess) -> dict[str, bytes]:
    found = {}
    for path, _folders, names in os.walk(registry.storage):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                found[os.path.join(path, name)] = file.read()
    return found


def test_cold_then_unchanged(pair: Pair) -> None:
    predicted = pair.run("--check", "--result")
    assert storage(pair.destination) == {} and predicted["counts"]["images_copied"] == len(pair.images)
    cold = pair.run("--result")
    assert cold["status"] == 0 and cold["complete"] and cold["changed"]
    assert [image["outcome"] for image in cold["images"]] == [image["outcome"] for image in predicted["images"]]
    assert not [entry for entry in cold["destination_log"] if entry.method == "HEAD"]
    reads = [entry.path for entry in cold["source_log"] if "/blobs/" in entry.path]
    assert len(reads) == len({path.rpartition("/")[2] for path in reads}) == cold["counts"]["blobs_copied"]
    before = storage(pair.destination)
    again = pair.run()
    assert again["status"] == 0 and not again["changed"] and again["counts"]["images_present"] == len(pair.images)
    assert len(again["destination_log"]) <= len(pair.images) and {entry.method for entry in again["destination_log"]} == {"HEAD"}
    assert not [entry for entry in again["source_log"] if "/blobs/" in entry.path] and len(again["source_log"]) <= len(pair.images)
    repositories = {image["repo"] for image in pair.images}
    pinned = pair.run("--pinned", "--level", "fast")
    assert pinned["source_log"] == () and len(pinned["destination_log"]) <= len(repositories)
    assert storage(pair.destination) == before


def test_without_history_the_same_is_found_by_three_requests_for_each_image(pair: Pair) -> None:
    pair.run()
    again = pair.run("--no-journal")
    repositories = {image["repo"] for image in pair.images}
    assert not again["changed"]
    assert len(again["source_log"]) <= len(pair.images)
    # The tag, and what it names: some registries answer for tags of what was deleted.
    assert len(again["destination_log"]) <= 2 * len(pair.images) + len(repositories)


def test_real_client_finds_the_same_bytes(pair: Pair) -> None:
    skopeo = require("skopeo")
    assert pair.run()["complete"]
    for image in pair.images[:6]:
        raw = [
            subprocess.run(
                [skopeo, "inspect", "--raw", "--tls-verify=false", f"docker://{registry.host}/{image['repo']}:{image['tag']}"],
                capture_output=True,
                timeout=300,
                check=True,
            ).stdout
            for registry in (pair.source, pair.destination)
        ]
        assert raw[0] == raw[1]
    last = pair.images[0]
    target = os.path.join(pair.folder, "pulled")
    reference = f"docker://{pair.destination.host}/{last['repo']}:{last['tag']}"
    command = [skopeo, "--insecure-policy", "copy", "-q", "--all", "--src-tls-verify=false", reference, f"dir:{target}"]
    subprocess.run(command, timeout=300, check=True)
    assert len(os.listdir(target)) > 3
