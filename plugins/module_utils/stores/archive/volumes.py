# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Finding the volumes of archive sets on disk, by what they say they are.

Names can be changed on the way, so each file's first member decides; every disagreement
between name and content is told by name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import BinaryIO, Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, InputError, NotFound, StorageError
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import (
    MANIFEST,
    SIGNATURE,
    SIGNATURE_SIZE,
    VOLUME,
    volume_document,
    volume_name,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import BLOCK, first_member, padded
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layout.blob import open_file

NAME = re.compile(r"mirror_seq([0-9]{1,9})_([0-9]{6})\.tar\Z")

# Looks at a manifest as it lies there: its volume, its bytes, its signature (empty for none).  Raises what is wrong with it.
Judge = Callable[[str, bytes, bytes], None]


@dataclass(frozen=True)
class Volume:
    """One file: to which archive it belongs and which volume it is; contents only for volume 0."""

    path: str
    archive_id: str
    number: int
    contents: Contents | None = None


@dataclass(frozen=True)
class VolumeSet:
    """All volumes of one archive, complete and rightly named; paths by number."""

    archive_id: Digest
    contents: Contents
    encoded: bytes = field(repr=False)
    paths: tuple[str, ...] = ()


def find(path: str, judge: Judge | None = None) -> tuple[VolumeSet, ...]:
    """The archive sets of a folder, or the one that a volume file belongs to; by sequence.

    judge: asked about each set before anything that it says of itself is read.
    Raises NotFound (no volumes), CorruptContent (renamed, missing, doubled, foreign or unreadable volumes), and what `judge` raises.
    """
    folder, only = (path, "") if os.path.isdir(path) else (os.path.dirname(path) or ".", os.path.basename(path))
    volumes = [identify(os.path.join(folder, name), judge) for name in _names(folder)]
    heads = {volume.archive_id: volume for volume in volumes if volume.contents is not None}
    _no_strays(volumes, heads)
    sets = [_assemble(head, volumes) for head in heads.values()]
    _one_of_each_sequence(sets)
    if only:
        sets = [found for found in sets if any(os.path.basename(volume) == only for volume in found.paths)]
    if not sets:
        raise NotFound("no archive volumes (mirror_seq<N>_<NNNNNN>.tar) are there", subject=path)
    return tuple(sorted(sets, key=lambda found: found.contents.sequence))


def _names(folder: str) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise StorageError(f"cannot read the folder: {error.strerror}", subject=folder) from error
    unfinished = [name for name in names if name.endswith(".tar.part")]
    if unfinished:
        raise CorruptContent(
            f"the archive with {unfinished[0]} is unfinished",
            subject=folder,
            advice="Run mirror_to_disk again to finish it, then transfer it.",
        )
    return [name for name in names if name.endswith(".tar")]


def identify(path: str, judge: Judge | None = None) -> Volume:
    """What a file says it is.  Raises CorruptContent, Incompatible, StorageError, and what `judge` raises."""
    try:
        with os.fdopen(open_file(path, -1, path), "rb") as file:
            name, size = first_member(file.read(BLOCK))
            if name == MANIFEST and 0 < size <= limits.RECORD.size:
                encoded = file.read(size)
                if judge is not None:
                    judge(path, encoded, _signature(file, size))
                volume = Volume(path, Digest.of(encoded), 0, Contents.decode(encoded, path))
            elif name == VOLUME and size == len(volume_document(Digest.of(b""), 0, 0, Digest.of(b""))):
                volume = _numbered(path, file.read(size))
            else:
                raise CorruptContent(
                    "this is not a volume of an archive, or its start is damaged", subject=path, advice="Transfer this file again."
                )
    except OSError as error:
        raise StorageError(f"cannot read the volume: {error.strerror}", subject=path) from error
    return volume


def _signature(file: BinaryIO, size: int) -> bytes:
    """The member behind a manifest of this size, when it is a signature."""
    file.seek(BLOCK + padded(size))
    name, length = first_member(file.read(BLOCK))
    return file.read(length).rstrip(b"\n") if name == SIGNATURE and length == SIGNATURE_SIZE else b""


def _numbered(path: str, encoded: bytes) -> Volume:
    try:
        document = json_values.parse(encoded, limits.SMALL)
        volume = Volume(path, Digest.parse(document["archive"]), int(document["volume"]))
        signature = Digest.parse(document["signature"])
        if volume_document(volume.archive_id, volume.number, int(document["volumes"]), signature) != encoded or volume.number < 1:
            raise ValueError
    except (ValueError, KeyError, TypeError, InputError) as error:
        raise CorruptContent("the start of the volume is damaged", subject=path, advice="Transfer this file again.") from error
    return volume


def _assemble(head: Volume, volumes: list[Volume]) -> VolumeSet:
    contents = head.contents
    if contents is None:
        raise NotFound("the first volume is missing", subject=head.path)
    ours = [volume for volume in volumes if volume.archive_id == head.archive_id]
    others = {os.path.basename(volume.path) for volume in volumes if volume.archive_id != head.archive_id}
    return VolumeSet(Digest.parse(head.archive_id), contents, contents.encoded(), _paths(contents, ours, others))


def _paths(contents: Contents, volumes: list[Volume], others: AbstractSet[str]) -> tuple[str, ...]:
    """others: names of files of other archives, which none of ours is to replace."""
    by_number: dict[int, Volume] = {}
    for volume in volumes:
        right = volume_name(contents.sequence, volume.number)
        if volume.number in by_number:
            raise CorruptContent(
                f"volume {right} is there twice: {os.path.basename(by_number[volume.number].path)} and {os.path.basename(volume.path)}",
                subject=volume.path,
                advice="Remove one of them.",
            )
        by_number[volume.number] = volume
    for volume in volumes:
        right = volume_name(contents.sequence, volume.number)
        if os.path.basename(volume.path) != right and right in others:
            raise _stray(volume, right)
        if os.path.basename(volume.path) != right:
            raise CorruptContent(f"this file is volume {right}", subject=volume.path, advice=f"Rename it to {right}.")
    return tuple(by_number[number].path for number in sorted(by_number))


def _no_strays(volumes: list[Volume], heads: dict[str, Volume]) -> None:
    for volume in volumes:
        if volume.archive_id in heads:
            continue
        match = NAME.match(os.path.basename(volume.path))
        first = volume_name(int(match.group(1)), 0) if match else "its first volume"
        if match and any(os.path.basename(head.path) == first for head in heads.values()):
            raise _stray(volume, first)
        raise CorruptContent(
            f"{first} of this volume's archive is missing", subject=volume.path, advice="Copy all volumes of a set into one folder."
        )


def _stray(volume: Volume, beside: str) -> CorruptContent:
    return CorruptContent(
        f"the volume belongs to another archive than {beside} beside it",
        subject=volume.path,
        advice="Take it out of the folder: each archive of the same sequence needs one of its own.",
    )


def _one_of_each_sequence(sets: list[VolumeSet]) -> None:
    seen: dict[tuple[str, int], VolumeSet] = {}
    for found in sets:
        key = (found.contents.uid, found.contents.sequence)
        if key in seen:
            raise CorruptContent(
                f"two different archives have sequence {found.contents.sequence}",
                subject=found.paths[0],
                advice=f"The other one starts with {seen[key].paths[0]}.",
            )
        seen[key] = found
