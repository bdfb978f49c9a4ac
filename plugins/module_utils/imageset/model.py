# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The image set as a value: what a configuration of either generation says.

The fields carry their key in the document, so that decoding, the list of allowed keys and the
canonical document come from one place (config-and-releases 1.2, 1.3).  Texts that are not given
are empty, lists that are not given are empty, `null` is the same as not given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.document.schema import (
    documents_of,
    flag,
    item,
    items,
    number,
    platforms,
    text,
    texts,
    tree,
)

V1, V2 = Generation.V1, Generation.V2
IMAGE_SET = "ImageSetConfiguration"
DELETE_IMAGE_SET = "DeleteImageSetConfiguration"

GIB = 1024**3
DEFAULT_ARCHIVE_GIB = 500


@dataclass(frozen=True)
class Channel:
    """A release channel (1.3.1).  type: `ocp` or `okd`.  Bounds are strict semantic versions, or empty."""

    name: str = text("name")
    type: str = text("type", default="ocp")
    min_version: str = text("minVersion")
    max_version: str = text("maxVersion")
    shortest_path: bool = flag("shortestPath")
    full: bool = flag("full")

    @property
    def heads_only(self) -> bool:
        """Only the newest release is meant when no bound is given (V24)."""
        return not self.full


@dataclass(frozen=True)
class PlatformContent:
    """Releases (1.3.1).

    architectures: of payloads, as written or defaulted (CFG-50); v2alpha1 leaves the default to planning.
    platforms: instances wanted of the `multi` payload; wins over architectures.
    release: reference of one payload; overrides the channels.
    """

    graph: bool = flag("graph")
    channels: tuple[Channel, ...] = items("channels", Channel)
    architectures: tuple[str, ...] = texts("architectures")
    platforms: tuple[Platform, ...] = platforms("platforms", only=V2)
    release: str = text("release", only=V2)
    kubevirt_container: bool = flag("kubeVirtContainer", only=V2)


@dataclass(frozen=True)
class PackageChannel:
    """A channel of an operator package (1.3.2)."""

    name: str = text("name")
    min_version: str = text("minVersion")
    max_version: str = text("maxVersion")
    min_bundle: str = text("minBundle", only=V1)

    @property
    def bounded(self) -> bool:
        return bool(self.min_version or self.max_version)


@dataclass(frozen=True)
class Package:
    """An operator package (1.3.2)."""

    name: str = text("name")
    default_channel: str = text("defaultChannel")
    min_version: str = text("minVersion")
    max_version: str = text("maxVersion")
    min_bundle: str = text("minBundle", only=V1)
    channels: tuple[PackageChannel, ...] = items("channels", PackageChannel)

    @property
    def bounded(self) -> bool:
        return bool(self.min_version or self.max_version)


@dataclass(frozen=True)
class Catalog:
    """An entry of `operators` (1.3.2).

    catalog: image reference or `oci://directory`, as written.
    target_catalog, target_name, target_tag: where it goes; `imageset.mapping` applies them.
    """

    catalog: str = text("catalog")
    target_catalog: str = text("targetCatalog")
    target_name: str = text("targetName", only=V1)
    target_tag: str = text("targetTag")
    full: bool = flag("full")
    skip_dependencies: bool = flag("skipDependencies")
    original_ref: str = text("originalRef", only=V1)
    target_catalog_source_template: str = text("targetCatalogSourceTemplate", only=V2)
    platforms: tuple[Platform, ...] = platforms("platforms", only=V2)
    packages: tuple[Package, ...] = items("packages", Package)


@dataclass(frozen=True)
class AdditionalImage:
    """An entry of `additionalImages` (1.3.3); name as written, checked when it is collected."""

    name: str = text("name")
    target_repo: str = text("targetRepo", only=V2)
    target_tag: str = text("targetTag", only=V2)
    platforms: tuple[Platform, ...] = platforms("platforms", only=V2)


