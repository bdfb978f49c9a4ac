# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What mirror sets make of the nodes' registries.conf, by the rules of the machine-config operator.

All sets of a cluster are merged by source: policies that contradict each other are refused, and then nothing at all is rolled out
(openshift/machine-config-operator, `validateRegistriesConfScopes`; openshift/runtime-utils, `EditRegistriesConfig`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import ICSP, IDMS, ITMS

BY_DIGEST, BY_TAG = "digest-only", "tag-only"
NEVER_CONTACT = "NeverContactSource"
_ALLOW_CONTACT = "AllowContactingSource"
LISTS = {IDMS: "imageDigestMirrors", ITMS: "imageTagMirrors", ICSP: "repositoryDigestMirrors"}


@dataclass(frozen=True)
class Rule:
    """An entry of a mirror set.  pulls: BY_DIGEST or BY_TAG.  place: the set that it stands in, for messages."""

    source: str
    mirrors: tuple[str, ...]
    pulls: str
    policy: str = ""
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class Registry:
    """A table of registries.conf.  mirrors: (location, BY_DIGEST or BY_TAG) in the order in which they are tried."""

    source: str
    mirrors: tuple[tuple[str, str], ...] = ()
    blocked: bool = False


def rules_of(document: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The entries of an ICSP, IDMS or ITMS; what is malformed in a document of somebody else is left out, as clusters do."""
    kind = str(document.get("kind"))
    name = (document.get("metadata") or {}).get("name")
    entries = (document.get("spec") or {}).get(LISTS[kind]) or []
    return tuple(_rules(entries, BY_TAG if kind == ITMS else BY_DIGEST, f"{kind} {name}"))


def _rules(entries: Any, pulls: str, place: str) -> Iterator[Rule]:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("source"), str):
            mirrors = entry.get("mirrors") or []
            named = tuple(mirror for mirror in mirrors if isinstance(mirror, str)) if isinstance(mirrors, list) else ()
            yield Rule(entry["source"], named, pulls, str(entry.get("mirrorSourcePolicy") or ""), place)


def registries(documents: Iterable[Mapping[str, Any]]) -> dict[str, Registry]:
    """The tables of registries.conf by source.  Raises InputError for what the machine-config operator refuses."""
    rules = [rule for document in documents for rule in rules_of(document)]
    check(rules)
    return {source: _registry(source, rules) for source in sorted({rule.source for rule in rules if _is_real(rule)})}


def check(rules: Sequence[Rule]) -> None:
    """Raises InputError for entries that contradict each other."""
    policies: dict[str, Rule] = {}
    for rule in rules:
        first = policies.setdefault(rule.source, rule)
        if (rule.policy or _ALLOW_CONTACT) != (first.policy or _ALLOW_CONTACT):
            raise InputError(
                f"{first.place} and {rule.place} have different mirrorSourcePolicies for {rule.source}: "
                "the cluster would stop applying all mirror sets",
                subject=rule.source,
                advice="Give both the same policy, or remove one of them.",
            )
        if rule.policy == NEVER_CONTACT and rule.source in rule.mirrors:
            raise InputError(
                f"{rule.place} forbids contacting {rule.source} and names it as a mirror: the cluster would stop applying all mirror sets",
                subject=rule.source,
            )


def _is_real(rule: Rule) -> bool:
    """Entries that only repeat their source do nothing."""
    return any(mirror != rule.source for mirror in rule.mirrors)


def _registry(source: str, rules: Iterable[Rule]) -> Registry:
    own = [rule for rule in rules if rule.source == source and _is_real(rule)]
    mirrors = [
        (mirror, pulls)
        for pulls in (BY_DIGEST, BY_TAG)
        for mirror in _merged(source, [rule.mirrors for rule in own if rule.pulls == pulls])
    ]
    return Registry(source, tuple(mirrors), any(rule.policy == NEVER_CONTACT for rule in own))


def _merged(source: str, lists: Sequence[tuple[str, ...]]) -> list[str]:
    """One order that agrees with all lists where there is one; the source itself comes last, where it need not be named."""
    after: dict[str, set[str]] = {}
    for names in lists:
        chain = names if source in names else (*names, source)
        for name in chain:
            after.setdefault(name, set())
        for name, successor in zip(chain, chain[1:]):
            if name != successor:
                after[name].add(successor)
    order: list[str] = []
    while after:
        # A circle is broken at its first name.
        free = sorted(name for name in after if not any(name in others for others in after.values())) or sorted(after)
        chosen = next((name for name in free if name != source), free[0])
        order.append(chosen)
        del after[chosen]
    return order[:-1] if order and order[-1] == source else order


def mixing_refused(version: str, kinds: Iterable[str]) -> str:
    """Why a cluster of this version does not take these kinds of mirror sets together; empty when it does.

    Before 4.13.27 and 4.14.3 clusters stop applying mirror sets when they have ICSPs and the newer kinds (OCPBUGS-22275).
    """
    named = set(kinds)
    if ICSP not in named or not named & {IDMS, ITMS}:
        return ""
    try:
        found = Version.parse(version)
    except InputError:
        return ""
    first = {13: Version(4, 13, 27), 14: Version(4, 14, 3)}.get(found.minor) if found.major == 4 else None
    if first is None or found >= first:
        return ""
    both = f"{ICSP} beside {IDMS} or {ITMS}"
    return f"A cluster of version {version} stops applying mirror sets when it has {both}; from {first} on it takes both."
