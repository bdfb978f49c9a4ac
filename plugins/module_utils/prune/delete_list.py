# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The list of images to delete that users review: `DeleteImageList` (mirroring 5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, RELEASE, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan

KIND = "DeleteImageList"
API_VERSION = "mirror.openshift.io/v2alpha1"
_KEYS = {"imageName", "imageReference", "type"}
# Where releases lie, and nowhere else (mirroring 5.4).
_RELEASE_PATHS = {RELEASE: "openshift/release-images", RELEASE_CONTENT: "openshift/release"}


@dataclass(frozen=True)
class Item:
    """origin: the reference that was mirrored.  reference: at the destination, with host, by tag or digest."""

    origin: str
    reference: str
    type: str


def items_of(plan: Plan, destination: Destination, signatures: bool = False) -> tuple[Item, ...]:
    """What a plan made from a DeleteImageSetConfiguration names, sorted, each once; catalogs themselves never.

    signatures: also what is attached to the images.
    """
    found: dict[str, Item] = {}
    for image in plan.images:
        if image.type == CATALOG or (image.subject and not signatures):
            continue
        name = destination.full(image.destination)
        for selector in [f":{tag}" for tag in image.tags] or [f"@{image.digest}"]:
            found.setdefault(f"docker://{name}{selector}", Item(image.origin, f"{name}{selector}", image.type))
    return tuple(found[key] for key in sorted(found))


def document_of(items: Iterable[Item]) -> dict[str, Any]:
    """A DeleteImageList as oc-mirror v2 writes it, which `read_list` takes."""
    entries = [{"imageName": item.origin, "imageReference": f"docker://{item.reference}", "type": item.type} for item in items]
    return {"apiVersion": API_VERSION, "kind": KIND, "items": entries}


def read_list(content: bytes, subject: str) -> tuple[Item, ...]:
    """Raises InputError naming the entry that is not what the form allows."""
    document = documents.load(content, subject)
    if not isinstance(document, dict) or (document.get("apiVersion"), document.get("kind")) != (API_VERSION, KIND):
        raise InputError(f"this is not a {KIND} of {API_VERSION}", subject=subject)
    entries = document.get("items")
    if not isinstance(entries, list):
        raise InputError("items must be a list", subject=f"{subject}: items")
    items: list[Item] = []
    for number, entry in enumerate(entries):
        where = f"{subject}: items[{number}]"
        if not isinstance(entry, dict) or set(entry) != _KEYS or not all(isinstance(value, str) for value in entry.values()):
            raise InputError(f"an entry has {', '.join(sorted(_KEYS))}, all of them text", subject=where)
        items.append(Item(entry["imageName"], entry["imageReference"].replace("docker://", "", 1), entry["type"]))
    return tuple(items)


def placed(items: Sequence[Item], destination: Destination) -> tuple[list[tuple[Item, Reference, str]], list[str]]:
    """Items with their reference and repository, and a sentence for each that lies outside the destination.

    Release images must lie exactly where releases go, all others below the destination; what does not is never touched.
    """
    inside: list[tuple[Item, Reference, str]] = []
    outside: list[str] = []
    for item in items:
        try:
            reference = parse(item.reference)
        except InputError as error:
            outside.append(error.message)
            continue
        allowed = destination.full(_RELEASE_PATHS[item.type]) if item.type in _RELEASE_PATHS else ""
        below = f"{destination.host}/{destination.namespace}/" if destination.namespace else f"{destination.host}/"
        if reference.repository != allowed if allowed else not reference.repository.startswith(below):
            outside.append(f"{item.reference} ({item.type}) does not lie below {allowed or below}; it is not deleted")
        else:
            inside.append((item, reference, reference.path))
    return inside, outside
