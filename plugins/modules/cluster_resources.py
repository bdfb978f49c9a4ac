#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_resources
short_description: Write the resources that configure clusters to use a mirror
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Writes the mirror sets (ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy), catalog sources, cluster catalogs, release
    signatures and the update service for a plan as YAML files, and C(mapping.txt) with the destination of each image.
  - The files cover the whole plan, not only the last increment. The same plan gives the same names and bytes.
  - Nothing is applied to a cluster.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.access
  - disconnected.mirror.imageset.destination
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
  - disconnected.mirror.archives
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
      - Path of the plan. Without it the plan of the workspace is used, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  archive:
    description:
      - Directory with archives, such as V(file:///directory). The plan of the last of them is used, whether or not it is loaded yet.
    type: str
  dest:
    description:
      - Directory for the files. Without it they are written to C(results/cluster-resources) in the workspace.
      - Files in it that this module did not write are not changed.
    type: path
  mirror_sets:
    description:
      - Kinds of mirror sets to write. Defaults to V(idms) and V(itms), with V(icsp) as well for a configuration of C(v1alpha2).
      - Clusters before 4.13 support V(icsp) only. Early versions of 4.13 and 4.14, before 4.13.27 and 4.14.3, support either V(icsp) or the
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
      - How much of a source one entry covers, a repository, a namespace or the whole host.
      - Defaults to what C(oc-mirror) does for the version of the configuration.
    type: str
    choices:
      - repository
      - namespace
      - host
  signature_layout:
    description:
      - Whether release signatures are written to one file or to one file per release.
      - Defaults to V(per_release) for a configuration of C(v1alpha2), otherwise to V(single).
    type: str
    choices:
      - single
      - per_release
  pinned_pools:
    description:
      - Machine config pools, such as V(worker), whose nodes pull images before they are needed and keep them. Each gets PinnedImageSets,
        which clusters have from 4.19 on.
    type: list
    elements: str
    default: []
  pinned_images:
    description:
      - Which images of the plan these nodes pull, those of releases or those of operators.
    type: list
    elements: str
    choices:
      - release
      - operator
    default:
      - release
  mapping_instances:
    description:
      - Whether C(results/mapping.txt) also has a line for each instance of an index, by digest on both sides.
    type: bool
    default: false
  report:
    description:
      - Whether the report of the workspace is written as well, as M(disconnected.mirror.mirror_report) does, which saves a task. Not in
        check mode.
      - The report does not count as a change, and one that cannot be written is a warning.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write the resources for what was mirrored
  disconnected.mirror.cluster_resources:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
  register: resources

- name: Write policies for clusters that do not support mirror sets
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
report:
  description: Path of the page.
  returned: when O(report) is set and it could be written
  type: str
  sample: /srv/mirror/workspace/results/report.html
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
      description: What was attempted, and why it failed.
      type: str
    subject:
      description: The object that the error is about.
      type: str
    advice:
      description: What to do about it.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    cluster_resources = adapter("cluster_resources")
    module = AnsibleModule(
        argument_spec=cluster_resources.arguments,
        mutually_exclusive=[("plan", "archive", "config", "imageset")],
        supports_check_mode=True,
    )
    cluster_resources.finish(module)


if __name__ == "__main__":
    main()
