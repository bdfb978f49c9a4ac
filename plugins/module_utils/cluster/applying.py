# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""From what a mirror needs to what is changed in a cluster: looked at, checked and dry-run as a whole before anything is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import ClusterError, Failure, InputError, MirrorError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster import settings
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.conversion import Conversion, convert
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import (
    APPLIED,
    CLUSTER_VERSION,
    CONFIG_MAP,
    ICSP,
    IDMS,
    INFRASTRUCTURE,
    KINDS,
    MACHINE_CONFIGURATION,
    MIRROR_SETS,
    OPTIONAL,
    POOL,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import mixing_refused, registries
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import LABEL, Resource, comparable, is_ours
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.rollout import Handling, Rollout, actions_of, forecast
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.step import (
    REMOVED,
    SKIPPED,
    STALE,
    UNCHANGED,
    Change,
    Step,
)

# A ConfigMap of this name keeps nodes from being drained for registries.conf.
_OVERRIDE = ("openshift-machine-config-operator", "image-registry-override-drain")
_MOST_NAMED = 3


@dataclass(frozen=True)
class Wanted:
    """resources: all that the mirror generates.  owner: whose they are, for clusters with several mirrors.

    adopt: make resources of these names ours that somebody else made.
    remove: remove what is ours and no longer wanted.
    convert: replace ICSPs, whoever made them, by IDMSs.
    disable_default_sources: None leaves them as they are.
    authorities: PEM by registry.  auths: entries of the pull secret.
    allow_drain: go on when nodes will be drained.
    """

    resources: tuple[Resource, ...]
    owner: str
    adopt: bool = False
    remove: bool = False
    convert: bool = False
    disable_default_sources: bool | None = None
    authorities: Mapping[str, str] = field(default_factory=dict)
    auths: Mapping[str, Any] = field(default_factory=dict, repr=False)
    allow_drain: bool = True


@dataclass(frozen=True)
class Prepared:
    """steps, removals: in the order in which they are done.

    predicted: what comes of each step, then of each removal, by the server's dry run; then what is not touched.

    pools: MachineConfigPools as they are before.
    """

    version: str
    steps: tuple[Step, ...]
    removals: tuple[Mapping[str, Any], ...]
    predicted: tuple[Change, ...]
    rollout: Rollout
    pools: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...] = ()


def prepare(api: Api, wanted: Wanted) -> Prepared:
    """Changes nothing.  Raises AccessDenied, ClusterError, InputError, Unreachable."""
    return _Preparation(api, wanted).prepared()


def carry_out(api: Api, prepared: Prepared) -> tuple[list[Change], list[Failure]]:
    """Applies what was prepared, then removes; what fails does not keep the rest from being applied, but from being removed."""
    done: list[Change] = []
    failures: list[Failure] = []
    for step, predicted in zip(prepared.steps, prepared.predicted):
        try:
            done.append(predicted if predicted.action == UNCHANGED else step.take(api, dry_run=False))
        except MirrorError as error:
            failures.append(Failure.of(error, step.resource.label))
    for live in () if failures else prepared.removals:
        try:
            api.delete(live, dry_run=False)
            done.append(_removed(live))
        except MirrorError as error:
            failures.append(Failure.of(error, _resource(live).label))
    return [*done, *(change for change in prepared.predicted if change.action in (STALE, SKIPPED))], failures


def cluster_version(api: Api) -> str:
    """Of the platform, as it was last completed; empty for what is no OpenShift cluster."""
    live = api.get(CLUSTER_VERSION, "version") or {}
    status = live.get("status") or {}
    history = [entry for entry in status.get("history") or [] if isinstance(entry, dict)]
    completed = next((entry for entry in history if entry.get("state") == "Completed"), None)
    return str((completed or status.get("desired") or {}).get("version") or "")