@dataclass(frozen=True)
class Chart:
    """A chart (1.3.4); the keys from `values` on are this collection's own (mirroring 6).

    image_paths: JSONPath expressions that find images in the rendered manifests, next to the default ones.
    values, value_files: as `helm template` takes them.  release_name, namespace, kube_version: empty for the defaults.
    """

    name: str = text("name")
    version: str = text("version")
    path: str = text("path")
    image_paths: tuple[str, ...] = texts("imagePaths")
    platforms: tuple[Platform, ...] = platforms("platforms", only=V2)
    values: dict[str, Any] = tree("values")
    value_files: tuple[str, ...] = texts("valueFiles")
    release_name: str = text("releaseName")
    namespace: str = text("namespace")
    kube_version: str = text("kubeVersion")


@dataclass(frozen=True)
class ChartRepository:
    """A chart repository; no charts means all of them (1.3.4)."""

    name: str = text("name")
    url: str = text("url")
    charts: tuple[Chart, ...] = items("charts", Chart)


@dataclass(frozen=True)
class Helm:
    """`helm` (1.3.4)."""

    repositories: tuple[ChartRepository, ...] = items("repositories", ChartRepository)
    local: tuple[Chart, ...] = items("local", Chart)


@dataclass(frozen=True)
class Named:
    """An object that has nothing but a name: an entry of `blockedImages` or `samples`."""

    name: str = text("name")


@dataclass(frozen=True)
class LocalStorage:
    path: str = text("path")


@dataclass(frozen=True)
class RegistryStorage:
    image_url: str = text("imageURL")
    skip_tls: bool = flag("skipTLS")


@dataclass(frozen=True)
class Storage:
    """Where the history is kept, v1alpha2 only (1.2); exactly one of the two, or none: then nothing is remembered."""

    local: LocalStorage | None = item("local", LocalStorage)
    registry: RegistryStorage | None = item("registry", RegistryStorage)


@dataclass(frozen=True)
class Content:
    """The stanza `mirror` or `delete` (1.3)."""

    platform: PlatformContent = item("platform", PlatformContent, default=PlatformContent())
    operators: tuple[Catalog, ...] = items("operators", Catalog)
    additional_images: tuple[AdditionalImage, ...] = items("additionalImages", AdditionalImage)
    helm: Helm = item("helm", Helm, default=Helm())
    blocked_images: tuple[Named, ...] = items("blockedImages", Named)
    samples: tuple[Named, ...] = items("samples", Named)


@dataclass(frozen=True)
class Envelope:
    """The top level next to the stanza (1.2).  archive_size: GiB, 0 when not given."""

    archive_size: int = number("archiveSize")
    storage: Storage | None = item("storageConfig", Storage, only=V1)


@dataclass(frozen=True)
class ImageSet:
    """A validated configuration.

    delete: whether it lists what to delete (DeleteImageSetConfiguration).
    blocked_images: regular expressions, searched in references (`imageset.blocked`).
    archive_size: GiB, 0 when not given; see `archive_bytes`.
    storage: None when not given, which is always so in v2alpha1.
    warnings: sentences about what was accepted and may not do what was meant.
    """

    generation: Generation
    delete: bool = False
    platform: PlatformContent = PlatformContent()
    operators: tuple[Catalog, ...] = ()
    additional_images: tuple[AdditionalImage, ...] = ()
    helm: Helm = Helm()
    blocked_images: tuple[str, ...] = ()
    archive_size: int = 0
    storage: Storage | None = None
    warnings: tuple[str, ...] = field(default=(), compare=False)

    @property
    def kind(self) -> str:
        return DELETE_IMAGE_SET if self.delete else IMAGE_SET

    @property
    def archive_bytes(self) -> int:
        """The largest size of one archive volume, in bytes."""
        return (self.archive_size or DEFAULT_ARCHIVE_GIB) * GIB

    def document(self) -> dict[str, Any]:
        """The canonical form: keys as the API spells them, nothing that has its default value, `samples` dropped.

        Parsing it gives an equal image set; two configurations that mean the same have the same document.
        """
        content = Content(
            platform=self.platform,
            operators=self.operators,
            additional_images=self.additional_images,
            helm=self.helm,
            blocked_images=tuple(Named(name) for name in self.blocked_images),
        )
        document: dict[str, Any] = {"apiVersion": self.generation.api_version, "kind": self.kind}
        document.update(documents_of(Envelope(self.archive_size, self.storage)))
        document["delete" if self.delete else "mirror"] = documents_of(content)
        return document
