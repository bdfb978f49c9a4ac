# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Stores that are only read: archives, sources, and what was put together of them."""

from __future__ import annotations

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import BlobWriter, Store


class ReadOnlyStore(Store):
    """refusal: what is said to whoever wants to write."""

    refusal = "archives are read-only"

    def start_blob(self, repository: str, blob: Descriptor, mount_from: str = "") -> BlobWriter | None:
        raise Unsupported(self.refusal, subject=repository or self.name)

    def put_manifest(self, repository: str, manifest: Manifest, tag: str = "") -> None:
        raise Unsupported(self.refusal, subject=repository or self.name)

    def delete_manifest(self, repository: str, digest: Digest) -> None:
        raise Unsupported(self.refusal, subject=repository or self.name)
