# Copyright (c) 2026, the disconnected.mirror contributors
# BSD 2-Clause License (see LICENSES/BSD-2-Clause.txt or https://opensource.org/licenses/BSD-2-Clause)
# SPDX-License-Identifier: BSD-2-Clause

"""The channels of an operator: what is kept of each, what replaces and what skips what.

Each channel is a lane, with the bundles that the mirror has and, open, those that they replace or skip and that it does not have.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import (
    ABSENT,
    MIRRORED,
    SKIPS,
    UPDATE,
    Edge,
    Node,
    Picture,
)

# A picture that can still be read; larger ones are lists only.
MOST_NODES = 160


def channels(package: Mapping[str, Any]) -> Picture | None:
    """package: of a catalog's entry in a plan.  None where there is nothing to draw: no way between two bundles, or too much."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    start = _common(package)
    for channel in package.get("channels") or ():
        _lane(channel, start, nodes, edges)
    if not edges or len(nodes) > MOST_NODES:
        return None
    return Picture(tuple(nodes), tuple(edges))


def _common(package: Mapping[str, Any]) -> str:
    """What all names begin with, up to the version: `quay-operator.`"""
    names = [name for channel in package.get("channels") or () for name in bundle_names(channel)]
    return os.path.commonprefix(names)[: os.path.commonprefix(names).rfind(".v") + 1] if len(set(names)) > 1 else ""


def bundle_names(channel: Mapping[str, Any]) -> list[str]:
    """Of what is kept, in the channel's order."""
    listed = channel.get("bundles") or channel.get("entries") or ()
    return [str(bundle.get("name") or "") if isinstance(bundle, dict) else str(bundle) for bundle in listed]


def _lane(channel: Mapping[str, Any], start: str, nodes: list[Node], edges: list[Edge]) -> None:
    kept = bundle_names(channel)
    below: dict[str, list[tuple[str, str]]] = {}
    for update in channel.get("updates") or ():
        if update["name"] in kept:
            pairs = [(str(name), SKIPS) for name in update.get("skips") or ()]
            pairs += [(str(update["replaces"]), UPDATE)] if update.get("replaces") else []
            below[str(update["name"])] = list(dict(pairs).items())
    if not below:
        return
    order = _oldest_first(kept, below)
    places = {name: len(nodes) + at for at, name in enumerate(order)}
    heads = set(str(channel.get("head") or "").split(", "))
    for name in order:
        short = name[len(start) :] if name.startswith(start) else name
        nodes.append(Node(short, str(channel.get("name") or ""), MIRRORED if name in kept else ABSENT, name in heads))
    edges += [Edge(places[old], places[new], kind) for new, olds in below.items() for old, kind in olds if old != new]


def _oldest_first(kept: list[str], below: Mapping[str, list[tuple[str, str]]]) -> list[str]:
    """What a bundle replaces or skips stands above it; what stands in a circle stands as the channel has it."""
    order: dict[str, None] = {}
    waiting = [(name, False) for name in kept]
    seen: set[str] = set()
    while waiting:
        name, done = waiting.pop(0)
        if done:
            order[name] = None
        elif name not in seen:
            seen.add(name)
            waiting = [*((old, False) for old, _kind in below.get(name, ())), (name, True), *waiting]
    return list(order)
