# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a registry with the demo's image set and writes the ImageSetConfiguration that names it.

Beside it goes the directory `release`, with what the internet has for a real release, and `release.json`, the role's variables for it.

    python fill.py 127.0.0.1:5000 imageset.yaml
"""

from __future__ import annotations

import argparse
import os
import sys

from ansible_collections.disconnected.mirror.extensions.demo.images import Image, image_set, mirrored
from ansible_collections.disconnected.mirror.extensions.demo.release import CHANNEL, VERSIONS, release_images, write_services
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store


def push(image: Image, store: Store) -> bool:
    """Says whether anything had to be written."""
    if store.find_manifest(image.repository, image.tag or image.digest) is not None:
        return False
    for blob in image.blobs:
        writer = store.start_blob(image.repository, Descriptor("application/octet-stream", Digest.of(blob), len(blob)))
        if writer is not None:
            writer.write(memoryview(blob))
            writer.commit()
    for manifest in image.manifests[:-1]:
        store.put_manifest(image.repository, manifest)
    store.put_manifest(image.repository, image.manifests[-1], image.tag)
    return True


def configuration(registry: str) -> str:
    """Two releases; images by tag, but one by digest."""
    images = mirrored(image_set())
    names = [f"{registry}/{image.repository}:{image.tag}" for image in images[:-1]]
    names.append(f"{registry}/{images[-1].repository}@{images[-1].digest}")
    lines = ["apiVersion: mirror.openshift.io/v2alpha1", "kind: ImageSetConfiguration", "mirror:", "  platform:", "    graph: true"]
    lines += ["    platforms:", *(f"      - {{os: linux, architecture: {name}}}" for name in ("amd64", "arm64"))]
    lines += ["    channels:", f"      - name: {CHANNEL}", f"        minVersion: {VERSIONS[0]}"]
    lines += ["        shortestPath: true", "  additionalImages:"]
    return "\n".join(["---", *lines, *(f"    - name: {name}" for name in names), ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", help="host:port of a registry without TLS")
    parser.add_argument("configuration", help="file to write")
    arguments = parser.parse_args()
    store = RegistryStore(arguments.registry, Http(Settings.of({"plain_http": True})), writing=True)
    payloads, release = release_images(arguments.registry)
    pushed = sum(push(image, store) for image in [*image_set(), *release])
    path = os.path.abspath(arguments.configuration)
    written = files.write(path, configuration(arguments.registry).encode("utf-8"))
    variables = write_services(arguments.registry, payloads, os.path.join(os.path.dirname(path), "release"))
    files.write_json(os.path.join(os.path.dirname(path), "release.json"), variables)
    print(f"pushed {pushed} images" if pushed or written else "nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
