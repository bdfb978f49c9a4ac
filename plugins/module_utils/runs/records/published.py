# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The plan that a mirror was made by, kept in its registry: whoever reads from that registry needs neither the origins nor another file.

It lies beside the history, for each image set one.  A mirror that is made from it has the same names and digests, and keeps the
plan in its own registry for the next one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Incompatible, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import ImageSet
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.history.registry import REPOSITORY, RegistryMemory
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.store import Store

SCHEMA = "disconnected.mirror/mirrored-plan/1"
PREFIX = "plan-"


def document(plan: Plan, destination: Destination) -> dict[str, Any]:
    """What is kept: the plan, and how the paths of this registry are shortened."""
    return {"schema": SCHEMA, "max_nested_paths": destination.max_nested_paths, "plan": plan.document()}


def publish(plan: Plan, registry: Store, destination: Destination, uid: str) -> None:
    """For a mirror that holds all of the plan.  Raises what the registry raises."""
    _memory(registry, destination).write(uid, document(plan, destination))


def taken(registry: Store, place: Destination, imageset: ImageSet | None) -> Plan:
    """The plan of the mirror at a place, its content to be read from there.

    imageset: which one, where the mirror holds several.
    Raises NotFound (the registry keeps no plan there), InputError (it is not clear which one), and what the registry raises.
    """
    tags = registry.tags(place.repository(REPOSITORY)) or ()
    memory = _memory(registry, place)
    kept = [_read(memory.read(tag[len(PREFIX) :]), place) for tag in sorted(tags) if tag.startswith(PREFIX)]
    if not kept:
        raise NotFound(
            f"{place} keeps no plan of a complete mirror",
            subject=str(place),
            advice="Mirror into it with this version first, or check host and namespace.",
        )
    return _chosen(kept, place, imageset)


def _chosen(kept: list[Plan], place: Destination, imageset: ImageSet | None) -> Plan:
    wanted = [plan for plan in kept if imageset is None or plan.config == imageset.document()]
    if len(wanted) == 1:
        return wanted[0]
    found = "several image sets" if wanted else "no image set with this configuration"
    raise InputError(f"{place} holds {found}", subject=str(place), advice="Give the configuration that one of them was mirrored by.")


def _read(kept: Any, place: Destination) -> Plan:
    """Raises Incompatible (not what is kept there), InputError (malformed)."""
    if not isinstance(kept, dict) or kept.get("schema") != SCHEMA:
        raise Incompatible("what the registry keeps is not a plan of this version", subject=str(place))
    nested = kept.get("max_nested_paths")
    if isinstance(nested, bool) or not isinstance(nested, int) or nested < 0:
        raise InputError(f"max_nested_paths of the kept plan is {nested!r:.50}", subject=str(place))
    plan = Plan.of(kept.get("plan"), str(place))
    here = replace(place, max_nested_paths=nested)
    return replace(plan, images=tuple(replace(image, source=here.full(image.destination)) for image in plan.images))


def _memory(registry: Store, destination: Destination) -> RegistryMemory:
    return RegistryMemory(registry, destination.repository(REPOSITORY), PREFIX)