class _Preparation:
    def __init__(self, api: Api, wanted: Wanted) -> None:
        self._api = api
        self._wanted = wanted
        self._warnings: list[str] = []
        self._version = cluster_version(api)
        self._sets = {kind: api.list(kind) for kind in MIRROR_SETS}
        self._resources, self._skipped = self._served()
        self._own = self._find_own()

    def prepared(self) -> Prepared:
        steps = [*self._settings(), *self._steps()]
        conversions = self._conversions()
        for conversion in conversions:
            if conversion.replacement is not None:
                ours = is_ours(conversion.policy, self._wanted.owner)
                steps.append(Step(conversion.replacement.owned(self._wanted.owner) if ours else conversion.replacement))
        converted = [conversion.policy for conversion in conversions]
        stale = [live for live in self._stale() if _key(live) not in {_key(policy) for policy in converted}]
        removals = [*converted, *(stale if self._wanted.remove else [])]
        rollout = self._forecast(steps, removals)
        if rollout.drains and not self._wanted.allow_drain:
            raise InputError(
                f"nodes would be drained: {'; '.join(rollout.reasons[:_MOST_NAMED])}", subject="allow_drain", advice="Nothing was changed."
            )
        predicted = [*self._dry_run(steps, removals), *(Change(resource, SKIPPED) for resource in self._skipped)]
        if not self._wanted.remove:
            predicted += [Change(_resource(live), STALE, comparable(live), comparable(live)) for live in stale]
        pools = tuple(self._api.list(POOL))
        return Prepared(self._version, tuple(steps), tuple(removals), tuple(predicted), rollout, pools, tuple(self._warnings))

    def _served(self) -> tuple[list[Resource], list[Resource]]:
        """The resources that this cluster takes, and those of optional kinds that it does not have."""
        wanted = [each for each in self._wanted.resources if not (self._wanted.convert and each.kind == ICSP)]
        missing = {each.kind for each in wanted if not self._api.version(each.kind)}
        for kind in sorted(missing - set(OPTIONAL)):
            known = KINDS[kind]
            advice = f"Write mirror_sets: [icsp] for it, which it has instead of {kind}." if kind in MIRROR_SETS and kind != ICSP else ""
            raise ClusterError(
                f"the cluster{f' of version {self._version}' if self._version else ''} does not have the kind {kind} ({known.group})",
                subject=self._api.server,
                advice=advice,
            )
        return [each for each in wanted if each.kind not in missing], [each for each in wanted if each.kind in missing]

    def _find_own(self) -> dict[tuple[str, str, str], Mapping[str, Any]]:
        selector = f"{LABEL}={self._wanted.owner}"
        found = [live for kind in APPLIED for live in self._api.list(kind, selector=selector)]
        return {_key(live): live for live in found if is_ours(live, self._wanted.owner)}

    def _settings(self) -> list[Step]:
        steps: list[Step] = []
        if self._wanted.authorities:
            steps += settings.trusted_authorities(self._api, self._wanted.authorities)
        if self._wanted.auths:
            steps += settings.pull_secret(self._api, self._wanted.auths)
        if self._wanted.disable_default_sources is not None:
            steps += settings.default_sources(self._api, self._wanted.disable_default_sources)
        return steps

    def _steps(self) -> list[Step]:
        steps = [Step(resource.owned(self._wanted.owner), self._live(resource)) for resource in self._resources]
        foreign = [step for step in steps if step.live is not None and not is_ours(step.live, self._wanted.owner)]
        others = [step for step in foreign if _owner(step.live) not in ("", self._wanted.owner)]
        refused = others if self._wanted.adopt else foreign
        if refused:
            advice = "Remove them, or give this mirror other names." if others else "Set adopt to take them over, or remove them."
            names = ", ".join(step.resource.label for step in refused[:_MOST_NAMED])
            whose = f"of the owner {_owner(others[0].live)}" if others else "not made by this collection"
            raise ClusterError(f"{len(refused)} resources of these names are {whose}: {names}", subject=self._api.server, advice=advice)
        return steps

    def _live(self, resource: Resource) -> Mapping[str, Any] | None:
        return self._own.get(resource.key) or self._api.get(resource.kind, resource.name, resource.namespace)

    def _conversions(self) -> list[Conversion]:
        policies = self._sets[ICSP]
        if not self._wanted.convert or not policies:
            return []
        if not self._api.version(IDMS):
            raise ClusterError(
                f"the cluster does not have the kind {IDMS}", subject=self._api.server, advice="Clusters have it from 4.13 on."
            )
        refused = mixing_refused(self._version, (ICSP, IDMS))
        if refused:
            raise ClusterError(f"{refused} They cannot be converted without a gap in which it has neither.", subject=self._api.server)
        wanted = [resource.body for resource in self._resources if resource.kind == IDMS]
        names = {body["metadata"]["name"] for body in wanted}
        kept = [live for live in self._sets[IDMS] if live["metadata"]["name"] not in names and not self._goes(live)]
        return convert(policies, [*wanted, *kept])

    def _goes(self, live: Mapping[str, Any]) -> bool:
        return self._wanted.remove and _key(live) in self._own

    def _stale(self) -> Iterator[Mapping[str, Any]]:
        keys = {resource.key for resource in self._wanted.resources}
        for key, live in sorted(self._own.items()):
            if key not in keys or (self._wanted.convert and key[0] == ICSP):
                yield live

    def _forecast(self, steps: Sequence[Step], removals: Sequence[Mapping[str, Any]]) -> Rollout:
        """Raises InputError for mirror sets that the cluster would not take together."""
        before: dict[tuple[str, str, str], Mapping[str, Any]] = {_key(live): live for kind in MIRROR_SETS for live in self._sets[kind]}
        after = {key: live for key, live in before.items() if key not in {_key(live) for live in removals}}
        after.update({step.resource.key: step.resource.body for step in steps if step.resource.kind in MIRROR_SETS})
        refused = mixing_refused(self._version, {kind for kind, _namespace, _name in after})
        if refused and after.keys() != before.keys():
            advice = "Write the kind that it has (mirror_sets), or update it first."
            raise ClusterError(refused, subject=self._api.server, advice=advice)
        tables = registries(after.values())
        try:
            return forecast(registries(before.values()), tables, self._handling())
        except InputError as error:
            self._warnings.append(f"The mirror sets that the cluster has contradict each other: {error}")
            return Rollout(True, self._handling().reasons(("the cluster applies no mirror sets now, and all of them from then on",)))

    def _handling(self) -> Handling:
        override = self._api.get(CONFIG_MAP, _OVERRIDE[1], _OVERRIDE[0]) is not None
        topology = ((self._api.get(INFRASTRUCTURE, "cluster") or {}).get("status") or {}).get("controlPlaneTopology")
        return Handling(actions_of(self._api.get(MACHINE_CONFIGURATION, "cluster")), override, topology == "SingleReplica")

    def _dry_run(self, steps: Sequence[Step], removals: Sequence[Mapping[str, Any]]) -> list[Change]:
        """Raises the first error, with how many others there were."""
        found: list[Change] = []
        errors: list[MirrorError] = []
        for step in steps:
            try:
                found.append(step.take(self._api, dry_run=True))
            except MirrorError as error:
                errors.append(error)
        for live in removals:
            try:
                self._api.delete(live, dry_run=True)
                found.append(_removed(live))
            except MirrorError as error:
                errors.append(error)
        if errors:
            first = errors[0]
            if len(errors) > 1:
                first.message = f"{first.message} (and {len(errors) - 1} more are refused)"
            raise first
        return found


def _key(live: Mapping[str, Any]) -> tuple[str, str, str]:
    return _resource(live).key


def _resource(live: Mapping[str, Any]) -> Resource:
    metadata = live["metadata"]
    return Resource(str(live["kind"]), str(metadata["name"]), str(metadata.get("namespace") or ""), live)


def _owner(live: Mapping[str, Any] | None) -> str:
    return str((((live or {}).get("metadata") or {}).get("labels") or {}).get(LABEL) or "")


def _removed(live: Mapping[str, Any]) -> Change:
    return Change(_resource(live), REMOVED, comparable(live), None)
