# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every line between two bundles is in the channel, and every bundle that the mirror has is drawn."""

from __future__ import annotations

import os
import random

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.documents.catalog import Catalog
from ansible_collections.disconnected.mirror.plugins.module_utils.catalogs.source import summary
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.channels import MOST_NODES, channels
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.drawing import draw
from ansible_collections.disconnected.mirror.plugins.module_utils.report.graph.picture import ABSENT, MIRRORED, SKIPS, UPDATE
from ansible_collections.disconnected.mirror.tests.fakes.places import SHARED_DATA


def require_true(package):
    picture = channels(package)
    if picture is None:
        return False
    start = os.path.commonprefix([name for channel in package["channels"] for name in channel["bundles"]])
    start = start[: start.rfind(".v") + 1]
    for channel in package["channels"]:
        own = {at: node for at, node in enumerate(picture.nodes) if node.lane == channel["name"]}
        below = {(update["name"], update.get("replaces")): UPDATE for update in channel.get("updates", ())}
        below.update({(update["name"], name): SKIPS for update in channel.get("updates", ()) for name in update.get("skips", ())})
        below.update({(update["name"], update["replaces"]): UPDATE for update in channel.get("updates", ()) if update.get("replaces")})
        full = {node.name: name for node in own.values() for name in _names(channel) if name in (node.name, start + node.name)}
        edges = [edge for edge in picture.edges if edge.source in own]
        for edge in edges:
            assert edge.target in own
            assert below[full[own[edge.target].name], full[own[edge.source].name]] == edge.kind
        wanted = {pair for pair in below if pair[1] and pair[0] != pair[1] and pair[0] in channel["bundles"]}
        assert len(edges) == len(wanted)
        if wanted:
            assert {full[node.name] for node in own.values() if node.state == MIRRORED} == set(channel["bundles"])
            assert all(full[node.name] not in channel["bundles"] for node in own.values() if node.state == ABSENT)
    drawing = draw(picture)
    assert len({(spot.x, spot.y) for spot in drawing.spots}) == len(picture.nodes)
    return True


def _names(channel):
    for update in channel.get("updates", ()):
        yield from (update["name"], update.get("replaces", ""), *update.get("skips", ()))
    yield from channel["bundles"]


def random_package(chance):
    found = []
    for number in range(chance.randint(1, 3)):
        names = [f"tool.v1.{at}.0" for at in range(chance.randint(1, 12))]
        kept = [name for name in names if chance.random() < 0.7] or names[-1:]
        updates = []
        for name in kept:
            others = [other for other in names if other != name]
            update = {"name": name, "replaces": chance.choice(others) if others and chance.random() < 0.8 else ""}
            update["skips"] = chance.sample(others, chance.randint(0, min(3, len(others))))
            updates.append({key: value for key, value in update.items() if value})
        found.append({"name": f"stable-{number}", "head": kept[-1], "bundles": kept, "updates": [u for u in updates if len(u) > 1]})
    return {"name": "tool", "channels": found}


def test_a_picture_says_what_the_channels_say():
    """Circles among them."""
    drawn = sum(require_true(random_package(random.Random(seed))) for seed in range(200))
    assert drawn > 100


@pytest.mark.needs_data
@pytest.mark.parametrize("name", ["small", "medium", "channels"])
def test_real_channels(name):
    catalog = Catalog.from_directory(os.path.join(SHARED_DATA, "catalogs", name))
    packages = summary.packages(catalog.everything(), {}, "bundles", catalog.package)
    assert sum(require_true(package) for package in packages) > 2


def test_what_is_too_much_to_be_read_is_not_drawn():
    names = [f"tool.v1.{at}.0" for at in range(MOST_NODES + 1)]
    updates = [{"name": new, "replaces": old} for old, new in zip(names, names[1:])]
    assert channels({"channels": [{"name": "stable", "head": names[-1], "bundles": names, "updates": updates}]}) is None
    assert channels({"channels": [{"name": "stable", "head": names[0], "bundles": names[:1]}]}) is None
