# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Whether a change of registries.conf is rolled out, and whether nodes are drained for it.

The rules are those of the machine-config daemon (openshift/machine-config-operator, pkg/daemon/drain.go and update.go;
"About the Machine Config Operator" and "Using node disruption policies" in the documentation of the platform):

* What the node disruption policy of the cluster says for the file goes first (`isDrainRequiredForNodeDisruptionActions`).  Unless somebody
  changed it that is `Special`: a node reloads CRI-O for every change, never restarts for one, and is drained or not by what changed.
* It is not drained when all that was added are mirrors, or registries with mirrors, that are only used for pulls by digest
  (`isSafeContainerRegistryConfChanges`, which goes further than the documentation: the order of mirrors, and a mirror by tag that stays as
  one by digest, drain no node either).
* The only node of a control plane is not drained, for its pods could go nowhere (`drainRequired`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import BY_DIGEST, Registry

REGISTRIES_CONF = "/etc/containers/registries.conf"
# Policies of these paths are for it.
_COVERING = (REGISTRIES_CONF, "/etc/containers", "/etc")
_REBOOT, _DRAIN, _SPECIAL = "Reboot", "Drain", "Special"


@dataclass(frozen=True)
class Rollout:
    """changed: the file differs, so that every pool rolls out.  reasons: why nodes are drained, a sentence each; none when they are not."""

    changed: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def drains(self) -> bool:
        return bool(self.reasons)


@dataclass(frozen=True)
class Handling:
    """What a cluster does to nodes for a change of registries.conf.

    actions: of its node disruption policy, by type.  override: it has the ConfigMap that keeps nodes from being drained for this file.
    single_node: its control plane is one node.
    """

    actions: tuple[str, ...] = (_SPECIAL,)
    override: bool = False
    single_node: bool = False

    def reasons(self, by_rule: tuple[str, ...]) -> tuple[str, ...]:
        """Why nodes are drained.  by_rule: why they would be where nothing else is said."""
        if _REBOOT in self.actions:
            return (f"the node disruption policy of the cluster restarts nodes for {REGISTRIES_CONF}",)
        if self.single_node:
            return ()
        if _DRAIN in self.actions:
            return (f"the node disruption policy of the cluster drains nodes for every change of {REGISTRIES_CONF}",)
        return by_rule if _SPECIAL in self.actions and not self.override else ()


def actions_of(configuration: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a MachineConfiguration says of registries.conf; clusters before 4.17 have none, and handle it as if nobody had changed it.

    The policy with the longest path counts, which may be of a directory above the file (`FindClosestFilePolicyPathMatch`); without any of
    them nodes restart.
    """
    status = ((configuration or {}).get("status") or {}).get("nodeDisruptionPolicyStatus") or {}
    files = [entry for entry in (status.get("clusterPolicies") or {}).get("files") or [] if isinstance(entry, dict)]
    if not files:
        return (_SPECIAL,)
    policies = {str(entry.get("path")).rstrip("/"): entry.get("actions") or [] for entry in files}
    closest = next((policies[path] for path in _COVERING if path in policies), [{"type": _REBOOT}])
    return tuple(str(action.get("type")) for action in closest if isinstance(action, dict))


def forecast(before: Mapping[str, Registry], after: Mapping[str, Registry], handling: Handling = Handling()) -> Rollout:
    """What nodes do when their registries.conf changes.  before, after: its entries by source."""
    return Rollout(True, handling.reasons(tuple(_reasons(before, after)))) if before != after else Rollout()


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
