# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialects: how the registries of the world differ, as values that the fake registry obeys.

Each profile emulates behaviour of a product (user-needs, section 2); it is not that product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Dialect:
    """What a registry does with a request that others treat differently.

    mount: cross-repository mounts succeed; else the POST opens an upload.
    delete, delete_tags, delete_blobs: else 405.
    referrers: `api`, `null` (the same, and null for an empty list), `missing` (404, JSON), `promised` (`missing`, though a push
    says that it is listed), `html` (404, a web page), `redirect` (303 to a web page with 404).
    relative_location: `Location` of uploads is a path; else a URL.
    location_query: upload locations carry a state parameter that must come back.
    strict_types: manifests need their exact Content-Type, blobs application/octet-stream.
    refused_types: media types of manifests that are answered with 415.
    sparse_indexes: an index may name children that are not there.
    projects: number of leading path parts that must be created beforehand (0: none).
    project_status: what a missing project is answered with.
    repositories_exist: repositories must be created beforehand.
    depth: smallest and largest number of path parts of a repository (largest 0: no limit).
    depth_status: what a name of a wrong depth is answered with.
    tagless_push: manifests can be pushed by digest alone.
    immutable_tags: a tag cannot be moved.
    page_limit: largest page of tag lists and the catalog (0: no limit).
    page_refusal: a larger `n` than this is a 400 (0: never).
    absolute_links: `Link` is a URL; else a path.
    body_limit: a larger request body is a 413 (0: no limit).
    patch: PATCH uploads are understood; else 405.
    put_body: a PUT may carry the blob or its last part; else 405.
    verifies: blobs are compared with the digest that they are given under; else anything is taken.
    post_digest: a POST with `?digest=` takes the whole blob; else it opens an upload.
    range_reads: `Range` of blob reads is obeyed; else the whole blob is sent.
    upload_status: GET of an upload tells its offset; else 404.
    scope_limit: scopes that one token request may name (0: no limit); more is a 400.
    catalog: `_catalog` answers; else 404.
    """

    name: str
    mount: bool = True
    delete: bool = True
    delete_tags: bool = True
    delete_blobs: bool = True
    referrers: str = "missing"
    relative_location: bool = False
    location_query: bool = True
    strict_types: bool = False
    refused_types: tuple[str, ...] = ()
    sparse_indexes: bool = False
    projects: int = 0
    project_status: int = 401
    repositories_exist: bool = False
    depth: tuple[int, int] = (1, 0)
    depth_status: int = 400
    tagless_push: bool = True
    immutable_tags: bool = False
    page_limit: int = 0
    page_refusal: int = 0
    absolute_links: bool = False
    body_limit: int = 0
    patch: bool = True
    put_body: bool = True
    verifies: bool = True
    post_digest: bool = False
    range_reads: bool = True
    upload_status: bool = True
    scope_limit: int = 0
    catalog: bool = True


_DOCKER_TYPES = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json")

DISTRIBUTION = Dialect("distribution", delete_tags=False)
DISTRIBUTION_NO_DELETE = replace(DISTRIBUTION, name="distribution-no-delete", delete=False, delete_blobs=False)
DISTRIBUTION_3 = Dialect("distribution3", page_refusal=1000)
QUAY = Dialect("quay", referrers="api", delete_blobs=False, page_limit=100, body_limit=20 * 1024 * 1024)
QUAY_OLD = Dialect("quay-old", depth=(2, 2), depth_status=401, delete_blobs=False, page_limit=100)
HARBOR = Dialect("harbor", projects=1, depth=(2, 0), referrers="api", absolute_links=True)
ARTIFACTORY = Dialect("artifactory", mount=False, projects=1, project_status=404, upload_status=False, delete_blobs=False)
NEXUS = Dialect("nexus", strict_types=True, mount=False, relative_location=True, location_query=False, delete_blobs=False)
ECR = Dialect("ecr", repositories_exist=True, mount=False, page_limit=1000, page_refusal=1000, delete_blobs=False, catalog=False)
ACR = Dialect("acr", referrers="api", page_limit=100, relative_location=True, scope_limit=4)
GAR = Dialect("gar", projects=2, project_status=403, depth=(3, 0), catalog=False, delete_blobs=False)
GITLAB = Dialect("gitlab", projects=2, project_status=403, depth=(2, 5), depth_status=404, delete_blobs=False)
ZOT = Dialect("zot", refused_types=_DOCKER_TYPES, referrers="api", post_digest=True, relative_location=True, location_query=False)
ZOT_DOCKER = replace(ZOT, name="zot-docker2s2", refused_types=())
OPENSHIFT = Dialect("openshift", tagless_push=False, projects=1, project_status=403, depth=(2, 2), catalog=False)
GHCR = Dialect("ghcr", referrers="redirect", delete=False, delete_tags=False, delete_blobs=False, catalog=False)

PROFILES: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        DISTRIBUTION,
        DISTRIBUTION_NO_DELETE,
        DISTRIBUTION_3,
        QUAY,
        QUAY_OLD,
        HARBOR,
        ARTIFACTORY,
        NEXUS,
        ECR,
        ACR,
        GAR,
        GITLAB,
        ZOT,
        ZOT_DOCKER,
        OPENSHIFT,
        GHCR,
    )
}
