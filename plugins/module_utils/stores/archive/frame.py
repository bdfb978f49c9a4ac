# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What is known of the volumes of a set before any blob arrives: headers, manifest, signature, documents, padding, ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.contents import Contents
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.places import (
    MANIFEST,
    SIGNATURE,
    VOLUME,
    Places,
    Segment,
    signature_content,
    volume_document,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.archive.tar import END, header, header_size, padded


@dataclass(frozen=True)
class Known:
    """Bytes of a volume.  signed: they depend on the signature, which may be another one each time."""

    offset: int
    content: bytes = field(repr=False)
    signed: bool = False


@dataclass(frozen=True)
class Frame:
    """documents: content of members that are no blobs, by name; those that are not given are not part of it.

    signature: detached, of the manifest.
    """

    contents: Contents
    places: Places
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    signature: bytes = field(default=b"", repr=False)

    def volume(self, number: int) -> Iterator[Known]:
        """What is known of a volume.  Raises InputError for a document of another size than announced."""
        document = volume_document(Digest.of(self._known[MANIFEST]), number, len(self.places.sizes), Digest.of(self._known[SIGNATURE]))
        known = {**self._known, VOLUME: document}
        for segment in self.places.segments[number]:
            yield from _parts(segment, known)
        yield Known(self.places.sizes[number] - len(END), END)

    @cached_property
    def _known(self) -> dict[str, bytes]:
        return {MANIFEST: self.contents.encoded(), SIGNATURE: signature_content(self.signature), **self.documents}


def _parts(segment: Segment, known: Mapping[str, bytes]) -> Iterator[Known]:
    yield Known(segment.offset - header_size(segment.name), header(segment.name, segment.size))
    if not segment.content.is_blob and segment.content.name in known:
        content = known[segment.content.name]
        if len(content) != segment.size:
            raise InputError(f"{segment.name} has {len(content)} bytes where {segment.size} were announced")
        yield Known(segment.offset, content, segment.name in (SIGNATURE, VOLUME))
    gap = padded(segment.size) - segment.size
    if gap:
        yield Known(segment.offset + segment.size, bytes(gap))
