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
      - Base URL of the update service that knows the releases of OpenShift. Without it E(UPDATE_URL_OVERRIDE), then the public service.
      - With another service than the public one the graph image is not built from the public data. Give O(graph_data) or
        O(graph_image) then.
    type: str
  okd_update_url:
    description:
      - Base URL of the update service that knows the releases of OKD.
    type: str
  graph_file:
    description:
      - Update graph as JSON, or a directory of files named C(<architecture>-<channel>.json), to read instead of asking an update service.
    type: path
  conditional_updates:
    description:
      - Whether updates that are recommended under conditions only count as updates when a path is looked for.
    type: bool
    default: false
  strict_update_paths:
    description:
      - Whether a path between two versions that does not exist fails the plan. Otherwise both versions are mirrored and a warning
        says what is missing.
    type: bool
    default: false
  version_filter:
    description:
      - Regular expression; versions that it does not match are never taken for the oldest or the newest one of a channel.
      - Without it E(VERSION_FILTER).
    type: str
  release_signatures:
    description:
      - What is done about releases of OpenShift without a good signature. V(require) does not mirror them and fails, V(warn)
        mirrors them and warns,
        V(off) does not look. V(require) is the default.
    type: str
    choices:
      - require
      - warn
      - "off"
  release_signature_urls:
    description:
      - Where signatures of releases are found, one after the other. Without it E(OCP_SIGNATURE_URL), then the public stores.
      - A directory on the host that runs the module, laid out like a store, is named C(file:///directory).
    type: list
    elements: str
    default: []
  release_signature_keys:
    description:
      - Files of OpenPGP public keys that releases may be signed with. Without it E(OCP_SIGNATURE_VERIFICATION_PK), then the
        built-in keys of Red Hat.
      - Files of public keys in PEM form are for signatures that lie in the registry beside a release, in the form of sigstore.
        They are looked at
        when no store has a good signature, and need the Python package C(cryptography).
    type: list
    elements: path
    default: []
  release_signature_names:
    description:
      - Repositories that releases may be signed as, besides the one that they are read from and the official one.
    type: list
    elements: str
    default: []
  okd_release_signatures:
    description:
      - Like O(release_signatures) for releases of OKD. V(warn) is the default.
    type: str
    choices:
      - require
      - warn
      - "off"
  okd_release_signature_urls:
    description:
      - Like O(release_signature_urls) for releases of OKD.
    type: list
    elements: str
    default: []
  okd_release_signature_keys:
    description:
      - Like O(release_signature_keys) for releases of OKD. There is no built-in key for them.
    type: list
    elements: path
    default: []
  release_tags_allowed:
    description:
      - Whether releases may name their components by tag, which published ones never do.
    type: bool
    default: false
  graph_data:
    description:
      - URL or path of the tarball that the graph image is built from. The public update service's data is the default.
    type: str
  graph_base:
    description:
      - Image that the graph image is built on. It must have C(bash) and C(cp).
    type: str
  graph_image:
    description:
      - A ready graph image to mirror instead of building one.
    type: str
"""
