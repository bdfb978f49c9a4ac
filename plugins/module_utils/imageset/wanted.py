# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What a part of an image set means, before anything is resolved.

Every content source (releases, catalogs, charts, extras) is a package with one function,
`collect(imageset, context) -> Collected`; planning calls each and resolves what they want.
The next source is a new folder and one line in planning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure, Unreachable
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.image_type import (
    BOOT_IMAGE,
    BUNDLE,
    CATALOG,
    CATEGORIES,
    GENERIC,
    GRAPH,
    HELM,
    RELATED,
    RELEASE,
    RELEASE_CONTENT,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

# The types are part of what content sources work with.
__all__ = [
    "BOOT_IMAGE",
    "BUNDLE",
    "CATALOG",
    "CATEGORIES",
    "GENERIC",
    "GRAPH",
    "HELM",
    "RELATED",
    "RELEASE",
    "RELEASE_CONTENT",
    "Collected",
    "Context",
    "WantedImage",
]


@dataclass(frozen=True)
class WantedImage:
    """An image that the image set names, with where it is to go.

    type: one of `imageset.image_type`.
    reference: as it was named; planning reads the manifest from here.
    repository: path at the destination, below the host and namespace the user gives.
    tags: tags at the destination; may be empty only where a digest is enough.
    platforms: the instances wanted of an index; empty for all.
    why: the chain of reasons, outermost first (`additionalImages[3]`, or `operators[0]`, package, channel, bundle).
    source: where the content is read when that is not `reference` (built here: see `Workspace.content`).
    """

    type: str
    reference: Reference
    repository: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...] = ()
    why: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Collected:
    """What one content source found.

    releases, catalogs, charts, update_graphs: the entries of the plan document under these keys (design, section 1).
    failures: what could not be resolved, one by one; the rest is unharmed.
    """

    images: tuple[WantedImage, ...] = ()
    releases: tuple[dict[str, Any], ...] = ()
    catalogs: tuple[dict[str, Any], ...] = ()
    charts: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    update_graphs: tuple[dict[str, Any], ...] = ()


Tell = Callable[[str, int, int], None]
Fetch = Callable[[str, Optional[Mapping[str, str]], int], bytes]


def tell_nobody(stage: str, done: int, total: int) -> None:
    """For runs that nobody watches."""


def no_fetch(url: str, headers: Mapping[str, str] | None, limit: int) -> bytes:
    """The fetch of a run without network but its registries (an air-gapped side).  Raises Unreachable."""
    raise Unreachable(f"{url} is not read here: this run has no network but its registries", subject=url)


@dataclass(frozen=True)
class Context:
    """What content sources work with.

    upstream: the store that answers for every origin (`stores.upstream`).
    workspace: caches by digest live here.  In check mode it is a throw-away directory.
    options: source-specific settings by name (update URL, helm path, ...), as the face was given them.
    parallel: how many requests may be under way at once.
    warn: called with one sentence as soon as something is noticed (also collected in `Collected.warnings`).
    tell: called with how far planning is: the stage, how many of its parts are done, and of how many.
    fetch: reads a document over HTTP, `fetch(url, headers, limit) -> bytes`, with the run's retries, proxies and CAs;
        headers may be None, limit is in bytes.  Raises NotFound, AccessDenied, Unreachable, Unsupported (larger than limit).
    """

    upstream: Store
    workspace: Workspace
    options: Mapping[str, Any] = field(default_factory=dict)
    parallel: int = 8
    warn: Callable[[str], None] = lambda text: None
    fetch: Fetch = no_fetch
    tell: Tell = tell_nobody
