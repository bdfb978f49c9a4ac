# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventories of docs/examples on real registries of this machine; only addresses differ from what is written there."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from contextlib import ExitStack
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.extensions.demo.images import OCI, layer, single
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes.link import Link
from ansible_collections.disconnected.mirror.tests.fakes.places import ROOT
from ansible_collections.disconnected.mirror.tests.fakes.playbook import Played, play
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess

MIB = 1024 * 1024
EXAMPLES = os.path.join(ROOT, "docs", "examples")
_REGISTRY = re.compile(r"registry\.(?:(\w+)\.)?example\.com:5000")
_RECAP = re.compile(r"^(\S+)\s+: ok=.*unreachable=(\d+)\s+failed=(\d+)", re.M)


def image_set():
    """Three images that share a layer, each with some of its own."""
    shared = layer("shared", MIB)
    return [
        single(f"example/{name}", "1.0", [shared, *(layer(f"{name} {number}", 256 * 1024) for number in range(layers))], OCI)
        for name, layers in (("app", 4), ("base", 3), ("tool", 2))
    ]


class Example:
    """One folder of docs/examples, with a registry for each that its files name.  registries: by the name of their place.

    options: of a place's registry; `breaks_at` makes it one that is gone once it was sent so many bytes, until `links[place].mend()`.
    """

    def __init__(self, name: str, folder: str, stack: ExitStack, **options: Any) -> None:
        self.folder = folder
        self.images = image_set()
        self.source = stack.enter_context(DistributionProcess(os.path.join(folder, "source")))
        self.registries: dict[str, DistributionProcess] = {}
        self.links: dict[str, Link] = {}
        shutil.copytree(os.path.join(EXAMPLES, name), os.path.join(folder, "example"))
        for path in self._files():
            with open(path, encoding="utf-8") as file:
                text = file.read()
            for place in dict.fromkeys(match.group(1) or "registry" for match in _REGISTRY.finditer(text)):
                if place not in self.registries:
                    self._start(place, stack, **options.get(place, {}))
            text = _REGISTRY.sub(lambda match: self.host(match.group(1) or "registry"), text)
            text = text.replace("quay.io/", f"{self.source.host}/").replace("/srv/", f"{folder}/srv/")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        store = RegistryStore(self.source.host, Http(Settings.of({"plain_http": True})), writing=True)
        for image in self.images:
            push(image, store)
        store.close()

    def _start(self, place: str, stack: ExitStack, breaks_at: int = 0, **options: Any) -> None:
        registry = stack.enter_context(DistributionProcess(os.path.join(self.folder, place), **options))
        self.registries[place] = registry
        if breaks_at:
            self.links[place] = stack.enter_context(Link(registry.port, breaks_at=breaks_at))

    def host(self, place: str) -> str:
        """As the inventory names it."""
        return self.links[place].host if place in self.links else self.registries[place].host

    def _files(self) -> list[str]:
        folder = os.path.join(self.folder, "example")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]

    def path(self, name: str) -> str:
        return os.path.join(self.folder, "example", name)

    def run(self, playbook: str, *options: str, inventory: str = "inventory.yml", meanwhile: Any = None, **variables: Any) -> Played:
        playbook = self.path(playbook) if playbook.endswith(".yml") else f"disconnected.mirror.{playbook}"
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_pipelining": True,
            "mirror_tls": [{"host": "*", "plain_http": True}],
            "mirror_retry_times": 1,
            "mirror_retry_delay": 0.1,
            **variables,
        }
        return play(
            os.path.join(self.folder, "play"), playbook, given, "-i", self.path(inventory), "-f", "10", *options, meanwhile=meanwhile
        )

    @property
    def unique(self) -> int:
        """Bytes of all blobs and manifests of the images, each once."""
        blobs = {content for image in self.images for content in image.blobs}
        return sum(map(len, blobs)) + sum(manifest.size for image in self.images for manifest in image.manifests)

    @property
    def pulled(self) -> int:
        """Bytes that were read from the source."""
        self.source.settle()
        return sum(request.size for request in self.source.requests("GET"))

    def holds(self, place: str, *names: str) -> bool:
        """Whether a registry has these images whole, under their tags."""
        credentials = Credentials.of(entries={self.registries[place].host: {"username": "me", "password": "secret"}}, environ={})
        store = RegistryStore(self.registries[place].host, Http(Settings.of({"plain_http": True}), credentials))
        try:
            for image in (image for image in self.images if image.repository.partition("/")[2] in names):
                repository = f"ocp/{image.repository}"
                found = store.find_manifest(repository, image.tag)
                wanted = {blob.digest for manifest in image.manifests for blob in manifest.blobs}
                if found is None or found.digest != image.digest or store.blobs_present(repository, wanted) != wanted:
                    return False
            return True
        finally:
            store.close()

    def storage(self, place: str) -> dict[str, int]:
        return tree(self.registries[place])


def tree(registry: DistributionProcess) -> dict[str, int]:
    """Every file of a registry with its size, but for its records of what was done when, whose names are not those of content."""
    found = {}
    records = set()
    for folder, _folders, names in os.walk(registry.storage):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), registry.storage)
            if "/repositories/ocp/oc-mirror/" in path:
                records.update(re.findall(r"/sha256/([0-9a-f]{64})/link", path))
            elif "/_uploads/" not in path:
                found[path] = os.path.getsize(os.path.join(folder, name))
    return {path: size for path, size in found.items() if path.split("/")[-2] not in records}


def recap(played: Played) -> dict[str, str]:
    """What became of each host."""
    return {
        host: "unreachable" if unreachable != "0" else "failed" if failed != "0" else "ok"
        for host, unreachable, failed in _RECAP.findall(played.text)
    }


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Makes an example of a name."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    with ExitStack() as stack:
        yield lambda name, **options: Example(name, str(tmp_path), stack, **options)


def artifact(played: Played) -> dict[str, Any]:
    """The statistics of the play, as the default callback shows them."""
    found = re.findall(r"^\tRUN: (\{.*\})$", played.text, re.M)
    return json.loads(found[-1])
