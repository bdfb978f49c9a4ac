#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Query releases and update paths
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Returns the versions of a channel for an architecture, the other channels in which they are published, and the shortest update path
    between two of them.
  - Reports whether a cluster can follow that path with the releases in a plan or a mirror, and what is missing when it cannot.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.registry
  - disconnected.mirror.registry
attributes:
  check_mode:
    support: full
    details: Only reads.
  diff_mode:
    support: none
    details: Changes nothing.
  idempotent:
    support: full
options:
  channel:
    description:
      - Release channel, such as V(stable-4.14) or V(eus-4.14). Without it, lists the versions of OpenShift that have releases. Prereleases
        do not count.
    type: str
  architecture:
    description:
      - Architecture of the releases. V(multi) means releases for all of them.
    type: str
    choices:
      - amd64
      - arm64
      - ppc64le
      - s390x
      - multi
    default: amd64
  okd:
    description:
      - Whether the channel is one of OKD.
    type: bool
    default: false
  from_version:
    description:
      - Start of the update path. Without it no path is computed.
    type: str
  to_version:
    description:
      - End of the update path. Defaults to the newest version of the channel.
    type: str
  conditional:
    description:
      - Whether conditionally recommended updates count.
    type: bool
    default: false
  update_url:
    description:
      - Base URL of the update service. Defaults to E(UPDATE_URL_OVERRIDE), then to the public service.
    type: str
  graph_file:
    description:
      - Update graph as JSON, or a directory of files named C(<architecture>-<channel>.json), to use instead of an update service.
    type: path
  plan:
    description:
      - Path of a plan. RV(reachable) is whether the update path can be followed with the releases in it.
    type: path
  destination:
    description:
      - A mirror, such as V(docker://registry.example.com:5000/ocp). RV(reachable) is whether the update path can be followed with the
        releases that it holds. A release counts only when the mirror has its payload as the update graph names it, and every image that the
        payload names.
    type: str
  max_nested_paths:
    description:
      - How many path components repositories may have at O(destination). Give what was given when it was mirrored.
    type: int
    default: 0
  level:
    description:
      - How thoroughly the releases on the path are checked at O(destination). V(manifests) costs about one small request for each image of
        a release. V(blobs) adds one request for each layer. V(content) also reads every layer once and hashes it.
    type: str
    choices:
      - manifests
      - blobs
      - content
    default: manifests
"""

EXAMPLES = r"""
- name: List the versions of OpenShift that have releases
  disconnected.mirror.release_info:
  register: published

- name: List the releases of the newest one
  disconnected.mirror.release_info:
    channel: stable-{{ published.openshift_versions | last }}

- name: Find the update path of an extended update support cluster
  disconnected.mirror.release_info:
    channel: eus-4.14
    from_version: 4.12.28
    to_version: 4.14.16
  register: update

- name: Stop when there is no update path
  ansible.builtin.assert:
    that: update.path | length > 0
    fail_msg: "{{ update.explanation }}"

- name: Check whether the mirror is ready for the update
  disconnected.mirror.release_info:
    channel: stable-4.14
    from_version: 4.14.1
    to_version: 4.14.16
    graph_file: /srv/mirror/workspace/releases/graphs
    destination: docker://registry.example.com:5000/ocp
"""

RETURN = r"""
openshift_versions:
  description: Versions of OpenShift that have releases in any channel, oldest first.
  returned: when O(channel) is not given
  type: list
  elements: str
  sample: ["4.17", "4.18"]
channels:
  description: Channels in which releases of this channel are published, sorted.
  returned: when O(channel) is given
  type: list
  elements: str
  sample: [candidate-4.14, fast-4.14, stable-4.14]
versions:
  description: Versions of the channel, oldest first.
  returned: when O(channel) is given
  type: list
  elements: str
  sample: [4.14.1, 4.14.2]
path:
  description:
    - Versions on the shortest update path, including both ends. Empty when there is none.
    - With O(plan) or O(destination), the path that lacks the fewest releases.
  returned: when O(channel) is given
  type: list
  elements: str
  sample: [4.12.28, 4.13.37, 4.14.16]
steps:
  description: The updates on the path.
  returned: when O(channel) is given
  type: list
  elements: dict
  contains:
    from:
      description: Version before the update.
      type: str
      sample: 4.12.28
    to:
      description: Version after the update.
      type: str
      sample: 4.13.37
    conditional:
      description: Whether the update is only recommended conditionally.
      type: bool
    risks:
      description: Names of the declared risks of a conditional update.
      type: list
      elements: str
    reason:
      description: Why a cluster can make this update.
      type: str
      sample: recommended update
explanation:
  description: Why the end is not reached, with the missing step and the closest path that exists. Empty when it is reached.
  returned: when O(channel) is given
  type: str
  sample: ""
reachable:
  description: Whether the update path can be followed with the releases in the plan or the mirror.
  returned: when O(from_version) is given with O(plan) or O(destination)
  type: bool
missing:
  description: Versions on the path that the plan or the mirror lacks, or holds only in part.
  returned: when O(from_version) is given with O(plan) or O(destination)
  type: list
  elements: str
  sample: [4.13.37]
incomplete:
  description:
    - Releases that the plan or the mirror holds only in part, among those that were checked in the search for a path. They do not count
      as held.
  returned: when O(from_version) is given with O(plan) or O(destination)
  type: list
  elements: dict
  contains:
    version:
      description: Version of the release.
      type: str
      sample: 4.13.37
    problems:
      description: How many manifests, layers or tags are missing or wrong.
      type: int
      sample: 1
    first:
      description: The first of them.
      type: str
      sample: ocp/openshift/release has no tag 4.13.37-x86_64-etcd
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    release_info = adapter("release_info")
    module = AnsibleModule(
        argument_spec=release_info.arguments,
        mutually_exclusive=[("update_url", "graph_file"), ("plan", "destination")],
        required_by={"to_version": "from_version", "plan": "from_version", "destination": "from_version", "from_version": "channel"},
        supports_check_mode=True,
    )
    release_info.finish(module)


if __name__ == "__main__":
    main()
