# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which instances of an index are meant (mirroring 3.2 K2 and K3; configuration 1.3.6).

One rule for planning, transfer and verification, so that the three never disagree about what
a sparse index lacks.
"""

from __future__ import annotations

from typing import Iterable, Sequence, Tuple

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Descriptor, Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import INDEXES
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform

# Build tools put an attestation beside each instance, on a platform that does not exist, and name the instance in an annotation.
_ATTESTED = "vnd.docker.reference.digest"


def instances(index: Manifest, platforms: Sequence[Platform] = (), subject: str = "") -> Tuple[Descriptor, ...]:
    """The children of an index that are wanted, in the index's order, each digest once; none for a single manifest.

    No platforms: all.  Otherwise the children that serve one of them, the attestations of those, nested indexes
    (the same choice is made inside them) and children that name no platform, which nothing allows to leave out.
    Raises Unsupported when the index names platforms, and none of them is wanted.
    """
    if not platforms:
        return _once(index.children)
    chosen = [child for child in index.children if _wanted(child, platforms)]
    if index.children and not chosen:
        raise Unsupported(
            f"no instance is for {_listed(platforms)}; there are {_listed(_offered(index))}",
            subject=subject or str(index.digest),
            advice="Change platforms of this entry, or take them away to mirror every instance.",
        )
    digests = {child.digest for child in chosen}
    return _once(child for child in index.children if child.digest in digests or child.annotations.get(_ATTESTED) in digests)


def _wanted(child: Descriptor, platforms: Sequence[Platform]) -> bool:
    if child.media_type in INDEXES or child.platform is None or not child.platform.architecture:
        return True
    return any(child.platform.serves(platform) for platform in platforms)


def _offered(index: Manifest) -> Tuple[Platform, ...]:
    return tuple(sorted({child.platform for child in index.children if child.platform is not None and _ATTESTED not in child.annotations}))


def _listed(platforms: Iterable[Platform]) -> str:
    return ", ".join(str(platform) for platform in platforms)


def _once(children: Iterable[Descriptor]) -> Tuple[Descriptor, ...]:
    return tuple({child.digest: child for child in children}.values())
