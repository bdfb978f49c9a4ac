# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of mirror sets, with what the machine-config operator documents and does for each of them.

Every row names where that is said; the code is that of clusters with node disruption policies.  Where both differ, the code is right: the
documentation knows only the additions that drain no node.
"""

from __future__ import annotations

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import registries
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.rollout import Handling, actions_of, forecast

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

# "About the Machine Config Operator", in the documentation of the platform: changes of registries.conf that drain no node, and that all
# others do.
NEW_REGISTRY = "documentation: the addition of a registry with digest-only for each mirror; allDigestOnlyMirror"
NEW_MIRROR = "documentation: the addition of a mirror with digest-only; isSafeContainerRegistryConfChanges, an added mirror"
NOT_BY_DIGEST = "documentation: all other changes; allDigestOnlyMirror, a new registry with another mirror"
MIRROR_NOT_BY_DIGEST = "documentation: all other changes; isSafeContainerRegistryConfChanges, an added mirror"
REGISTRY_LESS = "TestIsDrainRequired: one or more registry has been removed; isSafeContainerRegistryConfChanges"
MIRROR_LESS = "TestIsDrainRequired: one or more mirror has been removed from a registry; isSafeContainerRegistryConfChanges"
BLOCKED = "TestIsDrainRequired: blocked value of one or more registry has changed; ImageMirrorSetDesign.md, mirrorSourcePolicy"
# Code alone: each mirror is looked up by its location in the other list, so that order does not matter, and the first of that location
# counts.  What becomes digest-only is let pass.
LOOKED_UP = "isSafeContainerRegistryConfChanges with searchRegistryMirror"
# The file is the same, so that nothing is rolled out.
SAME_FILE = "openshift/runtime-utils, EditRegistriesConfig: sets are merged by source and sorted by it"
NOT_REAL = "openshift/runtime-utils, addMirrorSets: no mirrors, or only the source again, is not a mirror set"
CONVERTED = "container runtime config controller, convertICSPToIDMS"

# what, before, after, outcome, source
CHANGES = [
    ("nothing changes", [IDMS_A], [IDMS_A], NOTHING, SAME_FILE),
    ("the first set by digest", [], [IDMS_A], RELOAD, NEW_REGISTRY),
    ("the first set by tag", [], [ITMS_A], DRAIN, NOT_BY_DIGEST),
    ("the first policy of the old kind", [], [("icsp", "x", A, [M])], RELOAD, CONVERTED),
    ("sets by digest and by tag for one source", [], [IDMS_A, ITMS_A], DRAIN, NOT_BY_DIGEST),
    ("a registry more by digest", [IDMS_A], [IDMS_A, ("idms", "x", B, [M])], RELOAD, NEW_REGISTRY),
    ("a registry more by digest, in another object", [IDMS_A], [IDMS_A, ("idms", "y", B, [M])], RELOAD, NEW_REGISTRY),
    ("a registry more by tag", [IDMS_A], [IDMS_A, ("itms", "x", B, [M])], DRAIN, NOT_BY_DIGEST),
    ("a mirror more by digest", [IDMS_A], [("idms", "x", A, [M, N])], RELOAD, NEW_MIRROR),
    ("a mirror more by digest, before the other", [IDMS_A], [("idms", "x", A, [N, M])], RELOAD, LOOKED_UP),
    ("a mirror more by tag", [ITMS_A], [("itms", "x", A, [M, N])], DRAIN, MIRROR_NOT_BY_DIGEST),
    ("mirrors by tag for a source with mirrors by digest", [IDMS_A], [IDMS_A, ("itms", "x", A, [N])], DRAIN, MIRROR_NOT_BY_DIGEST),
    ("the same mirror by tag as well", [IDMS_A], [IDMS_A, ITMS_A], DRAIN, LOOKED_UP),
    ("mirrors by digest for a source with mirrors by tag", [ITMS_A], [ITMS_A, ("idms", "x", A, [N])], RELOAD, NEW_MIRROR),
    ("the order of mirrors", [("idms", "x", A, [M, N])], [("idms", "x", A, [N, M])], RELOAD, LOOKED_UP),
    ("the order of entries", [IDMS_A, ("idms", "x", B, [M])], [("idms", "x", B, [M]), IDMS_A], NOTHING, SAME_FILE),
    ("one object instead of two", [IDMS_A, ("idms", "y", B, [M])], [IDMS_A, ("idms", "x", B, [M])], NOTHING, SAME_FILE),
    ("another name of an object", [IDMS_A], [("idms", "renamed", A, [M])], NOTHING, SAME_FILE),
    ("a registry less by digest", [IDMS_A, ("idms", "x", B, [M])], [IDMS_A], DRAIN, REGISTRY_LESS),
    ("all sets less", [IDMS_A], [], DRAIN, REGISTRY_LESS),
    ("a mirror less", [("idms", "x", A, [M, N])], [IDMS_A], DRAIN, MIRROR_LESS),
    ("another mirror", [IDMS_A], [("idms", "x", A, [N])], DRAIN, MIRROR_LESS),
    ("the mirrors by tag less, of a source with others by digest", [IDMS_A, ("itms", "x", A, [N])], [IDMS_A], DRAIN, MIRROR_LESS),
    ("the same mirror by tag no more", [IDMS_A, ITMS_A], [IDMS_A], RELOAD, LOOKED_UP),
    ("by digest instead of by tag", [ITMS_A], [IDMS_A], RELOAD, LOOKED_UP),
    ("by tag instead of by digest", [IDMS_A], [ITMS_A], DRAIN, LOOKED_UP),
    ("a source that must not be contacted any more", [IDMS_A], [("idms", "x", A, [M], NEVER)], DRAIN, BLOCKED),
    ("a source that may be contacted again", [("idms", "x", A, [M], NEVER)], [IDMS_A], DRAIN, BLOCKED),
    ("the default policy, said aloud", [IDMS_A], [("idms", "x", A, [M], ALLOW)], NOTHING, SAME_FILE),
    ("a new source that must not be contacted", [], [("idms", "x", A, [M], NEVER)], RELOAD, NEW_REGISTRY),
    ("an old policy converted", [("icsp", "x", A, [M])], [IDMS_A], NOTHING, CONVERTED),
    ("an old policy besides the same set", [IDMS_A], [IDMS_A, ("icsp", "x", A, [M])], NOTHING, CONVERTED),
    ("an entry that names only its source", [IDMS_A], [IDMS_A, ("idms", "x", B, [B])], NOTHING, NOT_REAL),
    ("an entry without mirrors", [IDMS_A], [IDMS_A, ("idms", "x", B, [])], NOTHING, NOT_REAL),
    ("a repository out of a namespace", [("idms", "x", A, [M])], [("idms", "x", f"{A}/one", [f"{M}/one"])], DRAIN, REGISTRY_LESS),
    ("a change of a source that has one mirror for both", [IDMS_A, ITMS_A], [("idms", "x", A, [M, N]), ITMS_A], DRAIN, LOOKED_UP),
]


@pytest.mark.parametrize(("before", "after", "outcome"), [row[1:4] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_a_change_sets_off(before, after, outcome):
    rollout = forecast(registries(sets(*before)), registries(sets(*after)))
    assert (NOTHING if not rollout.changed else DRAIN if rollout.drains else RELOAD) == outcome, rollout.reasons


def test_there_are_at_least_thirty_changes():
    assert len({row[0] for row in CHANGES}) == len(CHANGES) >= 30


def test_reasons_name_source_and_mirror():
    rollout = forecast(registries(sets(("idms", "x", A, [M, N]), ("idms", "x", B, [M]))), registries(sets(IDMS_A)))
    assert rollout.reasons == (f"{B} has no mirrors any more", f"{A} loses the mirror {N}")


def policy(*files):
    entries = [{"path": path, "actions": [{"type": action} for action in actions]} for path, actions in files]
    return {"status": {"nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": entries}}}}


DEFAULT = ("/etc/containers/registries.conf", ("Special",))
OTHER = ("/etc/containers/policy.json", ("Reload",))
LESS, MORE = ([IDMS_A], []), ([], [IDMS_A])

# what, handling, change, outcome; by isDrainRequiredForNodeDisruptionActions, performDrain, FindClosestFilePolicyPathMatch and
# NodeDisruptionPolicy.md
HANDLINGS = [
    ("no such policy, as before 4.17", Handling(actions_of(None)), LESS, DRAIN),
    ("the policy of a new cluster", Handling(actions_of(policy(OTHER, DEFAULT))), LESS, DRAIN),
    ("and what drains no node", Handling(actions_of(policy(OTHER, DEFAULT))), MORE, RELOAD),
    ("the ConfigMap against draining", Handling(override=True), LESS, RELOAD),
    ("a single node", Handling(single_node=True), LESS, RELOAD),
    ("a policy that drains", Handling(actions_of(policy((DEFAULT[0], ("Drain", "Reload"))))), MORE, DRAIN),
    ("a policy that drains, against the ConfigMap", Handling(("Drain",), override=True), MORE, DRAIN),
    ("a policy that drains a single node", Handling(("Drain",), single_node=True), MORE, RELOAD),
    ("a policy that restarts a single node", Handling(("Reboot",), single_node=True), MORE, DRAIN),
    ("a policy that does nothing", Handling(actions_of(policy((DEFAULT[0], ("None",))))), LESS, RELOAD),
    ("a policy that restarts CRI-O", Handling(actions_of(policy((DEFAULT[0], ("Restart",))))), LESS, RELOAD),
    ("a policy of the directory", Handling(actions_of(policy(("/etc/", ("None",)), ("/etc/containers", ("Drain",))))), MORE, DRAIN),
    (
        "a policy of the directory besides that of the file",
        Handling(actions_of(policy(("/etc/containers", ("Drain",)), DEFAULT))),
        MORE,
        RELOAD,
    ),
    ("policies of other files alone", Handling(actions_of(policy(OTHER))), MORE, DRAIN),
    ("nothing changes, whatever the policy", Handling(("Reboot",)), ([IDMS_A], [IDMS_A]), NOTHING),
]


@pytest.mark.parametrize(("handling", "change", "outcome"), [row[1:] for row in HANDLINGS], ids=[row[0] for row in HANDLINGS])
def test_what_a_cluster_makes_of_it(handling, change, outcome):
    before, after = change
    rollout = forecast(registries(sets(*before)), registries(sets(*after)), handling)
    assert (NOTHING if not rollout.changed else DRAIN if rollout.drains else RELOAD) == outcome, rollout.reasons


@pytest.mark.parametrize("files", ["text", [None, 3], [{"path": DEFAULT[0], "actions": [None, {"type": "Special"}]}]])
def test_policies_that_cannot_be_read_change_nothing(files):
    status = {"nodeDisruptionPolicyStatus": {"clusterPolicies": {"files": files}}}
    assert actions_of({"status": status}) == ("Special",)
