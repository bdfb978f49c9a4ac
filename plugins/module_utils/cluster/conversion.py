# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""ImageContentSourcePolicies as ImageDigestMirrorSets, which took their place in 4.13; what `oc adm migrate icsp` does."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import IDMS, KINDS
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import LISTS, Rule, rules_of
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource

CONVERTED_FROM = "disconnected.mirror/converted-from"


@dataclass(frozen=True)
class Conversion:
    """policy: the ICSP as it is in the cluster.  replacement: the IDMS for it; None when other sets say the same already."""

    policy: Mapping[str, Any]
    replacement: Resource | None


def convert(policies: Iterable[Mapping[str, Any]], others: Iterable[Mapping[str, Any]]) -> list[Conversion]:
    """others: the IDMSs that the cluster has, or will have."""
    known = [(str(document["metadata"]["name"]), rules_of(document)) for document in others]
    taken = {name for name, _rules in known}
    said = {rule for _name, rules in known for rule in rules}
    found = []
    for policy in sorted(policies, key=lambda document: str(document["metadata"]["name"])):
        rules = rules_of(policy)
        if all(_is_said(rule, said) for rule in rules):
            found.append(Conversion(policy, None))
            continue
        replacement = _replacement(str(policy["metadata"]["name"]), rules, taken)
        taken.add(replacement.name)
        said.update(rules)
        found.append(Conversion(policy, replacement))
    return found


def _is_said(rule: Rule, said: Collection[Rule]) -> bool:
    """Whether another set names the same mirrors for the source, or more of them."""
    return any(rule.source == other.source and rule.pulls == other.pulls and set(rule.mirrors) <= set(other.mirrors) for other in said)


def _replacement(name: str, rules: Iterable[Rule], taken: Collection[str]) -> Resource:
    own = name if name not in taken else next(each for number in range(1, 1000) if (each := f"{name}-{number}") not in taken)
    entries = [{"source": rule.source, "mirrors": list(rule.mirrors)} for rule in rules]
    body = {
        "apiVersion": KINDS[IDMS].api_version("v1"),
        "kind": IDMS,
        "metadata": {"name": own, "annotations": {CONVERTED_FROM: f"ImageContentSourcePolicy {name}"}},
        "spec": {LISTS[IDMS]: entries},
    }
    return Resource(IDMS, own, "", body)
