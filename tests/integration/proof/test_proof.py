# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan, mirror and verify between real registry processes: the plan is the deed, the forecast the bytes, damage is found."""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.login.credentials import Credentials
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import HostSettings, Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.configuration import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.build import build_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.forecast import forecast
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.views.upstream import Upstream
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.ends import Ends
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.engine import transfer
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import DEEP, TransferOptions
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placement import place_images
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.finding import repairs
from ansible_collections.disconnected.mirror.plugins.module_utils.verify.verify import CONTENT, verify
from ansible_collections.disconnected.mirror.tests.fakes import images
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess

SETTINGS = Settings(default=HostSettings(plain_http=True))


def connect(host, writing=False):
    return RegistryStore(host, Http(SETTINGS, Credentials.of(environ={})), writing=writing)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A registry with images that share layers, an index, signatures by tag and a referrer."""
    with DistributionProcess(str(tmp_path_factory.mktemp("source"))) as process:
        store = connect(process.host, writing=True)
        chance = random.Random(7)
        layers = [images.layer(f"layer {number}", chance.randrange(100, 5000)) for number in range(20)]
        for number in range(12):
            images.push(images.image(f"app {number}", chance.sample(layers, 3)), store, f"team/app{number % 5}", str(number))
        multi = images.multi_arch("multi")
        images.push(multi, store, "team/multi", "1")
        tag, signature = images.attachment(multi)
        images.push(signature, store, "team/multi", tag)
        images.push(images.artifact("sbom", multi), store, "team/multi")
        store.close()
        yield process


class Site:
    """A mirror registry, a workspace, and what is planned for it."""

    def __init__(self, source, process, folder):
        self.process = process
        self.workspace = Workspace(str(folder))
        self.shelf = Shelf(self.workspace.manifests)
        self.upstream = Upstream(connect)
        self.mirror = connect(process.host, writing=True)
        names = [f"{source.host}/team/app{number % 5}:{number}" for number in range(12)] + [f"{source.host}/team/multi:1"]
        mirror = {"additionalImages": [{"name": name} for name in names]}
        self.imageset = parse({"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": mirror})
        self.plan = self.make_plan()
        self.placed, failures = place_images(self.plan, Destination.parse(f"docker://{process.host}/site"))
        assert self.plan.failures == failures == ()

    def make_plan(self):
        return build_plan(self.imageset, Context(self.upstream, self.workspace, parallel=4))

    def push(self, placed=None):
        return transfer(placed or self.placed, Ends(self.upstream, self.mirror, self.shelf), TransferOptions(level=DEEP))

    def verify(self):
        return verify(self.placed, self.mirror, CONTENT, parallel=4)

    def stored_bytes(self):
        """Of blobs and manifests in the registry's own storage: it keeps both alike."""
        blobs = os.path.join(self.process.storage, "docker", "registry", "v2", "blobs")
        return sum(os.path.getsize(os.path.join(folder, name)) for folder, _folders, names in os.walk(blobs) for name in names)

    def data(self, digest):
        return os.path.join(self.process.storage, "docker", "registry", "v2", "blobs", "sha256", digest.hex[:2], digest.hex, "data")


@pytest.fixture
def site(source, tmp_path):
    with DistributionProcess(str(tmp_path / "mirror")) as process:
        source.settle()
        before = layers_read(source)
        site = Site(source, process, tmp_path / "workspace")
        site.upstream.close()
        source.settle()
        site.read_to_plan = layers_read(source)[len(before) :]
        yield site
        site.mirror.close()
        site.upstream.close()


def layers_read(source):
    return [request for request in source.requests("GET") if "/blobs/" in request.path]


def test_the_plan_is_the_deed_and_the_forecast_its_bytes(site):
    assert len(site.plan.images) == 12 + 1 + 2
    assert site.read_to_plan == []
    expected = forecast(site.plan, site.shelf)
    result = site.push()
    assert result.complete
    # The registry keeps a tagged list of referrers besides, for it has no list of its own.
    subjects = {image.subject for image in site.plan.images if image.subject and not image.tags}
    lists = [site.mirror.fetch_manifest("site/team/multi", f"sha256-{Digest(subject).hex}").size for subject in subjects]
    assert len(lists) == 1 and site.stored_bytes() - lists[0] == expected.store
    # What has attachments is put before them by its digest, and by its tag after them.
    twice = sum(site.shelf.get(Digest(subject)).size for subject in {image.subject for image in site.plan.images if image.subject})
    assert result.size + sum(manifest_sizes(site)) + twice == expected.ship
    assert site.verify().clean
    assert site.make_plan() == site.plan


def manifest_sizes(site):
    digests = set()
    for image in site.plan.images:
        root = site.shelf.get(image.digest)
        digests |= {root.digest, *(child.digest for child in root.children)}
    return [site.shelf.get(digest).size for digest in digests]


def test_damage_in_the_storage_is_found_and_what_can_be_is_repaired(site):
    assert site.push().complete
    app = next(image for image in site.plan.images if image.tags == ("0",))
    layer = site.shelf.get(app.digest).blobs[1]
    with open(site.data(layer.digest), "r+b") as file:
        file.seek(10)
        file.write(b"\x00\x01\x02")
    found = site.verify()
    assert {(finding.kind, finding.name) for finding in found.findings} == {("corrupt_blob", layer.digest)}
    harmed = {image.origin for image in site.plan.images if layer.digest in {blob.digest for blob in site.shelf.get(image.digest).blobs}}
    assert app.origin in harmed and {origin for finding in found.findings for origin in finding.origins} == harmed
    assert repairs(found.findings, site.placed) == ()


def test_a_moved_and_a_foreign_tag_are_found_and_the_moved_one_is_put_back(site):
    assert site.push().complete
    images.push(images.image("intruder"), site.mirror, "site/team/app0", "0")
    images.push(images.image("intruder"), site.mirror, "site/team/app1", "theirs")
    found = site.verify()
    assert [(finding.kind, finding.repository, finding.name) for finding in found.findings] == [
        ("moved_tag", "site/team/app0", "0"),
        ("foreign_tag", "site/team/app1", "theirs"),
    ]
    again = site.push(repairs(found.findings, site.placed))
    assert again.complete and again.blobs["copied"] == 0
    assert site.verify().counts() == {"foreign_tag": 1}


def test_a_manifest_that_was_deleted_is_found_and_pushed_again(site):
    assert site.push().complete
    signature = next(image for image in site.plan.images if image.tags and image.tags[0].endswith(".sig"))
    site.mirror.delete_manifest("site/team/multi", signature.digest)
    found = site.verify()
    assert set(found.counts()) == {"missing_manifest", "missing_tag"}
    assert site.push(repairs(found.findings, site.placed)).complete
    assert site.verify().clean
