#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_info
short_description: Query operator catalogs
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Lists the catalogs that are published for a version of OpenShift, the packages of a catalog, or the channels of a package with
    their versions, what they require and how large they are.
  - Compares a catalog with an older one, and lists what is new in it.
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
  catalog:
    description:
      - The catalog, a directory of documents such as V(/srv/catalog), a layout such as V(oci:///srv/layout), or an image such as
        V(docker://registry.redhat.io/redhat/redhat-operator-index:v4.18).
    type: str
  package:
    description:
      - Package to query. Without it all packages are listed.
    type: str
  channel:
    description:
      - Channel of the package to query. Without it all channels are listed.
    type: str
  sizes:
    description:
      - Whether to compute the size of each channel head, which reads the manifests of its images.
    type: bool
    default: false
  openshift_version:
    description:
      - Version of OpenShift, such as V(4.18), to list the published catalogs of.
    type: str
  since:
    description:
      - An older state of the catalog, in the same forms as O(catalog), such as the state that was mirrored last; its digest is in the plan.
        Lists only what is new since then, limited to O(package) and O(channel) where given, with the new versions of what these require.
    type: str
  workspace:
    description:
      - Directory that caches image content, so that the same catalog is read from its registry only once.
    type: path
"""

EXAMPLES = r"""
- name: List the catalogs of a version of OpenShift
  disconnected.mirror.catalog_info:
    openshift_version: "4.18"
    auth_file: /srv/mirror/pull-secret.json

- name: List the packages of a catalog
  disconnected.mirror.catalog_info:
    catalog: docker://registry.redhat.io/redhat/redhat-operator-index:v4.18
    workspace: /srv/mirror/workspace
  register: offer

- name: Show one package
  disconnected.mirror.catalog_info:
    catalog: docker://registry.redhat.io/redhat/redhat-operator-index:v4.18
    workspace: /srv/mirror/workspace
    package: web-terminal
    sizes: true

- name: List what was published since the catalog was mirrored
  disconnected.mirror.catalog_info:
    catalog: docker://registry.redhat.io/redhat/redhat-operator-index:v4.18
    since: docker://registry.redhat.io/redhat/redhat-operator-index@{{ mirrored.catalogs[0].digest }}
    workspace: /srv/mirror/workspace
  vars:
    mirrored: "{{ lookup('ansible.builtin.file', '/srv/mirror/workspace/results/plan.json') | from_json }}"
"""

RETURN = r"""
catalogs:
  description: The published catalogs.
  returned: when O(openshift_version) is given
  type: list
  elements: dict
  contains:
    catalog:
      description: Reference of the catalog.
      type: str
      sample: registry.redhat.io/redhat/redhat-operator-index:v4.18
    exists:
      description: Whether the registry has it.
      type: bool
    digest:
      description: Its digest. Empty when the catalog does not exist.
      type: str
      sample: sha256:0123
    error:
      description: Why the registry could not be queried. Returned only when it could not.
      type: str
packages:
  description: The packages of the catalog, sorted by name.
  returned: when O(catalog) is given without O(package) and O(since)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the package.
      type: str
      sample: web-terminal
    display_name:
      description: The publisher's display name. Empty when there is none.
      type: str
      sample: Web Terminal
    default_channel:
      description: Its default channel.
      type: str
      sample: fast
    channels:
      description: Names of its channels.
      type: list
      elements: str
      sample: [fast]
package:
  description: The package.
  returned: when O(package) is given without O(since)
  type: dict
  contains:
    name:
      description: Name of the package.
      type: str
      sample: web-terminal
    display_name:
      description: The publisher's display name. Empty when there is none.
      type: str
      sample: Web Terminal
    default_channel:
      description: Its default channel.
      type: str
      sample: fast
    channels:
      description: Its channels.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the channel.
          type: str
          sample: fast
        head:
          description: The entry that updates lead to. Empty when the channel is broken.
          type: str
          sample: web-terminal.v1.11.0
        versions:
          description: All versions, lowest first.
          type: list
          elements: str
          sample: [1.9.0, 1.11.0]
        requires:
          description: APIs and packages that the head requires from other packages.
          type: list
          elements: str
          sample: [package devworkspace-operator]
        images:
          description: How many images the head has, including the bundle image.
          type: int
          sample: 4
        size:
          description: Size of these images for all their platforms in bytes, each layer counted once. Returned only with O(sizes).
          type: int
          sample: 512000000
        size_error:
          description: Why the size is not known. Returned only when it is not.
          type: str
        error:
          description: What is wrong with the channel. Returned only when something is.
          type: str
updates:
  description:
    - Bundles of O(catalog) that O(since) lacks or has with a different image, related images or properties, by package and channel. At most
      1000 of them.
  returned: when O(since) is given
  type: list
  elements: dict
  contains:
    package:
      description: Name of the package.
      type: str
      sample: web-terminal
    channel:
      description: Name of the channel.
      type: str
      sample: fast
    bundle:
      description: Name of the bundle.
      type: str
      sample: web-terminal.v1.11.0
    version:
      description: Its version. Empty when it has none.
      type: str
      sample: 1.11.0
    replaces:
      description: The bundle that it replaces in the channel. Empty when it replaces none.
      type: str
      sample: web-terminal.v1.10.0
updates_total:
  description: How many there are.
  returned: when O(since) is given
  type: int
  sample: 1
error:
  description: Why the query failed.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    catalog_info = adapter("catalog_info")
    module = AnsibleModule(
        argument_spec=catalog_info.arguments,
        required_one_of=[("catalog", "openshift_version")],
        mutually_exclusive=[("catalog", "openshift_version")],
        required_by={"package": "catalog", "channel": "package", "since": "catalog"},
        supports_check_mode=True,
    )
    catalog_info.finish(module)


if __name__ == "__main__":
    main()
