#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_apply
short_description: Make a cluster use a mirror
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Applies what M(disconnected.mirror.cluster_resources) writes (mirror sets, catalog sources or cluster catalogs, release signatures, the
    update service, pinned images) to a cluster by server-side apply.
  - Neither C(oc) nor a Kubernetes client library is needed.
  - The cluster's own dry run checks everything before anything is applied. When it refuses one resource, nothing is applied.
  - Reports beforehand which machine config pools will roll out and whether their nodes will be drained.
  - Changes what it made and nothing else. What it made has the label C(disconnected.mirror/owner), the annotation
    C(disconnected.mirror/applied-by), and fields that belong to the field manager C(disconnected.mirror).
  - Fields that others add to it stay. Fields of its own that others changed are set again.
  - Kinds that a mirror does not need are refused, so that a file in O(path) cannot change anything else in a cluster.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.cluster
  - disconnected.mirror.cluster
attributes:
  check_mode:
    support: full
    details: Asks the cluster for a server-side dry run of everything.
  diff_mode:
    support: full
    details: Shows the resources that change, before and after. Of the pull secret only the names of registries are shown.
  idempotent:
    support: full
options:
  path:
    description:
      - Directory of YAML and JSON files, such as C(results/cluster-resources) in the workspace.
    type: path
  resources:
    description:
      - Resources given directly, besides those in O(path).
    type: list
    elements: dict
    default: []
  owner:
    description:
      - Name of the mirror that the resources belong to. Each mirror that a cluster uses needs a name of its own.
    type: str
    default: mirror
  adopt:
    description:
      - Whether to take over resources of the same names that somebody else made, such as C(oc-mirror). Otherwise they are refused.
    type: bool
    default: false
  remove:
    description:
      - Whether to remove what was applied earlier for O(owner) and is no longer generated. Otherwise there is a warning that names it.
    type: bool
    default: false
  convert_icsp:
    description:
      - Whether to replace every ImageContentSourcePolicy in the cluster, whoever made it, by an ImageDigestMirrorSet with the same mirrors.
        ImageContentSourcePolicies among the resources are then not applied.
      - Needs a cluster of version 4.13.27, 4.14.3 or later.
    type: bool
    default: false
  allow_drain:
    description:
      - Whether to continue when nodes will be drained. Otherwise the module fails before anything is changed.
    type: bool
    default: true
  disable_default_sources:
    description:
      - Whether the catalogs that the cluster comes with are disabled (C(OperatorHub)). Without it they are left as they are.
    type: bool
  trusted_ca:
    description:
      - PEM certificates of authorities that nodes and builds trust for registries, by C(host) or C(host:port) of the registry.
      - They are added to the ConfigMap that C(additionalTrustedCA) of the cluster names. Where it names none, one is made.
    type: dict
    default: {}
  pull_secret:
    description:
      - The content of an auth file, with its key C(auths). Its entries are added to the pull secret of the cluster, which keeps all others.
    type: dict
  wait:
    description:
      - Whether to wait until machine config pools, catalogs and the update service are ready.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait. When something is not ready by then, the module fails and says what and why.
    type: int
    default: 3600
  wait_sleep:
    description:
      - Seconds between two checks.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: See what would change, and which nodes would be drained
  disconnected.mirror.cluster_apply:
    path: /srv/mirror/workspace/results/cluster-resources
    kubeconfig: /srv/mirror/kubeconfig
  check_mode: true
  register: preview

- name: Make the cluster use the mirror and nothing else
  disconnected.mirror.cluster_apply:
    path: /srv/mirror/workspace/results/cluster-resources
    host: https://api.cluster.example.com:6443
    api_key: "{{ cluster_token }}"
    disable_default_sources: true
    trusted_ca:
      registry.example.com:5000: "{{ lookup('ansible.builtin.file', '/srv/mirror/ca.crt') }}"
    remove: true
    wait: true
"""

RETURN = r"""
cluster_version:
  description: Version of the cluster. Empty when it is not an OpenShift cluster.
  returned: success
  type: str
  sample: 4.16.3
counts:
  description: How many resources were V(created), V(changed), V(unchanged) or V(removed), how many are V(stale) (applied earlier, no longer
    generated, still there), and how many were V(skipped) because the cluster does not have the kind.
  returned: success
  type: dict
  sample: {"created": 4, "changed": 1, "unchanged": 2, "removed": 0, "stale": 0, "skipped": 1}
resources:
  description: The resources, at most 100 of them, each with what was done, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - kind: ImageDigestMirrorSet
      namespace: ""
      name: idms-release-0
      action: created
rollout:
  description: What the change of mirror sets causes on nodes.
  returned: success
  type: dict
  contains:
    expected:
      description: Whether the configuration of nodes changes.
      type: bool
    drains:
      description: Whether nodes are drained for it, or restarted where the node disruption policy of the cluster says so.
      type: bool
    reasons:
      description: Why they are drained or restarted.
      type: list
      elements: str
    pools:
      description: Machine config pools that will roll out.
      type: list
      elements: str
    paused_pools:
      description: Pools that will roll out when they are resumed.
      type: list
      elements: str
ready:
  description: Whether everything that was waited for is ready.
  returned: success
  type: bool
states:
  description: What was waited for with O(wait), whether it is ready, and why it is not.
  returned: success
  type: list
  elements: dict
  sample:
    - resource: MachineConfigPool worker
      ready: true
      reason: ""
failures:
  description: The first resources that could not be applied.
  returned: success
  type: list
  elements: dict
failures_total:
  description: How many could not be applied.
  returned: success
  type: int
failed_categories:
  description: Always empty here.
  returned: success
  type: list
  elements: str
error:
  description: Why nothing was applied.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    cluster_apply = adapter("clusters.apply")
    module = AnsibleModule(
        argument_spec=cluster_apply.arguments,
        supports_check_mode=True,
    )
    cluster_apply.finish(module)


if __name__ == "__main__":
    main()
