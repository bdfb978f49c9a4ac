#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_info
short_description: Ask plans, results and archives questions in JMESPath
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Answers a question about what a workspace keeps or archives hold, such as which images are the largest, which releases are planned
    or what an archive brings.
  - The question is answered on the host where the document lies. Only the answer is returned, and it is whole or the task fails;
    results of other tasks are cut to a page.
requirements:
  - PyYAML
  - requests
  - jmespath, where O(query) is given
extends_documentation_fragment:
  - disconnected.mirror.attributes
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
      - What to ask. V(plan) is the latest plan of the workspace, V(last_run) every image's result of its last run, V(verification) all
        that M(disconnected.mirror.mirror_verify) found, V(report) the value behind the report page.
      - V(archive) is a list C(archives) as M(disconnected.mirror.archive_info) gives it, with C(image_list). Names and sizes of the
        files are looked at, not every byte.
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
      - The file itself instead, such as a plan in another place. For V(archive) the directory of archives, or one of their files;
        V(file:///directory) is understood as well.
    type: str
  query:
    description:
      - The question, see U(https://jmespath.org). Without it the whole document is the answer.
    type: str
  max_bytes:
    description:
      - How many bytes the answer may have as JSON.
    type: int
    default: 262144
  trusted_keys:
    description:
      - Fail unless every archive was signed by one of these keys.
    type: dict
    suboptions:
      kind:
        description:
          - Which kind of signature is required.
        type: str
        choices:
          - ssh
          - gpg
        default: ssh
      path:
        description:
          - File with public keys, for V(ssh) one in a line as in C(authorized_keys), for V(gpg) OpenPGP public keys.
        type: path
        required: true
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
  description: What the query gives, or the document. Empty when nothing matches.
  returned: success
  type: raw
  sample:
    - origin: quay.io/team/app:1.0
      size: 1073741824
path:
  description: Where the document lies.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/plan.json
error:
  description: What is wrong with the question or the document. C(message), C(subject) and C(advice) say more.
  returned: when there is no answer
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import plan_info
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=plan_info.ARGUMENTS,
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: plan_info.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
