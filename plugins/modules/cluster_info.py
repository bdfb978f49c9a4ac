#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_info
short_description: Query what a cluster runs, and whether a mirror holds it
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Returns the version, channel and architecture of a cluster, its installed operators with their channels and versions, and images of pods
    that neither the release nor an operator brought.
  - Proposes an ImageSetConfiguration for that, up to another version with O(to_version).
  - With O(destination) answers whether a mirror holds everything that the cluster runs now, and says what is missing. What it runs are the
    images of all pods, the release image, and all images that installed operators name. Where the cluster looks for them follows from its
    mirror sets, and from those in O(path).
  - Only reads.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.cluster_and_registry
  - disconnected.mirror.cluster
  - disconnected.mirror.registry
attributes:
  check_mode:
    support: full
    details: Nothing is ever written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  destination:
    description:
      - Mirror to check, such as V(docker://registry.example.com:5000/ocp).
    type: str
  path:
    description:
      - Directory of resources that are going to be applied. Its mirror sets count as if they were in the cluster.
    type: path
  to_version:
    description:
      - Version that the cluster is to be updated to. The configuration then holds the update path, which is returned, too.
    type: str
  update_url:
    description:
      - Base URL of the update service for O(to_version). Defaults to the public service.
    type: str
  graph_file:
    description:
      - Update graph as JSON, or a directory of files named C(<architecture>-<channel>.json), instead of an update service.
    type: path
"""

EXAMPLES = r"""
- name: Ask whether the mirror holds all that the cluster runs
  disconnected.mirror.cluster_info:
    kubeconfig: /srv/mirror/kubeconfig
    destination: docker://registry.example.com:5000/ocp
  register: cluster

- name: Show what is missing
  ansible.builtin.debug:
    var: cluster.missing
  when: not cluster.held
"""

RETURN = r"""
version:
  description: Version that was last completed. Empty when it is not an OpenShift cluster.
  returned: success
  type: str
  sample: 4.16.3
versions:
  description: All versions that the cluster remembers, the newest first.
  returned: success
  type: list
  elements: str
channel:
  description: Update channel.
  returned: success
  type: str
  sample: stable-4.16
architecture:
  description: Architecture of the nodes, V(multi) when they differ or the release is for all.
  returned: success
  type: str
  sample: amd64
operators:
  description: Installed operators.
  returned: success
  type: list
  elements: dict
  sample:
    - package: web-terminal
      channel: fast
      version: 1.11.0
      catalog: redhat-operators
      namespace: openshift-operators
catalogs:
  description: Image of each catalog by the name of its source.
  returned: success
  type: dict
default_sources:
  description: Whether the catalogs that the cluster comes with are enabled. Null when it has none.
  returned: success
  type: bool
mirror_sets:
  description: Mirror sets in the cluster. C(owner) is set for those that M(disconnected.mirror.cluster_apply) made.
  returned: success
  type: list
  elements: dict
images:
  description: How many images have to be available for what the cluster runs.
  returned: success
  type: int
images_outside:
  description: The first 100 images of pods that neither the release nor an operator nor a catalog brought.
  returned: success
  type: list
  elements: str
images_outside_total:
  description: How many there are.
  returned: success
  type: int
imageset:
  description: The proposed ImageSetConfiguration, ready to be written to a file.
  returned: success
  type: dict
update_path:
  description: Versions from the one that runs to O(to_version). Empty when there is no update path.
  returned: when O(to_version) is given
  type: list
  elements: str
update_explanation:
  description: Why there is no update path.
  returned: when O(to_version) is given
  type: str
held:
  description: Whether the mirror holds everything that the cluster runs.
  returned: when O(destination) is given
  type: bool
missing:
  description: The first 100 images that it lacks, each with the reason.
  returned: when O(destination) is given
  type: list
  elements: dict
missing_total:
  description: How many it lacks.
  returned: when O(destination) is given
  type: int
error:
  description: Why the query failed.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    cluster_info = adapter("clusters.info")
    module = AnsibleModule(
        argument_spec=cluster_info.arguments,
        supports_check_mode=True,
    )
    cluster_info.finish(module)


if __name__ == "__main__":
    main()
