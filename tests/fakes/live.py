# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registries that tests run for real, and in what they differ.

live = REGISTRIES["ociserver"]
with live.start(str(tmp_path)) as registry:
    ... registry.host ... live.mounts ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from ansible_collections.disconnected.mirror.tests.fakes.processes import (
    DISTRIBUTION,
    DistributionProcess,
    RegistryProcess,
    SmallProcess,
    find,
)


@dataclass(frozen=True)
class Live:
    """start: a process with its files in a folder; skips the test where the program is missing.

    other_repository: status of HEAD for a blob that only another repository has.  mounts: of its mount.
    unknown_mount: status of a mount of a blob that none has.  single_post: of a blob in one POST.
    sparse_index, sparse_manifest: of an index without its instances, a manifest without its blobs.
    chunk_out_of_order: of such a PATCH.  referrers: of the referrers API.  filters: whether it applies its filter.
    deletes_manifest, deletes_tag: status of DELETE.  tag_after_deletion: of HEAD for a tag whose manifest was deleted.
    pages: whether a list of tags ends where it is told to, with a link to the rest.
    tag_digest: whether a manifest that is asked for by tag comes with its digest.
    """

    start: Callable[[str], RegistryProcess]
    other_repository: int = 404
    mounts: int = 201
    unknown_mount: int = 202
    single_post: int = 202
    sparse_index: int = 400
    sparse_manifest: int = 400
    chunk_out_of_order: int = 416
    referrers: int = 404
    filters: bool = False
    deletes_manifest: int = 202
    deletes_tag: int = 202
    tag_after_deletion: int = 404
    pages: bool = True
    tag_digest: bool = True

    @property
    def traits(self) -> dict[str, int | bool]:
        return {name: value for name, value in vars(self).items() if name != "start"}


def distribution(folder: str, major: int, delete: bool = True) -> RegistryProcess:
    for name in (*DISTRIBUTION, "registry3"):
        program = find([name])
        if program:
            found = DistributionProcess(folder, program=program, delete=delete)
            if found.version().lstrip("v").startswith(f"{major}."):
                return found
    return pytest.skip(f"no distribution {major} is installed; make tools builds 3 where there is Go 1.22 or later, make setup installs 2")


def small(*arguments: str) -> Callable[[str], RegistryProcess]:
    return lambda folder: SmallProcess(folder, *arguments)


_DISTRIBUTION_2 = Live(lambda folder: distribution(folder, 2), chunk_out_of_order=202, deletes_tag=400, pages=False)
_OCISERVER = Live(
    small(), unknown_mount=404, single_post=201, sparse_index=500, sparse_manifest=500, referrers=200, filters=True, tag_after_deletion=200
)
_GGCR = Live(
    small("-kind", "ggcr"),
    other_repository=200,
    mounts=202,
    single_post=201,
    sparse_index=404,
    sparse_manifest=201,
    referrers=200,
    tag_after_deletion=200,
    pages=False,
)
REGISTRIES: dict[str, Live] = {
    "distribution-2": _DISTRIBUTION_2,
    "distribution-2-without-delete": replace(
        _DISTRIBUTION_2,
        start=lambda folder: distribution(folder, 2, delete=False),
        deletes_manifest=405,
        deletes_tag=405,
        tag_after_deletion=200,
    ),
    "distribution-3": Live(lambda folder: distribution(folder, 3)),
    "go-containerregistry": _GGCR,
    "go-containerregistry-without-referrers": replace(_GGCR, start=small("-kind", "ggcr", "-disable-referrers"), referrers=404),
    "ociserver": _OCISERVER,
    # No referrers, no longer lists than this, and no digest with what a tag names, as ECR has it.
    "ociserver-like-ecr": replace(
        _OCISERVER,
        start=small("-disable-referrers", "-max-page", "1000", "-no-tag-digest"),
        referrers=404,
        filters=False,
        tag_digest=False,
    ),
    "ociserver-without-single-post": replace(_OCISERVER, start=small("-disable-single-post"), single_post=202),
    "ociserver-without-links": replace(_OCISERVER, start=small("-no-link"), pages=False),
    # Blobs lie in an object store, and reading one is a redirect there.
    "ociserver-with-redirects": replace(_OCISERVER, start=small("-redirect")),
}
