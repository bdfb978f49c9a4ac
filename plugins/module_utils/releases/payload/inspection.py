# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""One release, from its reference to the images and the plan's entry that it means (2.5 to 2.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import PlatformContent
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import PayloadInvalid
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.graph.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import components
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.payload import BOOT_IMAGES, REFERENCES, Payload, Payloads
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload.signatures import Signatures, encoded
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.tools.boot_image import BootImage, boot_images, chosen
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import OFF, REQUIRE, Trust
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Asked, Signature

CATEGORY = "release"


@dataclass(frozen=True)
class WantedRelease:
    """A release image that was selected.

    reference: pinned to its digest.  architecture, version, channel: as the update service says; empty when only the image was named.
    chains: why it is wanted, each outermost reason first.
    """

    reference: Reference
    chains: tuple[tuple[str, ...], ...]
    architecture: str = ""
    version: str = ""
    channel: str = ""
    okd: bool = False
    url: str = ""

    @property
    def title(self) -> str:
        return f"{self.version} ({self.architecture})" if self.version else str(self.reference)


@dataclass(frozen=True)
class NamedBootImage:
    """guide: host of the registry whose release names it.  chains: why it is wanted."""

    image: BootImage
    guide: str
    chains: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Inspected:
    """entry: of the plan's `releases`; None when the release is not mirrored."""

    entry: dict[str, Any] | None = None
    images: tuple[WantedImage, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    boot_images: tuple[NamedBootImage, ...] = ()


class Inspector:
    """Safe for several threads.  unsigned: signatures are left alone (what is deleted need not be trusted)."""

    def __init__(
        self, settings: Settings, platform: PlatformContent, payloads: Payloads, signatures: Signatures, unsigned: bool = False
    ) -> None:
        self._settings = settings
        self._platform = platform
        self._payloads = payloads
        self._signatures = signatures
        self._unsigned = unsigned

    def inspect(self, wanted: WantedRelease) -> Inspected:
        """What cannot be had is a failure of this release alone."""
        try:
            return self._inspect(wanted)
        except Cancelled:
            raise
        except MirrorError as error:
            return Inspected(failures=(Failure.of(error, f"release {wanted.title}", CATEGORY),))

    def _inspect(self, wanted: WantedRelease) -> Inspected:
        warnings: list[str] = []
        signature = self._signature(wanted, warnings)
        subject = str(wanted.reference)
        payload = self._payloads.read(
            wanted.reference.repository,
            Digest.parse(wanted.reference.digest),
            self._platform.kubevirt_container or bool(self._settings.boot_images),
        )
        references = components.parse_references(payload.documents[REFERENCES], subject, self._settings.tags_allowed)
        tag = components.release_tag(references.version, payload.architecture, Digest.parse(wanted.reference.digest).hex)
        warnings += _differences(wanted, payload, references.version, tag, signature)
        further, failures = self._kubevirt(wanted, payload, warnings)
        images: list[WantedImage] = []
        for chain in wanted.chains:
            images += components.images(wanted.reference, tag, (*references.components, *further), self._platform.platforms, (*chain, tag))
        boot_images, missing = self._boot_images(wanted, payload, tag)
        entry = _entry(wanted, payload, references.version, tag, signature)
        return Inspected(entry, tuple(images), tuple(warnings), (*failures, *missing), boot_images)

    def _boot_images(self, wanted: WantedRelease, payload: Payload, tag: str) -> tuple[tuple[NamedBootImage, ...], tuple[Failure, ...]]:
        """Those that are wished, as the release names them."""
        settings = self._settings
        if not settings.boot_images:
            return (), ()
        subject = f"release {wanted.title}"
        try:
            offered = boot_images(payload.documents.get(BOOT_IMAGES) or _absent(), subject)
            found = chosen(offered, settings.boot_images, settings.boot_image_architectures or (payload.architecture,), subject)
        except MirrorError as error:
            return (), (Failure.of(error, subject, CATEGORY),)
        chains = tuple((*chain, tag) for chain in wanted.chains)
        return tuple(NamedBootImage(image, wanted.reference.domain, chains) for image in found), ()

    def _signature(self, wanted: WantedRelease, warnings: list[str]) -> Signature | None:
        trust: Trust = self._settings.okd if wanted.okd else self._settings.openshift
        if self._unsigned or trust.policy == OFF:
            return None
        try:
            # A tag of a release is a place to find it; what it was signed as is told by `_differences`.
            return self._signatures.find(Asked(wanted.reference.repository, Digest.parse(wanted.reference.digest)), trust)
        except Cancelled:
            raise
        except MirrorError as error:
            if trust.policy == REQUIRE:
                raise
            warnings.append(f"Release {wanted.title} is mirrored although its signature is not valid: {error.message}.")
            return None

    def _kubevirt(
        self, wanted: WantedRelease, payload: Payload, warnings: list[str]
    ) -> tuple[list[components.Component], tuple[Failure, ...]]:
        """The boot images for KubeVirt, when they are wanted (PL-30 to PL-32)."""
        if not self._platform.kubevirt_container:
            return [], ()
        keys, unknown = components.kubevirt_keys(self._platform.architectures, self._platform.platforms)
        warnings += unknown
        subject = f"release {wanted.title}"
        try:
            found = components.kubevirt_components(payload.documents.get(BOOT_IMAGES) or _absent(), keys, subject)
            if not found:
                raise PayloadInvalid(f"the release has no KubeVirt container for {' or '.join(keys)}", subject=subject)
        except MirrorError as error:
            return [], (Failure.of(error, subject, CATEGORY),)
        return found, ()


def _absent() -> bytes:
    raise PayloadInvalid(f"the release image has no {BOOT_IMAGES}, which names boot images and KubeVirt containers")


def _differences(wanted: WantedRelease, payload: Payload, version: str, tag: str, signature: Signature | None) -> list[str]:
    """What the update service, the image and its signature disagree about (NM-03)."""
    warnings: list[str] = []
    if wanted.version and version and wanted.version != version:
        warnings.append(
            f"The update service calls {wanted.reference} {wanted.version}; the image calls itself {version}, and is tagged so."
        )
    if wanted.architecture and wanted.architecture != payload.architecture:
        warnings.append(f"Release {wanted.title} is an image for {payload.architecture}.")
    if signature is not None and signature.claim.tag and signature.claim.tag != tag:
        warnings.append(f"Release {wanted.title} was signed as {signature.claim.identity} and is mirrored with the tag {tag}.")
    return warnings


def _entry(wanted: WantedRelease, payload: Payload, version: str, tag: str, signature: Signature | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "version": version or payload.digest.hex,
        "channel": wanted.channel,
        "architecture": payload.architecture,
        "payload": str(wanted.reference),
        "tag": tag,
        "why": [list(chain) for chain in wanted.chains],
        "signatures": encoded([signature.content] if signature is not None else []),
    }
    if signature is not None:
        entry["signed_as"] = signature.claim.identity
    if wanted.url:
        entry["url"] = wanted.url
    return entry
