# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What archives hold, without loading them (what `describe` does upstream, mirroring 8.3)."""

from __future__ import annotations

import collections
import os
import time
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.temporary import temporary_folder
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.loading.archives import FoundArchive, Unplanned, opened_archives
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.signature import TrustedKeys


def describe(path: str, trusted: TrustedKeys | None = None, check: bool = True, images: bool = False) -> list[dict[str, Any]]:
    """A document for each archive of a folder, by sequence.

    check: read every byte and prove it; otherwise only that all volumes are there with their sizes.  images: list them.
    Raises NotFound, CorruptContent (damage, signature), Incompatible, StorageError.
    """
    parallel = os.cpu_count() or 2
    with temporary_folder() as folder, opened_archives(path, Unplanned(Workspace(folder)), trusted, parallel, check) as archives:
        return [_document(archive, trusted is not None, images) for archive in archives]


def _document(archive: FoundArchive, verified: bool, images: bool) -> dict[str, Any]:
    plan = archive.plan
    last = archive.history.runs[-1] if archive.history.runs else None
    brought = set(last.images) if last else set()
    document: dict[str, Any] = {
        "id": archive.archive_id,
        "maker": archive.maker,
        "uid": archive.uid,
        "sequence": archive.sequence,
        "follows": archive.follows,
        "volumes": [{"path": path, "size": os.path.getsize(path)} for path in archive.paths],
        "size": sum(os.path.getsize(path) for path in archive.paths),
        "signature": archive.signature,
        "expires": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(archive.expires)) if archive.expires else "",
        "verified": verified,
        "config": plan.config,
        "images": len(plan.images),
        "images_new": len(brought),
        "images_by_type": dict(collections.Counter(image.type for image in plan.images)),
        "releases": sorted(str(release.get("version", "")) for release in plan.releases),
        "catalogs": sorted(str(catalog.get("catalog", "")) for catalog in plan.catalogs),
        "charts": sorted(str(chart.get("name", "")) for chart in plan.charts),
        "documents": sorted(archive.extra_names),
    }
    if images:
        document["image_list"] = [
            {
                "origin": image.origin,
                "digest": image.digest,
                "size": image.size,
                "new": (image.destination, image.digest, image.origin) in brought,
            }
            for image in plan.images
        ]
    return document
