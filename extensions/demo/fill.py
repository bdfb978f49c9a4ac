# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a registry with the demo's image set and writes the ImageSetConfiguration that names it.

    python fill.py 127.0.0.1:5000 imageset.yaml
"""

from __future__ import annotations

import argparse
import os
import sys

from ansible_collections.disconnected.mirror.extensions.demo.images import Image, image_set, mirrored
from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry import RegistryStore
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
    """Images by tag, but one by digest."""
    images = mirrored(image_set())
    names = [f"{registry}/{image.repository}:{image.tag}" for image in images[:-1]]
    names.append(f"{registry}/{images[-1].repository}@{images[-1].digest}")
    lines = ["apiVersion: mirror.openshift.io/v2alpha1", "kind: ImageSetConfiguration", "mirror:", "  additionalImages:"]
    return "\n".join(["---", *lines, *(f"    - name: {name}" for name in names), ""])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("registry", help="host:port of a registry without TLS")
    parser.add_argument("configuration", help="file to write")
    arguments = parser.parse_args()
    store = RegistryStore(arguments.registry, Http(Settings.of({"plain_http": True})), writing=True)
    pushed = sum(push(image, store) for image in image_set())
    written = files.write(os.path.abspath(arguments.configuration), configuration(arguments.registry).encode("utf-8"))
    print(f"pushed {pushed} images" if pushed or written else "nothing to do")
    return 0


if __name__ == "__main__":
    sys.exit(main())
