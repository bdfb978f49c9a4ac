# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which manifests of an index are meant by `platforms` (mirroring 3.2, K2 and K3; configuration 1.3.6).

An index is never rewritten: its bytes stay, and only the chosen instances are taken along.
One rule for planning, transfer and verification, so that the three never disagree about
what a sparse index lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import INDEXES
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

# Indexes nested deeper than this are refused (user-needs G16).
MAX_DEPTH = 5
# So are images of more manifests than this, all levels together.
MAX_MANIFESTS = 2000

# Build tools put an attestation beside each instance, on a platform that does not exist, and name the instance in an annotation.
_ATTESTED = "vnd.docker.reference.digest"

Fetch = Callable[[Descriptor], Manifest]


def manifests(
    root: Manifest, platforms: Sequence[Platform], fetch: Fetch, field: str = "platforms", subject: str = ""
) -> tuple[Manifest, ...]:
    """All manifests to publish for `root`: each once, what is pointed to before what points to it, the root last.

    platforms: the wanted instances; empty for all.  A root that is no index is taken whatever the platforms.
    fetch: gives the manifest of a child; its errors pass through.
    field, subject: the configuration's field and the image, for messages.
    Raises Unsupported when an index names platforms and none of them is wanted, or when indexes are nested too deep.
    """
    found: dict[Digest, Manifest] = {}
    if root.is_index and not _collect(root, tuple(platforms), fetch, found, MAX_DEPTH, subject):
        wanted = ", ".join(map(str, platforms))
        offered = ", ".join(sorted({str(child.platform) for child in root.children if _names_platform(child)}))
        raise Unsupported(
            f"no instance is for {wanted}" + (f"; there are {offered}" if offered else ""),
            subject=subject or str(root.digest),
            advice=f"Change {field} of this entry, or remove it to mirror every instance.",
        )
    found[root.digest] = root
    return tuple(found.values())


def _collect(
    index: Manifest, platforms: tuple[Platform, ...], fetch: Fetch, found: dict[Digest, Manifest], depth: int, subject: str
) -> bool:
    """Adds what is chosen below an index; says whether the index has anything for these platforms."""
    if depth == 0:
        raise Unsupported(f"indexes are nested more than {MAX_DEPTH} deep", subject=subject or str(index.digest))
    matched = not any(_names_platform(child) or child.media_type in INDEXES for child in index.children)
    for child in choose(index, platforms):
        named = _names_platform(child)
        if child.digest not in found:
            if len(found) >= MAX_MANIFESTS:
                raise Unsupported(f"the image has more than {MAX_MANIFESTS} manifests", subject=subject or str(index.digest))
            manifest = fetch(child)
            # The platform of an entry speaks for all below it; where it names none, the entries below are asked.
            if manifest.is_index and not _collect(manifest, () if named else platforms, fetch, found, depth - 1, subject):
                continue
            found[manifest.digest] = manifest
        matched = matched or named or child.media_type in INDEXES
    return matched or not platforms


def choose(index: Manifest, platforms: Sequence[Platform]) -> tuple[Descriptor, ...]:
    """The entries of one index that are wanted, in the index's order.

    No platforms: all.  Otherwise those that serve one of them, the attestations of those, and entries that name no
    platform, which nothing allows to leave out (of an index among them, its own entries are chosen in the same way).
    """
    if not platforms:
        return index.children
    chosen = {child.digest for child in index.children if _wanted(child, platforms)}
    return tuple(child for child in index.children if child.digest in chosen or child.annotations.get(_ATTESTED) in chosen)


def _names_platform(child: Descriptor) -> bool:
    return child.platform is not None and bool(child.platform.architecture) and _ATTESTED not in child.annotations


def _wanted(child: Descriptor, platforms: Sequence[Platform]) -> bool:
    if _ATTESTED in child.annotations:
        return False
    return not _names_platform(child) or any(child.platform is not None and child.platform.serves(wanted) for wanted in platforms)
