# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""What the installer of a new cluster is told of a mirror: an excerpt of its configuration, and the agent installer's folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.base.version import Version
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.resources import mirror_sets
from ansible_collections.disconnected.mirror.plugins.module_utils.resources.serialize import yaml_bytes

# From this version on installers call the list of mirrors so; before, by the name of the older kind of mirror set.
_RENAMED = Version(4, 14, 0)
_PULL_SECRET = (
    '# pullSecret: \'{"auths": {"%s": {"auth": "..."}}}\'\n'
    "#   The credentials of the mirror, as one line of JSON.  No others are needed.\n"
)


def mirrors(plan: Plan, destination: Destination) -> list[dict[str, Any]]:
    """Sources and mirrors of the releases of a plan, as mirror sets have them."""
    images = mirror_sets.mirrored(plan.images, destination, plan.generation)
    rules = [rule for rule in mirror_sets.digest_and_tag_rules(images, destination) if rule.category == "release"]
    found = mirror_sets.documents(mirror_sets.IDMS, rules)
    return [entry for document in found for entry in document["spec"]["imageDigestMirrors"]]


def install_config(entries: Iterable[Mapping[str, Any]], host: str, version: str, authority: str) -> bytes:
    """The excerpt.  host: of the mirror.  authority: PEM, empty where the mirror's certificate is one that everybody trusts."""
    name = "imageDigestSources" if Version.parse(version) >= _RENAMED else "imageContentSources"
    document: dict[str, Any] = {name: [{"mirrors": list(entry["mirrors"]), "source": entry["source"]} for entry in entries]}
    if authority:
        document["additionalTrustBundle"] = authority
    head = f"# For install-config.yaml of a cluster of version {version} that is installed from {host}.\n"
    return head.encode("utf-8") + (_PULL_SECRET % host).encode("utf-8") + yaml_bytes([document]).partition(b"---\n")[2]


def registries_conf(entries: Iterable[Mapping[str, Any]]) -> bytes:
    """`mirror/registries.conf` of the agent installer (containers-registries.conf.d, version 2)."""
    text = "unqualified-search-registries = []\n"
    for entry in entries:
        text += f'\n[[registry]]\nprefix = ""\nlocation = {_quoted(entry["source"])}\nmirror-by-digest-only = true\n'
        for mirror in entry["mirrors"]:
            text += f"\n[[registry.mirror]]\nlocation = {_quoted(mirror)}\n"
    return text.encode("utf-8")


def _quoted(text: str) -> str:
    """References have no character that would have to be escaped."""
    return f'"{text}"'
