# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/examples/five_registries: one plan for each configuration, the source read once, waves, and the truth about whoever fails."""

from __future__ import annotations

import json
import os

from ansible_collections.disconnected.mirror.tests.fakes.processes import HTPASSWD
from ansible_collections.disconnected.mirror.tests.integration.fleet.conftest import MIB, artifact, recap

# What is tested elsewhere costs each host a task.
SMALL = {"mirror_prune": "false", "mirror_report": False}
REGIONS = ("frankfurt", "dublin", "ohio", "tokyo")


def test_three_of_five_fail_each_in_its_way_and_waves_repair_only_them(example, tmp_path):
    htpasswd = tmp_path / "htpasswd"
    htpasswd.write_text(HTPASSWD, encoding="ascii")
    fleet = example("five_registries", ohio={"htpasswd": str(htpasswd)}, tokyo={"breaks_at": MIB})
    fleet.registries["dublin"].stop()
    run = fleet.run("fan_out", "-i", overlay(fleet, password="wrong"), **SMALL)
    assert not run.ok
    assert recap(run) == {"frankfurt": "ok", "lab": "ok", "dublin": "failed", "ohio": "failed", "tokyo": "failed"}, run.text
    told = artifact(run)["imageset_summary"]
    assert not told["complete"] and (told["hosts_total"], told["hosts_complete"]) == (5, 2)
    outcomes = {host: entry["outcome"] for host, entry in told["hosts"].items()}
    assert outcomes == {"frankfurt": "complete", "lab": "complete", "dublin": "failed", "ohio": "failed", "tokyo": "incomplete"}
    for place in ("dublin", "ohio", "tokyo"):
        assert fleet.host(place) in told["hosts"][place]["reason"], told["hosts"][place]
    assert fleet.holds("frankfurt", "app", "base") and fleet.holds("lab", "app", "tool")
    assert fleet.links["tokyo"].is_broken and not fleet.holds("tokyo", "app", "base")
    # Two plans, and every layer of both was read once.
    assert fleet.pulled <= 1.05 * fleet.unique

    fleet.registries["dublin"].start()
    fleet.links["tokyo"].mend()
    before = {place: len(fleet.registries[place].requests("PUT")) for place in ("frankfurt", "lab")}
    run = fleet.run("waves.yml", "-i", overlay(fleet, password="secret"), **SMALL)
    assert run.ok, run.text
    told = artifact(run)["imageset_summary"]
    assert told["complete"] and told["hosts_complete"] == 5
    assert all(fleet.holds(place, "app", "base") for place in REGIONS)
    assert fleet.pulled <= 1.05 * fleet.unique
    assert {place: len(fleet.registries[place].requests("PUT")) for place in before} == before
    first = fleet.storage("frankfurt")
    assert fleet.storage("dublin") == fleet.storage("ohio") == fleet.storage("tokyo") == first

    # The next wave does not begin when the canary fails.
    fleet.registries["frankfurt"].stop()
    asked = {place: len(fleet.registries[place].requests()) for place in ("dublin", "ohio", "tokyo", "lab")}
    run = fleet.run("waves.yml", "-i", overlay(fleet, password="secret"), **SMALL)
    assert not run.ok and recap(run) == {"frankfurt": "failed"}, run.text
    assert {place: len(fleet.registries[place].requests()) for place in asked} == asked


def overlay(fleet, password):
    """What a vault would say of one registry."""
    path = os.path.join(fleet.folder, "vault.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"all": {"hosts": {"ohio": {"mirror_destination_username": "me", "mirror_destination_password": password}}}}, file)
    return path
