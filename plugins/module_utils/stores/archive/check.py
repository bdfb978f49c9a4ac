# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Proof of an archive set before anything is pushed: every byte is accounted for.

Headers and padding must be what the manifest implies, every document and blob must have its
digest.  Findings name the volume, so that only that file is carried over again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.text.words import counted
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import (
    MANIFEST,
    SIGNATURE,
    VOLUME,
    Segment,
    volume_document,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.reader import ArchiveReader
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import END, header, header_size, padded

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Finding:
    """path: the volume that is to be carried over again.  problem: what is wrong in it."""

    path: str
    problem: str


def check(archive: ArchiveReader, parallel: int = 2) -> tuple[Finding, ...]:
    """All findings of a set, in the order of its volumes; empty when it is sound.  Reads every byte once."""
    with ThreadPoolExecutor(max_workers=parallel) as pool:
        frames = pool.map(lambda number: list(_frame(archive, number)), range(len(archive.paths)))
        contents = pool.map(lambda segments: _content(archive, segments), _members(archive))
        return tuple(sorted({finding for part in frames for finding in part} | {finding for part in contents for finding in part}, key=str))


def require_sound(archive: ArchiveReader, parallel: int = 2) -> None:
    """Raises CorruptContent naming the volumes that are damaged."""
    findings = check(archive, parallel)
    if not findings:
        return
    told = "; ".join(f"{finding.path}: {finding.problem}" for finding in findings[:5])
    more = f" (and {counted(len(findings) - 5, 'more finding')})" if len(findings) > 5 else ""
    raise CorruptContent(
        f"the archive is damaged: {told}{more}.", subject=archive.name, advice="Transfer these files again; nothing was pushed."
    )


def _members(archive: ArchiveReader) -> list[list[Segment]]:
    documents = [
        [segment]
        for volume in archive.places.segments
        for segment in volume
        if not segment.content.is_blob and segment.name not in (SIGNATURE, VOLUME)
    ]
    return documents + list(archive.segments.values())


def _frame(archive: ArchiveReader, number: int) -> Iterator[Finding]:
    """Headers, padding, the volume document and the end of one volume."""
    path = archive.paths[number]
    signed = Digest.of(archive.document(SIGNATURE) if archive.contents.signature else b"")
    known = {VOLUME: volume_document(archive.archive_id, number, len(archive.paths), signed), MANIFEST: archive.encoded}
    try:
        for segment in archive.places.segments[number]:
            before = header_size(segment.name)
            if archive.pread(number, segment.offset - before, before) != header(segment.name, segment.size):
                yield Finding(path, f"the header of {segment.name} is damaged")
            gap = padded(segment.size) - segment.size
            if gap and archive.pread(number, segment.offset + segment.size, gap) != bytes(gap):
                yield Finding(path, f"the padding after {segment.name} is damaged")
            if segment.name in known and archive.pread(number, segment.offset, segment.size) != known[segment.name]:
                yield Finding(path, f"{segment.name} or the set's signature is damaged")
        if archive.pread(number, archive.places.sizes[number] - len(END), len(END)) != END:
            yield Finding(path, "the end of the volume is damaged")
    except MirrorError as error:
        yield Finding(path, error.message)


def _content(archive: ArchiveReader, segments: Sequence[Segment]) -> list[Finding]:
    """One member's bytes against its digest; a cut blob is hashed across its volumes."""
    digest: Digest = segments[0].content.digest
    hasher = digest.hasher()
    try:
        for segment in segments:
            for start in range(0, segment.size, _CHUNK):
                hasher.update(archive.pread(segment.volume, segment.offset + start, min(_CHUNK, segment.size - start)))
    except MirrorError as error:
        return [Finding(archive.paths[segment.volume], error.message)]
    if hasher.hexdigest() == digest.hex:
        return []
    # Which part of a cut blob is damaged cannot be told from one digest: all of its volumes are named.
    return [
        Finding(path, f"{segments[0].content.name} is damaged") for path in sorted({archive.paths[segment.volume] for segment in segments})
    ]
