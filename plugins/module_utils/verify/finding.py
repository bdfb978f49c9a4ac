# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What verification finds: each deviation of a mirror from its plan, as a value (user-needs P31, B08)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.placed_image import PlacedImage

MISSING_TAG = "missing_tag"
MOVED_TAG = "moved_tag"
FOREIGN_TAG = "foreign_tag"
MISSING_MANIFEST = "missing_manifest"
CORRUPT_MANIFEST = "corrupt_manifest"
MISSING_INSTANCE = "missing_instance"
MISSING_REFERRER = "missing_referrer"
MISSING_BLOB = "missing_blob"
CORRUPT_BLOB = "corrupt_blob"
UNREADABLE = "unreadable"
KINDS = (
    MISSING_TAG,
    MOVED_TAG,
    FOREIGN_TAG,
    MISSING_MANIFEST,
    CORRUPT_MANIFEST,
    MISSING_INSTANCE,
    MISSING_REFERRER,
    MISSING_BLOB,
    CORRUPT_BLOB,
    UNREADABLE,
)

# Pushing the image again mends these.
REPAIRABLE = frozenset((MISSING_TAG, MOVED_TAG, MISSING_MANIFEST, MISSING_INSTANCE, MISSING_REFERRER, MISSING_BLOB))
# Writing these again mends or may mend them, though the registry has them: a referrer is listed anew when it is pushed anew; content
# that is wrong many registries do not overwrite.
REWRITABLE = frozenset((MISSING_REFERRER, CORRUPT_MANIFEST, CORRUPT_BLOB, UNREADABLE))
CORRUPT = frozenset((CORRUPT_MANIFEST, CORRUPT_BLOB))


@dataclass(frozen=True, order=True)
class Finding:
    """kind: one of the above.  name: the tag or digest that it is about.  origins: affected images of the plan, sorted."""

    repository: str
    kind: str
    name: str
    message: str
    origins: tuple[str, ...] = ()

    @property
    def repairable(self) -> bool:
        return self.kind in REPAIRABLE

    def document(self) -> dict[str, Any]:
        return {**asdict(self), "origins": list(self.origins), "repairable": self.repairable}


@dataclass(frozen=True)
class Verification:
    """findings: sorted.  images, blobs: how many were checked.  bytes_read: of blobs that were hashed.

    complete: everything was looked at; a run that was stopped, or that met something unreadable, proves nothing more.
    """

    findings: tuple[Finding, ...] = ()
    images: int = 0
    blobs: int = 0
    bytes_read: int = 0
    complete: bool = True

    @property
    def clean(self) -> bool:
        return self.complete and not self.findings

    def counts(self) -> dict[str, int]:
        """Findings by kind, only kinds that occur."""
        return {kind: number for kind in KINDS for number in [sum(finding.kind == kind for finding in self.findings)] if number}

    def document(self) -> dict[str, Any]:
        return {
            "clean": self.clean,
            "complete": self.complete,
            "images": self.images,
            "blobs": self.blobs,
            "bytes_read": self.bytes_read,
            "counts": self.counts(),
            "findings": [finding.document() for finding in self.findings],
        }


def repairs(findings: Iterable[Finding], placed: Sequence[PlacedImage], kinds: frozenset[str] = REPAIRABLE) -> tuple[PlacedImage, ...]:
    """The images that findings of some kinds harm, in the order given; `transfer` at its deep level moves only what is missing of them."""
    harmed: frozenset[tuple[str, str]] = frozenset(
        (finding.repository, origin) for finding in findings if finding.kind in kinds for origin in finding.origins
    )
    return tuple(entry for entry in placed if (entry.repository, entry.image.origin) in harmed)


def unreadable(repository: str, name: str, error: MirrorError, origins: Iterable[str]) -> Finding:
    """What a registry did not give out.  distribution answers 500 for content that it cannot make sense of."""
    text = str(error)
    if error.status == 500 and ":" in name:
        text = f"{text}{'' if text.endswith('.') else '.'} If this persists: {advice(Digest.parse(name))}"
    return Finding(repository, UNREADABLE, name, text, tuple(origins))


def advice(digest: Digest) -> str:
    """What an administrator does about content that a registry keeps although it is wrong.  Tried on distribution 2.8 and 3.1."""
    folder = f"docker/registry/v2/blobs/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}"
    return (
        "repair with replace_corrupt; where the registry keeps the old bytes even then (distribution does), "
        f"remove {folder} below its root directory, restart it, and repair again"
    )
