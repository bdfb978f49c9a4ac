# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""mapping.txt: one line for each image and tag, `SOURCE=DESTINATION` (mirroring 2.8, 8.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, List, Mapping, Optional, Sequence, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base import files
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, OCI, Reference, parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import LATEST, partial_digest
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import PlanImage

_FILE = "file://"


@dataclass(frozen=True)
class Line:
    """source, destination: as the file has them, with a tag or digest each."""

    source: str
    destination: str

    def __str__(self) -> str:
        return f"{self.source}={self.destination}"


def lines(
    images: Iterable[PlanImage],
    destination: Destination,
    generation: Generation,
    children: Optional[Mapping[str, Sequence[str]]] = None,
) -> List[Line]:
    """Sorted by destination, then source.

    V1 writes registry references bare, as `oc image mirror -f` reads them, and names every source by digest; V2 writes
    the transport on both sides and names sources as they were configured, by digest where they have one.
    Images that have no possible place are left out, as a transfer does.
    children: digests of the instances of an index, by its digest; each gets a line of its own (8.1).
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
        found.update(
            Line(_text(replace(source, tag="", digest=child), prefix), f"{place}@{child}")
            for child in (children or {}).get(image.digest, ())
        )
    return sorted(found, key=lambda line: (line.destination, line.source))


def text(mapping: Iterable[Line]) -> str:
    return "".join(f"{line}\n" for line in mapping)


def write(path: str, mapping: Iterable[Line]) -> bool:
    """Says whether the file changed.  Raises StorageError."""
    return files.write(path, text(mapping).encode("utf-8"))


def read(content: str, subject: str = "mapping.txt") -> List[Line]:
    """Both forms.  A destination without tag gets the partial digest of its source, or `latest`.  Raises InputError with the line."""
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        parts = line.strip().split("=")
        if len(parts) != 2 or not all(parts):
            raise InputError(f"line {number}: exactly one = is expected between source and destination", subject=subject)
        try:
            found.append(_line(*parts))
        except InputError as error:
            raise InputError(f"line {number}: {error.message}", subject=subject, advice=error.advice) from error
    return found


def _source(image: PlanImage, generation: Generation) -> Reference:
    reference = parse(image.origin, Generation.V2)
    if reference.transport == OCI:
        return reference
    if generation is Generation.V1:
        return replace(reference, tag="", digest=image.digest)
    return replace(reference, tag="") if reference.digest else reference


def _text(reference: Reference, prefix: str) -> str:
    return str(reference) if reference.transport == OCI else f"{prefix}{reference}"


def _line(source: str, destination: str) -> Line:
    named, digest = _named(source, LATEST)
    return Line(named, _named(destination, partial_digest(digest))[0])


def _named(text_of: str, default_tag: str) -> Tuple[str, str]:
    """The reference with a tag or digest, and its digest."""
    if text_of.startswith(_FILE):
        path, _at, digest = text_of.partition("@")
        tagged = ":" in path.rsplit("/", 1)[-1]
        return (text_of if tagged or digest else f"{text_of}:{default_tag}"), digest
    reference = parse(text_of, Generation.V1)
    bare = text_of.split("@")[0].rsplit("/", 1)[-1]
    if not reference.digest and ":" not in bare and reference.transport == DOCKER:
        reference = replace(reference, tag=default_tag)
    prefix = f"{DOCKER}://" if text_of.startswith(f"{DOCKER}://") else ""
    return _text(reference, prefix), reference.digest
