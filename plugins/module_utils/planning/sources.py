# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Where the content of a plan comes from: one line for each part of the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import Helm, ImageSet, PlatformContent
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Collected, Context

Collect = Callable[[ImageSet, Context], Collected]


@dataclass(frozen=True)
class Source:
    """A content source.

    key: its key in the `mirror` stanza.  used: whether an image set has anything there.
    collect: says which images that means; None where this version cannot.
    """

    key: str
    used: Callable[[ImageSet], bool]
    collect: Collect | None = None


def _releases(imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.releases.collect import collect

    return collect(imageset, context)


def _catalogs(imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source.collect import collect

    return collect(imageset, context)


def _additional_images(imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.extras.collect import collect

    return collect(imageset, context)


def _charts(imageset: ImageSet, context: Context) -> Collected:
    from ansible_collections.disconnected.mirror.plugins.module_utils.charts.collect import collect

    return collect(imageset, context)


# A source is imported when an image set uses it, for the others cost a run time and memory.
SOURCES: tuple[Source, ...] = (
    Source("platform", lambda imageset: imageset.platform != PlatformContent(), _releases),
    Source("operators", lambda imageset: bool(imageset.operators), _catalogs),
    Source("additionalImages", lambda imageset: bool(imageset.additional_images), _additional_images),
    Source("helm", lambda imageset: imageset.helm != Helm(), _charts),
)


def used_sources(imageset: ImageSet, sources: Sequence[Source] = SOURCES) -> tuple[Source, ...]:
    """The sources that an image set needs; raises Unsupported when one of them cannot be collected."""
    used = tuple(source for source in sources if source.used(imageset))
    stanza = "delete" if imageset.delete else "mirror"
    for source in used:
        if source.collect is None:
            raise Unsupported(
                f"{stanza}.{source.key} cannot be mirrored by this version of the collection",
                subject=f"{stanza}.{source.key}",
                advice="Take it out of the configuration, or use a version that has it.",
            )
    return used
