# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A resource as a checked value, and whose it is."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import APPLIED, CONFIG_MAP, UPDATE_SERVICE, kind_of

# What we apply carries these two and is applied by our field manager.  All three together make a resource ours: a copy that
# somebody made of one has the label and the annotation as well.
LABEL = "disconnected.mirror/owner"
ANNOTATION = "disconnected.mirror/applied-by"
MADE_BY = "disconnected.mirror"

# RFC 1123, as the API server has it; no name leads to another path.
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\Z")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_SIGNATURES = ("openshift-config-managed", "release.openshift.io/verification-signatures")
_DEFAULT_NAMESPACES = {UPDATE_SERVICE: "openshift-update-service"}
# What the server adds to each resource, and what controllers write.
_SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")


@dataclass(frozen=True)
class Resource:
    """body: the whole document."""

    kind: str
    name: str
    namespace: str
    body: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """Kind, namespace (empty for the whole cluster) and name."""
        return (self.kind, self.namespace, self.name)

    @property
    def label(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def at(self, api_version: str) -> dict[str, Any]:
        """The document for the version of the API that a cluster serves."""
        return {**self.body, "apiVersion": api_version}

    def owned(self, owner: str) -> Resource:
        """With the marks of what is ours."""
        body = copy.deepcopy(dict(self.body))
        metadata = body["metadata"]
        metadata["labels"] = {**(metadata.get("labels") or {}), LABEL: owner}
        metadata["annotations"] = {**(metadata.get("annotations") or {}), ANNOTATION: MADE_BY}
        return Resource(self.kind, self.name, self.namespace, body)


def check_owner(owner: str) -> str:
    """The name under which resources are ours, fit to be a label's value.  Raises InputError."""
    if not _LABEL_VALUE.match(owner):
        advice = "Up to 63 letters, digits, dots, dashes and underscores, beginning and ending with a letter or digit."
        raise InputError(f"{owner!r:.100} is not a value for a label", subject="owner", advice=advice)
    return owner


def is_ours(live: Mapping[str, Any], owner: str) -> bool:
    """Whether a resource, as the server gives it, was applied by us for this owner."""
    metadata = live.get("metadata") or {}
    marked = (metadata.get("labels") or {}).get(LABEL) == owner and (metadata.get("annotations") or {}).get(ANNOTATION) == MADE_BY
    fields = metadata.get("managedFields") or []
    return marked and any(entry.get("manager") == MADE_BY and entry.get("operation") == "Apply" for entry in fields)


def resource_of(document: Any) -> Resource:
    """Checks the frame of a document; what is in it the server checks.  Raises InputError."""
    whole = Shape(document)
    name, version = whole.member("kind").text(), whole.member("apiVersion").text()
    kind = kind_of(name, version)
    metadata = whole.member("metadata")
    own = _plain(metadata.member("name"))
    given = metadata.optional("namespace", "") if metadata.optional("namespace").value else Shape(_DEFAULT_NAMESPACES.get(kind.name, ""))
    if kind.namespaced and not given.value:
        metadata.refuse("has no namespace")
    namespace = _plain(given) if kind.namespaced else ""
    for marks in ("labels", "annotations"):
        values = metadata.optional(marks).value
        if values is not None and not all(isinstance(text, str) for pair in Shape(values, marks).mapping().items() for text in pair):
            metadata.refuse(f"has {marks} that are not text")
    body = {key: value for key, value in whole.mapping().items() if key != "status"}
    body["metadata"] = {key: value for key, value in metadata.mapping().items() if key not in _SERVERS}
    if namespace:
        body["metadata"]["namespace"] = namespace
    return Resource(kind.name, own, namespace, body)


def _plain(shape: Shape) -> str:
    if not _NAME.match(shape.text()):
        shape.refuse(f"is {shape.value!r:.100}, not a name of a resource")
    return shape.text()


def applied_resources(documents: Iterable[tuple[str, Any]]) -> list[Resource]:
    """The resources of documents (each with the place that it comes from), in the order in which they are applied.

    Only kinds that a mirror needs are taken, so that no file makes us change anything else in a cluster.
    Raises InputError.
    """
    found: dict[tuple[str, str, str], Resource] = {}
    for place, document in documents:
        for inner in _listed(document):
            resource = _applied(inner, place)
            earlier = found.setdefault(resource.key, resource)
            if earlier.body != resource.body:
                raise InputError(f"there are two different documents for {resource.label}", subject=place)
    return sorted(found.values(), key=lambda resource: (APPLIED.index(resource.kind), resource.key))


def _listed(document: Any) -> list[Any]:
    if isinstance(document, dict) and document.get("kind") == "List":
        items = document.get("items")
        return items if isinstance(items, list) else []
    return [] if document is None else [document]


def _applied(document: Any, place: str) -> Resource:
    try:
        resource = resource_of(document)
    except InputError as error:
        raise InputError(error.message, subject=place, advice=error.advice) from error
    allowed = resource.kind in APPLIED and (resource.kind != CONFIG_MAP or _has_signatures(resource))
    if not allowed:
        advice = "Mirror sets, catalogs, release signatures, the update service and pinned images are."
        raise InputError(f"{resource.label} is not applied here", subject=place, advice=advice)
    return resource


def _has_signatures(resource: Resource) -> bool:
    namespace, label = _SIGNATURES
    return resource.namespace == namespace and label in (resource.body["metadata"].get("labels") or {})


def comparable(live: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What of a resource is its content: without what the server and controllers write."""
    if live is None:
        return None
    found = {key: value for key, value in live.items() if key != "status"}
    found["metadata"] = {key: value for key, value in (live.get("metadata") or {}).items() if key not in _SERVERS}
    return found
