# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of real runs: of the demo's image set, and of a real catalog with stand-ins for its images.

Each is mirrored, mirrored again and verified, mirrored with failures, and written to an archive; each of these leaves a page.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import yaml

from ansible_collections.disconnected.mirror.extensions.demo import fill
from ansible_collections.disconnected.mirror.extensions.demo.images import image_set
from ansible_collections.disconnected.mirror.extensions.demo.release import release_images, write_services
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import GIB
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.cluster_resources import ResourcesRequest, write_cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_disk import ToDiskRequest, mirror_to_disk
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.reporting.report import write_report
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.verify import VerifyRequest, verify_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes import catalog_oracle as oracle
from ansible_collections.disconnected.mirror.tests.fakes import catalogs, images
from ansible_collections.disconnected.mirror.tests.fakes.faults import Fault
from ansible_collections.disconnected.mirror.tests.fakes.memory import MemoryStore
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

MEDIUM = os.path.join(SHARED_DATA, "catalogs", "medium")
INDEX = "registry.redhat.io/redhat/certified-operator-index"
RUNS = ("first", "unchanged", "failures", "air-gap")
# One package of the 43 names two thirds of all images; the others stay below this bound.
_MOST_RELATED = 40

# Fills a registry; gives the image set, the options of planning, and hosts that this registry stands for.
Fill = Callable[[FakeRegistry, str], "tuple[dict[str, Any], dict[str, Any], set[str]]"]


def demo(source: FakeRegistry, folder: str) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    store = RegistryStore(source.host, Http(Settings.of({"plain_http": True})), writing=True)
    payloads, release = release_images(source.host)
    for image in [*image_set(), *release]:
        fill.push(image, store)
    store.close()
    services = write_services(source.host, payloads, os.path.join(folder, "release"))
    options = {name[len("mirror_") :]: value for name, value in services.items()}
    return yaml.safe_load(fill.configuration(source.host)), {**options, "environ": {}}, set()


def medium(source: FakeRegistry, _folder: str) -> tuple[dict[str, Any], dict[str, Any], set[str]]:
    """Its images have the names that they have, and a few hundred bytes each."""
    documents = oracle.read(os.path.join(folder, name) for folder, _folders, names in os.walk(MEDIUM) for name in sorted(names))
    hosts = {INDEX.partition("/")[0]}
    for document in documents:
        del document.get("relatedImages", [])[_MOST_RELATED:]
        for holder in (document, *document.get("relatedImages", ())):
            if holder.get("image"):
                hosts.add(holder["image"].partition("/")[0])
                holder["image"] = _stand_in(source, holder["image"])
    store = MemoryStore()
    catalogs.publish(store, "index", "v4.16", documents)
    for manifest in store.manifests["index"].values():
        for blob in manifest.blobs:
            source.content.put_blob(INDEX, store.blobs["index"][blob.digest], blob.digest)
        source.content.put_manifest(INDEX, manifest.content, manifest.media_type)
        if manifest.is_index:
            source.content.create(INDEX).tags["v4.16"] = manifest.digest
    return {**_KIND, "mirror": {"operators": [{"catalog": f"{INDEX}:v4.16"}]}}, {"environ": {}}, hosts


_KIND = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration"}
_LAYER = images.layer("stand-in")
SETS: dict[str, Fill] = {"demo": demo, **({"medium": medium} if os.path.isdir(MEDIUM) else {})}


def _stand_in(source: FakeRegistry, reference: str) -> str:
    name, at, _digest = reference.partition("@")
    repository, colon, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "")
    built = images.image("stand-in", [_LAYER], annotations={"org.example.for": reference})
    host, _slash, path = repository.partition("/")
    whole = f"{host}/library/{path}" if host == "docker.io" and "/" not in path else repository
    images.put(built, source.content, whole, tag)
    return f"{repository}{colon}{tag}@{built.digest}" if at else reference


