# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a change of registries.conf is rolled out, and whether nodes are drained for it.

The rules are those of the machine-config daemon (openshift/machine-config-operator, `isSafeContainerRegistryConfChanges`;
"About the Machine Config Operator" in the documentation of the platform): a node reloads CRI-O for every change and never restarts for
one.  It is not drained when all that was added are mirrors, or registries with mirrors, that are only used for pulls by digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import BY_DIGEST, Registry


@dataclass(frozen=True)
class Rollout:
    """changed: the file differs, so that every pool rolls out.  reasons: why nodes are drained, a sentence each; none when they are not."""

    changed: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def drains(self) -> bool:
        return bool(self.reasons)


def forecast(before: Mapping[str, Registry], after: Mapping[str, Registry], override: bool = False) -> Rollout:
    """override: the cluster has the ConfigMap that keeps nodes from being drained for registries.conf."""
    if before == after:
        return Rollout()
    return Rollout(True, () if override else tuple(_reasons(before, after)))


def _reasons(before: Mapping[str, Registry], after: Mapping[str, Registry]) -> Iterator[str]:
    for source in sorted(before.keys() - after.keys()):
        yield f"{source} has no mirrors any more"
    for source, registry in sorted(after.items()):
        earlier = before.get(source)
        if earlier is None:
            yield from _added(registry)
        elif earlier != registry:
            yield from _changed(earlier, registry)


def _added(registry: Registry) -> Iterator[str]:
    others = [location for location, pulls in registry.mirrors if pulls != BY_DIGEST]
    if others:
        yield f"{registry.source} has the mirror {others[0]} for pulls by tag"


def _changed(before: Registry, after: Registry) -> Iterator[str]:
    if before.blocked != after.blocked:
        yield f"{after.source} may {'no longer' if after.blocked else 'again'} be contacted"
    places = {location for location, _pulls in after.mirrors}
    for location, _pulls in before.mirrors:
        if location not in places:
            yield f"{after.source} loses the mirror {location}"
    # The daemon compares each mirror with the first one of that location, whatever that is used for.
    first: dict[str, str] = {}
    for location, pulls in before.mirrors:
        first.setdefault(location, pulls)
    for location, pulls in after.mirrors:
        if pulls != BY_DIGEST and first.get(location) != pulls:
            besides = " besides those by digest" if location in first else ""
            yield f"{after.source} has the mirror {location} for pulls by tag{besides}"
