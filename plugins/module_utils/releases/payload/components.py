# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From a release's documents to the images that it consists of (2.5, 2.6).  Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import (
    KUBEVIRT_COMPONENT,
    Target,
    map_release,
    map_release_component,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import RELEASE, RELEASE_CONTENT, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.errors import PayloadInvalid

# How tags spell the architectures of images (NM-02).
TAG_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
# Boot images for KubeVirt exist for these (PL-30, PL-31).
KUBEVIRT_KEYS = {"amd64": "x86_64", "s390x": "s390x"}

_NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")
_KIND, _API = "ImageStream", "image.openshift.io/v1"


@dataclass(frozen=True)
class Component:
    """An image of a release.  name: what the release calls it."""

    name: str
    reference: Reference


@dataclass(frozen=True)
class References:
    """A release's image-references.  version: of the release, empty when it does not say."""

    version: str
    components: tuple[Component, ...]


def parse_references(content: bytes, subject: str = "", tags_allowed: bool = False) -> References:
    """Reads image-references, checked as PL-22 wants it.

    tags_allowed: components may be named by tag, as builds that were never published do.
    Raises PayloadInvalid.
    """
    document = _json(content, "image-references", subject)
    if document.get("kind") != _KIND or document.get("apiVersion") != _API:
        raise PayloadInvalid(
            f"image-references is a {document.get('apiVersion')} {document.get('kind')}, not a {_API} {_KIND}", subject=subject
        )
    entries = (document.get("spec") or {}).get("tags") if isinstance(document.get("spec") or {}, dict) else None
    if not isinstance(entries, list) or not entries:
        raise PayloadInvalid("image-references names no images", subject=subject)
    components = [_component(entry, place, subject, tags_allowed) for place, entry in enumerate(entries) if _is_image(entry)]
    if not components:
        raise PayloadInvalid("image-references names no images", subject=subject)
    doubled = _doubled([component.name for component in components])
    if doubled:
        raise PayloadInvalid(f"image-references names {doubled} more than once", subject=subject)
    metadata = document.get("metadata")
    version = metadata.get("name") if isinstance(metadata, dict) else ""
    return References(version if isinstance(version, str) else "", tuple(components))


def _json(content: bytes, name: str, subject: str) -> dict[str, Any]:
    try:
        document = json_values.parse(content, limits.RELEASE_DOCUMENT)
    except ValueError as error:
        raise PayloadInvalid(f"{name} is not JSON", subject=subject) from error
    if not isinstance(document, dict):
        raise PayloadInvalid(f"{name} is not a JSON object", subject=subject)
    return document


def _is_image(entry: Any) -> bool:
    """Entries that point elsewhere (another tag of the stream) are not images of their own (PL-22)."""
    source = entry.get("from") if isinstance(entry, dict) else None
    return not isinstance(source, dict) or source.get("kind") == "DockerImage"


def _component(entry: Any, place: int, subject: str, tags_allowed: bool) -> Component:
    where = f"spec.tags[{place}] of image-references"
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str) or not _NAME.match(name):
        raise PayloadInvalid(f"{where} has no usable name", subject=subject)
    source = entry.get("from")
    try:
        reference = parse(source.get("name") if isinstance(source, dict) else None)
    except InputError as error:
        raise PayloadInvalid(f"{where} ({name}): {error.message}", subject=subject) from error
    if not tags_allowed and (not reference.digest or reference.tag):
        raise PayloadInvalid(
            f"{where} ({name}) names {reference}, which is not by digest alone",
            subject=subject,
            advice="Published releases never do that; allow it with release_tags_allowed for builds of OKD or CI.",
        )
    return Component(name, reference)


def _doubled(names: Sequence[str]) -> str:
    seen = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


def release_tag(version: str, architecture: str, digest_hex: str = "") -> str:
    """`4.13.10-x86_64` (NM-02, NM-03); the digest's digits where the release has no version (NM-04)."""
    if not version:
        return digest_hex
    return f"{version}-{TAG_ARCHITECTURES.get(architecture, architecture)}"


def images(
    payload: Reference,
    tag: str,
    components: Sequence[Component],
    platforms: Sequence[Platform] = (),
    chain: Sequence[str] = (),
) -> list[WantedImage]:
    """The release image itself and each component, with their places in the mirror (PL-23, NM-01).

    payload: pinned to its digest.  Raises InputError when a tag would not be one.
    """
    chain = tuple(chain)
    places = tuple(platforms)
    release = map_release(tag)
    wanted = [_wanted(RELEASE, payload, release, places, chain)]
    for component in components:
        target = map_release_component(tag, component.name)
        wanted.append(_wanted(RELEASE_CONTENT, component.reference, target, places, (*chain, component.name)))
    return wanted


def _wanted(kind: str, reference: Reference, target: Target, platforms: tuple[Platform, ...], chain: tuple[str, ...]) -> WantedImage:
    return WantedImage(kind, reference, target.repository, (target.tag,), platforms, chain)


def kubevirt_keys(architectures: Sequence[str], platforms: Sequence[Platform]) -> tuple[tuple[str, ...], list[str]]:
    """The keys to look for, and a warning for each architecture that has none (PL-31)."""
    every = tuple(KUBEVIRT_KEYS.values())
    if platforms:
        names = list(dict.fromkeys(platform.architecture for platform in platforms))
        warnings = [f"There is no KubeVirt container for {name}." for name in names if name not in KUBEVIRT_KEYS]
        return tuple(KUBEVIRT_KEYS[name] for name in names if name in KUBEVIRT_KEYS) or every, warnings
    if "multi" in architectures:
        return every, []
    return tuple(dict.fromkeys(KUBEVIRT_KEYS[name] for name in architectures if name in KUBEVIRT_KEYS)) or ("x86_64",), []


def kubevirt_components(content: bytes, keys: Sequence[str], subject: str = "") -> list[Component]:
    """The KubeVirt containers of the boot image list, for those keys that have one (PL-30, PL-32).  Raises PayloadInvalid."""
    stream = boot_image_stream(content, subject)
    components: list[Component] = []
    for key in keys:
        entry: Any = stream.get("architectures")
        for name in (key, "images", "kubevirt", "digest-ref"):
            entry = entry.get(name) if isinstance(entry, dict) else None
        if entry:
            components.append(
                Component(KUBEVIRT_COMPONENT if len(keys) == 1 else f"{KUBEVIRT_COMPONENT}-{key}", _pinned(entry, key, subject))
            )
    return components


def boot_image_stream(content: bytes, subject: str) -> dict[str, Any]:
    """The stream metadata that the list of boot images holds.  Raises PayloadInvalid."""
    try:
        document = documents.load(content, "the list of boot images")
    except InputError as error:
        raise PayloadInvalid(f"the list of boot images: {error.message}", subject=subject) from error
    data = document.get("data") if isinstance(document, dict) else None
    text = data.get("stream") if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise PayloadInvalid("the list of boot images has no data.stream", subject=subject)
    return _json(text.encode("utf-8"), "data.stream of the list of boot images", subject)


def _pinned(text: Any, key: str, subject: str) -> Reference:
    try:
        reference = parse(text, Generation.V2)
    except InputError as error:
        raise PayloadInvalid(f"the KubeVirt container for {key}: {error.message}", subject=subject) from error
    if not reference.digest:
        raise PayloadInvalid(f"the KubeVirt container for {key} is not named by digest: {reference}", subject=subject)
    return reference
