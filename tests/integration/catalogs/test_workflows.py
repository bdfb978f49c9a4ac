# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The heads of catalogs, with stand-ins for all that they name, through all workflows between real registries."""

from __future__ import annotations

import copy
import os

import pytest
import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.cache import Kept
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.disk_to_mirror import FromDiskRequest, disk_to_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import catalog_oracle as oracle
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess
from ansible_collections.disconnected.mirror.tests.fakes.storage import DistributionStorage
from ansible_collections.disconnected.mirror.tests.fakes.trip import CONNECTIONS, V2

MEDIUM = os.path.join(SHARED_DATA, "catalogs", "medium")
OWN = """
    foo beta: 0.1.0; 0.2.0<0.1.0; 0.3.0<0.2.0
    foo stable*: 0.1.0; 0.2.0<0.1.0
    bar stable*: 1.0.0; 1.1.0<1.0.0 !{1.0.1}
"""
INDEX = "team/index"
MOST_RELATED = 40
FEW_RELATED = 4
# All stand-ins share it, so that they differ by their manifests alone.
LAYER = images.layer("stand-in")


def own():
    return catalogs.documents(OWN)


def medium():
    if not os.path.isdir(MEDIUM):
        pytest.skip("../shared/data/catalogs is not here")
    documents = oracle.read(os.path.join(folder, name) for folder, _folders, names in os.walk(MEDIUM) for name in sorted(names))
    for document in documents:
        # One package of the 43 names two thirds of all images; the others stay below this bound.
        del document.get("relatedImages", [])[MOST_RELATED:]
    return documents


def slender():
    """`medium` with all its bundles, most of their related images left away."""
    documents = medium()
    for document in documents:
        del document.get("relatedImages", [])[FEW_RELATED:]
    return documents


class Site:
    """Three registries: of publishers, of mirror to mirror, and of the far side of the gap."""

    def __init__(self, folder, source, near, far):
        self.folder, self.source, self.near, self.far = folder, source, near, far
        self.published = DistributionStorage(source.storage)
        self.entry = {}
        self.workspace = Workspace(os.path.join(folder, "workspace"))
        self.archive = os.path.join(folder, "archive")

    def publish(self, documents, **entry):
        """The catalog with stand-ins for its images; (repository, digest) of those that its entry in `operators` needs."""
        self.entry = entry
        documents = copy.deepcopy(documents)
        chosen = oracle.v2(oracle.Source(documents), entry)
        wanted = {(package, name) for package, channels in chosen.items() for names in channels.values() for name in names}
        needed = set()
        for bundle in (document for document in documents if document["schema"] == "olm.bundle"):
            is_wanted = (bundle["package"], bundle["name"]) in wanted
            for holder in [bundle, *bundle.get("relatedImages", ())]:
                if holder.get("image"):
                    holder["image"], stand_in = self.stand_in(holder["image"], is_wanted)
                    needed |= {stand_in} if is_wanted else set()
        store = MemoryStore()
        catalogs.publish(store, INDEX, "v1", documents)
        for digest, content in store.blobs[INDEX].items():
            self.published.put_blob(INDEX, digest, bytes(content))
        for manifest in store.manifests[INDEX].values():
            self.published.put_manifest(INDEX, manifest.content, "v1" if manifest.is_index else "")
        return needed

    def stand_in(self, text, publish):
        """A few hundred bytes under the same path; its reference, and where it is."""
        path, at, _digest = text.partition("/")[2].partition("@")
        repository, _colon, tag = path.partition(":")
        built = images.image("stand-in", [LAYER], annotations={"org.example.for": text.partition("/")[2]})
        if publish:
            for digest, blob in built.blobs.items():
                self.published.put_blob(repository, digest, blob)
            self.published.put_manifest(repository, built.content, "" if at else tag)
        return f"{self.source.host}/{path}" + (f"@{built.digest}" if at else ""), (repository, built.digest)

    @property
    def planning(self):
        catalog = {"catalog": f"{self.source.host}/{INDEX}:v1", **self.entry}
        imageset = {"apiVersion": V2, "kind": "ImageSetConfiguration", "mirror": {"operators": [catalog]}}
        return PlanSource(self.workspace, imageset=imageset, connections=CONNECTIONS)

    def mirror(self):
        return mirror(MirrorRequest(self.planning, self.destination(self.near)), {})

    def write(self):
        return mirror_to_disk(ToDiskRequest(self.planning, self.archive), {})

    def load(self):
        workspace = Workspace(os.path.join(self.folder, "far-workspace"))
        return (
            disk_to_mirror(
                FromDiskRequest(PlanSource(workspace, archive=self.archive, connections=CONNECTIONS), self.destination(self.far)), {}
            ),
            workspace,
        )

    @staticmethod
    def destination(registry):
        return Destination.parse(f"docker://{registry.host}/ocp")


