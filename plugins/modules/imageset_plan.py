#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: imageset_plan
short_description: Resolve an image set into a plan
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Reads an ImageSetConfiguration and resolves all that it names to images with digest, media type, size, destination, tags
    and the reasons why they are there.
  - The plan is written to C(results/plan.json) in the workspace. All other modules take it from there and resolve nothing again.
  - Reads manifests only, no layers. What a tag meant in the last plan is asked for again with a single small request.
requirements:
  - PyYAML
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.workspace
  - disconnected.mirror.imageset.signatures
  - disconnected.mirror.imageset.failures
  - disconnected.mirror.registry
  - disconnected.mirror.releases
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Lists releases, packages and images before and after.
  idempotent:
    support: full
    details: The plan changes when the configuration does, or what its tags and channels mean.
options:
  locked:
    description:
      - Whether the plan that the workspace keeps is replayed exactly. Nothing is resolved again, wherever tags have moved to;
        only what the workspace lacks of it is read, by digest.
      - Fails when the configuration says something else than the one that the plan was made of.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Plan an image set
  disconnected.mirror.imageset_plan:
    config: /srv/mirror/imageset.yaml
    workspace: /srv/mirror/workspace

- name: Plan an image set that is written in the playbook
  disconnected.mirror.imageset_plan:
    workspace: /srv/mirror/workspace
    imageset:
      apiVersion: mirror.openshift.io/v2alpha1
      kind: ImageSetConfiguration
      mirror:
        additionalImages:
          - name: registry.access.redhat.com/ubi9/ubi:latest
  register: plan

- name: Show how much that is
  ansible.builtin.debug:
    msg: "{{ plan.images }} images, {{ plan.bytes }} bytes"
"""

RETURN = r"""
plan_path:
  description: Where the plan is, or in check mode would be.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/plan.json
images:
  description: How many images the plan names.
  returned: success
  type: int
  sample: 190
bytes:
  description: Size of all their content in bytes, each layer counted once.
  returned: success
  type: int
  sample: 922000000
releases:
  description: How many releases the plan names.
  returned: success
  type: int
  sample: 2
catalogs:
  description: How many operator catalogs the plan names.
  returned: success
  type: int
  sample: 1
charts:
  description: How many charts the plan names.
  returned: success
  type: int
  sample: 0
failures:
  description: The first 20 objects that are wanted and could not be resolved. The plan has all of them.
  returned: success, and when the plan is not complete
  type: list
  elements: dict
  contains:
    code:
      description: Kind of the failure.
      type: str
      sample: not_found
    message:
      description: What was attempted and what went wrong.
      type: str
    subject:
      description: The object that failed.
      type: str
      sample: quay.io/team/gone:1.0
    category:
      description: What it was wanted for, V(release), V(operator), V(additional) or V(helm).
      type: str
      sample: additional
    host:
      description: The registry that was asked.
      type: str
    status:
      description: Its HTTP status.
      type: int
    attempts:
      description: How many times it was asked.
      type: int
    advice:
      description: What to do about it.
      type: str
failures_total:
  description: How many objects failed.
  returned: success, and when the plan is not complete
  type: int
  sample: 0
failed_categories:
  description: What they were wanted for.
  returned: success, and when the plan is not complete
  type: list
  elements: str
  sample: []
error:
  description: Why nothing could be planned at all, in the form of an entry of RV(failures).
  returned: when nothing could be planned
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.module import arguments, faces, outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.module.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.module.release_arguments import RELEASES


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **arguments.REGISTRY,
            **arguments.IMAGESET,
            **arguments.WORKSPACE,
            **arguments.SIGNATURES,
            **RELEASES,
            **arguments.FAILURES,
            "locked": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("config", "imageset")],
        required_one_of=[("config", "imageset")],
        supports_check_mode=True,
    )
    require_libraries(module)
    outcome.finish(module, lambda: faces.plan(module.params, module.check_mode))


if __name__ == "__main__":
    main()
