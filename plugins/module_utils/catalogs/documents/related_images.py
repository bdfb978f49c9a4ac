# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The images that bundles name, each with who wants it and what for (operator-catalogs 4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.model import Bundle, Selection

# Text of a bundle's own image among the roles of its related images.
BUNDLE_ROLE = "bundle"


@dataclass(frozen=True, order=True)
class BundleImages:
    """What one bundle names.

    image: its own, empty when it has none.  related: (role, reference) in order, its own among them or not.
    """

    package: str
    name: str
    image: str
    related: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, bundle: Bundle) -> BundleImages:
        return cls(bundle.package, bundle.name, bundle.image, bundle.related_images)

    @property
    def references(self) -> tuple[str, ...]:
        """Every reference once, the bundle's own first; it counts although it is not listed (RI-10), empty ones do not."""
        return tuple(dict.fromkeys(text for text in (self.image, *(text for _role, text in self.related)) if text))

    @property
    def lists_itself(self) -> bool:
        return not self.image or any(text == self.image for _role, text in self.related)

    @property
    def has_empty(self) -> bool:
        return any(not text for _role, text in self.related)

    def document(self) -> dict[str, Any]:
        return {"package": self.package, "name": self.name, "image": self.image, "related": [list(pair) for pair in self.related]}

    @classmethod
    def parse(cls, document: dict[str, Any]) -> BundleImages:
        related = tuple((role, text) for role, text in document["related"])
        return cls(document["package"], document["name"], document["image"], related)


def of_selection(selection: Selection) -> tuple[BundleImages, ...]:
    """The images of every bundle, by package and bundle.  Raises InputError for a bundle whose document is malformed."""
    return tuple(
        BundleImages.of(bundle)
        for _name, package in sorted(selection.packages.items())
        for _bundle, bundle in sorted(package.bundles.items())
    )


def related_images(bundles: Iterable[BundleImages]) -> list[dict[str, Any]]:
    """Each image once, with the bundles that name it and the roles in which they do; sorted."""
    found: dict[str, dict[str, Any]] = {}
    for bundle in bundles:
        roles: dict[str, list[str]] = {}
        for role, text in ((BUNDLE_ROLE, bundle.image), *bundle.related):
            if text:
                roles.setdefault(text, []).append(BUNDLE_ROLE if text == bundle.image else role)
        for text, names in roles.items():
            entry = found.setdefault(text, {"image": text, "roles": set(), "bundles": set()})
            entry["roles"].update(name for name in names if name)
            entry["bundles"].add(bundle.name)
    return [{"image": text, "roles": sorted(entry["roles"]), "bundles": sorted(entry["bundles"])} for text, entry in sorted(found.items())]


def read(text: str, generation: Generation) -> Reference:
    """An image of a bundle as a reference (RI-11).  Raises InputError."""
    reference = parse(text, generation)
    if reference.transport != DOCKER:
        raise InputError("a bundle names an image in a local layout, which no cluster can pull", subject=text)
    return reference


def notes(bundles: Iterable[BundleImages]) -> tuple[str, ...]:
    """Sentences about bundles that leave out their own image, or name nothing where an image should be."""
    bundles = list(bundles)
    silent = [bundle.name for bundle in bundles if not bundle.lists_itself]
    empty = [bundle.name for bundle in bundles if bundle.has_empty]
    found: list[str] = []
    if silent:
        found.append(f"{_some(silent)} of the catalog without its own image among relatedImages; it is mirrored all the same.")
    if empty:
        found.append(f"{_some(empty)} of the catalog with an empty reference among relatedImages; it is left out.")
    return tuple(found)


def _some(names: list[str]) -> str:
    return f"There is a bundle ({names[0]})" if len(names) == 1 else f"There are {len(names)} bundles (the first is {names[0]})"
