# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Settings of a cluster that a mirror needs and that are not ours: one field of each is set, and only on request.

Our field manager owns that field and nothing else, so what others set beside it stays as it is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base import json_values
from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import ClusterError, InputError, NotFound
from ansible_collections.disconnected.mirror.plugins.module_utils.base.host.files import json_bytes
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.api import Api
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import (
    CONFIG_MAP,
    IMAGE_CONFIG,
    KINDS,
    OPERATOR_HUB,
    SECRET,
)
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.resource import Resource
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.step import MERGE, Step

_CONFIG = "openshift-config"
_OWN_AUTHORITIES = "disconnected-mirror-ca"
_PULL_SECRET = "pull-secret"
_DOCKER = ".dockerconfigjson"
_BEGIN, _KEY = "-----BEGIN CERTIFICATE-----", "PRIVATE KEY-----"


def default_sources(api: Api, disabled: bool) -> list[Step]:
    """Switches the catalogs that a cluster comes with off or on."""
    _require(api, OPERATOR_HUB, "the default catalog sources")
    return [_step(api, OPERATOR_HUB, "cluster", "", {"spec": {"disableAllDefaultSources": disabled}})]


def trusted_authorities(api: Api, authorities: Mapping[str, str]) -> list[Step]:
    """Makes nodes and builds trust authorities (PEM) for registries, by `host` or `host:port`.

    Keys are added to the ConfigMap that the cluster names; where it names none, one of our own is made and named.
    Raises InputError (not PEM).
    """
    _require(api, IMAGE_CONFIG, "the authorities of registries")
    # A colon cannot stand in a key; this is how clusters write it.
    data = {host.replace(":", ".."): _certificates(host, text) for host, text in authorities.items()}
    live = api.get(IMAGE_CONFIG, "cluster") or {}
    named = ((live.get("spec") or {}).get("additionalTrustedCA") or {}).get("name")
    steps = [_step(api, CONFIG_MAP, str(named or _OWN_AUTHORITIES), _CONFIG, {"data": data}, force=not named)]
    if not named or named == _OWN_AUTHORITIES:
        steps.append(_step(api, IMAGE_CONFIG, "cluster", "", {"spec": {"additionalTrustedCA": {"name": _OWN_AUTHORITIES}}}))
    return steps


def pull_secret(api: Api, auths: Mapping[str, Any]) -> list[Step]:
    """Adds credentials to the pull secret of the cluster; those of other registries stay.  Nothing when it has them already.

    auths: entries by registry, each with `auth`.
    Raises NotFound, ClusterError (it cannot be read), InputError (an entry).
    """
    for host, entry in auths.items():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("auth"), str):
            form = 'The form is {"auths": {"host": {"auth": "..."}}}.'
            raise InputError(f"the entry of {host!r:.100} has no auth", subject="pull_secret", advice=form)
    live = api.get(SECRET, _PULL_SECRET, _CONFIG)
    if live is None:
        raise NotFound("the cluster has no pull secret", subject=f"{SECRET} {_CONFIG}/{_PULL_SECRET}")
    document = _auths(live)
    merged = {**document["auths"], **{host: dict(entry) for host, entry in auths.items()}}
    if merged == document["auths"]:
        return []
    content = base64.b64encode(json_bytes({**document, "auths": merged})).decode("ascii")
    body = {"metadata": {"resourceVersion": live["metadata"]["resourceVersion"]}, "data": {_DOCKER: content}}
    changed = {host: "(changed)" if host in document["auths"] else "(new)" for host in auths if document["auths"].get(host) != merged[host]}
    resource = Resource(SECRET, _PULL_SECRET, _CONFIG, body)
    return [Step(resource, live, MERGE, shown=({}, {"registries": dict(sorted(changed.items()))}))]


def _auths(live: Mapping[str, Any]) -> dict[str, Any]:
    """What the pull secret says; no error quotes any of it."""
    try:
        document = json_values.parse(base64.b64decode(str((live.get("data") or {}).get(_DOCKER) or ""), validate=True))
    except (binascii.Error, ValueError):
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("auths"), dict):
        raise ClusterError("the pull secret of the cluster cannot be read", subject=f"{SECRET} {_CONFIG}/{_PULL_SECRET}")
    return document


def _certificates(host: str, text: str) -> str:
    if _BEGIN not in text or _KEY in text:
        problem = "holds a private key" if _KEY in text else "is not PEM with certificates"
        raise InputError(f"the authority for {host!r:.100} {problem}", subject="trusted_ca")
    return text if text.endswith("\n") else text + "\n"


def _require(api: Api, kind: str, what: str) -> None:
    if not api.version(kind):
        raise NotFound(f"this cluster has no {kind}, so {what} cannot be set", subject=api.server, advice="Is it an OpenShift cluster?")


def _step(api: Api, kind: str, name: str, namespace: str, content: Mapping[str, Any], force: bool = True) -> Step:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    known = KINDS[kind]
    body = {"apiVersion": known.api_version(known.versions[0]), "kind": kind, "metadata": metadata, **content}
    return Step(Resource(kind, name, namespace, body), api.get(kind, name, namespace), force=force)
