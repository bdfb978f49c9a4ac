# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""ImageDigestMirrorSet, ImageTagMirrorSet and ImageContentSourcePolicy from a plan (mirroring 7.1, 7.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import (
    BOOT_IMAGE,
    BUNDLE,
    CATALOG,
    GRAPH,
    RELATED,
    RELEASE,
    RELEASE_CONTENT,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.coverage import (
    DIGEST,
    NAMESPACE,
    REPOSITORY,
    TAG,
    Mirrored,
    Rule,
    cover,
)

IDMS, ITMS, ICSP = "idms", "itms", "icsp"
KINDS = (IDMS, ITMS, ICSP)
CATEGORIES = ("generic", "operator", "release")
_CATEGORY = {RELEASE: "release", RELEASE_CONTENT: "release", BUNDLE: "operator", RELATED: "operator"}

# YAML bytes of one object; larger lists are cut, for clusters store objects of about a megabyte.
SIZE_LIMIT = 250_000
CREATED_BY = {"createdBy": "disconnected.mirror"}


@dataclass(frozen=True)
class _Form:
    """How a kind is written.  references: the kind of references it serves."""

    references: str
    api_version: str
    kind: str
    prefix: str
    list_name: str


_FORMS = {
    IDMS: _Form(DIGEST, "config.openshift.io/v1", "ImageDigestMirrorSet", "idms-", "imageDigestMirrors"),
    ITMS: _Form(TAG, "config.openshift.io/v1", "ImageTagMirrorSet", "itms-", "imageTagMirrors"),
    ICSP: _Form(DIGEST, "operator.openshift.io/v1alpha1", "ImageContentSourcePolicy", "", "repositoryDigestMirrors"),
}


def mirrored(images: Iterable[PlanImage], destination: Destination, generation: Generation) -> list[Mirrored]:
    """What clusters ask for.  Catalogs, the graph image, layouts and attachments are not named by clusters that way.

    V1 knows the digest of every image, so that each may be asked for by digest.  Raises InputError for an image without origin.
    """
    found = []
    for image in images:
        if image.type in (BOOT_IMAGE, CATALOG, GRAPH) or image.subject:
            continue
        reference = _origin(image)
        if reference.transport != OCI:
            category = _CATEGORY.get(image.type, "generic")
            kinds = _references(image, reference, generation)
            found.append(Mirrored(category, reference.repository, destination.full(image.destination), kinds))
    return sorted(found, key=lambda entry: (entry.source, entry.mirror, entry.category, sorted(entry.kinds)))


def digest_and_tag_rules(images: Sequence[Mirrored], destination: Destination, scope: str = "") -> list[Rule]:
    """The rules of IDMS and ITMS.  scope: the widest entries wanted, empty for namespaces where they are right (7.3)."""
    chosen = REPOSITORY if destination.max_nested_paths else scope or NAMESPACE
    return cover(images, dict.fromkeys(CATEGORIES, chosen))


def content_source_rules(images: Sequence[Mirrored], destination: Destination, scope: str = "") -> list[Rule]:
    """The rules of ICSP: releases by repository, the rest by the first component of the path (7.1)."""
    by_digest = [Mirrored(image.category, image.source, image.mirror, frozenset((DIGEST,))) for image in images]
    scopes = dict.fromkeys(CATEGORIES, scope or NAMESPACE)
    scopes["release"] = REPOSITORY
    if destination.max_nested_paths:
        scopes["operator"] = REPOSITORY
    return cover(by_digest, scopes, first_component=True)


def documents(kind: str, rules: Iterable[Rule], size_limit: int = SIZE_LIMIT) -> list[dict[str, Any]]:
    """The objects of a kind: one for each category that has rules, more where one would grow too large; sorted by name.

    Raises InputError when one entry alone is larger than `size_limit`.
    """
    form = _FORMS[kind]
    found = []
    for category in CATEGORIES:
        entries: dict[str, list[str]] = {}
        for rule in rules:
            if rule.category == category and rule.kind == form.references and rule.mirror not in entries.setdefault(rule.source, []):
                entries[rule.source].append(rule.mirror)
        for number, part in enumerate(_parts(sorted(entries.items()), size_limit)):
            found.append(_document(form, category, number, part))
    return found


def _origin(image: PlanImage) -> Reference:
    try:
        return parse(image.origin, Generation.V2)
    except InputError as error:
        message = f"{image.destination} has no origin that clusters could ask for: {error.message}"
        raise InputError(message, subject=image.origin, advice="Make the plan again with imageset_plan.") from error


def _references(image: PlanImage, reference: Reference, generation: Generation) -> frozenset[str]:
    kinds = set()
    if reference.digest or generation is Generation.V1 or image.type == RELEASE:
        kinds.add(DIGEST)
    # The second generation names releases by the tag that their signature attests, whatever chose them (7.3).
    if reference.tag or (image.type == RELEASE and generation is Generation.V2):
        kinds.add(TAG)
    return frozenset(kinds)


def _parts(entries: Sequence[tuple[str, list[str]]], limit: int) -> Iterator[list[tuple[str, list[str]]]]:
    part: list[tuple[str, list[str]]] = []
    size = _HEADER
    for source, mirrors in entries:
        more = _size(source, mirrors)
        if _HEADER + more > limit:
            raise InputError(f"the mirrors of {source} alone take {more} bytes, more than the {limit} of one object", subject=source)
        if part and size + more > limit:
            yield part
            part, size = [], _HEADER
        part.append((source, mirrors))
        size += more
    if part:
        yield part


# Bytes of an object without entries, rounded up.
_HEADER = 400


def _size(source: str, mirrors: Iterable[str]) -> int:
    """Bytes of an entry in YAML, indents and quotes included."""
    return len(source) + 40 + sum(len(mirror) + 12 for mirror in mirrors)


def _document(form: _Form, category: str, number: int, entries: Iterable[tuple[str, list[str]]]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": f"{form.prefix}{category}-{number}"}
    if form is not _FORMS[ICSP]:
        metadata["annotations"] = dict(CREATED_BY)
    elif category == "operator":
        metadata["labels"] = {"operators.openshift.org/catalog": "true"}
    mirrors = [{"source": source, "mirrors": list(mirrors)} for source, mirrors in entries]
    return {"apiVersion": form.api_version, "kind": form.kind, "metadata": metadata, "spec": {form.list_name: mirrors}}