def pages(name: str, folder: str) -> dict[str, str]:
    """The page of each run of a set, in files of their own."""
    with FakeRegistry() as source, FakeRegistry() as target:
        return _Site(folder, source, target, *SETS[name](source, folder)).pages()


class _Site:
    def __init__(
        self,
        folder: str,
        source: FakeRegistry,
        target: FakeRegistry,
        imageset: dict[str, Any],
        options: dict[str, Any],
        hosts: set[str],
    ) -> None:
        self.folder, self.source, self.imageset, self.options = folder, source, imageset, options
        self.destination = Destination.parse(f"docker://{target.host}/ocp")
        conf = os.path.join(folder, "registries.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.writelines(f'[[registry]]\nprefix = "{host}"\nlocation = "{source.host}/{host}"\n' for host in sorted(hosts))
        self.connections = Connections(
            registries_conf=conf, settings={"plain_http": True, "retries": {"times": 1, "delay": 0.01, "max_delay": 0.02}}
        )

    def pages(self) -> dict[str, str]:
        return {"first": self.first(), "unchanged": self.unchanged(), "failures": self.failures(), "air-gap": self.air_gap()}

    def planning(self, place: str, imageset: dict[str, Any] | None = None) -> PlanSource:
        workspace = Workspace(os.path.join(self.folder, place))
        options = self.options if imageset else {"environ": {}}
        return PlanSource(workspace, imageset=imageset, connections=self.connections, options=options)

    def mirror(self, place: str, imageset: dict[str, Any]) -> Workspace:
        """As the role does it."""
        plan_imageset(self.planning(place, imageset), {})
        planning = self.planning(place)
        if not mirror(MirrorRequest(planning, self.destination), {}).failures:
            write_cluster_resources(ResourcesRequest(planning, self.destination), {})
        return planning.workspace

    def page(self, workspace: Workspace, run: str) -> str:
        write_report(workspace)
        path = os.path.join(self.folder, f"{run}.html")
        shutil.copy(workspace.report_page, path)
        return path

    def first(self) -> str:
        return self.page(self.mirror("workspace", self.imageset), "first")

    def unchanged(self) -> str:
        """An hour later."""
        kept = Workspace(os.path.join(self.folder, "workspace")).cluster_resources
        for name in os.listdir(kept):
            os.utime(os.path.join(kept, name), (time.time() - 3600,) * 2)
        workspace = self.mirror("workspace", self.imageset)
        verify_mirror(VerifyRequest(self.planning("workspace"), self.destination, level="blobs"), {})
        return self.page(workspace, "unchanged")

    def failures(self) -> str:
        """Of the second run: an image that is not there, one that is refused, and layers that break off."""
        imageset = json.loads(json.dumps(self.imageset))
        names = imageset["mirror"].setdefault("additionalImages", [])
        names += [{"name": f"{self.source.host}/team/{name}:1"} for name in ("gone", "refused", "broken", "late")]
        for name in ("refused", "broken", "late"):
            images.put(images.image(name), self.source.content, f"team/{name}", "1")
        broken = next(repository for repository in sorted(self.source.content.repositories) if repository.endswith(("bundle", "worker-1")))
        self.source.inject(Fault(repository="team/refused", status=401, times=0))
        self.source.inject(Fault(endpoint="blob", repository="team/broken", corrupt_at=3, times=0))
        self.source.inject(Fault(endpoint="blob", repository="team/late", truncate_at=2, times=0))
        self.source.inject(Fault(repository=broken, status=500, times=0))
        try:
            return self.page(self.mirror("workspace", imageset), "failures")
        finally:
            self.source.faults.clear()

    def air_gap(self) -> str:
        planning = self.planning("connected", self.imageset)
        mirror_to_disk(ToDiskRequest(planning, os.path.join(self.folder, "archives"), volume_size=GIB // 64), {})
        return self.page(planning.workspace, "air-gap")
