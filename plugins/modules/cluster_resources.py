#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_resources
short_description: Write the resources that make clusters use a mirror
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Writes the mirror sets (ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy), catalog sources, cluster catalogs,
    release signatures and the update service for a plan as YAML files, and C(mapping.txt) with the place of each image.
  - The files cover the whole plan, not the last increment. Names and bytes stay the same as long as the plan does.
  - Nothing is applied to any cluster.
requirements:
  - PyYAML
  - requests
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.workspace
  - disconnected.mirror.imageset.destination
  - disconnected.mirror.imageset.signatures
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Shows the files that change, before and after.
  idempotent:
    support: full
options:
  plan:
    description:
      - Path of the plan. Without it that of the workspace is taken, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  archive:
    description:
      - Directory with archives, such as V(file:///directory). Takes the plan of the last of them, whether it is loaded yet or not.
    type: str
  archive_trusted_keys:
    description:
      - Take only the plan of an archive that one of these keys signed.
      - Given without a key it is an error, and never means that any archive will do.
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
  dest:
    description:
      - Directory of the files. Without it they go to C(results/cluster-resources) in the workspace.
      - Files in it that this module did not write are left alone.
    type: path
  mirror_sets:
    description:
      - Kinds of mirror sets to write. Without it V(idms) and V(itms), and for a configuration of C(v1alpha2) V(icsp) as well.
      - Clusters before 4.13 know V(icsp) only. Early ones of 4.13 and 4.14, before 4.13.27 and 4.14.3, take either V(icsp) or the
        other two, and stop applying mirror sets when they have both.
    type: list
    elements: str
    choices:
      - idms
      - itms
      - icsp
    default: []
  scope:
    description:
      - How much of a source one entry covers, its repositories, namespaces or the whole host.
      - Without it what the reference implementation does for the version of the configuration.
    type: str
    choices:
      - repository
      - namespace
      - host
  signature_layout:
    description:
      - Whether release signatures are in one file or in one for each release.
      - Without it V(per_release) for a configuration of C(v1alpha2), and else V(single).
    type: str
    choices:
      - single
      - per_release
  mapping_instances:
    description:
      - Whether C(results/mapping.txt) has a line for each instance of an index, too, by digest on both sides.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write the resources for what was mirrored
  disconnected.mirror.cluster_resources:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
  register: resources

- name: Write policies for clusters that know no mirror sets yet
  disconnected.mirror.cluster_resources:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    dest: /srv/mirror/policies
    mirror_sets:
      - icsp

- name: Write the resources of an archive before it is loaded
  disconnected.mirror.cluster_resources:
    archive: file:///media/usb
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
"""

RETURN = r"""
directory:
  description: The directory of the files.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/cluster-resources
files:
  description: Paths of the files, at most 100 of them.
  returned: success
  type: list
  elements: str
  sample:
    - /srv/mirror/workspace/results/cluster-resources/idms-oc-mirror.yaml
    - /srv/mirror/workspace/results/mapping.txt
files_total:
  description: How many files there are.
  returned: success
  type: int
  sample: 2
mapping_path:
  description: The list of sources and destinations.
  returned: success
  type: str
  sample: /srv/mirror/workspace/results/mapping.txt
error:
  description: Why nothing could be written.
  returned: failure
  type: dict
  contains:
    code:
      description: Kind of the error.
      type: str
      sample: invalid_input
    message:
      description: What was attempted and what went wrong.
      type: str
    subject:
      description: The object that it happened to.
      type: str
    advice:
      description: What to do about it.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import cluster_resources
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=cluster_resources.ARGUMENTS,
        mutually_exclusive=[("plan", "archive", "config", "imageset")],
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: cluster_resources.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
