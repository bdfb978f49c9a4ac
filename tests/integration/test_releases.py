# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small signed release, two architectures, through the workflows between real registries."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import tarfile

import pytest

from ansible_collections.disconnected.mirror.extensions.demo import prove
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.reading import read_blob
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.graphs import answer
from ansible_collections.disconnected.mirror.tests.fakes.playbook import play
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess, require
from ansible_collections.disconnected.mirror.tests.fakes.release import SigningKey, build, claim, signature_path
from ansible_collections.disconnected.mirror.tests.fakes.release_server import ReleaseServer
from ansible_collections.disconnected.mirror.tests.unit.plugins.module_utils.releases.graph_image.test_image import GOOD, tarball

VERSIONS = ("4.14.1", "4.14.2")


class Site:
    """folder: of this test.  releases: by version; each for two architectures."""

    def __init__(self, folder, source, mirror, server, key):
        self.folder, self.source, self.mirror, self.server, self.key = folder, source, mirror, server, key
        self.releases = {version: build(version, "multi", host=source.host) for version in VERSIONS}
        store = self.store(source.host, writing=True)
        for release in self.releases.values():
            for repository, built in release.images():
                images.push(built, store, repository)
            message = key.sign(claim(release.digest, release.identity))
            server.files["/signatures/" + signature_path(release.digest)] = message
        images.push(images.multi_arch("base"), store, "ubi9/ubi", "latest")
        payloads = {version: release.reference for version, release in self.releases.items()}
        server.graphs["multi", "stable-4.14"] = answer(VERSIONS, [[0, 1]], channels="stable-4.14", payloads=payloads)
        server.files["/graph-data"] = tarball(GOOD)
        self.key_file = os.path.join(folder, "key.asc")
        with open(self.key_file, "wb") as file:
            file.write(key.public)

    platform = {
        "graph": True,
        "architectures": ["multi"],
        "channels": [{"name": "stable-4.14", "minVersion": "4.14.1", "maxVersion": "4.14.2", "shortestPath": True}],
    }

    @property
    def imageset(self):
        return {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"platform": self.platform}}

    @property
    def options(self):
        return {
            "update_url": self.server.url(),
            "release_signature_urls": [self.server.url("/signatures")],
            "release_signature_keys": [self.key_file],
            "graph_data": self.server.url("/graph-data"),
            "graph_base": f"{self.source.host}/ubi9/ubi:latest",
        }

    @property
    def hosts(self):
        return (self.source.host, self.mirror.host, self.server.host)

    def store(self, host, writing=False):
        return RegistryStore(host, Http(Settings.of({"plain_http": True})), writing=writing)

    def variables(self):
        """Of the role."""
        return {
            "mirror_imageset": self.imageset,
            "mirror_workspace": self.workspace("workspace"),
            "mirror_destination": f"docker://{self.mirror.host}/ocp",
            "mirror_tls": [{"host": host, "plain_http": True} for host in self.hosts],
            "mirror_retry_times": 1,
            "mirror_retry_delay": 0.1,
            **{f"mirror_{name}": value for name, value in self.options.items()},
        }

    def workspace(self, name):
        return os.path.join(self.folder, name)


@pytest.fixture
def site(tmp_path):
    folder = str(tmp_path)
    key = SigningKey()
    for name in ("source", "mirror"):
        os.makedirs(os.path.join(folder, name))
    try:
        with ReleaseServer() as server, DistributionProcess(os.path.join(folder, "source")) as source:
            with DistributionProcess(os.path.join(folder, "mirror")) as mirror:
                yield Site(folder, source, mirror, server, key)
    finally:
        key.close()


