# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Which catalogs have to be signed, and by whom (user-needs P08, other-systems M6; operator-catalogs 7, OCI-6)."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError, MirrorError, Unsupported
from ansible_collections.disconnected.mirror.plugins.module_utils.base.manifest import Manifest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.platform import Platform
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import DOCKER, Reference
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.image.inspection import is_attestation
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.instances import choose
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures import keys
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.openpgp import binary_key
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.trust import (
    OFF,
    REQUIRE,
    Trust,
    check_policy,
    read_keys,
    store_url,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.signatures.verifier import Asked, Verifier

OPTION = "catalog_signatures"
# What a rule is about: the catalog's own image, or also those that its bundles name.
CATALOG, ALL = "catalog", "all"
SCOPES = (CATALOG, ALL)
_KEYS = ("catalog", "policy", "scope", "keys", "urls", "names")

# Where Red Hat publishes the signatures of its images, made with the key that signs releases.
_RED_HAT = "registry.redhat.io"
_RED_HAT_STORES = (f"https://{_RED_HAT}/containers/sigstore/",)


@dataclass(frozen=True)
class Rule:
    """catalog: shell pattern of the catalog as the configuration names it, with or without its tag."""

    catalog: str
    scope: str
    trust: Trust

    def concerns(self, reference: Reference, written: str) -> bool:
        names = (written, written.partition("://")[2], str(reference), reference.repository)
        return any(fnmatch.fnmatchcase(name, self.catalog) for name in names if name)

    def for_registry(self, domain: str) -> Trust:
        """With the publisher's own keys and store where the rule names none.  Raises InputError when nothing could be verified."""
        trust = self.trust
        if domain == _RED_HAT:
            if not trust.keys and not trust.public_keys:
                trust = replace(trust, keys=(binary_key(keys.RED_HAT_RELEASE),))
            trust = replace(trust, urls=trust.urls or _RED_HAT_STORES)
        if not trust.keys and not trust.public_keys:
            raise InputError(
                f"no public key is given for catalogs that match {self.catalog}",
                subject=OPTION,
                advice="Give files of public keys as keys.",
            )
        if trust.keys and not trust.urls and not trust.public_keys:
            raise InputError(
                f"no store of signatures is given for catalogs that match {self.catalog}",
                subject=OPTION,
                advice="OpenPGP signatures are kept in a store outside of the registry: give its URL in urls.",
            )
        return trust


def read(values: Any) -> tuple[Rule, ...]:
    """The rules of an option, in their order.  Raises InputError, StorageError (a key)."""
    return tuple(_rule(value, f"{OPTION}[{number}]") for number, value in enumerate(values or ()))


def first(rules: Sequence[Rule], reference: Reference, written: str) -> Rule | None:
    """The rule for a catalog: the first that concerns it; None when there is none, or it says that signatures do not matter."""
    rule = next((rule for rule in rules if rule.concerns(reference, written)), None)
    return None if rule is None or rule.trust.policy == OFF else rule


def unused(rules: Sequence[Rule], catalogs: Sequence[tuple[Reference, str]]) -> tuple[str, ...]:
    """A sentence for each rule that concerns no catalog: a name that is written wrong must not go unseen."""
    return tuple(
        f"{OPTION}[{number}]: no catalog of the configuration matches {rule.catalog}."
        for number, rule in enumerate(rules)
        if not any(rule.concerns(*catalog) for catalog in catalogs)
    )


class Seal:
    """The rule of one catalog at work.

    registry: domain of the catalog.  platforms: the instances that are wanted.
    """

    def __init__(self, rule: Rule, registry: str, platforms: Sequence[Platform], verifier: Verifier) -> None:
        self._trust = rule.for_registry(registry)
        self._platforms = platforms
        self._verifier = verifier
        self.required = rule.trust.policy == REQUIRE
        self.covers_bundles = rule.scope == ALL

    def problem(self, reference: Reference, root: Manifest) -> MirrorError | None:
        """What is wrong with the signature of an image; None when it is good.  Raises InputError (a key), Cancelled."""
        if reference.transport != DOCKER and not self._trust.names:
            return Unsupported(
                "a local layout does not record the name under which its image was signed",
                subject=str(reference),
                advice=f"Give the repository that it is a copy of as names in {OPTION}, or set the policy of this catalog to off.",
            )
        tag = "" if reference.digest or reference.transport != DOCKER else reference.tag
        return self._verifier.problem(Asked(reference.repository, root.digest, tag), self._instances(root), self._trust)

    def _instances(self, root: Manifest) -> tuple[Digest, ...]:
        return tuple(child.digest for child in choose(root, self._platforms) if not is_attestation(child)) if root.is_index else ()


def _rule(value: Any, place: str) -> Rule:
    if not isinstance(value, Mapping) or set(value) - set(_KEYS):
        raise InputError("this is not a signature rule", subject=place, advice=f"Write a mapping with {', '.join(_KEYS)}.")
    catalog = str(value.get("catalog") or "")
    if not catalog:
        raise InputError("the rule names no catalog", subject=place, advice="Give a catalog, or a pattern such as *.")
    scope = str(value.get("scope") or CATALOG)
    if scope not in SCOPES:
        raise InputError(f"scope is {scope!r:.100}", subject=place, advice=f"Write {' or '.join(SCOPES)}.")
    openpgp, public = read_keys(_texts(value, "keys"))
    trust = Trust(
        policy=check_policy(str(value.get("policy") or REQUIRE), f"{place}.policy"),
        urls=tuple(store_url(text, f"{place}.urls") for text in _texts(value, "urls")),
        keys=openpgp,
        names=_texts(value, "names"),
        public_keys=public,
    )
    return Rule(catalog, scope, trust)


def _texts(value: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = value.get(key) or ()
    return (found,) if isinstance(found, str) else tuple(str(text) for text in found)
