# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A source with the demo's image set, and a mirror: two real registries."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.extensions.demo.images import Image, image_set, mirrored
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.tests.fakes.playbook import Played, play
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess


@dataclass
class Site:
    """folder: of this test.  images: what the source has."""

    folder: str
    source: DistributionProcess
    mirror: DistributionProcess
    images: list[Image]

    @property
    def workspace(self) -> str:
        return os.path.join(self.folder, "workspace")

    @property
    def names(self) -> list[str]:
        return [f"{self.source.host}/{image.repository}:{image.tag}" for image in mirrored(self.images)]

    def variables(self, *names: str, **more: Any) -> dict[str, Any]:
        """Of the role, for these images, or all of them."""
        imageset = {
            "apiVersion": "mirror.openshift.io/v2alpha1",
            "kind": "ImageSetConfiguration",
            "mirror": {"additionalImages": [{"name": name} for name in names or self.names]},
        }
        return {
            "mirror_imageset": imageset,
            "mirror_workspace": self.workspace,
            "mirror_destination": f"docker://{self.mirror.host}/ocp",
            "mirror_tls": [{"host": host, "plain_http": True} for host in (self.source.host, self.mirror.host)],
            "mirror_retry_delay": 0.1,
            "mirror_retry_times": 2,
            **more,
        }

    def run(self, variables: dict[str, Any], *options: str, **more: Any) -> Played:
        return play(os.path.join(self.folder, "play"), "disconnected.mirror.mirror_to_mirror", variables, *options, **more)

    def tree(self, folder: str) -> dict[str, str]:
        """Every file and directory below a folder, with the digest of its content."""
        found = {}
        for path, folders, names in os.walk(folder):
            found.update({os.path.relpath(os.path.join(path, name), folder): "directory" for name in folders})
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    found[os.path.relpath(os.path.join(path, name), folder)] = hashlib.sha256(file.read()).hexdigest()
        return found

    def mirrored_digest(self, repository: str, tag: str) -> str:
        """What a tag means at the mirror; empty when it is not there."""
        store = RegistryStore(self.mirror.host, Http(Settings.of({"plain_http": True})))
        found = store.find_manifest(f"ocp/{repository}", tag)
        store.close()
        return found.digest if found else ""


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """The images, and the storage of a registry that has them."""
    images = image_set()
    with DistributionProcess(str(tmp_path_factory.mktemp("filled"))) as registry:
        store = RegistryStore(registry.host, Http(Settings.of({"plain_http": True})), writing=True)
        for image in images:
            push(image, store)
        store.close()
    return images, registry.storage


@pytest.fixture
def site(tmp_path, filled):
    images, storage = filled
    folder = str(tmp_path)
    shutil.copytree(storage, os.path.join(folder, "source", "storage"))
    os.makedirs(os.path.join(folder, "mirror"))
    with DistributionProcess(os.path.join(folder, "source")) as source, DistributionProcess(os.path.join(folder, "mirror")) as mirror:
        yield Site(folder, source, mirror, images)
