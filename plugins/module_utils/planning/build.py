# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From an image set to a plan: collect, leave out what is blocked, resolve, unite, find attachments.

The same image set and the same answers give the same plan, byte for byte.  Manifests are kept on the workspace's shelf;
layers are never read (user-needs G24, G25).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.blocked import Blocked
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.mapping import without_crowds
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import Collected, Context, WantedImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.entries import COPY, check_policy, with_attachments
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.attachments.lookups import Lookups
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.merge import entry_of, united, without_collisions
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import Resolver
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.sources import SOURCES, Source, used_sources
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


@dataclass(frozen=True)
class PlanOptions:
    """signatures: copy, skip or require (`planning.signing`).

    now: seconds since 1970, 0 for not known.  attachments_age: for how many seconds what was found attached to an image
    (or not) is believed without asking again; only where `now` is known.
    """

    signatures: str = COPY
    now: int = 0
    attachments_age: int = 24 * 60 * 60


def build_plan(
    imageset: ImageSet,
    context: Context,
    sources: Sequence[Source] = SOURCES,
    previous: Plan | None = None,
    options: PlanOptions = PlanOptions(),
) -> Plan:
    """Resolves an image set once and for all.

    previous: the last plan of the same configuration; its tags cost a HEAD instead of a GET while they do not move.
    Raises InputError, Unsupported (a part of the configuration that no source serves).  What fails for one image
    or one entry is in the plan's `failures`; the rest stands.
    """
    check_policy(options.signatures)
    collected = _collect(imageset, context, used_sources(imageset, sources))
    wanted, warnings = _without_blocked(imageset, collected.images)
    shelf = Shelf(context.workspace.manifests)
    resolver = Resolver(context.upstream, shelf, _known(previous), context.parallel, imageset.delete, context.tell)
    contents, unresolved = resolver.resolve(wanted)
    entries = united(entry_of(image, content) for image, content in contents.items())
    entries, collisions = without_collisions(entries)
    lookups = Lookups(context.workspace.attachments, shelf, options.now, options.attachments_age) if options.now else None
    entries, unsigned, more = with_attachments(entries, resolver, options.signatures, lookups)
    plan = Plan(
        config=imageset.document(),
        releases=collected.releases,
        catalogs=collected.catalogs,
        charts=collected.charts,
        images=tuple(entry.image for entry in entries),
        warnings=_once([*imageset.warnings, *collected.warnings, *warnings, *more, *_empty(entries, collected)]),
        failures=_once([*collected.failures, *unresolved, *collisions, *unsigned]),
        whole=not imageset.delete,
        update_graphs=collected.update_graphs,
    )
    return plan.sorted()


def _collect(imageset: ImageSet, context: Context, sources: Sequence[Source]) -> Collected:
    """What all sources found, in their order."""
    parts = [source.collect(imageset, context) for source in sources if source.collect is not None]
    images = tuple(image for part in parts for image in part.images)
    return Collected(
        images=without_crowds(images) if imageset.generation is Generation.V1 else images,
        releases=tuple(entry for part in parts for entry in part.releases),
        catalogs=tuple(entry for part in parts for entry in part.catalogs),
        charts=tuple(entry for part in parts for entry in part.charts),
        warnings=tuple(text for part in parts for text in part.warnings),
        failures=tuple(failure for part in parts for failure in part.failures),
        update_graphs=tuple(entry for part in parts for entry in part.update_graphs),
    )


def _without_blocked(imageset: ImageSet, images: Sequence[WantedImage]) -> tuple[list[WantedImage], list[str]]:
    """What no entry of blockedImages names; a sentence for each entry that left something out."""
    blocked = Blocked(imageset.blocked_images, imageset.generation)
    kept: list[WantedImage] = []
    left_out: dict[str, list[str]] = {}
    for image in images:
        pattern = blocked.matches(str(image.reference), image.repository)
        if pattern:
            left_out.setdefault(pattern, []).append(str(image.reference))
        else:
            kept.append(image)
    return kept, [_sentence(pattern, names) for pattern, names in sorted(left_out.items())]


def _sentence(pattern: str, names: Sequence[str]) -> str:
    names = sorted(set(names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"blockedImages: {pattern} leaves out {', '.join(names[:3])}{more}."


def _known(previous: Plan | None) -> dict[tuple[str, str], Digest]:
    """What the tags of the sources meant in the last plan, by repository and tag."""
    known: dict[tuple[str, str], Digest] = {}
    for image in previous.images if previous is not None else ():
        prefix = f"{image.source}:"
        if image.origin.startswith(prefix) and "@" not in image.origin:
            known[image.source, image.origin[len(prefix) :]] = image.digest
    return known


def _empty(entries: Sequence[object], collected: Collected) -> list[str]:
    nothing = not entries and not collected.images and not collected.failures
    return ["The image set names no image."] if nothing else []


_Value = TypeVar("_Value")


def _once(values: Sequence[_Value]) -> tuple[_Value, ...]:
    return tuple(dict.fromkeys(values))
