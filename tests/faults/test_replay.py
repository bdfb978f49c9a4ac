# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random image sets, locked; then the workspace is gone and the sources move on: the same mirror again, or the true reason why not.

`MIRROR_ROUNDS` sets how many are tried (a few by default, hundreds for a campaign), `MIRROR_SEED` which.
"""

from __future__ import annotations

import os
import random
import shutil
from typing import Any

import pytest

from ansible_collections.disconnected.mirror.plugins.module_utils.base.errors import InputError
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.parts import beside
from ansible_collections.disconnected.mirror.plugins.module_utils.planning.plan import Plan
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.tests.fakes.internet import Internet
from ansible_collections.disconnected.mirror.tests.fakes.registry import FakeRegistry

ROUNDS = int(os.environ.get("MIRROR_ROUNDS", "5"))
SEED = int(os.environ.get("MIRROR_SEED", "1"))
CONNECTIONS = Connections(settings={"plain_http": True, "retries": {"times": 1, "delay": 0.01}})


class Place:
    """A workspace of its own and a registry to mirror into."""

    def __init__(self, folder: str, internet: Internet, imageset: dict[str, Any]) -> None:
        self.workspace = Workspace(folder)
        self.registry = FakeRegistry()
        self._planning = {"imageset": imageset, "connections": CONNECTIONS, "options": internet.options}

    def plan(self, locked: bool = False) -> Plan:
        return plan_imageset(PlanSource(self.workspace, locked=locked, **self._planning), {}).plan

    def mirror(self) -> None:
        destination = Destination.parse(f"docker://{self.registry.host}/site")
        run = mirror(MirrorRequest(PlanSource(self.workspace, connections=CONNECTIONS), destination), {})
        assert run.result.complete, run.failures

    def held(self) -> dict[str, Any]:
        """Tags, manifests and blobs by repository, but for the history, which is another workspace's."""
        return {name: found for name, found in self.registry.content.snapshot().items() if not name.endswith("/oc-mirror")}

    def take_over(self, other: Place, with_parts: bool) -> None:
        """What somebody keeps in version control."""
        os.makedirs(self.workspace.results)
        shutil.copy(other.workspace.plan, self.workspace.plan)
        parts = beside(other.workspace.plan)
        if with_parts and os.path.exists(parts):
            shutil.copy(parts, beside(self.workspace.plan))


def lose(internet: Internet, plan: Plan, chance: random.Random) -> list[str]:
    """One manifest of the plan is not to be had any more; its digest."""
    image = chance.choice([image for image in plan.images if not image.source.startswith("built://")])
    repository = internet.registry.content.repositories[image.source.partition("/")[2]]
    del repository.manifests[image.digest]
    return [image.digest]


def locked_versions(plan: Plan) -> bool:
    """Whether the first generation wrote digests into a catalog, for tags that may have moved since."""
    return plan.config["apiVersion"].endswith("v1alpha2") and bool(plan.catalogs)


@pytest.mark.parametrize("seed", range(SEED * 1000, SEED * 1000 + ROUNDS))
def test_a_locked_plan_makes_the_same_mirror_again(seed: int, tmp_path: Any) -> None:
    chance = random.Random(seed)
    with Internet(tmp_path) as internet:
        imageset = internet.imageset(chance)
        first, second = (Place(str(tmp_path / name), internet, imageset) for name in ("first", "second"))
        with first.registry, second.registry:
            plan = first.plan()
            assert not plan.failures, plan.failures
            first.mirror()
            with_parts = chance.random() < 0.6
            second.take_over(first, with_parts)
            shutil.rmtree(first.workspace.root)
            moved = internet.move_on(chance)
            lost = lose(internet, plan, chance) if chance.random() < 0.25 else []
            try:
                assert second.plan(locked=True) == plan
            except InputError as error:
                graph = not with_parts and "graph-data" in str(error) and {"graph data", "base"} & set(moved)
                pinned = not with_parts and locked_versions(plan) and "plan-parts.tar" in str(error)
                assert graph or pinned or any(digest in str(error) for digest in lost), (moved, lost, with_parts, str(error))
                return
            assert not lost
            second.mirror()
            assert second.held() == first.held()
