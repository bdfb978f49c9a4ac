# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outcome of a play is never better than that of its hosts."""

from __future__ import annotations

import itertools

from ansible_collections.disconnected.mirror.plugins.filter.play_outcome import LOST, SILENT, play_outcome

DONE = {"outcome": "complete", "complete": True, "changed": True, "reason": "", "images": 3, "bytes": 10, "seconds": 1.5}
PART = {"outcome": "incomplete", "complete": False, "changed": False, "reason": "gone", "images": 4, "bytes": 0, "seconds": 0.5}


def test_numbers_add_up_and_every_host_is_named():
    outcome = play_outcome([DONE, PART], ["a", "b"], ["a", "b"])
    assert outcome["hosts"] == {"a": DONE, "b": PART}
    numbers = {"images": 7, "bytes": 10, "seconds": 1.5, "hosts_total": 2, "hosts_complete": 1}
    assert {key: outcome[key] for key in numbers} == numbers
    assert outcome["complete"] is False and outcome["changed"] is True


def test_a_host_that_told_nothing_is_named_and_spoils_the_rest():
    outcome = play_outcome([DONE, {}, None], ["a", "lost", "late"], ["a", "late"])
    assert not outcome["complete"] and outcome["hosts_complete"] == 1
    for name, reason in (("lost", LOST), ("late", SILENT)):
        assert outcome["hosts"][name] == {"outcome": "unfinished", "complete": False, "changed": False, "reason": reason}


def test_a_host_that_is_gone_is_not_complete_by_what_it_told_before():
    outcome = play_outcome([DONE, PART], ["a", "b"], [])
    assert [outcome["hosts"][name]["outcome"] for name in "ab"] == ["unfinished", "incomplete"]


def test_a_play_is_complete_only_with_all_its_hosts():
    for told in itertools.product([DONE, PART, {}], repeat=3):
        outcome = play_outcome(told, ["a", "b", "c"], ["a", "b", "c"])
        assert outcome["complete"] is all(each is DONE for each in told)
    assert play_outcome([], [], [])["complete"] is False
