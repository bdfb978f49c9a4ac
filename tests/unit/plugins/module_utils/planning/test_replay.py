# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.replay import replay
from ansible_collections.disconnected.mirror.tests.fakes.world import World

A = "registry.test/a"


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path / "first")
    world.store.add_image(A, "1", layers=[b"old"])
    return world


def elsewhere(world, tmp_path):
    """The same source, an empty workspace."""
    return replace(world.context, workspace=Workspace(str(tmp_path / "second")))


def test_moved_tags_are_not_looked_at(world, tmp_path):
    plan = world.plan(f"{A}:1")
    world.store.add_image(A, "1", layers=[b"new"])
    context = elsewhere(world, tmp_path)
    world.store.calls.clear()
    assert replay(plan, world.imageset(f"{A}:1"), context) == []
    assert world.store.calls == [("fetch_manifest", A, plan.images[0].digest)]
    world.store.calls.clear()
    assert replay(plan, world.imageset(f"{A}:1"), context) == []
    assert world.store.calls == []


def test_a_locked_digest_that_is_gone_is_told_with_its_name(world, tmp_path):
    plan = world.plan(f"{A}:1")
    world.store.manifests[A].clear()
    context = elsewhere(world, tmp_path)
    (failure,) = replay(plan, world.imageset(f"{A}:1"), context)
    assert (failure.code, failure.subject, failure.category) == ("not_found", f"{A}:1", "additional")
    assert f"{A}:1 ({plan.images[0].digest})" in failure.message


def test_another_configuration_is_refused_by_what_differs(world):
    plan = world.plan(f"{A}:1")
    with pytest.raises(InputError, match=r"mirror\.additionalImages\[0\]\.name"):
        replay(plan, world.imageset(f"{A}:2"), world.context)
    with pytest.raises(InputError, match=r"mirror\.blockedImages"):
        replay(plan, world.imageset(f"{A}:1", blocked=("x",)), world.context)
