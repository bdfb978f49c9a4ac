# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A locked run replays a plan exactly and resolves nothing again (user-needs B06, P32)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Cancelled, Failure, InputError, MirrorError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.wanted import CATEGORIES, Context
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import parts
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.content import content_of
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.resolve import Resolver
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.shelf import Shelf


def replay(plan: Plan, imageset: ImageSet, context: Context) -> list[Failure]:
    """Makes sure that a kept plan can be carried out; what fails is told, the plan itself stays as it is.

    Reads by digest only what the workspace's shelf lacks, even if tags have moved.  What was built then and is
    not in the workspace any more is built again; it counts only when it is what the plan has, byte for byte.
    Raises InputError when the configuration says something else than the one that the plan was made of.
    """
    if plan.config != imageset.document():
        changed = ", ".join(_differences(plan.config, imageset.document()))
        raise InputError(
            f"the plan is locked, and the configuration has changed since it was made: {changed}",
            advice="Make a new plan without locked, or go back to the configuration of the plan.",
        )
    lost = _rebuilt(plan, imageset, context)
    resolver = Resolver(context.upstream, Shelf(context.workspace.manifests), parallel=context.parallel)
    with ThreadPoolExecutor(max_workers=max(1, context.parallel)) as pool:
        failures = list(pool.map(lambda image: _check(image, resolver), (image for image in plan.images if image not in lost)))
    return [*lost.values(), *(failure for failure in failures if failure is not None)]


def _rebuilt(plan: Plan, imageset: ImageSet, context: Context) -> dict[PlanImage, Failure]:
    """What was built and cannot be had again, and why."""
    if all(parts.is_there(image, context.workspace) for image in parts.built(plan)):
        return {}
    # A replay of what has all its parts needs none of the libraries that build them.
    from ansible_collections.disconnected.mirror.plugins.module_utils.planning.rebuild import rebuild

    reasons = rebuild(plan, imageset, context)
    return {image: _lost(image, reasons) for image in parts.built(plan) if not parts.is_there(image, context.workspace)}


def _lost(image: PlanImage, reasons: Sequence[Failure]) -> Failure:
    category = CATEGORIES.get(image.type, "")
    because = [reason.message for reason in reasons if reason.category == category]
    why = f": {because[0]}" if because else ": its sources now give a different one"
    error = NotFound(
        f"{_named(image)} was built for this plan, the workspace does not have it, and it cannot be built again{why}",
        advice="Put the file with the plan's parts (plan-parts.tar) beside the plan, or make a new plan without locked.",
    )
    return Failure.of(error, subject=image.origin, category=category, why=image.why)


def _check(image: PlanImage, resolver: Resolver) -> Failure | None:
    def fetch(digest: Digest) -> Manifest:
        return resolver.fetch(image.source, digest)

    try:
        content_of(fetch(image.digest), [Platform.parse(text) for text in image.platforms], fetch, image.origin)
        return None
    except Cancelled:
        raise
    except NotFound as error:
        gone = NotFound(
            f"{image.source} no longer has {_named(image)}, which the plan needs",
            host=error.host,
            status=error.status,
            advice="Make a new plan without locked; its difference shows what the name resolves to now.",
        )
        return Failure.of(gone, subject=image.origin, category=CATEGORIES.get(image.type, ""), why=image.why)
    except MirrorError as error:
        return Failure.of(error, subject=image.origin, category=CATEGORIES.get(image.type, ""), why=image.why)


def _named(image: PlanImage) -> str:
    return f"{image.origin} ({image.digest})" if "@" not in image.origin else image.origin


def _differences(before: object, after: object, path: str = "") -> list[str]:
    """Paths of the members that differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for key in sorted(set(before) | set(after))
            if before.get(key) != after.get(key)
            for place in _differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after))
        return [place for number, (one, other) in pairs if one != other for place in _differences(one, other, f"{path}[{number}]")]
    return [path]