@pytest.fixture
def site(tmp_path):
    for name in ("source", "near", "far"):
        (tmp_path / name).mkdir()
    with DistributionProcess(str(tmp_path / "source")) as source, DistributionProcess(str(tmp_path / "near")) as near:
        with DistributionProcess(str(tmp_path / "far")) as far:
            yield Site(str(tmp_path), source, near, far)


def check_content(registry, needed):
    """Everything is there, and the catalog's tag came last, once."""
    storage = DistributionStorage(registry.storage)
    lacking = {(repository, digest) for repository, digest in needed if storage.missing(f"ocp/{repository}", digest)}
    assert not lacking
    catalog = storage.tag(f"ocp/{INDEX}", "v1")
    assert catalog and not storage.missing(f"ocp/{INDEX}", catalog)
    put = [each.path for each in registry.requests("PUT", "/manifests/") if not each.path.startswith("/v2/ocp/oc-mirror/")]
    assert put[-1] == f"/v2/ocp/{INDEX}/manifests/v1" and put.count(put[-1]) == 1


def served(registry, folder):
    """The catalog at a mirror, as a cluster reads it."""
    kept = Kept(RegistryStore(registry.host, Http(Settings.of({"plain_http": True}))), Workspace(os.path.join(folder, "cluster")))
    return kept.catalog("mirror", f"ocp/{INDEX}", kept.root(f"ocp/{INDEX}", "v1")).catalog


def check_resources(site, registry, workspace, plan):
    """The CatalogSource of a cluster names the catalog at the mirror."""
    plan.write(workspace.plan)
    write_cluster_resources(ResourcesRequest(PlanSource(workspace), site.destination(registry)), {})
    documents = []
    for name in sorted(os.listdir(workspace.cluster_resources)):
        with open(os.path.join(workspace.cluster_resources, name), encoding="utf-8") as file:
            documents += yaml.safe_load_all(file)
    (source,) = (document for document in documents if document.get("kind") == "CatalogSource")
    assert source["spec"]["image"] == f"{registry.host}/ocp/{INDEX}:v1"


@pytest.mark.parametrize(
    ("documents", "entry"),
    [
        (own, {}),
        (own, {"full": True}),
        pytest.param(medium, {}, marks=pytest.mark.needs_data),
        pytest.param(slender, {"full": True}, marks=pytest.mark.needs_data),
        pytest.param(medium, {"packages": [{"name": "kubecost-operator"}]}, marks=pytest.mark.needs_data),
    ],
)
def test_operators_arrive_by_all_workflows(site, documents, entry):
    published = documents()
    needed = site.publish(published, **entry)
    run = site.mirror()
    assert run.result.complete and not run.failures, [str(failure) for failure in run.failures]
    check_content(site.near, needed)
    check_resources(site, site.near, site.workspace, run.plan)
    asked = len(site.near.requests("PUT"))
    again = site.mirror()
    assert again.failures == () and not again.result.changed and len(site.near.requests("PUT")) == asked

    written = site.write()
    assert written.complete and written.archive_id
    assert not site.write().changed
    site.source.stop()
    loaded, workspace = site.load()
    assert loaded.complete, [str(failure) for failure in loaded.failures]
    check_content(site.far, needed)
    check_resources(site, site.far, workspace, loaded.plan)
    names = {document["name"] for document in published if document["schema"] == "olm.package"}
    assert set(served(site.far, site.folder).names) == ({package["name"] for package in entry.get("packages", ())} or names)
    assert not site.load()[0].changed


def test_the_tag_of_a_catalog_waits_for_its_images(site):
    """An image that is gone from its registry keeps the catalog of the mirror as it is, until it is back."""
    site.publish(own())
    text = "quay.example.com/foo/operator:0.3.0"
    _reference, (repository, digest) = site.stand_in(text, True)
    site.published.drop_manifest(repository, digest)
    run = site.mirror()
    assert [failure.code for failure in run.failures] == ["not_found"]
    near = DistributionStorage(site.near.storage)
    assert near.tag(f"ocp/{INDEX}", "v1") == "" and near.tag("ocp/bar/operator", "1.1.0")
    site.stand_in(text, True)
    assert site.mirror().failures == ()
    assert near.tag(f"ocp/{INDEX}", "v1") and near.tag(f"ocp/{repository}", "0.3.0") == digest
