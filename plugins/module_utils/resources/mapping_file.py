# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""mapping.txt: one line for each image and tag, `SOURCE=DESTINATION` (mirroring 2.8, 8.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, OCI, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage


@dataclass(frozen=True)
class Line:
    """source, destination: as the file has them, with a tag or digest each."""

    source: str
    destination: str

    def __str__(self) -> str:
        return f"{self.source}={self.destination}"


def lines(images: Iterable[PlanImage], destination: Destination, generation: Generation, instances: bool = False) -> list[Line]:
    """Sorted by destination, then source.

    instances: after an index a line for each instance that is taken of it, by digest on both sides.

    V1 writes registry references bare, as `oc image mirror -f` reads them, and names every source by digest; V2 writes
    the transport on both sides and names sources as they were configured, by digest where they have one.
    Images that have no possible place are left out, as a transfer does.
    """
    prefix = "" if generation is Generation.V1 else f"{DOCKER}://"
    found = set()
    for image in images:
        if not destination.fits(image.destination):
            continue
        source = _source(image, generation)
        place = prefix + destination.full(image.destination)
        for name in [f"{place}:{tag}" for tag in image.tags] or [f"{place}@{image.digest}"]:
            found.add(Line(_text(source, prefix), name))
        for digest, _platform in image.instances if instances else ():
            found.add(Line(_text(replace(source, tag="", digest=Digest(digest)), prefix), f"{place}@{digest}"))
    return sorted(found, key=lambda line: (line.destination, line.source))


def text(mapping: Iterable[Line]) -> str:
    return "".join(f"{line}\n" for line in mapping)


def _source(image: PlanImage, generation: Generation) -> Reference:
    reference = parse(image.origin, Generation.V2)
    if reference.transport == OCI:
        return reference
    if generation is Generation.V1:
        return replace(reference, tag="", digest=image.digest)
    return replace(reference, tag="") if reference.digest else reference


def _text(reference: Reference, prefix: str) -> str:
    return str(reference) if reference.transport == OCI else f"{prefix}{reference}"
