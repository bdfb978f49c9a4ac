#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_info
short_description: Query plans, results and archives with JMESPath
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Queries the documents of a workspace or the contents of archives, such as which images are the largest, which releases are planned or
    what an archive contains.
  - The query runs on the host that has the document. Only the answer is returned, never truncated. When it is too large the task fails.
    Results of other modules are truncated.
requirements:
  - PyYAML
  - requests
  - jmespath, when O(query) is given
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.archives
attributes:
  check_mode:
    support: full
    details: Nothing is ever written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  document:
    description:
      - Document to query. V(plan) is the latest plan of the workspace, V(last_run) the result of every image in the last run,
        V(verification) all findings of M(disconnected.mirror.mirror_verify), V(report) the data behind the report page.
      - V(archive) has the list C(archives) as returned by M(disconnected.mirror.archive_info), with C(image_list). Names and sizes of the
        files are checked, not every byte.
    type: str
    choices:
      - plan
      - last_run
      - verification
      - report
      - archive
    default: plan
  workspace:
    description:
      - The workspace that keeps the document.
    type: path
  path:
    description:
      - Path of the document instead, such as a plan elsewhere. For V(archive) the directory of archives, or one of their files;
        V(file:///directory) is accepted as well.
    type: str
  query:
    description:
      - The query, see U(https://jmespath.org). Without it the whole document is returned.
    type: str
  max_bytes:
    description:
      - Maximum size of the answer as JSON, in bytes.
    type: int
    default: 262144
"""

EXAMPLES = r"""
- name: Find the images above one gigabyte
  disconnected.mirror.plan_info:
    workspace: /srv/mirror/workspace
    query: "images[?size > `1000000000`].{origin: origin, size: size}"
  register: large

- name: Show them
  ansible.builtin.debug:
    var: large.answer

- name: List what failed in the last run
  disconnected.mirror.plan_info:
    workspace: /srv/mirror/workspace
    document: last_run
    query: failures[].[subject, message]
"""

RETURN = r"""
answer:
  description: Result of the query, or the document. Empty when nothing matches.
  returned: success
  type: raw
  sample:
    - origin: quay.io/team/app:1.0
      size: 1073741824
path:
  description: Path of the document.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/plan.json
error:
  description: What is wrong with the query or the document. C(message), C(subject) and C(advice) say more.
  returned: when there is no answer
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    plan_info = adapter("plan_info")
    module = AnsibleModule(
        argument_spec=plan_info.arguments,
        supports_check_mode=True,
    )
    plan_info.finish(module)


if __name__ == "__main__":
    main()
