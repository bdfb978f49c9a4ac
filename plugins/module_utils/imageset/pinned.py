# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""A configuration with its catalogs named by digest, so that it means the same catalogs tomorrow (operator-catalogs 6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.generation import Generation
from ansible_collections.disconnected.mirror.plugins.module_utils.base.reference import OCI, split
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.model import DELETE_IMAGE_SET


def pinned(config: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    """config: in canonical form.  digests: of catalogs, by their text in it; one that is not among them stays as it is.

    A catalog keeps the tag that it had as its `targetTag`, unless it has one, so that it goes where it went.
    """
    stanza = dict(config.get("mirror") or {})
    if stanza.get("operators"):
        stanza["operators"] = [_operator(entry, digests.get(entry["catalog"], "")) for entry in stanza["operators"]]
    return {**config, "mirror": stanza}


def deletion(config: Mapping[str, Any]) -> dict[str, Any] | None:
    """The DeleteImageSetConfiguration of what a configuration mirrors; None for `v1alpha2`, which has none."""
    if config.get("apiVersion") != Generation.V2.api_version:
        return None
    stanza = {key: value for key, value in (config.get("mirror") or {}).items() if key != "blockedImages"}
    return {"kind": DELETE_IMAGE_SET, "apiVersion": config["apiVersion"], "delete": stanza}


def _operator(entry: Mapping[str, Any], digest: str) -> dict[str, Any]:
    name, tag, known, transport = split(entry["catalog"])
    if not digest or known or transport == OCI:
        return dict(entry)
    return {**entry, "catalog": f"{name}@{digest}", **({} if entry.get("targetTag") or not tag else {"targetTag": tag})}
