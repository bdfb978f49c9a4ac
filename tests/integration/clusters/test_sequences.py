# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of what a mirror generates end in the same cluster as one fresh apply of the last of it.

MIRROR_SEQUENCES says how many sequences, MIRROR_SEED the first one's seed; `make apiserver` runs a hundred on a real API server.
"""

from __future__ import annotations

import os
import random

from ansible_collections.disconnected.mirror.tests.fakes.clusters.stand_in import StandIn
from ansible_collections.disconnected.mirror.tests.integration.clusters.test_apply import (
    catalog_source,
    cluster_catalog,
    icsp,
    idms,
    itms,
    pinned,
    signatures,
    update_service,
)

SEED = int(os.environ.get("MIRROR_SEED", "1"))
SOURCES = [f"quay.io/{name}" for name in "abcd"]
MIRRORS = [f"{host}.example:5000/{name}" for host in ("one", "two") for name in "abc"]


def state(chance):
    """What a mirror may generate: some of each kind, each with some entries."""
    found = []
    for make, names in ((idms, ("idms-release-0", "idms-generic-0")), (itms, ("itms-generic-0",)), (icsp, ("generic-0", "release-0"))):
        for name in names:
            if chance.random() < 0.6:
                entries = [
                    (source, *chance.sample(MIRRORS, chance.randint(1, 3))) for source in chance.sample(SOURCES, chance.randint(1, 4))
                ]
                found.append(make(name, *entries))
    found += [catalog_source(f"cs-{name}", f"m.example/i:{chance.randint(1, 3)}") for name in "ab" if chance.random() < 0.5]
    found += [make() for make in (cluster_catalog, update_service, signatures, pinned) if chance.random() < 0.5]
    chance.shuffle(found)
    return found


def meddle(site, chance):
    """Somebody else changes, or deletes, something of ours meanwhile."""
    live = site.cluster.list("ImageDigestMirrorSet")
    if live and chance.random() < 0.5:
        name = chance.choice(live)["metadata"]["name"]
        if chance.random() < 0.3:
            site.cluster.delete("ImageDigestMirrorSet", name)
        else:
            site.cluster.edit(
                "ImageDigestMirrorSet", name, {"spec": {"imageDigestMirrors": [{"source": "quay.io/x", "mirrors": ["x.example"]}]}}
            )


def ours(site):
    """Content and managers; who changed something and was put right is no part of it."""
    found = site.state()
    return {
        name: {**content, "managers": "ours"}
        for name, content in found.items()
        if list(content["managers"][0]) == ["disconnected.mirror", "Apply"]
    }


def test_sequences_end_like_one_fresh_apply(site):
    count = int(os.environ.get("MIRROR_SEQUENCES") or ("100" if site.cluster.kind == StandIn.kind else "5"))
    for number in range(count):
        chance = random.Random(SEED * 1_000_000 + number)
        steps = [state(chance) for _step in range(chance.randint(2, 4))]
        site.clear()
        for step in steps:
            result = site.apply(*step, remove=True)
            assert "failed" not in result, (number, result["msg"])
            if step is not steps[-1]:
                meddle(site, chance)
        after = ours(site)
        assert not site.apply(*steps[-1], remove=True)["changed"], number
        site.clear()
        site.apply(*steps[-1])
        assert ours(site) == after, number
