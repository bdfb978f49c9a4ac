# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other inventories of docs/examples do what their comments say."""

from __future__ import annotations


def test_a_single_mirror_host(example):
    single = example("single")
    run = single.run("mirror_to_mirror", mirror_hosts="mirrors")
    assert run.ok, run.text
    assert single.holds("registry", "app", "base")


def test_an_air_gap_with_two_sides(example):
    gap = example("air_gap")
    run = gap.run("mirror_to_disk", inventory="connected.yml", mirror_hosts="connected")
    assert run.ok, run.text
    gap.source.stop()
    run = gap.run("disk_to_mirror", inventory="disconnected.yml", mirror_hosts="disconnected")
    assert run.ok, run.text
    assert gap.holds("island", "app", "base")


def test_a_chain_of_enclaves(example):
    """Each reads from the one before it alone."""
    chain = example("enclave_chain")
    run = chain.run("chain.yml", mirror_prune="false")
    assert run.ok, run.text
    assert all(chain.holds(place, "app", "base") for place in ("dmz", "inner", "core"))
    assert chain.pulled <= 1.05 * chain.unique and chain.storage("core") == chain.storage("dmz")
