# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""Release signatures as ConfigMaps, in which a cluster looks for them (config-and-releases 2.7, SIG-30, SIG-31)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.mirror_sets import CREATED_BY

NAMESPACE = "openshift-config-managed"
LABELS = {"release.openshift.io/verification-signatures": ""}
NAME = "mirrored-release-signatures"
# Bytes of data in one ConfigMap; the API takes a little more than a million.
SIZE_LIMIT = 900_000


def one_per_release(signatures: Mapping[Digest, Sequence[bytes]]) -> dict[str, dict[str, Any]]:
    """ConfigMaps by file name, one for each release image (the first generation's form)."""
    found = {}
    for digest, contents in sorted(signatures.items()):
        name = f"{digest.algorithm}-{digest.hex}"
        found[f"signature-{digest.algorithm}-{digest.hex[:16]}.json"] = _config_map(name, _data(digest, contents))
    return found


def single(signatures: Mapping[Digest, Sequence[bytes]]) -> list[dict[str, Any]]:
    """One ConfigMap for all releases (the second generation's form); numbered ones after it when it would grow too large."""
    parts: list[dict[str, str]] = []
    size = 0
    for digest, contents in sorted(signatures.items()):
        data = _data(digest, contents)
        more = sum(len(key) + len(value) for key, value in data.items())
        if not parts or size + more > SIZE_LIMIT:
            parts.append({})
            size = 0
        parts[-1].update(data)
        size += more
    return [_config_map(NAME if number == 0 else f"{NAME}-{number}", data) for number, data in enumerate(parts)]


def _data(digest: Digest, contents: Sequence[bytes]) -> dict[str, str]:
    """Keys count from 1 for each digest; clusters read no more of them than the digest."""
    names = (f"{digest.algorithm}-{digest.hex}-{number}" for number in range(1, len(contents) + 1))
    return {name: base64.b64encode(content).decode("ascii") for name, content in zip(names, contents)}


def _config_map(name: str, data: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": dict(LABELS), "annotations": dict(CREATED_BY)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "binaryData": data}
