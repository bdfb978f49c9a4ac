# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What an archive set contains: its manifest, `manifest.json`, as a value.

The manifest lists everything with size and digest, in order.  Where each byte lies follows
from it (`places`), so the manifest holds no offsets and can be written first, before any
content arrives.  Its digest is the archive's id (design, section 5).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values, limits
from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import CorruptContent, Incompatible, InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host import files

SCHEMA = "disconnected.mirror/archive/1"
# Signature forms that `manifest.json.sig` may have; empty for an unsigned set.
SIGNATURES = ("", "ssh", "gpg")
_PREFIX = "disconnected.mirror/archive/"


@dataclass(frozen=True)
class Content:
    """One member: a document, or a blob under `blobs/<algorithm>/<hex>`."""

    name: str
    size: int
    digest: Digest

    @classmethod
    def blob(cls, digest: Digest, size: int) -> Content:
        return cls(f"blobs/{digest.algorithm}/{digest.hex}", size, digest)

    @classmethod
    def document(cls, name: str, content: bytes) -> Content:
        return cls(name, len(content), Digest.of(content))

    @property
    def is_blob(self) -> bool:
        return self.name.startswith("blobs/")


@dataclass(frozen=True)
class Contents:
    """The manifest of one archive set.

    uid: of the history that the set belongs to.  sequence: from 1.
    follows: the sequence that must have been loaded before; 0 for a full set, which stands alone.
    volume_size: bytes that no volume exceeds.  signature: see SIGNATURES.
    expires: seconds since 1970 from when on the set is not loaded any more; 0 for never.
    members: in the order in which they lie in the volumes.
    """

    uid: str
    sequence: int
    follows: int
    volume_size: int
    signature: str
    members: tuple[Content, ...] = field(repr=False)
    expires: int = 0

    def encoded(self) -> bytes:
        """The bytes of `manifest.json`; equal values have equal bytes."""
        return files.json_bytes(
            {
                "schema": SCHEMA,
                "uid": self.uid,
                "sequence": self.sequence,
                "follows": self.follows,
                "volume_size": self.volume_size,
                "signature": self.signature,
                **({"expires": self.expires} if self.expires else {}),
                "members": [[member.name, member.size, member.digest] for member in self.members],
            }
        )

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.size for member in self.members)

    @classmethod
    def decode(cls, encoded: bytes, subject: str) -> Contents:
        """Raises Incompatible (another schema), CorruptContent (not what `encoded` would write)."""
        document = _document(encoded, subject)
        schema = document.get("schema")
        if schema != SCHEMA:
            if isinstance(schema, str) and schema.startswith(_PREFIX):
                raise Incompatible(f"the archive has schema {schema}; this version reads {SCHEMA}", subject=subject)
            raise Incompatible("this is not an archive of disconnected.mirror", subject=subject)
        try:
            contents = cls(
                uid=str(document["uid"]),
                sequence=int(document["sequence"]),
                follows=int(document["follows"]),
                volume_size=int(document["volume_size"]),
                signature=str(document["signature"]),
                members=tuple(_member(entry) for entry in document["members"]),
                expires=int(document.get("expires", 0)),
            )
        except (KeyError, TypeError, ValueError, OverflowError, InputError) as error:
            raise CorruptContent(f"the archive's manifest is malformed: {error}", subject=subject) from error
        # Whoever wrote other bytes than we would is refused, so that there is one reading only.
        if contents.encoded() != encoded or contents.signature not in SIGNATURES or not 0 <= contents.follows < contents.sequence:
            raise CorruptContent("the archive's manifest is malformed", subject=subject)
        return contents


def _document(encoded: bytes, subject: str) -> dict[str, Any]:
    try:
        document = json_values.parse(encoded, limits.RECORD)
    except ValueError as error:
        raise CorruptContent(f"the archive's manifest is not JSON: {error}", subject=subject) from error
    if not isinstance(document, dict):
        raise CorruptContent("the archive's manifest is not a JSON object", subject=subject)
    return document


def _member(entry: Any) -> Content:
    name, size, digest = entry
    if not isinstance(name, str) or not isinstance(size, int) or size < 0:
        raise ValueError(f"member {name!r:.120}")
    parts = name.split("/")
    if not name.isascii() or any(part in ("", ".", "..") for part in parts) or "\\" in name or len(name) > 200:
        raise ValueError(f"member name {name!r:.120} is not allowed")
    member = Content(name, size, Digest.parse(digest))
    if member.is_blob and member != Content.blob(member.digest, size):
        raise ValueError(f"blob {name} is filed under another digest")
    return member
