# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ansible_collections.disconnected.mirror.plugins.module_utils.base.digest import Digest
from ansible_collections.disconnected.mirror.plugins.module_utils.base.media_type import OCI_MANIFEST
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.diff import before_and_after, diff
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan, PlanImage
from ansible_collections.disconnected.mirror.tests.fakes.world import World

A, B = "registry.test/a", "registry.test/b"


def image(name, content, tags=("1",), why="additionalImages[0]"):
    return PlanImage("generic", f"{name}:1", name, Digest.of(content), OCI_MANIFEST, len(content), name, tags, (), ((why,),))


images = some.builds(
    image,
    some.sampled_from(["a", "b", "c", "d"]),
    some.binary(min_size=1, max_size=1),
    some.sampled_from([("1",), ("2",), ("1", "2")]),
    some.sampled_from(["additionalImages[0]", "additionalImages[1]"]),
)
plans = some.lists(images, max_size=6, unique_by=lambda entry: entry.origin).map(lambda entries: Plan(images=tuple(entries)).sorted())


@settings(max_examples=200, derandomize=True, deadline=None)
@given(plans, plans)
def test_a_difference_applied_to_the_old_plan_gives_the_new_one(before, after):
    change = diff(before, after)
    assert change.apply(before.images) == after.images
    assert change.empty == (before == after)
    back = diff(after, before)
    assert (change.bytes_added, change.bytes_removed) == (back.bytes_removed, back.bytes_added)


def test_kinds_of_change():
    before = Plan(images=(image("a", b"1"), image("b", b"2"), image("c", b"3")))
    after = Plan(images=(image("a", b"1", tags=("1", "2")), image("b", b"other"), image("d", b"4")))
    change = diff(before, after)
    assert [entry.origin for entry in change.added] == ["d:1"]
    assert [entry.origin for entry in change.removed] == ["c:1"]
    assert [(one.origin, one.digest != other.digest) for one, other in change.moved] == [("b:1", True)]
    assert [(one.tags, other.tags) for one, other in change.changed] == [(("1",), ("1", "2"))]
    json.dumps(change.document())


def test_bytes_are_counted_once_and_without_what_both_have(tmp_path):
    world = World(tmp_path)
    world.store.add_image(A, "1", layers=[b"s" * 1000, b"a"])
    old = world.plan(f"{A}:1")
    two = world.store.add_image(B, "1", layers=[b"s" * 1000, b"b" * 10])
    three = world.store.add_image(B, "2", layers=[b"b" * 10, b"c" * 5])
    new = world.plan(f"{B}:1", f"{B}:2")
    change = diff(old, new, world.shelf)
    assert change.bytes_added == 10 + 5 + two.size + three.size
    assert change.bytes_removed == 1 + next(entry for entry in old.images).size - 1000 - 1 - 2
    assert diff(old, old, world.shelf).empty
    assert diff(None, old, world.shelf).bytes_added == old.images[0].size


@pytest.mark.parametrize("seed", range(5))
def test_text_does_not_hang_on_order(seed):
    entries = [image(name, name.encode()) for name in "abcdef"]
    shuffled = random.Random(seed).sample(entries, len(entries))
    text = before_and_after(Plan(images=tuple(entries)), Plan(images=tuple(shuffled)))
    assert text["before"] == text["after"]
    assert text["before"].count("\n") == 6


def test_releases_and_packages_are_lines():
    release = {"version": "4.16.3", "channel": "stable-4.16", "architecture": "amd64", "payload": "quay.test/release@sha256:1"}
    package = {
        "name": "logging",
        "default_channel": "stable",
        "channels": [{"name": "stable", "head": "l.v2", "bundles": ["l.v1", "l.v2"]}],
    }
    plan = Plan(releases=(release,), catalogs=({"catalog": "index:v4", "packages": [package]},))
    change = diff(None, plan)
    assert change.releases == (("release 4.16.3 stable-4.16 amd64 quay.test/release@sha256:1",), ())
    assert change.packages == (("package index:v4 logging stable l.v1", "package index:v4 logging stable l.v2"), ())
    assert not change.empty
    assert before_and_after(None, plan)["before"] == ""
    assert len(before_and_after(None, plan)["after"].splitlines()) == 3
