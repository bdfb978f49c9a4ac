# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of `plugins/module_utils/adapters/arguments/releases.py`."""

    DOCUMENTATION = r"""
options:
  update_url:
    description:
      - Base URL of the update service for OpenShift releases. Defaults to E(UPDATE_URL_OVERRIDE), then to the public service.
      - With a service other than the public one, the graph image is not built from the public data. Set O(graph_data) or O(graph_image)
        then.
    type: str
  okd_update_url:
    description:
      - Base URL of the update service for OKD releases.
    type: str
  graph_file:
    description:
      - Update graph as JSON, or a directory of files named C(<architecture>-<channel>.json), to use instead of an update service.
    type: path
  conditional_updates:
    description:
      - Whether conditionally recommended updates count when an update path is searched.
    type: bool
    default: false
  strict_update_paths:
    description:
      - Whether the plan fails when there is no update path between two versions. Otherwise both versions are mirrored, with a warning about
        the missing path.
    type: bool
    default: false
  version_filter:
    description:
      - Regular expression. Only versions that match it are considered as the oldest or newest version of a channel.
      - Defaults to E(VERSION_FILTER).
    type: str
  release_signatures:
    description:
      - How to handle OpenShift releases without a valid signature. V(require) does not mirror them and fails, V(warn) mirrors them with a
        warning, V(off) verifies nothing. V(require) is the default.
    type: str
    choices:
      - require
      - warn
      - "off"
  release_signature_urls:
    description:
      - Stores of release signatures, in search order. Defaults to E(OCP_SIGNATURE_URL), then to the public stores.
      - Use C(file:///directory) for a directory on the host that runs the module, laid out like a store.
    type: list
    elements: str
    default: []
  release_signature_keys:
    description:
      - Files with OpenPGP public keys that releases may be signed with. Defaults to E(OCP_SIGNATURE_VERIFICATION_PK), then to the built-in
        keys of Red Hat.
      - Files with public keys in PEM form are for sigstore signatures that are kept in the registry beside a release. They are used when no
        store has a valid signature, and need the Python library C(cryptography).
    type: list
    elements: path
    default: []
  release_signature_names:
    description:
      - Repositories that release signatures may name, besides the one that the release is read from and the official one.
    type: list
    elements: str
    default: []
  okd_release_signatures:
    description:
      - Like O(release_signatures), for OKD releases. V(warn) is the default.
    type: str
    choices:
      - require
      - warn
      - "off"
  okd_release_signature_urls:
    description:
      - Like O(release_signature_urls), for OKD releases.
    type: list
    elements: str
    default: []
  okd_release_signature_keys:
    description:
      - Like O(release_signature_keys), for OKD releases. There is no built-in key for them.
    type: list
    elements: path
    default: []
  release_tags_allowed:
    description:
      - Whether releases may refer to their components by tag, which published releases never do.
    type: bool
    default: false
  graph_data:
    description:
      - URL or path of the tarball that the graph image is built from. Defaults to the data of the public update service.
    type: str
  graph_base:
    description:
      - Base image of the graph image. It must contain C(bash) and C(cp).
    type: str
  graph_image:
    description:
      - An existing graph image to mirror instead of building one.
    type: str
  boot_images:
    description:
      - Boot images of the releases to mirror as well, such as V(metal/iso) or V(openstack/qcow2.gz/disk). Each is the name of a platform, a
        format and a part, or the beginning of one. M(disconnected.mirror.cluster_bootstrap) returns those that a release names.
      - Without it none is mirrored, for one has about a gigabyte.
      - They are downloaded from where the release says that they are, and kept only when they have the checksum that the release gives. In
        the registry and in archives each is an artifact with the file as its only blob.
    type: list
    elements: str
    default: []
  boot_image_architectures:
    description:
      - Architectures that boot images are mirrored for. Defaults to that of the release, and to all for a release of several.
    type: list
    elements: str
    choices:
      - amd64
      - arm64
      - ppc64le
      - s390x
    default: []
  boot_image_url:
    description:
      - Base URL of a server with copies of the boot images, where they are not to come from their publisher. Both a copy of the publisher's
        directories and one directory with all files are understood.
      - Credentials of the authentication file are used for it. A host that only a release names never gets any.
    type: str
"""
