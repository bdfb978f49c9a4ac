#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_prune
short_description: Delete from a mirror what is no longer wanted
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - In the mode V(prune) deletes what earlier runs mirrored and the plan no longer names.
  - In the mode V(generate) writes a list of what a DeleteImageSetConfiguration means at the mirror, for review. No source is asked.
  - In the mode V(delete) deletes what the reviewed list names, with the instances of images that are indexes.
  - Deletes only what the workspace remembers to have mirrored. Never deletes what a kept image, another image set at the same
    destination, a tag of somebody else or a pattern of O(protect) needs.
  - A registry gives the space back when its garbage is collected, which is not done here.
requirements:
  - PyYAML
  - requests
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.workspace
  - disconnected.mirror.imageset.destination
  - disconnected.mirror.imageset.signatures
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
attributes:
  check_mode:
    support: full
    details: Asks the registry what its tags need and deletes nothing. Writes C(results/pruning-plan.json) in the workspace, which
      lists what would be deleted; nothing else is written.
  diff_mode:
    support: full
    details: Lists the manifests that go, or in the mode V(generate) the list before and after.
  idempotent:
    support: full
options:
  mode:
    description:
      - What to do. V(prune) compares with the plan, V(generate) and V(delete) are the two steps with a review between them.
      - V(generate) needs O(config) or O(imageset) with a DeleteImageSetConfiguration, V(delete) needs O(delete_list).
    type: str
    choices:
      - prune
      - generate
      - delete
    default: prune
  plan:
    description:
      - Path of the plan to prune by. Without it that of the workspace is taken, or one is made in memory when O(config) or
        O(imageset) is given.
      - Nothing is pruned from a part of the configuration in which planning failed, and nothing at all when the plan is empty.
    type: path
  archive:
    description:
      - Directory with archives, such as V(file:///directory). Prunes by the plan of the last of them, as after it was loaded.
      - Excludes O(only_v1alpha2), for an archive does not decide whether this mirror is pruned.
    type: str
  archive_trusted_keys:
    description:
      - Prune only by an archive that one of these keys signed.
      - Given without a key it is an error, and never means that any archive will do.
    type: dict
    suboptions:
      kind:
        description:
          - Which kind of signature is required.
        type: str
        choices:
          - ssh
          - gpg
        default: ssh
      path:
        description:
          - File with public keys, for V(ssh) one in a line as in C(authorized_keys), for V(gpg) OpenPGP public keys.
        type: path
        required: true
  only_v1alpha2:
    description:
      - Whether O(mode=prune) does nothing unless the image set is one of C(v1alpha2), the generation whose runs prune by themselves.
    type: bool
    default: false
  after_mirroring:
    description:
      - Whether check mode predicts what there is to prune once all that the plan names has been mirrored, as in a play that does both.
        Otherwise an old version stays as long as the new one has not arrived. Without check mode this means nothing.
    type: bool
    default: false
  delete_list:
    description:
      - Path of the reviewed list, a C(DeleteImageList) as O(mode=generate) or C(oc-mirror) version 2 writes it.
      - What the list names outside of O(destination) is told and left alone.
    type: path
  delete_id:
    description:
      - Part of the names of the files that O(mode=generate) writes, to keep several of them.
    type: str
  delete_signatures:
    description:
      - Whether signatures and other attachments of the images are listed too.
    type: bool
    default: false
  delete_v1_images:
    description:
      - Whether images are listed under the tags that C(oc-mirror) version 1 gave them.
    type: bool
    default: false
  delete_unrecorded:
    description:
      - Whether O(mode=delete) also deletes images that this workspace does not remember, such as those that other tools mirrored.
    type: bool
    default: false
  protect:
    description:
      - Regular expressions. An image stays when one is found in its origin, its digest, or its repository with or without a tag.
    type: list
    elements: str
    default: []
  keep_plans:
    description:
      - Paths of plans of other image sets that share the destination. Their images stay.
      - Image sets that keep their history at the destination are heeded without this.
    type: list
    elements: path
    default: []
  max_deletions:
    description:
      - How many manifests may go at most; when there would be more, nothing is deleted and the task fails. V(0) is no limit.
    type: int
    default: 0
  max_deletion_percent:
    description:
      - Which share of all remembered manifests may go at most; when there would be more, nothing is deleted and the task fails.
      - Saves a mirror from a configuration that lost its main part.
    type: int
    default: 50
"""

EXAMPLES = r"""
- name: See what would be pruned
  disconnected.mirror.image_prune:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
  register: pruning

- name: Prune, but leave everything of one team alone
  disconnected.mirror.image_prune:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    protect:
      - ^ocp/payments/
    max_deletions: 200

- name: List what the end of a release means, for review
  disconnected.mirror.image_prune:
    mode: generate
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    delete_id: "4.14"
    imageset:
      apiVersion: mirror.openshift.io/v2alpha1
      kind: DeleteImageSetConfiguration
      delete:
        platform:
          channels:
            - name: stable-4.14
              minVersion: 4.14.1
              maxVersion: 4.14.1

- name: Delete what the reviewed list names
  disconnected.mirror.image_prune:
    mode: delete
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    delete_list: /srv/mirror/workspace/delete/delete-images-4.14.yaml
"""

RETURN = r"""
deleted:
  description: How many manifests were deleted, or in check mode would be.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 38
absent:
  description: How many were not there any more.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 0
bytes:
  description: How many bytes the registry can give back when it collects its garbage.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 1890000000
note:
  description: How to free the space. Empty when nothing was deleted.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: str
pruning_plan_path:
  description: The file that lists everything that was, or would be, deleted. Empty when there is nothing to list.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: str
  sample: /srv/mirror/workspace/results/pruning-plan.json
left_alone:
  description: The first 20 things that were named and stay, each with its reason.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: str
  sample:
    - "ocp/team/app@sha256:6c3c... stays: the tag ocp/team/app:pinned needs it."
left_alone_total:
  description: How many things stay.
  returned: success, and when something could not be deleted or listed
  type: int
  sample: 1
listed:
  description: How many images are on the list.
  returned: success in the mode V(generate), and when something could not be listed
  type: int
  sample: 190
list_path:
  description: The list for review. Empty when there is nothing to list.
  returned: success in the mode V(generate), and when something could not be listed
  type: str
  sample: /srv/mirror/workspace/delete/delete-images-4.14.yaml
config_path:
  description: The configuration that the list was made from, kept beside it.
  returned: success in the mode V(generate), and when something could not be listed
  type: str
  sample: /srv/mirror/workspace/delete/delete-imageset-config-4.14.yaml
failures:
  description: The first 20 objects that could not be deleted, or not be found at the mirror for the list.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: dict
  contains:
    code:
      description: Kind of the failure, such as V(unsupported) where the registry does not delete, or V(access_denied).
      type: str
      sample: unsupported
    message:
      description: What was attempted and what went wrong.
      type: str
    subject:
      description: The object that failed.
      type: str
    category:
      description: What it was wanted for, V(release), V(operator), V(additional) or V(helm).
      type: str
    host:
      description: The registry that was asked.
      type: str
    status:
      description: Its HTTP status.
      type: int
      sample: 405
    attempts:
      description: How many times it was asked.
      type: int
    advice:
      description: What to do about it.
      type: str
failures_total:
  description: How many objects failed.
  returned: success, and when something could not be deleted or listed
  type: int
  sample: 0
failed_categories:
  description: What they were wanted for.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: str
  sample: []
error:
  description: Why nothing could be done at all, in the form of an entry of RV(failures).
  returned: when nothing could be done
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import image_prune
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=image_prune.ARGUMENTS,
        mutually_exclusive=[("plan", "archive", "config", "imageset")],
        required_if=[
            ("mode", "generate", ("config", "imageset"), True),
            ("mode", "delete", ("delete_list",)),
        ],
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: image_prune.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
