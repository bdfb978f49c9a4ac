# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Carrying on what oc-mirror v1 mirrored: its metadata as a history, its archives as plans (mirroring 4.2, 4.6)."""

from __future__ import annotations

from typing import Dict, Iterable, List, Sequence, Set, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import Association, History, Run
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Association as Record
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v1 import V1Archive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

# An archive files images by path alone; the host is a name that nobody can have (RFC 2606).
ARCHIVE = "archive.invalid"


def history_of(metadata: Metadata, mirror: str = "") -> History:
    """The history that v1's metadata tells: its uid, its sequence, and what should be at the mirror.

    Only the last run is known.  A repository recorded with its host loses it (mirroring 5.2).
    mirror: host and namespace, which records of runs from registry to registry begin with.
    """
    roots = _roots(metadata.past or metadata.current)
    associations = tuple(sorted(_association(record, children, mirror) for record, children in roots if record.digest))
    current = tuple(sorted({(entry.path, entry.id, entry.name) for entry in associations}))
    brought = tuple(sorted({digest for entry in associations for digest in entry.digests}))
    run = Run(metadata.sequence, metadata.timestamp, metadata.mirror, current, brought)
    return History("", "", metadata.uid, (run,) if metadata.sequence else (), associations)


def plan_of(archive: V1Archive, shelf: Shelf) -> Plan:
    """The images of a v1 archive as a plan; their manifests go on the shelf.

    Raises what the archive raises when a manifest is not there.
    """
    images: List[PlanImage] = []
    for record, children in _roots(archive.metadata.current):
        path = repository_path(record.path)
        root = archive.fetch_manifest(path, record.digest or record.tag)
        manifests = [root, *(archive.fetch_manifest(path, child.digest) for child in children)]
        for manifest in manifests:
            shelf.put(manifest)
        images.append(
            PlanImage(
                type=record.type,
                origin=record.name,
                source=f"{ARCHIVE}/{path}",
                digest=root.digest,
                media_type=root.media_type,
                size=_size(manifests),
                destination=path,
                tags=(record.tag,) if record.tag else (),
                why=((f"oc-mirror archive, sequence {archive.metadata.sequence}",),),
            )
        )
    return Plan(images=tuple(images)).sorted()


def repository_path(path: str, mirror: str = "") -> str:
    """A recorded path without host, tag and digest; v1 writes both forms, and they are equivalent (mirroring 5.2)."""
    path = path.split("@")[0]
    if mirror and path.startswith(f"{mirror}/"):
        path = path[len(mirror) + 1 :]
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        try:
            return parse(path, Generation.V1).path
        except InputError:
            path = rest
    name = path.rsplit("/", 1)[-1]
    return path[: -len(name)] + name.split(":")[0]


def _roots(records: Sequence[Record]) -> List[Tuple[Record, Tuple[Record, ...]]]:
    """Images with the records of all manifests below them; records of children are joined to their lists.

    Raises InputError when a list's child has no record.
    """
    below: Dict[Tuple[str, str], Record] = {(record.path, record.digest): record for record in records if record.digest}
    children: Set[Tuple[str, str]] = {(record.path, child) for record in records for child in record.manifests}
    roots = []
    for record in records:
        if (record.path, record.digest) in children and record.name == record.digest:
            continue
        roots.append((record, tuple(_below(record, below))))
    return roots


def _below(record: Record, known: Dict[Tuple[str, str], Record]) -> Iterable[Record]:
    """Each once, whatever the records say about who contains whom."""
    seen: Set[str] = set()
    waiting = list(record.manifests)
    while waiting:
        child = waiting.pop(0)
        if child in seen:
            continue
        seen.add(child)
        found = known.get((record.path, child))
        if found is None:
            raise InputError(f'association for "{child}" is missing', subject=record.name)
        yield found
        waiting += found.manifests


def _association(record: Record, children: Tuple[Record, ...], mirror: str) -> Association:
    return Association(
        path=repository_path(record.path, mirror),
        id=record.digest,
        name=record.name,
        type=record.type,
        tags=(record.tag,) if record.tag else (),
        manifests=tuple(sorted({child.digest for child in children})),
        blobs=tuple(sorted({layer for each in (record, *children) for layer in each.layers})),
    )


def _size(manifests: Iterable[Manifest]) -> int:
    sizes = {}
    for manifest in manifests:
        sizes[manifest.digest] = manifest.size
        sizes.update((blob.digest, blob.size) for blob in manifest.blobs)
    return sum(sizes.values())
