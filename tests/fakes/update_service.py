# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An update service at a mirror, by the rules of the real one (openshift/cincinnati, docs/design), from what an UpdateService names.

Its graph builder reads every tag of the repository of releases: each payload's release-metadata is a node, its `previous` are edges to it.
The graph data then says which versions a channel has (`channels/`), and takes edges away (`blocked-edges/` without a name) or makes them
conditional (with one).  Its policy engine answers with the part of the graph that the channel has.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import yaml

from ansible_collections.disconnected.mirror.plugins.module_utils.stores.layer import Layer
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore


@dataclass(frozen=True)
class Served:
    """Versions by name, with the payload's digest; edges and conditional edges as pairs of versions."""

    nodes: dict[str, str]
    edges: set[tuple[str, str]]
    conditional: set[tuple[str, str]]

    def recommended(self, version: str) -> set[str]:
        return {end for start, end in self.edges if start == version}


def serve(store: RegistryStore, service: dict[str, Any], channel: str) -> Served:
    """The answer for a channel.  service: the UpdateService."""
    host = f"{store.host}/"
    releases = service["spec"]["releases"]
    graph_repository, _at, graph_digest = service["spec"]["graphDataImage"].partition("@")
    assert releases.startswith(host) and graph_repository.startswith(host) and graph_digest
    data = _files(store, graph_repository[len(host) :], graph_digest)
    root = "var/lib/cincinnati-graph-data/"
    listed = set(yaml.safe_load(data[f"{root}channels/{channel}.yaml"])["versions"])
    nodes, before = _scraped(store, releases[len(host) :])
    nodes = {version: digest for version, digest in nodes.items() if version in listed}
    edges = {(start, end) for end in nodes for start in before[end] if start in nodes}
    blocks = [yaml.safe_load(content) for name, content in data.items() if name.startswith(f"{root}blocked-edges/")]
    lost = {edge for edge in edges for block in blocks if _blocks(block, edge) and "name" not in block}
    risky = {edge for edge in edges - lost for block in blocks if _blocks(block, edge) and "name" in block}
    return Served(nodes, edges - lost - risky, risky)


def _files(store: RegistryStore, repository: str, digest: str) -> dict[str, bytes]:
    """All files of an image, of its first instance where it is an index."""
    manifest = store.fetch_manifest(repository, digest)
    if manifest.is_index:
        manifest = store.fetch_manifest(repository, manifest.children[0].digest)
    found: dict[str, bytes] = {}
    for blob in manifest.blobs[1:]:
        with Layer(store, repository, blob) as layer:
            found.update({name: content.read() for name, member, content in layer.members() if member.is_file})
    return found


def _blocks(block: dict[str, Any], edge: tuple[str, str]) -> bool:
    return block["to"] == edge[1] and re.search(block["from"], edge[0]) is not None


def _scraped(store: RegistryStore, repository: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    nodes, before = {}, {}
    for tag in store.tags(repository) or ():
        manifest = store.fetch_manifest(repository, tag)
        metadata = _files(store, repository, str(manifest.digest)).get("release-manifests/release-metadata")
        if metadata is not None:
            document = json.loads(metadata)
            nodes[document["version"]] = str(manifest.digest)
            before[document["version"]] = document["previous"]
    return nodes, before
