# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Everything that a cluster needs to use a mirror, from a plan and the mirror's name (mirroring 7; design 1).

The plan covers the whole image set, so the files always cover it too, not the last increment (user-needs P12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.base.yaml import documents as yaml_documents
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATALOG, GRAPH, RELEASE
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.releases.payload import signatures as release_signatures
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import mirror_sets, signature_maps
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.catalog_names import PREFIX, names_v1, names_v2
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.catalog_sources import (
    catalog_source,
    cluster_catalog,
    from_template,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.coverage import SCOPES
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import ICSP, IDMS, ITMS, KINDS, SIZE_LIMIT
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.pinned_images import CATEGORIES, pinned_image_sets
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import json_bytes, yaml_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.update_service import update_service

_POOL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,40}[a-z0-9])?\Z")
SINGLE, PER_RELEASE = "single", "per_release"
_FILES = {IDMS: "idms-oc-mirror.yaml", ITMS: "itms-oc-mirror.yaml", ICSP: "imageContentSourcePolicy.yaml"}


@dataclass(frozen=True)
class ResourceOptions:
    """mirror_sets: kinds among idms, itms and icsp; empty for IDMS and ITMS, and ICSP too for v1alpha2 configurations.
    scope: repository, namespace or host; empty for what the generation does (mirroring 7.1, 7.3).
    signature_layout: single or per_release; empty for per_release in v1alpha2, single in v2alpha1.
    size_limit: bytes of YAML after which a mirror set is cut into numbered ones.
    pools: of machines that pull images before they are needed.  pinned: which images, by category.
    """

    mirror_sets: tuple[str, ...] = ()
    scope: str = ""
    signature_layout: str = ""
    size_limit: int = SIZE_LIMIT
    pools: tuple[str, ...] = ()
    pinned: tuple[str, ...] = ("release",)

    def check(self) -> None:
        """Raises InputError for a value that is not one of those above."""
        for kind in self.mirror_sets:
            _known("mirror set", kind, KINDS)
        if self.scope:
            _known("scope", self.scope, SCOPES)
        for category in self.pinned:
            _known("category", category, tuple(CATEGORIES))
        for pool in self.pools:
            if not _POOL.match(pool):
                raise InputError(f"{pool!r:.100} is not the name of a pool", subject="pinned_pools")
        if self.signature_layout:
            _known("signature layout", self.signature_layout, (SINGLE, PER_RELEASE))


@dataclass(frozen=True)
class Resources:
    """files: content by name.  warnings: what was left out or done otherwise than asked."""

    files: Mapping[str, bytes]
    warnings: tuple[str, ...] = ()


def make_resources(plan: Plan, destination: Destination, options: ResourceOptions = ResourceOptions()) -> Resources:
    """The files for a cluster.  Reads nothing but the templates that the configuration names.

    Raises InputError (an option, an image without origin, an entry larger than an object may be).
    """
    options.check()
    generation = plan.generation
    warnings: list[str] = []
    plan = _placeable(plan, destination, warnings)
    found = _mirror_sets(plan, destination, options, generation)
    found.update(_catalogs(plan, destination, generation, warnings))
    found.update(_update_service(plan, destination, warnings))
    found.update(_pinned(plan, options))
    found.update(_signatures(release_signatures.documents(plan.releases), options, generation))
    return Resources(found, tuple(warnings))


def _placeable(plan: Plan, destination: Destination, warnings: list[str]) -> Plan:
    """The plan without images whose repository this registry cannot have: a transfer fails them one by one, too."""
    lost = sorted({image.origin for image in plan.images if not destination.fits(image.destination)})
    warnings += [f"{origin} is left out: {destination.host} cannot have a repository for it." for origin in lost]
    return replace(plan, images=tuple(image for image in plan.images if destination.fits(image.destination))) if lost else plan


