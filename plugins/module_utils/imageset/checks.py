# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Rules between the values of a configuration (config-and-releases 1.4; operator-catalogs CFG-3, CFG-4, CFG-5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.secret import secrets
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import compile_pattern
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.catalog_name import check_target, unique_name
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import (
    Catalog,
    Channel,
    ImageSet,
    Package,
    PackageChannel,
    PlatformContent,
)

ARCHITECTURES = ("amd64", "arm64", "ppc64le", "s390x", "multi")
RELEASE_TYPES = ("ocp", "okd")
_OTHER_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "ppc64": "ppc64le", "390": "s390x"}
# What the update service takes as a channel (CH-09).
_CHANNEL = re.compile(r"[0-9a-z.-]+\Z")


@dataclass(frozen=True)
class Finding:
    """A broken rule.  first: the path of what a duplicate repeats."""

    rule: str
    path: str
    message: str
    first: str = ""


def check(imageset: ImageSet) -> tuple[list[Finding], list[str]]:
    """Broken rules in the order of the document's parts, and warnings."""
    return _Checks(imageset).run()


class _Checks:
    def __init__(self, imageset: ImageSet) -> None:
        self._imageset = imageset
        self._v1 = imageset.generation is Generation.V1
        self._root = "delete" if imageset.delete else "mirror"
        self._findings: list[Finding] = []
        self._warnings: list[str] = []

    def run(self) -> tuple[list[Finding], list[str]]:
        self._platform(self._imageset.platform, f"{self._root}.platform")
        self._catalogs()
        for index, catalog in enumerate(self._imageset.operators):
            self._catalog(catalog, f"{self._root}.operators[{index}]")
        for index, image in enumerate(self._imageset.additional_images):
            self._required(image.name, f"{self._root}.additionalImages[{index}]", "name")
            self._open(image.name, f"{self._root}.additionalImages[{index}].name")
        for index, pattern in enumerate(self._imageset.blocked_images):
            path = f"{self._root}.blockedImages[{index}].name"
            if self._required(pattern, f"{self._root}.blockedImages[{index}]", "name"):
                self._try("CFG-38", path, compile_pattern, pattern)
        for index, repository in enumerate(self._imageset.helm.repositories):
            self._open(repository.url, f"{self._root}.helm.repositories[{index}].url")
        self._envelope()
        return self._findings, self._warnings

    def _open(self, text: str, path: str) -> None:
        """The configuration goes into plans and archives; a secret in it would, too."""
        if secrets(text):
            self._report("E-SECRET", path, "it contains a user name or a secret; give these as credentials for its host")

    def _report(self, rule: str, path: str, message: str, first: str = "") -> None:
        self._findings.append(Finding(rule, path, message, first))

    def _try(self, rule: str, path: str, action: Callable[[str], object], value: str) -> bool:
        try:
            action(value)
        except InputError as error:
            self._report(rule, path, "; ".join(part.rstrip(".") for part in (error.message, error.advice) if part))
            return False
        return True

    def _required(self, value: str, path: str, key: str) -> bool:
        if not value:
            self._report("E-REQUIRED", f"{path}.{key}", f"{key} is missing")
        return bool(value)

    def _envelope(self) -> None:
        imageset = self._imageset
        if imageset.archive_size < 0:
            self._report("E-TYPE", "archiveSize", "must not be negative; it is the size of an archive volume in GiB")
        storage = imageset.storage
        if storage is not None and storage.registry is not None and not storage.registry.image_url:
            self._report("E-REQUIRED", "storageConfig.registry.imageURL", "imageURL is missing")
        if storage is not None and storage.local is not None and storage.registry is not None:
            if storage.local.path:
                self._report("CFG-21", "storageConfig", "local and registry exclude each other; keep one")
            else:
                self._warnings.append("storageConfig.local has no path and is ignored; the history is kept in storageConfig.registry.")

    # Releases

    def _platform(self, platform: PlatformContent, path: str) -> None:
        names = [(channel.name, f"{path}.channels[{index}]") for index, channel in enumerate(platform.channels)]
        for name, first, second in _duplicates(names):
            self._report("CFG-30", second, f'release channel "{name}": duplicate found in configuration', first)
        for index, channel in enumerate(platform.channels):
            self._channel(channel, f"{path}.channels[{index}]")
        for index, architecture in enumerate(platform.architectures):
            if architecture not in ARCHITECTURES:
                known = _OTHER_NAMES.get(architecture, "")
                advice = f"; do you mean {known}?" if known else f"; known are {', '.join(ARCHITECTURES)}"
                self._report("CFG-44", f"{path}.architectures[{index}]", f'unknown architecture "{architecture}"{advice}')
        self._platform_choices(platform, path)

    def _platform_choices(self, platform: PlatformContent, path: str) -> None:
        if platform.platforms and platform.architectures and not self._imageset.delete:
            self._report(
                "CFG-39",
                f"{path}.platforms",
                "platform.platforms and platform.architectures cannot be used together; keep platforms, architectures is deprecated",
            )
        elif platform.architectures and not self._v1 and not self._imageset.delete:
            self._warnings.append(f"{path}.architectures is deprecated in v2alpha1; use {path}.platforms.")
        if platform.release and platform.channels:
            self._warnings.append(f"{path}.release is given, so {path}.channels is not used.")
        if self._v1 and platform.graph and not platform.channels:
            self._warnings.append(f"{path}.graph has no effect without channels.")

    def _channel(self, channel: Channel, path: str) -> None:
        if self._required(channel.name, path, "name") and not _CHANNEL.match(channel.name):
            self._report(
                "CFG-43",
                f"{path}.name",
                f'"{channel.name}" is not a channel: a channel has lower-case letters, digits, dots and dashes, as in stable-4.16',
            )
        if channel.type.lower() not in RELEASE_TYPES:
            self._report("CFG-44", f"{path}.type", f'unknown type "{channel.type}"; known are {" and ".join(RELEASE_TYPES)}')
        elif channel.type not in RELEASE_TYPES:
            self._warnings.append(f'{path}.type is written "{channel.type}" and taken for {channel.type.lower()}.')
        bounds = [
            self._release_bound(channel, key, text, path)
            for key, text in (("minVersion", channel.min_version), ("maxVersion", channel.max_version))
        ]
        self._range(channel, bounds, path)
        bounded = bool(channel.min_version or channel.max_version)
        if channel.full and bounded:
            self._warnings.append(f"{path}.full has no effect next to minVersion or maxVersion.")
        if channel.shortest_path and not bounded and not channel.full:
            self._warnings.append(f"{path}.shortestPath has no effect without minVersion and maxVersion: only the newest release is taken.")

    def _release_bound(self, channel: Channel, key: str, text: str, path: str) -> Version | None:
        if text and self._try("E-SEMVER", f"{path}.{key}", lambda value: _release_version(channel, key, value), text):
            return Version.parse(text)
        return None

    def _range(self, channel: Channel, bounds: list[Version | None], path: str) -> None:
        low, high = bounds
        if low is None or high is None or low <= high:
            return
        message = f'channel "{channel.name}": minVersion {low} is higher than maxVersion {high}'
        if self._imageset.delete:
            self._warnings.append(f"{path}: {message}; nothing is selected.")
        else:
            self._report("E-RANGE", path, message)

    # Operators

    def _catalogs(self) -> None:
        names = []
        for index, catalog in enumerate(self._imageset.operators):
            try:
                names.append((unique_name(catalog, self._imageset.generation), f"{self._root}.operators[{index}]"))
            except InputError:
                # Told by the check of the entry itself.
                continue
        for name, first, second in _duplicates(names):
            self._report(
                "CFG-31",
                second,
                f'catalog "{name}": duplicate found in configuration; give one of them a targetCatalog or a targetTag',
                first,
            )

    def _catalog(self, catalog: Catalog, path: str) -> None:
        self._open(catalog.catalog, f"{path}.catalog")
        if self._required(catalog.catalog, path, "catalog") and not self._v1:
            bare = Catalog(catalog=catalog.catalog)
            self._try("CFG-32", f"{path}.catalog", lambda _text: unique_name(bare, Generation.V2), catalog.catalog)
        if catalog.target_catalog and not self._v1:
            self._try("CFG-33", f"{path}.targetCatalog", check_target, catalog.target_catalog)
        for index, package in enumerate(catalog.packages):
            self._package(package, f"{path}.packages[{index}]")
        if self._v1:
            return
        if not self._imageset.delete:
            self._repeated_entries(catalog, path)
        self._full_range(catalog, path)

    def _repeated_entries(self, catalog: Catalog, path: str) -> None:
        packages = [(package.name, f"{path}.packages[{index}]") for index, package in enumerate(catalog.packages)]
        for name, first, second in _duplicates(packages):
            self._report("CFG-34", second, f'catalog "{catalog.catalog}": duplicate package entry "{name}"', first)
        for index, package in enumerate(catalog.packages):
            place = f"{path}.packages[{index}]"
            channels = [(channel.name, f"{place}.channels[{number}]") for number, channel in enumerate(package.channels)]
            for name, first, second in _duplicates(channels):
                self._report("CFG-35", second, f'operator "{package.name}": duplicate channel entry "{name}"', first)

    def _full_range(self, catalog: Catalog, path: str) -> None:
        """E-FULLRANGE.  Where full still means something for other packages, the catalog's filter has the last word."""
        bounded = [package.name for package in catalog.packages if package.bounded or any(channel.bounded for channel in package.channels)]
        if not catalog.full or not bounded:
            return
        message = f"full: true cannot be used together with minVersion or maxVersion (packages {', '.join(bounded)})"
        if len(bounded) == len(catalog.packages) and not self._imageset.delete:
            self._report("E-FULLRANGE", f"{path}.full", message)
        else:
            self._warnings.append(f"{path}: {message}; filtering the catalog will fail.")

    def _package(self, package: Package, path: str) -> None:
        self._required(package.name, path, "name")
        if not self._v1 and not self._imageset.delete:
            self._bounds(f'operator "{package.name}"', package.min_version, package.max_version, path)
        for index, channel in enumerate(package.channels):
            self._package_channel(package, channel, f"{path}.channels[{index}]")
        if self._v1:
            self._v1_start(package.min_version, package.min_bundle, path)
            self._default_channel(package, path)
        elif package.bounded and any(channel.bounded for channel in package.channels) and not self._imageset.delete:
            self._report(
                "CFG-37",
                path,
                f'operator "{package.name}": mixing both filtering by minVersion/maxVersion and filtering by channel minVersion/maxVersion '
                "is not allowed; keep the bounds in one place",
            )

    def _package_channel(self, package: Package, channel: PackageChannel, path: str) -> None:
        self._required(channel.name, path, "name")
        if self._v1:
            self._v1_start(channel.min_version, channel.min_bundle, path)
        elif not self._imageset.delete:
            self._bounds(f'operator "{package.name}": channel "{channel.name}"', channel.min_version, channel.max_version, path)

    def _bounds(self, owner: str, low: str, high: str, path: str) -> None:
        for key, text in (("maxVersion", high), ("minVersion", low)):
            if text:
                self._try("CFG-36", f"{path}.{key}", partial(_operator_version, owner, key), text)

    def _v1_start(self, version: str, bundle: str, path: str) -> None:
        if version and bundle:
            self._report("CFG-3", path, "minVersion and minBundle are mutually exclusive; keep one")

    def _default_channel(self, package: Package, path: str) -> None:
        wanted = package.default_channel
        if wanted and wanted not in [channel.name for channel in package.channels]:
            self._report(
                "CFG-5",
                f"{path}.defaultChannel",
                f'"{wanted}" must be declared in the channels of package "{package.name}" when it is its defaultChannel',
            )


def _release_version(channel: Channel, key: str, text: str) -> None:
    try:
        Version.parse(text)
    except InputError as error:
        raise InputError(f'release channel "{channel.name}": {key} "{text}" is not a semantic version', advice=error.advice) from error


def _operator_version(owner: str, key: str, text: str) -> None:
    try:
        Version.parse_lenient(text)
    except InputError as error:
        raise InputError(f'{owner}: {key} "{text}" must respect semantic versioning notation', advice="Write it as in 1.2.3.") from error


def _duplicates(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Names that come again, with the path of the first and of this one; empty names are faults of another kind."""
    first: dict[str, str] = {}
    for name, path in named:
        if name and name in first:
            yield name, first[name], path
        elif name:
            first[name] = path
