#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: catalog_filter
short_description: Filter an operator catalog
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Reads a file-based operator catalog and reduces it to the requested packages, channels and versions, by the rules of either version of
    the ImageSetConfiguration.
  - Checks that the result can be served, and names the setting that repairs it when it cannot.
  - Writes it as a directory of documents, or as an image in an OCI layout that starts without a stale cache. Without O(dest) it only
    returns what the catalog would contain.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.registry
  - disconnected.mirror.catalogs
  - disconnected.mirror.registry
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: The return values describe the filtered catalog.
  idempotent:
    support: full
    details: The same catalog and the same options give the same bytes.
options:
  catalog:
    description:
      - The catalog, a directory of documents such as V(/srv/catalog), a layout such as V(oci:///srv/layout), or an image such as
        V(docker://registry.redhat.io/redhat/redhat-operator-index:v4.18).
    type: str
    required: true
  api_version:
    description:
      - Version of the ImageSetConfiguration whose rules the filter follows.
      - In V(v1alpha2), O(packages[].min_version) without a maximum must be an existing version, and selects the update path from it to the
        head of the channel. In V(v2alpha1) it is the lower bound of a range.
    type: str
    choices:
      - v1alpha2
      - v2alpha1
    default: v2alpha1
  packages:
    description:
      - The packages to keep. Without them the heads of all channels of all packages are kept.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the package.
        type: str
        required: true
      default_channel:
        description:
          - Channel that becomes the default of the package.
        type: str
      min_version:
        description:
          - Lowest version.
        type: str
      max_version:
        description:
          - Highest version.
        type: str
      min_bundle:
        description:
          - Name of the bundle to start from, with O(api_version=v1alpha2) only. Excludes O(packages[].min_version).
        type: str
      channels:
        description:
          - The channels to keep. Without them all channels are kept.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description:
              - Name of the channel.
            type: str
            required: true
          min_version:
            description:
              - Lowest version.
            type: str
          max_version:
            description:
              - Highest version.
            type: str
          min_bundle:
            description:
              - Name of the bundle to start from, with O(api_version=v1alpha2) only.
            type: str
  full:
    description:
      - Whether all versions are kept instead of the heads of the channels.
    type: bool
    default: false
  additive:
    description:
      - Whether the heads of all packages that O(packages) does not list are kept as well, with O(api_version=v1alpha2) only.
    type: bool
    default: false
  dest:
    description:
      - Where to write the filtered catalog, a directory or a layout such as V(oci:///srv/filtered). It is created when it does not exist.
      - A directory must be empty or hold a catalog that this module wrote. A layout must hold at most one image, which is replaced.
      - A layout can be built only from a catalog that is itself an image.
    type: str
  workspace:
    description:
      - Directory that caches image content, so that the same catalog is read from its registry only once.
    type: path
"""

EXAMPLES = r"""
- name: See what one channel of an operator would bring
  disconnected.mirror.catalog_filter:
    catalog: docker://registry.redhat.io/redhat/redhat-operator-index:v4.18
    workspace: /srv/mirror/workspace
    packages:
      - name: web-terminal
        channels:
          - name: fast
            min_version: 1.9.0
  register: filtered

- name: Show the images
  ansible.builtin.debug:
    msg: "{{ item.image }} ({{ item.roles | join(', ') }})"
  loop: "{{ filtered.related_images }}"

- name: Write a catalog of two operators as documents
  disconnected.mirror.catalog_filter:
    catalog: /srv/catalogs/community
    dest: /srv/catalogs/ours
    packages:
      - name: rabbitmq-cluster-operator
      - name: shipwright-operator
        default_channel: alpha
        channels:
          - name: alpha

- name: Build a catalog image in a layout
  disconnected.mirror.catalog_filter:
    catalog: oci:///srv/layouts/index
    dest: oci:///srv/layouts/filtered
    catalog_repair: true
    packages:
      - name: jaeger-product
        max_version: 1.47.1
"""

RETURN = r"""
packages:
  description: Packages of the filtered catalog, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the package.
      type: str
      sample: web-terminal
    default_channel:
      description: Its default channel.
      type: str
      sample: fast
    default_channel_reason:
      description: Why the default channel differs from the publisher's. Returned only when it does.
      type: str
      sample: configured
    channels:
      description: Its channels, sorted by name.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the channel.
          type: str
          sample: fast
        head:
          description: The entry that updates lead to.
          type: str
          sample: web-terminal.v1.11.0
        entries:
          description: Names of all entries, in the catalog's order.
          type: list
          elements: str
          sample: [web-terminal.v1.11.0]
bundles:
  description: The first 1000 bundles.
  returned: success
  type: list
  elements: dict
  contains:
    package:
      description: Name of the package.
      type: str
      sample: web-terminal
    name:
      description: Name of the bundle.
      type: str
      sample: web-terminal.v1.11.0
    version:
      description: Its version.
      type: str
      sample: 1.11.0
    image:
      description: Its image.
      type: str
      sample: registry.redhat.io/web-terminal/web-terminal-operator-bundle@sha256:0123
bundles_total:
  description: How many bundles there are.
  returned: success
  type: int
  sample: 1
related_images:
  description: The first 1000 distinct images that the bundles name, including the bundle images themselves.
  returned: success
  type: list
  elements: dict
  contains:
    image:
      description: The image.
      type: str
      sample: registry.redhat.io/web-terminal/web-terminal-rhel9-operator@sha256:4567
    roles:
      description: Names that the bundles give it, V(bundle) for their own images.
      type: list
      elements: str
      sample: [web_terminal_operator]
    bundles:
      description: Names of the bundles that name it.
      type: list
      elements: str
      sample: [web-terminal.v1.11.0]
related_images_total:
  description: How many images there are.
  returned: success
  type: int
  sample: 4
filter_warnings:
  description: Warnings about the result. The first of them are task warnings as well.
  returned: success
  type: list
  elements: str
  sample: []
digest:
  description: Digest of the image in the layout. Empty for a directory.
  returned: success
  type: str
  sample: sha256:89ab
error:
  description: Why nothing was filtered.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    catalog_filter = adapter("catalog_filter")
    module = AnsibleModule(
        argument_spec=catalog_filter.arguments,
        supports_check_mode=True,
    )
    catalog_filter.finish(module)


if __name__ == "__main__":
    main()
