# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet: one registry with images, operators, a signed release and what graph images are built upon, and the update service.

with Internet(tmp_path) as internet:
    planning = PlanSource(workspace, imageset=internet.imageset(random.Random(1)), connections=..., options=internet.options)
    internet.move_on(random.Random(2))
"""

from __future__ import annotations

import gzip
import json
import os
import random
from typing import Any

from ansible_collections.disconnected.mirror.tests.fakes import catalogs, dialects, images
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry
from ansible_collections.disconnected.mirror.tests.fakes.release import FakeRelease, SigningKey, build, claim, signature_path
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer
from ansible_collections.disconnected.mirror.tests.fakes.tars import END, member

CATALOG = "foo stable*: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0\nfoo alpha: 0.3.0\nbar stable*: 1.0.0; 1.1.0<1.0.0"
CHANNEL = "stable-4.14"
V1, V2 = "v1alpha2", "v2alpha1"


class Internet:
    """registry, server: where everything comes from.  options: of planning."""

    def __init__(self, folder: Any) -> None:
        self.registry = FakeRegistry(dialects.ZOT_DOCKER)
        self.server = ReleaseServer()
        self._key = SigningKey()
        self._key_file = os.path.join(str(folder), "release-key.asc")
        with open(self._key_file, "wb") as file:
            file.write(self._key.public)
        self._versions: list[str] = []

    def __enter__(self) -> Internet:
        self.registry.start()
        self.server.__enter__()
        self.publish_catalog(CATALOG)
        self.publish_releases("4.14.1", "4.14.2")
        self.publish_graph_data("first")
        self.publish_base("first")
        for number in range(4):
            self.publish_image(f"team/app{number}", "1", f"app {number}")
        return self

    def __exit__(self, *error: object) -> None:
        self.server.__exit__(*error)
        self.registry.stop()
        self._key.close()

    @property
    def host(self) -> str:
        return self.registry.host

    @property
    def options(self) -> dict[str, Any]:
        return {
            "update_url": self.server.url(),
            "release_signature_urls": [self.server.url("/signatures")],
            "release_signature_keys": [self._key_file],
            "graph_data": self.server.url("/graph-data"),
            "graph_base": f"{self.host}/ubi9/ubi:latest",
            "environ": {},
        }

    def publish_image(self, repository: str, tag: str, seed: str) -> None:
        """With a signature by tag and another as a referrer, for a half of them each."""
        built = images.multi_arch(seed) if len(seed) % 2 else images.image(seed)
        images.put(built, self.registry.content, repository, tag)
        if seed[-1:] in "02468":
            name, signature = images.attachment(built)
            images.put(signature, self.registry.content, repository, name)
        else:
            images.put(images.artifact(seed, built), self.registry.content, repository)

    def publish_catalog(self, text: str, tag: str = "v1") -> None:
        """Bundles and related images too, where they are not there yet."""
        store, content = MemoryStore(), self.registry.content
        documents = json.loads(json.dumps(catalogs.documents(text)).replace("quay.example.com", self.host))
        root = catalogs.publish(store, "index", tag, documents)
        for manifest in store.manifests["index"].values():
            for blob in manifest.blobs:
                content.put_blob("team/index", store.blobs["index"][blob.digest], blob.digest)
            content.put_manifest("team/index", manifest.content, manifest.media_type)
        content.create("team/index").tags[tag] = root.digest
        for document in documents:
            for each in document.get("relatedImages", ()):
                name, _colon, selector = each["image"].partition("/")[2].rpartition(":")
                if selector not in content.create(name).tags:
                    images.put(images.image(each["image"]), content, name, selector)

    def publish_releases(self, *versions: str) -> None:
        payloads = {}
        for version in (*self._versions, *versions):
            release = self._release(version)
            payloads[version] = release.reference
            for repository, built in release.images():
                images.put(built, self.registry.content, repository)
            self.server.files["/signatures/" + signature_path(release.digest)] = self._key.sign(claim(release.digest, release.identity))
        self._versions += versions
        edges = [(number, number + 1) for number in range(len(self._versions) - 1)]
        self.server.graphs["amd64", CHANNEL] = answer(self._versions, edges, channels=CHANNEL, payloads=payloads)

    def publish_graph_data(self, text: str) -> None:
        data = member(b"version", b"1.1.0\n") + member(b"channels/stable-4.14.yaml", text.encode()) + END
        self.server.files["/graph-data"] = gzip.compress(data, mtime=0)

    def publish_base(self, seed: str) -> None:
        images.put(images.multi_arch(f"base {seed}"), self.registry.content, "ubi9/ubi", "latest")

    def imageset(self, chance: random.Random, version: str = "") -> dict[str, Any]:
        """A random one, with something of every kind more often than not."""
        mirror: dict[str, Any] = {}
        if chance.random() < 0.8:
            names = chance.sample(range(4), chance.randrange(1, 4))
            mirror["additionalImages"] = [{"name": f"{self.host}/team/app{name}:1"} for name in names]
        if chance.random() < 0.7:
            mirror["operators"] = [self._operators(chance)]
        if chance.random() < 0.6 or not mirror:
            versions = {"minVersion": "4.14.1", "maxVersion": chance.choice(("4.14.1", "4.14.2"))}
            mirror["platform"] = {"graph": chance.random() < 0.7, "channels": [{"name": CHANNEL, **versions}]}
        kind = {"apiVersion": f"mirror.openshift.io/{version or chance.choice((V1, V2))}", "kind": "ImageSetConfiguration"}
        return {**kind, "mirror": mirror}

    def move_on(self, chance: random.Random) -> list[str]:
        """Everything that may change behind names does so, or most of it; what was there stays to be had by digest.

        Gives the names of what moved.
        """
        number = chance.randrange(10**6)
        moves = {
            "images": lambda: [self.publish_image(f"team/app{each}", "1", f"later app {each}") for each in range(4)],
            "catalog": lambda: self.publish_catalog(f"{CATALOG}; 1.2.0<1.1.0\nnew stable*: 0.0.1"),
            "releases": lambda: self.publish_releases(f"4.14.{len(self._versions) + 1}"),
            "graph data": lambda: self.publish_graph_data(f"later {number}"),
            "base": lambda: self.publish_base(f"later {number}"),
        }
        moved = [name for name in moves if chance.random() < 0.7]
        for name in moved:
            moves[name]()
        return moved

    def _operators(self, chance: random.Random) -> dict[str, Any]:
        entry: dict[str, Any] = {"catalog": f"{self.host}/team/index:v1"}
        channels = chance.choice(([{"name": "stable"}], [{"name": "stable"}, {"name": "alpha"}]))
        packages = [{"name": "foo", "channels": channels}, {"name": "bar"}]
        if chance.random() < 0.8:
            entry["packages"] = chance.sample(packages, chance.randrange(1, 3))
        if chance.random() < 0.3:
            entry["full"] = True
            entry["packages"] = [{"name": "foo"}]
        return entry

    def _release(self, version: str) -> FakeRelease:
        return build(version, host=self.host, names=("cli", "etcd", "installer", "oauth-proxy"))
