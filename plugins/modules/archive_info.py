#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: archive_info
short_description: Inspect archives without loading them
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Reads the archives of a directory and returns for each its sequence, the sequence that must be loaded before it, the images, releases,
    catalogs and charts that it provides, and the configuration that it was made from.
  - Checks every byte of them, so that damage in transit is found on arrival, before an archive is loaded.
  - Also reads archives of both versions of C(oc-mirror). These have no checksums, so that less can be verified.
requirements:
  - PyYAML
  - requests
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.archives
attributes:
  check_mode:
    support: full
    details: Nothing is ever written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  archive:
    description:
      - Directory with archives, or one of their files. V(file:///directory) is accepted as well.
    type: str
    required: true
  check:
    description:
      - Whether every byte is read and verified. Otherwise only names and sizes of the files are checked.
    type: bool
    default: true
  list_images:
    description:
      - Whether to list all images, of which there may be thousands.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Check what arrived
  disconnected.mirror.archive_info:
    archive: /media/usb
  register: archives

- name: Show it
  ansible.builtin.debug:
    msg: "Sequence {{ item.sequence }}: {{ item.images_new }} new images, {{ item.size }} bytes"
  loop: "{{ archives.archives }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
archives:
  description: The archives by sequence.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identity of the archive. Empty for archives of C(oc-mirror).
      type: str
      sample: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
    maker:
      description: Program that wrote it, V(disconnected.mirror), V(oc-mirror v1) or V(oc-mirror v2).
      type: str
      sample: disconnected.mirror
    uid:
      description: Identity of the history that it belongs to.
      type: str
      sample: 6f1c1d3c-7e0a-5d0c-9a47-0d8f5b6f0a11
    sequence:
      description: Its number in that history, starting at V(1).
      type: int
      sample: 3
    follows:
      description: The sequence that must be loaded before it. V(0) for a full archive.
      type: int
      sample: 2
    volumes:
      description: Path and size of each file.
      type: list
      elements: dict
    size:
      description: Size of all files in bytes.
      type: int
      sample: 104857600
    signature:
      description: Kind of its signature, V(ssh) or V(gpg). Empty when it is not signed.
      type: str
      sample: ssh
    expires:
      description: Time from which it can no longer be loaded, in UTC. Empty when it does not expire.
      type: str
      sample: "2026-03-01T00:00:00Z"
    verified:
      description: Whether the signature was verified, which needs O(archive_trusted_keys).
      type: bool
      sample: true
    config:
      description: The ImageSetConfiguration that it was made from, ready to be written to a file.
      type: dict
    images:
      description: How many images the mirror holds after it is loaded.
      type: int
      sample: 190
    images_new:
      description: How many of them are new in this archive or have a new tag or digest.
      type: int
      sample: 12
    images_by_type:
      description: Number of images by type.
      type: dict
      sample: {"generic": 190}
    releases:
      description: Versions of platform releases.
      type: list
      elements: str
    catalogs:
      description: Operator catalogs.
      type: list
      elements: str
    charts:
      description: Helm charts.
      type: list
      elements: str
    documents:
      description: Other files that it carries, such as charts.
      type: list
      elements: str
    image_list:
      description: Origin, digest and size of every image, and whether the archive contains it.
      returned: when O(list_images) is true
      type: list
      elements: dict
error:
  description: What is wrong with the archives. C(message) and C(subject) name the file to transfer again.
  returned: when the archives cannot be used
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    archive_info = adapter("archive_info")
    module = AnsibleModule(
        argument_spec=archive_info.arguments,
        supports_check_mode=True,
    )
    archive_info.finish(module)


if __name__ == "__main__":
    main()
