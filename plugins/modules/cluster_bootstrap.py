#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: cluster_bootstrap
short_description: Extract what a new cluster is installed with from a mirrored release
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Extracts C(openshift-install) and C(oc) from the images of a mirrored release, for one or several platforms. No C(oc) is needed for it.
  - The release is the one that the plan names, whose signature was verified when it was planned. Everything is read by digest, from the
    release image down to the layers. Of each layer one file is copied; nothing is unpacked, and no root is needed.
  - C(openshift-install) is told the release image at the mirror, as C(oc adm release extract) does, so that it installs from there.
  - Writes C(install-config-excerpt.yaml) with the mirrors of the release, the certificate authority and a place for the pull secret, and
    C(mirror/registries.conf) and C(mirror/ca-bundle.crt) for the agent-based installer.
  - With O(boot_images) it also writes boot images of the release, each with the checksum that the release gives. They come out of the
    mirror or the archive when they were mirrored, else from where the release says that they are. A download that breaks off is continued,
    by a later run as well.
  - With O(archive), everything is read from an archive, which no registry needs to have loaded yet.
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
    details: Says which files would be written, and how large boot images are. Checksums of programs are not known before.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  plan:
    description:
      - Path of the plan. Without it the plan of the workspace is used, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  archive:
    description:
      - Directory with archives, such as V(file:///directory). The plan and the content of the last of them are used.
    type: str
  dest:
    description:
      - Directory for the files.
    type: path
    required: true
  version:
    description:
      - Version of the release. It may be left out when the plan has one release only.
    type: str
  architecture:
    description:
      - Architecture of the release, when the plan has that version for several.
    type: str
    choices:
      - amd64
      - arm64
      - ppc64le
      - s390x
      - multi
  tools:
    description:
      - Programs to extract.
    type: list
    elements: str
    choices:
      - openshift-install
      - oc
    default:
      - openshift-install
      - oc
  platforms:
    description:
      - Platforms that the programs are for. Each gets a directory of its name.
    type: list
    elements: str
    choices:
      - linux_amd64
      - linux_arm64
      - linux_ppc64le
      - linux_s390x
      - mac
      - mac_arm64
      - windows
    default:
      - linux_amd64
  trusted_ca:
    description:
      - PEM file with the certificate authority of the mirror, for the installer.
    type: path
"""

EXAMPLES = r"""
- name: Get the installer and the client of a mirrored release
  disconnected.mirror.cluster_bootstrap:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    dest: /srv/install/4.16.3
    version: 4.16.3
    trusted_ca: /etc/pki/mirror/ca.pem

- name: Get the installer and the live image for bare metal
  disconnected.mirror.cluster_bootstrap:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    dest: /srv/install/4.16.3
    tools: [openshift-install]
    boot_images: [metal/iso]
    boot_image_architectures: [amd64]
"""

RETURN = r"""
version:
  description: Version of the release.
  returned: success
  type: str
  sample: 4.16.3
architecture:
  description: Architecture of the release.
  returned: success
  type: str
  sample: amd64
release_image:
  description: The release image at the mirror, by digest.
  returned: success
  type: str
directory:
  description: The directory of the files.
  returned: success
  type: str
files:
  description: Path below the directory, whether it changed, and the checksum of each file. C(sha256sum.txt) has them as well. Boot images
    have their C(size) in bytes, too.
  returned: success
  type: list
  elements: dict
  sample:
    - path: linux_amd64/openshift-install
      changed: true
      sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
boot_images:
  description: Boot images that the release names, each with its checksum and the place where its publisher has it. Beginnings of C(kind)
    are what O(boot_images) takes.
  returned: success
  type: list
  elements: dict
  sample:
    - architecture: x86_64
      kind: metal/iso/disk
      location: https://rhcos.mirror.openshift.com/art/storage/prod/streams/4.16-9.4/rhcos-live.x86_64.iso
      sha256: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
error:
  description: Why the files could not be written.
  returned: failure
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    cluster_bootstrap = adapter("clusters.bootstrap")
    module = AnsibleModule(
        argument_spec=cluster_bootstrap.arguments,
        mutually_exclusive=[("plan", "archive", "config", "imageset")],
        supports_check_mode=True,
    )
    cluster_bootstrap.finish(module)


if __name__ == "__main__":
    main()
