#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_info
short_description: Look into operator catalogs
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Lists the catalogs that are published for a version of OpenShift, the packages of a catalog, or the channels of a package with
    their versions, what they require and how large they are.
requirements:
  - PyYAML
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.registry
  - disconnected.mirror.registry
attributes:
  check_mode:
    support: full
    details: Reads only.
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
      - Package to look at. Without it all packages are listed.
    type: str
  channel:
    description:
      - Channel of the package to look at. Without it all of them.
    type: str
  sizes:
    description:
      - Whether the size of each channel's head is worked out, for which the manifests of its images are read.
    type: bool
    default: false
  openshift_version:
    description:
      - Version of OpenShift, such as V(4.18), whose published catalogs are listed.
    type: str
  workspace:
    description:
      - Directory that keeps what was read of images, so that the same catalog is read from its registry only once.
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

- name: Look at one of them
  disconnected.mirror.catalog_info:
    catalog: docker://registry.redhat.io/redhat/redhat-operator-index:v4.18
    workspace: /srv/mirror/workspace
    package: web-terminal
    sizes: true
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
      description: Its digest. Empty when it is not there.
      type: str
      sample: sha256:0123
    error:
      description: Why the registry could not be asked. Only there when it could not.
      type: str
packages:
  description: The packages of the catalog, sorted by name.
  returned: when O(catalog) is given without O(package)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the package.
      type: str
      sample: web-terminal
    display_name:
      description: What its publisher calls it. Empty when that is not said.
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
  returned: when O(package) is given
  type: dict
  contains:
    name:
      description: Name of the package.
      type: str
      sample: web-terminal
    display_name:
      description: What its publisher calls it. Empty when that is not said.
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
          description: The entry that upgrades lead to. Empty when the channel is broken.
          type: str
          sample: web-terminal.v1.11.0
        versions:
          description: All versions, lowest first.
          type: list
          elements: str
          sample: [1.9.0, 1.11.0]
        requires:
          description: APIs and packages that the head requires of others.
          type: list
          elements: str
          sample: [package devworkspace-operator]
        images:
          description: How many images the head has, its own counted.
          type: int
          sample: 4
        size:
          description: Bytes of these images for all their platforms, each layer counted once. Only there with O(sizes).
          type: int
          sample: 512000000
        size_error:
          description: Why the size is not known. Only there when it is not.
          type: str
        error:
          description: What is wrong with the channel. Only there when something is.
          type: str
error:
  description: Why nothing can be told.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.module import arguments, catalog_faces, outcome
from ansible_collections.disconnected.mirror.plugins.module_utils.module.libraries import require_libraries


def main() -> None:
    module = AnsibleModule(
        argument_spec={**arguments.REGISTRY, **catalog_faces.CATALOG_INFO},
        required_one_of=[("catalog", "openshift_version")],
        mutually_exclusive=[("catalog", "openshift_version")],
        required_by={"package": "catalog", "channel": "package"},
        supports_check_mode=True,
    )
    require_libraries(module)
    outcome.finish(module, lambda: catalog_faces.look(module.params))


if __name__ == "__main__":
    main()
