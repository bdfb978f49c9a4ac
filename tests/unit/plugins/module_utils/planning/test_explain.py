# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.planning import explain as module
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.explain import explain
from ansible_collections.disconnected.mirror.tests.fakes.world import World

A = "registry.test/team/app"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.amd, world.arm = (world.store.add_image(A, layers=[name]) for name in (b"amd", b"arm"))
    world.index = world.store.add_index(A, [("linux/amd64", world.amd), ("linux/arm64", world.arm)], "1")
    return world


@pytest.fixture
def plan(world):
    entry = {"name": f"{A}:1", "platforms": [{"os": "linux", "architecture": "amd64"}]}
    return world.plan(entry, "registry.test/gone:1", blocked=("alpine",))


@pytest.mark.parametrize("question", [f"{A}:1", f"docker://{A}:1", A, "team/app", "team/app:1", "additionalImages[0]"])
def test_every_name_of_an_image_leads_to_its_reasons(plan, world, question):
    answer = explain(plan, question, world.shelf)
    assert answer.verdict == module.PLANNED and answer.present
    assert answer.chains == (("additionalImages[0]",),)
    assert "additionalImages[0]" in answer.text[0]
    json.dumps(answer.document())


def test_digests(plan, world):
    assert explain(plan, world.index.digest).verdict == module.PLANNED
    taken = explain(plan, f"{A}@{world.amd.digest}", world.shelf)
    assert taken.verdict == module.INSTANCE and "linux/amd64" in taken.text[0]
    left = explain(plan, world.arm.digest, world.shelf)
    assert left.verdict == module.FILTERED and not left.present
    assert "linux/arm64" in left.text[0] and "additionalImages[0] takes linux/amd64 only" in left.text[0]


def test_failed_blocked_and_unnamed(plan, world):
    failed = explain(plan, "registry.test/gone:1", world.shelf)
    assert failed.verdict == module.FAILED and "has no 1" in failed.text[0]
    assert explain(plan, "registry.test/gone", world.shelf).verdict == module.FAILED
    blocked = explain(plan, "docker.io/library/alpine:3")
    assert blocked.verdict == module.BLOCKED and "blockedImages[0] (alpine)" in blocked.text[0]
    other = explain(plan, f"{A}:2")
    assert other.verdict == module.NOT_NAMED and f"{A}:1" in other.text[0]
    near = explain(plan, "registry.test/team/apo:1")
    assert near.verdict == module.NOT_NAMED and f"{A}:1" in near.text[1]


def test_every_image_of_a_plan_has_a_chain_that_replays(plan, world):
    for image in plan.images:
        answer = explain(plan, f"{image.source}@{image.digest}", world.shelf)
        assert answer.chains == image.why and answer.chains


def test_versions_and_bundles_are_answered_for_as_well(world, plan):
    chain = ("operators[0]", "logging", "logging.v6.1.0")
    release = ("platform.channels[0]", "stable-4.16", "4.16.3 x86_64")
    known = replace(plan, images=(replace(plan.images[0], why=(chain, release)),), releases=({"version": "4.16.3"},))
    assert explain(known, "logging").chains == (chain, release)
    assert explain(known, "logging.v6.1.0").present and explain(known, "4.16.3").present
    assert "logging.v6.1.0" in explain(known, "logging.v6.2.0").text[1]
    assert "4.16.3" in explain(known, "4.16.4").text[1]
