# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Carrying on what oc-mirror v1 mirrored: its metadata as a history, its archives as plans (mirroring 4.2, 4.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import parse
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import compatibility_tag
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import RELEASE, RELEASE_CONTENT
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.association import Association
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.history import History, Run
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Association as Record
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.metadata import Metadata
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.legacy.v1 import V1Archive
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf

# An archive files images by path alone; the host is a name that nobody can have (RFC 2606).
ARCHIVE = "archive.invalid"


def history_of(metadata: Metadata, destination: str = "") -> History:
    """The history that v1's metadata tells: its uid, its sequence, and what should be at the mirror.

    Only the last run is known.  A repository recorded with its host loses it (mirroring 5.2).
    destination: `docker://host/namespace`, which records of runs from registry to registry begin with.
    """
    mirror = destination.partition("://")[2]
    roots = _roots(_standing(metadata))
    associations = tuple(sorted(_association(record, children, mirror) for record, children in roots if record.digest))
    new = {(record.digest, record.name) for record in metadata.current}
    current = tuple(sorted({entry.key for entry in associations if (entry.id, entry.name) in new}))
    brought = tuple(sorted({digest for entry in associations for digest in entry.digests}))
    run = Run(metadata.sequence, metadata.timestamp, metadata.mirror, current, brought)
    return History("", "", metadata.uid, (run,) if metadata.sequence else (), associations)


def plan_of(archive: V1Archive, shelf: Shelf) -> Plan:
    """The whole set that a v1 archive belongs to, as its metadata states it, and not only what its run brought.

    Of what earlier archives brought only the records are known.  Where the metadata states no set, the plan is a part.
    Raises what `brought_by` raises.
    """
    metadata = archive.metadata
    roots = [record for record, _children in _roots(_standing(metadata)) if record.digest]
    earlier = [_image(record, Digest.parse(record.digest), "oc-mirror archive, an earlier sequence") for record in roots]
    images = {(image.destination, image.digest, image.origin): image for image in (*earlier, *brought_by(archive, shelf))}
    whole = bool(metadata.past) or metadata.single_use or metadata.sequence <= 1
    return Plan(images=tuple(images.values()), whole=whole).sorted()


def brought_by(archive: V1Archive, shelf: Shelf) -> tuple[PlanImage, ...]:
    """The images that a v1 archive brings; their manifests go on the shelf.

    Raises what the archive raises when a manifest is not there.
    """
    images: list[PlanImage] = []
    for record, children in _roots(archive.metadata.current):
        path = repository_path(record.path)
        root = archive.fetch_manifest(path, record.digest or record.tag)
        manifests = [root, *(archive.fetch_manifest(path, child.digest) for child in children)]
        for manifest in manifests:
            shelf.put(manifest)
        why = f"oc-mirror archive, sequence {archive.metadata.sequence}"
        image = _image(record, root.digest, why)
        images.append(replace(image, media_type=root.media_type, size=_size(manifests)))
    return tuple(images)


def _standing(metadata: Metadata) -> tuple[Record, ...]:
    """Records of all that should be at the mirror after a run."""
    return metadata.past or metadata.current


def _image(record: Record, digest: Digest, why: str) -> PlanImage:
    """An image as far as its record tells: neither its media type nor its size."""
    path = repository_path(record.path)
    tags = (record.tag,) if record.tag else ()
    return PlanImage(record.type, record.name, f"{ARCHIVE}/{path}", digest, "", 0, path, tags, why=((why,),))


def repository_path(path: str, mirror: str = "") -> str:
    """A recorded path without host, tag and digest; v1 writes both forms, and they are equivalent (mirroring 5.2)."""
    path = path.split("@")[0]
    if mirror and path.startswith(f"{mirror}/"):
        path = path[len(mirror) + 1 :]
    if _names_host(path):
        try:
            return parse(path, Generation.V1).path
        except InputError:
            path = path.partition("/")[2]
    name = path.rsplit("/", 1)[-1]
    return path[: -len(name)] + name.split(":")[0]


def _roots(records: Sequence[Record]) -> list[tuple[Record, tuple[Record, ...]]]:
    """Images with the records of all manifests below them; records of children are joined to their lists.

    Raises InputError when a list's child has no record.
    """
    below: dict[tuple[str, str], Record] = {(record.path, record.digest): record for record in records if record.digest}
    children: set[tuple[str, str]] = {(record.path, child) for record in records for child in record.manifests}
    roots = []
    for record in records:
        if (record.path, record.digest) in children and record.name == record.digest:
            continue
        roots.append((record, tuple(_below(record, below))))
    return roots


def _below(record: Record, known: dict[tuple[str, str], Record]) -> Iterable[Record]:
    """Each once, whatever the records say about who contains whom."""
    seen: set[str] = set()
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


def _association(record: Record, children: tuple[Record, ...], mirror: str) -> Association:
    tags, known = _tags(record)
    return Association(
        path=repository_path(record.path, mirror),
        id=record.digest,
        name=record.name,
        type=record.type,
        tags=tags,
        tags_known=known,
        manifests=tuple(sorted({child.digest for child in children})),
        blobs=tuple(sorted({layer for each in (record, *children) for layer in each.layers})),
    )


def _tags(record: Record) -> tuple[tuple[str, ...], bool]:
    """The tags that an image was published under, and whether those are all.

    From registry to registry the tag of the source is recorded, or six digits of its digest where it has none, and another one is
    pushed (mirroring 2.3): of operators one that follows from the reference, of releases one that only the payload tells.
    """
    tags = {record.tag} if record.tag else set()
    if not _names_host(record.path):
        return tuple(sorted(tags)), True
    try:
        reference = parse(record.name, Generation.V1)
    except InputError:
        return tuple(sorted(tags)), True
    if record.type in (RELEASE, RELEASE_CONTENT):
        return tuple(sorted(tags)), False
    if reference.digest and not reference.tag:
        tags.add(compatibility_tag(record.type, reference))
    return tuple(sorted(tags)), True


def _names_host(path: str) -> bool:
    first, slash, _rest = path.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _size(manifests: Iterable[Manifest]) -> int:
    sizes = {}
    for manifest in manifests:
        sizes[manifest.digest] = manifest.size
        sizes.update((blob.digest, blob.size) for blob in manifest.blobs)
    return sum(sizes.values())
