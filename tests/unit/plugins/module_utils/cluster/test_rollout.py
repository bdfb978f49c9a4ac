# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of mirror sets, with what the machine-config operator documents and does for each of them."""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import registries
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.rollout import forecast

NOTHING, RELOAD, DRAIN = "nothing", "rollout without drain", "drain"
LISTS = {"idms": ("ImageDigestMirrorSet", "imageDigestMirrors"), "itms": ("ImageTagMirrorSet", "imageTagMirrors")}
LISTS["icsp"] = ("ImageContentSourcePolicy", "repositoryDigestMirrors")


def sets(*entries):
    """Each entry: (kind, name, source, mirrors[, policy]); those of one kind and name are one object."""
    found = {}
    for kind, name, source, mirrors, *policy in entries:
        own, field = LISTS[kind]
        document = found.setdefault((kind, name), {"kind": own, "metadata": {"name": name}, "spec": {field: []}})
        entry = {"source": source, "mirrors": mirrors}
        document["spec"][field].append({**entry, "mirrorSourcePolicy": policy[0]} if policy else entry)
    return list(found.values())


A, B = "quay.io/a", "quay.io/b"
M, N = "m.example/a", "n.example/a"
NEVER, ALLOW = "NeverContactSource", "AllowContactingSource"
IDMS_A = ("idms", "x", A, [M])
ITMS_A = ("itms", "x", A, [M])

# what, before, after, outcome
CHANGES = [
    ("nothing changes", [IDMS_A], [IDMS_A], NOTHING),
    ("the first set by digest", [], [IDMS_A], RELOAD),
    ("the first set by tag", [], [ITMS_A], DRAIN),
    ("the first policy of the old kind", [], [("icsp", "x", A, [M])], RELOAD),
    ("sets by digest and by tag for one source", [], [IDMS_A, ITMS_A], DRAIN),
    ("a registry more by digest", [IDMS_A], [IDMS_A, ("idms", "x", B, [M])], RELOAD),
    ("a registry more by digest, in another object", [IDMS_A], [IDMS_A, ("idms", "y", B, [M])], RELOAD),
    ("a registry more by tag", [IDMS_A], [IDMS_A, ("itms", "x", B, [M])], DRAIN),
    ("a mirror more by digest", [IDMS_A], [("idms", "x", A, [M, N])], RELOAD),
    ("a mirror more by digest, before the other", [IDMS_A], [("idms", "x", A, [N, M])], RELOAD),
    ("a mirror more by tag", [ITMS_A], [("itms", "x", A, [M, N])], DRAIN),
    ("mirrors by tag for a source with mirrors by digest", [IDMS_A], [IDMS_A, ("itms", "x", A, [N])], DRAIN),
    ("the same mirror by tag as well", [IDMS_A], [IDMS_A, ITMS_A], DRAIN),
    ("mirrors by digest for a source with mirrors by tag", [ITMS_A], [ITMS_A, ("idms", "x", A, [N])], RELOAD),
    ("the order of mirrors", [("idms", "x", A, [M, N])], [("idms", "x", A, [N, M])], RELOAD),
    ("the order of entries", [IDMS_A, ("idms", "x", B, [M])], [("idms", "x", B, [M]), IDMS_A], NOTHING),
    ("one object instead of two", [IDMS_A, ("idms", "y", B, [M])], [IDMS_A, ("idms", "x", B, [M])], NOTHING),
    ("another name of an object", [IDMS_A], [("idms", "renamed", A, [M])], NOTHING),
    ("a registry less by digest", [IDMS_A, ("idms", "x", B, [M])], [IDMS_A], DRAIN),
    ("all sets less", [IDMS_A], [], DRAIN),
    ("a mirror less", [("idms", "x", A, [M, N])], [IDMS_A], DRAIN),
    ("another mirror", [IDMS_A], [("idms", "x", A, [N])], DRAIN),
    ("the mirrors by tag less, of a source with others by digest", [IDMS_A, ("itms", "x", A, [N])], [IDMS_A], DRAIN),
    ("the same mirror by tag no more", [IDMS_A, ITMS_A], [IDMS_A], RELOAD),
    ("by digest instead of by tag", [ITMS_A], [IDMS_A], RELOAD),
    ("by tag instead of by digest", [IDMS_A], [ITMS_A], DRAIN),
    ("a source that must not be contacted any more", [IDMS_A], [("idms", "x", A, [M], NEVER)], DRAIN),
    ("a source that may be contacted again", [("idms", "x", A, [M], NEVER)], [IDMS_A], DRAIN),
    ("the default policy, said aloud", [IDMS_A], [("idms", "x", A, [M], ALLOW)], NOTHING),
    ("a new source that must not be contacted", [], [("idms", "x", A, [M], NEVER)], RELOAD),
    ("an old policy converted", [("icsp", "x", A, [M])], [IDMS_A], NOTHING),
    ("an old policy besides the same set", [IDMS_A], [IDMS_A, ("icsp", "x", A, [M])], NOTHING),
    ("an entry that names only its source", [IDMS_A], [IDMS_A, ("idms", "x", B, [B])], NOTHING),
    ("an entry without mirrors", [IDMS_A], [IDMS_A, ("idms", "x", B, [])], NOTHING),
    ("a repository out of a namespace", [("idms", "x", A, [M])], [("idms", "x", f"{A}/one", [f"{M}/one"])], DRAIN),
    ("a change of a source that has one mirror for both", [IDMS_A, ITMS_A], [("idms", "x", A, [M, N]), ITMS_A], DRAIN),
]


@pytest.mark.parametrize(("before", "after", "outcome"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_a_change_sets_off(before, after, outcome):
    rollout = forecast(registries(sets(*before)), registries(sets(*after)))
    assert (NOTHING if not rollout.changed else DRAIN if rollout.drains else RELOAD) == outcome, rollout.reasons


def test_there_are_at_least_thirty_changes():
    assert len({row[0] for row in CHANGES}) == len(CHANGES) >= 30


def test_reasons_name_source_and_mirror():
    rollout = forecast(registries(sets(("idms", "x", A, [M, N]), ("idms", "x", B, [M]))), registries(sets(IDMS_A)))
    assert rollout.reasons == (f"{B} has no mirrors any more", f"{A} loses the mirror {N}")


def test_a_cluster_can_be_told_to_drain_never():
    rollout = forecast(registries(sets(IDMS_A)), {}, override=True)
    assert rollout.changed and not rollout.drains