def check_mirror(site, resources):
    """Every image of every release under its tag, pulled by its original digest through the mirror sets with the source away."""
    store = site.store(site.mirror.host)
    conf = os.path.join(site.folder, "registries.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(prove.registries_conf(resources))
    for version, release in site.releases.items():
        assert store.find_manifest("ocp/openshift/release-images", f"{version}-multi").digest == release.digest
        for name, built in release.components.items():
            assert store.find_manifest("ocp/openshift/release", f"{version}-multi-{name}").digest == built.digest
    for number, (repository, built) in enumerate(site.releases["4.14.2"].images()):
        origin = f"{site.source.host}/{repository}@{built.digest}"
        assert prove.pull(origin, conf, os.path.join(site.folder, f"pulled-{number}")) == built.digest


def check_signatures(site, resources):
    """What a cluster would verify: the ConfigMap's data, by gpg, against the key."""
    with open(os.path.join(resources, "signature-configmap.json"), encoding="utf-8") as file:
        document = json.load(file)
    document = document["items"][0] if "items" in document else document
    home = os.path.join(site.folder, "gnupg")
    os.makedirs(home, mode=0o700, exist_ok=True)
    # Public keys need no agent, and one that was started would stay.
    gpg = ["gpg", "--homedir", home, "--no-autostart", "--batch", "--quiet"]
    subprocess.run([*gpg, "--import", site.key_file], check=True, capture_output=True)
    for release in site.releases.values():
        message = base64.b64decode(document["binaryData"][f"sha256-{release.digest.hex}-1"])
        done = subprocess.run([*gpg, "--decrypt"], input=message, check=True, capture_output=True)
        assert json.loads(done.stdout)["critical"]["image"]["docker-manifest-digest"] == release.digest


def check_graph_image(site):
    """Every instance holds the tarball's files and the signatures of the releases."""
    store = site.store(site.mirror.host)
    repository = "ocp/openshift/graph-image"
    index = store.fetch_manifest(repository, "latest")
    assert len(index.children) == 2
    for child in index.children:
        layer = gzip.decompress(read_blob(store, repository, store.fetch_manifest(repository, child.digest).blobs[-1], 10**7))
        with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
            held = {member.name: archive.extractfile(member).read() for member in archive if member.isfile()}
        root = "var/lib/cincinnati-graph-data/"
        wanted = {root + name[2:]: content for name, content in GOOD.items() if content is not None}
        for release in site.releases.values():
            message = site.server.files["/signatures/" + signature_path(release.digest)]
            wanted[f"{root}signatures/sha256/{release.digest.hex}/signature-1"] = message
        assert held == wanted
    return index.digest


def test_mirror_to_mirror(site):
    require("skopeo")
    variables = site.variables()
    predicted = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_mirror", variables, "--check", "--diff")
    assert predicted.ok, predicted.text
    assert not os.path.exists(site.workspace("workspace"))
    done = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_mirror", variables, "--diff")
    assert done.ok, done.text
    pushed = [line for line in done.text.splitlines() if line.startswith("+ocp/")]
    assert len(pushed) == 2 * 11 + 1
    assert pushed == [line for line in predicted.text.splitlines() if line.startswith("+ocp/")]
    again = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_mirror", variables)
    assert again.ok and again.changed == 0, again.text
    site.source.stop()
    resources = os.path.join(site.workspace("workspace"), "results", "cluster-resources")
    check_mirror(site, resources)
    check_signatures(site, resources)
    digest = check_graph_image(site)
    with open(os.path.join(resources, "updateService.yaml"), encoding="utf-8") as file:
        assert f"graphDataImage: {site.mirror.host}/ocp/openshift/graph-image@{digest}" in file.read()


def test_to_disk_and_from_disk(site):
    require("skopeo")
    archive = f"file://{site.workspace('archive')}"
    here = {**site.variables(), "mirror_workspace": site.workspace("here"), "mirror_archive": archive}
    del here["mirror_destination"]
    written = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_disk", here)
    assert written.ok, written.text
    site.source.stop()
    site.server.graphs.clear()
    site.server.files, published = {}, site.server.files
    there = {name: value for name, value in site.variables().items() if name != "mirror_imageset" and name[7:] not in site.options}
    asked = len(site.server.asked)
    there.update(mirror_workspace=site.workspace("there"), mirror_archive=archive)
    loaded = play(os.path.join(site.folder, "play"), "disconnected.mirror.disk_to_mirror", there)
    assert loaded.ok, loaded.text
    assert len(site.server.asked) == asked
    resources = os.path.join(site.workspace("there"), "results", "cluster-resources")
    site.server.files = published
    check_mirror(site, resources)
    check_signatures(site, resources)
    check_graph_image(site)


def test_an_unsigned_release_fails_the_play_and_the_others_are_mirrored(site):
    site.server.files.pop("/signatures/" + signature_path(site.releases["4.14.1"].digest))
    done = play(os.path.join(site.folder, "play"), "disconnected.mirror.mirror_to_mirror", site.variables())
    assert not done.ok and "no signature of" in done.text and "Traceback" not in done.text
    store = site.store(site.mirror.host)
    assert store.find_manifest("ocp/openshift/release-images", "4.14.1-multi") is None
    assert store.find_manifest("ocp/openshift/release-images", "4.14.2-multi") is not None
