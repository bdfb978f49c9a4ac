# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The configuration that an archive carries, without what only the side that wrote it may say.

It tells what was mirrored and why.  It does not tell this side which registry, file or program to use: whoever handed over
the archive could name any (user-needs P18).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import Failure
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI
from ansible_collections.disconnected.mirror.plugins.module_utils.base.shape import Shape
from ansible_collections.disconnected.mirror.plugins.module_utils.planning import entries

_TEMPLATE = "targetCatalogSourceTemplate"
_STORAGE = "storageConfig"
_LAYOUT = f"{OCI}:"


def carried(config: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The configuration without places on the host that wrote it, and a sentence for each that would have had a use here.

    Raises InputError for one that is malformed.
    """
    entries.configuration(Shape(config, "config"))
    stanza = dict(config.get("mirror") or {})
    warnings = [
        f"The archive's configuration names the file {operator[_TEMPLATE]!r:.200} as {_TEMPLATE} of {operator.get('catalog')!r:.200}. "
        "Archives name no files of this host: the CatalogSource is generated without it."
        for operator in stanza.get("operators") or ()
        if operator.get(_TEMPLATE)
    ]
    if stanza.get("operators"):
        stanza["operators"] = [_without(operator, _TEMPLATE) for operator in stanza["operators"]]
    if isinstance(stanza.get("helm"), dict):
        stanza["helm"] = _without(stanza["helm"], "local")
    clean = _without(config, _STORAGE)
    return ({**clean, "mirror": stanza} if stanza else clean), tuple(warnings)


def plannable(config: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Failure, ...]]:
    """`carried` for an archive that is planned here, and what of it cannot be.

    Charts are rendered by a program of this host from files that the configuration names, and layouts are read where it says.
    """
    clean, _warnings = carried(config)
    stanza = dict(clean.get("mirror") or {})
    failures: list[Failure] = []
    if (config.get("mirror") or {}).get("helm"):
        stanza.pop("helm", None)
        failures.append(_left_out("helm", "helm", "charts"))
    for key, name, category in (("operators", "catalog", "operator"), ("additionalImages", "name", "additional")):
        listed = Shape(stanza.get(key) or [], f"config.mirror.{key}").items()
        kept = [entry.mapping() for entry in listed if not str(entry.mapping().get(name)).startswith(_LAYOUT)]
        failures += [
            _left_out(f"{entry.place} ({entry.value[name]})", category, "local layouts") for entry in listed if entry.value not in kept
        ]
        if listed:
            stanza[key] = kept
    return {**clean, "mirror": stanza}, tuple(failures)


def _left_out(subject: str, category: str, what: str) -> Failure:
    return Failure(
        code="unsupported",
        message=f"{what} of an archive of oc-mirror v2 are left out, since its configuration names files of another host for them",
        subject=subject,
        category=category,
        advice="Mirror them with mirror_to_disk, or let them be missing with allow_failures.",
    )


def _without(mapping: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name != key}
