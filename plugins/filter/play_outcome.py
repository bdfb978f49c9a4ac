# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: play_outcome
short_description: The outcome of a play, from those of its hosts
version_added: 0.2.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Combines the outcomes of the hosts of a play into one value that names every host. It is complete only when all hosts are. The roles
    pass it to later jobs, see the guide on many hosts.
  - A host without an outcome was unreachable, failed before it had one, or is not done yet. A host that reported that it was complete, and
    that the play has lost since, counts as one of these, because its report may be that of an earlier run.
positional: hosts, active
options:
  _input:
    description:
      - The outcome of each host, in the order of O(hosts); an empty mapping where there is none.
    type: list
    elements: dict
    required: true
  hosts:
    description:
      - All hosts of the play.
    type: list
    elements: str
    required: true
  active:
    description:
      - The hosts that have not failed and can be reached.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the outcome of the play
  ansible.builtin.debug:
    msg: "{{ told | disconnected.mirror.play_outcome(ansible_play_hosts_all, ansible_play_hosts) }}"
  vars:
    told: "{{ ansible_play_hosts_all | map('extract', hostvars) | map(attribute='mirror_summary', default={}) }}"
"""

RETURN = r"""
_value:
  description:
    - Numbers are the sums over all hosts, but for C(seconds), which is the longest time.
  type: dict
  contains:
    complete:
      description: Whether every host of the play is complete.
      type: bool
    changed:
      description: Whether any host changed anything.
      type: bool
    hosts_total:
      description: How many hosts the play has.
      type: int
    hosts_complete:
      description: How many of them are complete.
      type: int
    hosts:
      description:
        - The outcome of each host by its name, always with C(outcome), C(complete), C(changed) and C(reason).
        - The outcome is C(complete), C(incomplete) when something is missing, C(predicted) when something would be mirrored in check mode,
          C(failed) when the host failed before it mirrored anything, or C(unfinished) when nothing is known.
      type: dict
"""

from collections.abc import Mapping, Sequence
from typing import Any

LOST = "This host is unreachable, or failed before it could tell anything."
# Of a play that has ended it means the second.
SILENT = "This host has reported no result: it is still at work, or its last task failed; see there."


def play_outcome(told: Sequence[Mapping[str, Any] | None], hosts: Sequence[str], active: Sequence[str]) -> dict[str, Any]:
    """See DOCUMENTATION."""
    entries = {str(host): _entry(each or {}, host in active) for host, each in zip(hosts, told)}
    complete = [entry["complete"] for entry in entries.values()]
    return {
        **_sums(list(entries.values())),
        "complete": bool(complete) and all(complete),
        "changed": any(entry["changed"] for entry in entries.values()),
        "hosts_total": len(entries),
        "hosts_complete": sum(complete),
        "hosts": entries,
    }


def _entry(told: Mapping[str, Any], active: bool) -> dict[str, Any]:
    if not told or (told.get("complete") and not active):
        return {"outcome": "unfinished", "complete": False, "changed": False, "reason": SILENT if active else LOST}
    return {"complete": False, "changed": False, "reason": "", **told}


def _sums(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for entry in entries:
        for key, value in entry.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                sums[key] = max(sums.get(key, 0), value) if key == "seconds" else sums.get(key, 0) + value
    return sums


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"play_outcome": play_outcome}
