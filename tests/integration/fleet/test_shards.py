# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/examples/shards: three hosts fill one registry, and one of them is killed."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import time
from contextlib import ExitStack

import pytest

from ansible_collections.disconnected.mirror.extensions.demo.fill import push
from ansible_collections.disconnected.mirror.plugins.module_utils.base.workspace import Workspace
from ansible_collections.disconnected.mirror.plugins.module_utils.http.session import Http
from ansible_collections.disconnected.mirror.plugins.module_utils.http.settings.settings import Settings
from ansible_collections.disconnected.mirror.plugins.module_utils.imageset.destination import Destination
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.mirror_to_mirror import MirrorRequest, mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.plan import plan_imageset
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.connections import Connections
from ansible_collections.disconnected.mirror.plugins.module_utils.runs.setting.plan_source import PlanSource
from ansible_collections.disconnected.mirror.plugins.module_utils.stores.registry.registry import RegistryStore
from ansible_collections.disconnected.mirror.plugins.module_utils.transfer.options import Shard, TransferOptions
from ansible_collections.disconnected.mirror.tests.fakes.processes import DistributionProcess
from ansible_collections.disconnected.mirror.tests.integration.fleet.conftest import artifact, image_set, recap, tree

# The module is started by the task itself, so that killing it is noticed at once; what is tested elsewhere costs each host a task.
QUIET = {"mirror_progress": False, "mirror_prune": "false", "mirror_report": False}


def test_a_host_is_killed_the_publisher_says_what_is_missing_and_its_slice_mends_it(example):
    shards = example("shards")
    workspaces = {f"mirror{number}": os.path.join(shards.folder, f"workspace{number}") for number in (1, 2, 3)}
    own = os.path.join(shards.folder, "hosts.json")
    with open(own, "w", encoding="utf-8") as file:
        # Three hosts on one machine.
        json.dump({"all": {"hosts": {host: {"mirror_workspace": path} for host, path in workspaces.items()}}}, file)
    run = shards.run("shards", "-i", own, meanwhile=killer(workspaces["mirror2"]), **QUIET)
    assert not run.ok and recap(run)["mirror2"] == "failed" and recap(run)["mirror1"] == "failed", run.text
    assert recap(run)["mirror3"] == "ok"
    told = artifact(run)["imageset_summary"]
    assert not told["complete"] and "of shard 1 of 3 is not at the registry" in told["hosts"]["mirror1"]["reason"]
    assert not shards.holds("registry", "app", "base")

    # Its slice alone mends it, in jobs that know nothing of each other but the plan.
    plan = {"mirror_plan_file": os.path.join(shards.folder, "plan"), **QUIET}
    assert shards.run("plan", "-i", own, mirror_hosts="mirror1", **plan).ok
    sliced = {**plan, "mirror_shard_count": 3}
    run = shards.run("shards", "-i", own, "--limit", "mirror2", mirror_shard_steps=["share"], **sliced)
    told = artifact(run)["imageset_summary"]
    assert run.ok and not told["complete"] and told["hosts"]["mirror2"]["reason"] == "Layers were copied, and nothing was published."
    run = shards.run("shards", "-i", own, "--limit", "mirror1", mirror_shard_steps=["publish"], **sliced)
    assert run.ok, run.text
    assert artifact(run)["imageset_summary"]["complete"] and shards.holds("registry", "app", "base")


def killer(workspace):
    """Kills whoever copies layers for a workspace, once it has begun and before it has ended."""

    def kill(process):
        deadline = time.monotonic() + 240
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, ValueError, KeyError):
                with open(os.path.join(workspace, "lock"), encoding="utf-8") as file:
                    holder = json.load(file)
                if holder.get("owner") == "image_mirror":
                    os.kill(holder["pid"], signal.SIGKILL)
                    return
            time.sleep(0.005)

    return kill


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_the_storage_is_that_of_one_host_whoever_is_killed(tmp_path, count):
    """Each host is a process of its own; one of them is killed at a random moment, and run again."""
    chance = random.Random(count)
    with ExitStack() as stack:
        source, alone, shared = (stack.enter_context(DistributionProcess(str(tmp_path / name))) for name in ("source", "alone", "shared"))
        crew = Crew(tmp_path, source, shared)
        hosts = [crew.start(number, count) for number in range(count)]
        victim = chance.randrange(count)
        hosts[victim].join(chance.uniform(0, 0.4))
        hosts[victim].kill()
        for host in hosts:
            host.join()
        first = crew.publish(count)
        assert first.complete or all(f"of shard {victim} of {count} is not at the registry" in each.message for each in first.failures)
        crew.start(victim, count).join()
        assert crew.publish(count).complete
        assert Crew(tmp_path / "one", source, alone).whole().complete
        assert tree(shared) == tree(alone)


class Crew:
    """Hosts that share one plan, each with a workspace of its own."""

    def __init__(self, folder, source, target):
        self._folder = folder
        self._destination = Destination.parse(f"docker://{target.host}/ocp")
        self._connections = Connections(settings={"hosts": {host: {"plain_http": True} for host in (source.host, target.host)}})
        store = RegistryStore(source.host, Http(Settings.of({"plain_http": True})), writing=True)
        for image in image_set():
            push(image, store)
        store.close()
        names = [{"name": f"{source.host}/{image.repository}:{image.tag}"} for image in image_set()]
        imageset = {"apiVersion": "mirror.openshift.io/v2alpha1", "kind": "ImageSetConfiguration", "mirror": {"additionalImages": names}}
        self._handed = plan_imageset(self._planning("planner", imageset=imageset), {}, hands_on=True).handed

    def start(self, number, count):
        host = multiprocessing.get_context("fork").Process(target=self._run, args=(f"host{number}", Shard(number, count)))
        host.start()
        return host

    def publish(self, count):
        return self._run("publisher", Shard(0, count, publishes=True))

    def whole(self):
        return self._run("planner", None)

    def _run(self, name, shard):
        plan_imageset(self._planning(name, handed=self._handed), {})
        return mirror(MirrorRequest(self._planning(name), self._destination, options=TransferOptions(shard=shard)), {}).result

    def _planning(self, name, **more):
        return PlanSource(Workspace(str(self._folder / name)), connections=self._connections, **more)
