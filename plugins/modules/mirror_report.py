#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror_report
short_description: Write the report of a mirror as a page
version_added: 0.2.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Writes C(results/report.html) of a workspace, a page that says whether the mirror is right, what is new and what to do now, with the
    update graph of the releases, the channels of the operators, every image, what failed, the last verification and the last runs.
  - The page is one file. It opens offline, sends no requests, and runs no script but its own.
  - Writes the data of the page as C(results/report.json), and each table as CSV and JSON into C(results/report).
  - Reads only what earlier runs left in the workspace. No registry is contacted.
  - With O(fleet) it writes C(fleet.html) instead, an index over the reports of many hosts.
requirements:
  - PyYAML
  - requests
extends_documentation_fragment:
  - disconnected.mirror.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
    details: The page lists every run. RV(ignore:changed) is whether it says something else about the mirror than before.
options:
  workspace:
    description:
      - Directory of the workspace, which a run of M(disconnected.mirror.image_mirror) or M(disconnected.mirror.imageset_plan) has filled.
    type: path
  fleet:
    description:
      - Directory with the report of each host in a folder named after the host. Only C(report.json) is read.
      - A report that cannot be read gets a line that says so.
    type: path
"""

EXAMPLES = r"""
- name: Write the report
  disconnected.mirror.mirror_report:
    workspace: /srv/mirror/workspace

- name: Write the index over the reports of all hosts, which were fetched to the controller
  disconnected.mirror.mirror_report:
    fleet: /srv/reports
"""

RETURN = r"""
path:
  description: Path of the page.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/report.html
state:
  description:
    - V(planned), V(complete), V(incomplete) or V(cancelled).
    - Of a fleet V(complete) when all of its mirrors are.
  returned: success
  type: str
  sample: complete
answers:
  description: The three questions of the page with their answers. Empty for a fleet.
  returned: success
  type: list
  elements: dict
  contains:
    question:
      description: The question.
      type: str
      sample: What do I do now?
    verdict:
      description: V(good), V(warn) or V(bad).
      type: str
      sample: warn
    text:
      description: The answer.
      type: str
      sample: Apply the resources to the clusters.
    details:
      description: Further sentences.
      type: list
      elements: str
hosts:
  description: Number of hosts on the page.
  returned: success
  type: int
  sample: 1
error:
  description: Why there is no report. C(message), C(subject) and C(advice) say more.
  returned: when it cannot be written
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    # The index over many hosts is written on the controller, which may have nothing but Ansible.
    mirror_report = adapter("mirror_report", libraries=False)
    module = AnsibleModule(
        argument_spec=mirror_report.arguments,
        mutually_exclusive=[("workspace", "fleet")],
        required_one_of=[("workspace", "fleet")],
        supports_check_mode=True,
    )
    mirror_report.finish(module)


if __name__ == "__main__":
    main()
