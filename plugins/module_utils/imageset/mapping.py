# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where each kind of image goes: repository and tag below the mirror's namespace (mirroring 2.3, 2.4, 2.5).

The registry of the source is dropped and its path kept, unless the configuration says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, TAG, Reference, is_path, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.catalog_name import check_target, is_oci, v1_parts
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import AdditionalImage, Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import BUNDLE, GENERIC, HELM, RELATED, WantedImage

RELEASE_IMAGES = "openshift/release-images"
RELEASE_COMPONENTS = "openshift/release"
GRAPH_IMAGE = "openshift/graph-image"
BOOT_IMAGES = "openshift/boot-images"
KUBEVIRT_COMPONENT = "kube-virt-container"
LATEST = "latest"
# Longest tag that registries take, and what longer digest tags are cut to (mirroring 2.4).
_MAX_TAG = 128
_CUT_TAG = 127


@dataclass(frozen=True)
class Target:
    """A repository below the mirror's namespace, and a tag in it."""

    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


def map_release(tag: str) -> Target:
    """A release payload.  tag: `<version>-<architecture>`, such as `4.16.3-x86_64`."""
    return Target(RELEASE_IMAGES, _tag(tag))


def map_release_component(release_tag: str, component: str) -> Target:
    return Target(RELEASE_COMPONENTS, _tag(f"{release_tag}-{component}"))


def map_graph() -> Target:
    return Target(GRAPH_IMAGE, LATEST)


def map_boot_image(file_name: str) -> Target:
    return Target(BOOT_IMAGES, _tag(file_name))


def map_operator_image(reference: Reference, generation: Generation, from_layout: bool = False) -> Target:
    """A bundle or related image.  from_layout: its catalog is a local layout (`oci://`)."""
    repository = _source_path(reference, generation)
    if reference.tag or not reference.digest:
        return Target(repository, reference.tag or LATEST)
    if generation is Generation.V2:
        return Target(repository, digest_tag(reference.digest))
    return Target(repository, partial_digest(reference.digest) if from_layout else fnv_tag(reference))


def map_additional_image(entry: AdditionalImage, reference: Reference, generation: Generation) -> Target:
    """An entry of additionalImages.  Raises InputError."""
    if entry.target_repo:
        check_target(entry.target_repo)
    if entry.target_tag and not TAG.match(entry.target_tag):
        raise InputError(
            f'invalid targetTag "{entry.target_tag}"', advice="A tag has up to 128 letters, digits, dots, dashes and underscores."
        )
    repository = entry.target_repo or _source_path(reference, generation)
    return Target(repository, entry.target_tag or _plain_tag(reference, generation))


def map_helm_image(reference: Reference, generation: Generation) -> Target:
    """An image that a chart names."""
    return Target(_source_path(reference, generation), _plain_tag(reference, generation))


def map_catalog(catalog: Catalog, generation: Generation, digest: str = "") -> Target:
    """An operator catalog.

    digest: of the image that is pushed, or of the layout; names a catalog that has no tag (v2: the rebuilt image's,
    v1: what an OCI layout holds).  Raises InputError when the path is none that registries take.
    """
    repository, tag = _v1_catalog(catalog, digest) if generation is Generation.V1 else _v2_catalog(catalog, digest)
    if not is_path(repository):
        raise InputError(
            f'"{repository}" cannot be the repository of catalog {catalog.catalog}', subject=catalog.catalog, advice="Give a targetCatalog."
        )
    return Target(repository, _tag(tag))


def without_crowds(images: Sequence[WantedImage]) -> tuple[WantedImage, ...]:
    """Images of a v1 image set, where `latest` would name several of one repository: those without a tag get 8 hex of their digest.

    The reference implementation does so on the way to disk only (2.3 item 4); here every way is the same, and images of
    charts and additional images are told apart as well.
    """
    claims: dict[str, set[str]] = {}
    for image in images:
        if image.type in (GENERIC, HELM) and image.tags == (LATEST,):
            claims.setdefault(image.reference.repository, set()).add(image.reference.digest or LATEST)
    crowded = {repository for repository, names in claims.items() if len(names) > 1}
    return tuple(_with_digest_tag(image) if image.reference.repository in crowded else image for image in images)


def _with_digest_tag(image: WantedImage) -> WantedImage:
    reference = image.reference
    if image.type not in (GENERIC, HELM) or image.tags != (LATEST,) or reference.tag or not reference.digest:
        return image
    return replace(image, tags=(Digest.parse(reference.digest).hex[:8],))


def compatibility_tag(image_type: str, reference: Reference, from_layout: bool = False) -> str:
    """The tag that the first generation gave what is now named by the second one's rules (2.5)."""
    if reference.tag:
        return reference.tag
    if image_type in (BUNDLE, RELATED):
        return map_operator_image(reference, Generation.V1, from_layout).tag
    return LATEST


def digest_tag(digest: str) -> str:
    """`sha256-<hex>`: the second generation's tag of what has a digest only."""
    text = Digest.parse(digest).replace(":", "-")
    return text[:_CUT_TAG] if len(text) > _MAX_TAG else text


def partial_digest(digest: str) -> str:
    """The first six hexadecimal digits; `latest` where there is no digest (2.1)."""
    return Digest.parse(digest).hex[:6] if digest else LATEST


def fnv_tag(reference: Reference) -> str:
    """FNV-1a, 32 bits, of the full reference; hexadecimal without leading zeros."""
    value = 0x811C9DC5
    for byte in f"{reference.repository}@{reference.digest}".encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value:x}"


def _plain_tag(reference: Reference, generation: Generation) -> str:
    if reference.tag or not reference.digest or generation is Generation.V1:
        return reference.tag or LATEST
    return digest_tag(reference.digest)


def _source_path(reference: Reference, generation: Generation) -> str:
    if reference.transport != OCI:
        return reference.path
    path = reference.path.strip("/")
    path = path.lower() if generation is Generation.V1 else path
    if not is_path(path):
        raise InputError(
            f'the directory "{reference.path}" cannot be the name of a repository',
            subject=str(reference),
            advice="Give a targetRepo, or rename it.",
        )
    return path


def _v1_catalog(catalog: Catalog, digest: str) -> tuple[str, str]:
    registry, namespace, name, tag, source_digest = v1_parts(catalog.catalog)
    if is_oci(catalog.catalog):
        namespace = "/".join(part for part in (registry, namespace) if part)
    if catalog.target_catalog:
        namespace, name = "", catalog.target_catalog
    elif catalog.target_name:
        name = catalog.target_name
    target_name, _colon, named_tag = name.partition(":")
    repository = "/".join(part for part in (namespace, target_name) if part).lower()
    return repository, catalog.target_tag or named_tag or tag or partial_digest(source_digest or digest)


def _v2_catalog(catalog: Catalog, digest: str) -> tuple[str, str]:
    reference = parse(catalog.catalog, Generation.V2)
    if catalog.target_catalog:
        check_target(catalog.target_catalog)
    if reference.transport == OCI:
        return catalog.target_catalog or reference.path.rstrip("/").rsplit("/", 1)[-1], catalog.target_tag or reference.tag or LATEST
    tag = catalog.target_tag or reference.tag or digest_tag(digest or reference.digest)
    return catalog.target_catalog or reference.path, tag


def _tag(text: str) -> str:
    if not TAG.match(text):
        raise InputError(
            f'"{text}" is not a tag', subject=text, advice="A tag has up to 128 letters, digits, dots, dashes and underscores."
        )
    return text
