# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirror sets together: one order, contradictions, mixes that clusters refuse, conversion."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.conversion import convert
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.kind import ICSP, IDMS, ITMS
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.registries import mixing_refused, registries, rules_of
from ansible_collections.disconnected.mirror.plugins.module_utils.cluster.rollout import forecast


def idms(name, *entries, kind=IDMS, field="imageDigestMirrors"):
    return {
        "kind": kind,
        "metadata": {"name": name},
        "spec": {field: [dict(zip(("source", "mirrors", "mirrorSourcePolicy"), entry)) for entry in entries]},
    }


def icsp(name, *entries):
    return idms(name, *entries, kind=ICSP, field="repositoryDigestMirrors")


def places(document, source="a"):
    return [location for location, _pulls in registries(document)[source].mirrors]


def test_lists_of_one_source_become_one_that_agrees_with_all():
    assert places([idms("x", ("a", ["B", "C"])), idms("y", ("a", ["A", "B"]))]) == ["A", "B", "C"]


def test_the_source_is_tried_last_and_not_named():
    assert places([idms("x", ("a", ["B", "a"]))]) == ["B"]


def test_a_source_in_the_middle_stays_there():
    assert places([idms("x", ("a", ["B", "a", "C"]))]) == ["B", "a", "C"]


def test_lists_that_contradict_each_other_have_one_order_whatever_comes_first():
    documents = [idms("x", ("a", ["B", "C"])), idms("y", ("a", ["C", "B"])), idms("z", ("a", ["D"]))]
    orders = {tuple(places(list(order))) for order in itertools.permutations(documents)}
    assert len(orders) == 1 and set(orders.pop()) == {"B", "C", "D"}


@pytest.mark.parametrize("other", [IDMS, ITMS])
def test_policies_that_contradict_each_other_are_refused(other):
    field = {IDMS: "imageDigestMirrors", ITMS: "imageTagMirrors"}[other]
    documents = [idms("x", ("a", ["M"])), idms("y", ("a", ["N"], "NeverContactSource"), kind=other, field=field)]
    with pytest.raises(InputError, match="ImageDigestMirrorSet x and .* y have different mirrorSourcePolicies for a"):
        registries(documents)


def test_a_source_that_is_forbidden_and_a_mirror_is_refused():
    with pytest.raises(InputError, match="forbids contacting a and names it as a mirror"):
        registries([idms("x", ("a", ["M", "a"], "NeverContactSource"))])


@pytest.mark.parametrize(
    "entries", [None, "text", [None, 1, {"source": 3}, {"source": "a", "mirrors": "M"}, {"source": "a", "mirrors": [1]}]]
)
def test_what_is_malformed_in_foreign_sets_is_left_out(entries):
    assert registries([{"kind": IDMS, "metadata": {"name": "x"}, "spec": {"imageDigestMirrors": entries}}]) == {}


@pytest.mark.parametrize(
    ("version", "kinds", "refused"),
    [
        ("4.13.26", (ICSP, IDMS), True),
        ("4.13.27", (ICSP, IDMS), False),
        ("4.14.2", (ICSP, ITMS), True),
        ("4.14.3", (ICSP, ITMS), False),
        ("4.14.0-rc.1", (ICSP, IDMS), True),
        ("4.12.40", (ICSP,), False),
        ("4.13.5", (IDMS, ITMS), False),
        ("4.15.0", (ICSP, IDMS), False),
        ("5.13.0", (ICSP, IDMS), False),
        ("", (ICSP, IDMS), False),
    ],
)
def test_mixes_are_refused_by_version(version, kinds, refused):
    assert bool(mixing_refused(version, kinds)) is refused


def test_a_policy_becomes_a_set_with_the_same_mirrors():
    policy = icsp("old", ("a", ["M", "N"]), ("b", ["M"]))
    conversion = convert([policy], [])[0]
    assert conversion.replacement.name == "old"
    assert forecast(registries([policy]), registries([conversion.replacement.body])).changed is False


def test_a_policy_that_sets_say_already_needs_none():
    assert convert([icsp("old", ("a", ["M"]))], [idms("new", ("a", ["N", "M"]))])[0].replacement is None


def test_names_that_are_taken_are_not_used_again():
    conversions = convert([icsp("x", ("a", ["M"]))], [idms("x", ("b", ["M"])), idms("x-1", ("c", ["M"]))])
    assert conversions[0].replacement.name == "x-2"


def test_two_policies_that_say_the_same_become_one_set():
    conversions = convert([icsp("x", ("a", ["M"])), icsp("y", ("a", ["M"]))], [])
    assert [each.replacement and each.replacement.name for each in conversions] == ["x", None]
    assert rules_of(conversions[0].replacement.body) == rules_of(icsp("x", ("a", ["M"])))