def _known(what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError(f'unknown {what} "{value}"', advice=f"Known are {', '.join(allowed)}.")


def _mirror_sets(plan: Plan, destination: Destination, options: ResourceOptions, generation: Generation) -> dict[str, bytes]:
    kinds = options.mirror_sets or ((IDMS, ITMS, ICSP) if generation is Generation.V1 else (IDMS, ITMS))
    images = mirror_sets.mirrored(plan.images, destination, generation)
    rules = {IDMS: mirror_sets.digest_and_tag_rules(images, destination, options.scope)}
    rules[ITMS] = rules[IDMS]
    if ICSP in kinds:
        rules[ICSP] = mirror_sets.content_source_rules(images, destination, options.scope)
    found = {}
    for kind in kinds:
        documents = mirror_sets.documents(kind, rules[kind], options.size_limit)
        if documents:
            found[_FILES[kind]] = yaml_bytes(documents)
    return found


def _catalogs(plan: Plan, destination: Destination, generation: Generation, warnings: list[str]) -> dict[str, bytes]:
    """In the order of the configuration, which v1 counts names by."""
    images = sorted(
        (image for image in plan.images if image.type == CATALOG and not image.subject), key=lambda image: (_position(image), image.key)
    )
    places = {_tagged(image, destination): image for image in images}
    names = names_v1({place: _mirrored_name(image) for place, image in places.items()}) if generation is Generation.V1 else names_v2(places)
    found = {}
    for place, image in places.items():
        name = names[place]
        file_name = f"catalogSource-{name}.yaml" if generation is Generation.V1 else f"{name}.yaml"
        found[file_name] = yaml_bytes([_catalog_source(plan, image, name, place, warnings)])
        found[f"cc-{name[len(PREFIX):]}.yaml"] = yaml_bytes([cluster_catalog(name, place)])
    return found


def _catalog_source(plan: Plan, image: PlanImage, name: str, place: str, warnings: list[str]) -> dict[str, Any]:
    path = _template(plan, image)
    if not path:
        return catalog_source(name, place)
    try:
        return from_template(name, place, yaml_documents.load(files.read(path), path))
    except FileNotFoundError:
        reason = "there is no such file"
    except MirrorError as error:
        reason = error.message
    warnings.append(f"targetCatalogSourceTemplate {path} is not used: {reason}; {name} is generated without it.")
    return catalog_source(name, place)


def _template(plan: Plan, image: PlanImage) -> str:
    """The template of the configuration's entry that wants the catalog."""
    operators = (plan.config.get("mirror") or {}).get("operators") or []
    position = _position(image)
    return operators[position].get("targetCatalogSourceTemplate") or "" if position < len(operators) else ""


def _position(image: PlanImage) -> int:
    """The number of the first `operators` entry that wants a catalog."""
    numbers = [chain[0][len("operators[") : -1] for chain in image.why if chain and chain[0].startswith("operators[")]
    return min((int(number) for number in numbers if number.isdigit()), default=1_000_000)


def _mirrored_name(image: PlanImage) -> str:
    """The name part of a catalog as it is mirrored (7.2): behind the first component of its path (mirroring 2.1 P3).

    A local layout that no target renames is called after its directory.
    """
    reference, path = parse(image.origin, Generation.V1), image.destination
    if reference.transport == OCI and reference.path.strip("/").lower() == path:
        return path.rsplit("/", 1)[-1]
    return path.partition("/")[2] or path


def _tagged(image: PlanImage, destination: Destination) -> str:
    place = destination.full(image.destination)
    return f"{place}:{image.tags[0]}" if image.tags else f"{place}@{image.digest}"


def _update_service(plan: Plan, destination: Destination, warnings: list[str]) -> dict[str, bytes]:
    graphs = [image for image in plan.images if image.type == GRAPH and not image.subject]
    releases = sorted({image.destination for image in plan.images if image.type == RELEASE and not image.subject})
    if not graphs:
        return {}
    if not releases:
        warnings.append("The graph image is mirrored and no release is: updateService.yaml is not generated.")
        return {}
    graph = f"{destination.full(graphs[0].destination)}@{graphs[0].digest}"
    return {"updateService.yaml": yaml_bytes([update_service(destination.full(releases[0]), graph)])}


def _pinned(plan: Plan, options: ResourceOptions) -> dict[str, bytes]:
    sets = {pool: pinned_image_sets(plan.images, pool, options.pinned) for pool in options.pools}
    return {f"pinned-images-{pool}.yaml": yaml_bytes(documents) for pool, documents in sets.items() if documents}


def _signatures(signatures: Mapping[Digest, Sequence[bytes]], options: ResourceOptions, generation: Generation) -> dict[str, bytes]:
    if not signatures:
        return {}
    if (options.signature_layout or (PER_RELEASE if generation is Generation.V1 else SINGLE)) == PER_RELEASE:
        return {name: json_bytes(document) for name, document in signature_maps.one_per_release(signatures).items()}
    maps = signature_maps.single(signatures)
    whole: Any = maps[0] if len(maps) == 1 else {"apiVersion": "v1", "kind": "List", "items": maps}
    return {"signature-configmap.yaml": yaml_bytes(maps), "signature-configmap.json": json_bytes(whole)}
