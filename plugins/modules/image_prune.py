#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_prune
short_description: Delete images that are no longer wanted from a mirror
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - In mode V(prune), deletes images that earlier runs mirrored and that the plan no longer contains.
  - In mode V(generate), writes a list of the images at the mirror that a DeleteImageSetConfiguration selects, for review. No source is
    contacted.
  - In mode V(delete), deletes the images on the reviewed list, including the instances of indexes.
  - Deletes only what the workspace has recorded as mirrored. Never deletes content that is needed by an image that is kept, by another
    image set at the same destination or by a tag that this collection did not push, or that matches a pattern of O(protect).
  - A registry frees the space when its garbage collection runs, which this module does not start.
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
    details: Asks the registry what its tags need and deletes nothing. Writes only C(results/pruning-plan.json) in the workspace, which
      lists what would be deleted.
  diff_mode:
    support: full
    details: Lists the manifests that are deleted or, in mode V(generate), the list before and after.
  idempotent:
    support: full
options:
  mode:
    description:
      - What to do. V(prune) compares the mirror with the plan. V(generate) and V(delete) are two steps with a review between them.
      - V(generate) needs O(config) or O(imageset) with a DeleteImageSetConfiguration, V(delete) needs O(delete_list).
    type: str
    choices:
      - prune
      - generate
      - delete
    default: prune
  plan:
    description:
      - Path of the plan to prune by. Without it the plan of the workspace is used, or one is made in memory when O(config) or O(imageset)
        is given.
      - Nothing is pruned from a section of the configuration in which planning failed, and nothing at all when the plan is empty.
    type: path
  archive:
    description:
      - Directory with archives, such as V(file:///directory). Prunes by the plan of the last of them, as if it had been loaded.
      - Excludes O(only_v1alpha2), because an archive does not decide whether this mirror is pruned.
    type: str
  only_v1alpha2:
    description:
      - Whether O(mode=prune) does nothing unless the configuration is of C(v1alpha2), the version that prunes in every run.
    type: bool
    default: false
  after_mirroring:
    description:
      - Whether check mode predicts what there is to prune after everything in the plan has been mirrored, as in a play that does both.
        Otherwise an old version is kept until the new one has been mirrored. Has no effect outside check mode.
    type: bool
    default: false
  delete_list:
    description:
      - Path of the reviewed list, a C(DeleteImageList) as written by O(mode=generate) or by C(oc-mirror) version 2.
      - Entries of the list outside of O(destination) are reported and not deleted.
    type: path
  delete_id:
    description:
      - Added to the names of the files that O(mode=generate) writes, to keep several lists.
    type: str
  delete_signatures:
    description:
      - Whether to also list signatures and other attachments of the images.
    type: bool
    default: false
  delete_v1_images:
    description:
      - Whether to list images under the tags that C(oc-mirror) version 1 gave them.
    type: bool
    default: false
  delete_unrecorded:
    description:
      - Whether O(mode=delete) also deletes images that this workspace has no record of, such as those mirrored by other tools.
    type: bool
    default: false
  protect:
    description:
      - Regular expressions. An image is kept when one matches anywhere in its origin, its digest, or its repository with or without a tag.
    type: list
    elements: str
    default: []
  protect_clusters:
    description:
      - Clusters that use the mirror. Nothing that one of them runs is deleted, be it part of its release, of an operator or of a pod.
      - When one of them does not answer, nothing is deleted at all.
    type: list
    elements: dict
    default: []
    suboptions:
      kubeconfig:
        description:
          - Path of a kubeconfig on the host that the task runs on, or its content.
        type: raw
      context:
        description:
          - Context of the kubeconfig. Defaults to its current context.
        type: str
      host:
        description:
          - URL of the API server, instead of the one in the kubeconfig.
        type: str
      api_key:
        description:
          - Token. The right to read all kinds that M(disconnected.mirror.cluster_info) reads is enough.
        type: str
      ca_cert:
        description:
          - PEM file with the certificate authority of the API server.
        type: path
      validate_certs:
        description:
          - Whether the certificate of the API server is verified. Defaults to what the kubeconfig says, then to V(true).
        type: bool
  keep_plans:
    description:
      - Paths of plans of other image sets that share the destination. Their images are kept.
      - Image sets that keep their history at the destination need no entry here.
    type: list
    elements: path
    default: []
  max_deletions:
    description:
      - Maximum number of manifests to delete. When there are more, nothing is deleted and the task fails. V(0) means no limit.
    type: int
    default: 0
  max_deletion_percent:
    description:
      - Maximum percentage of all recorded manifests to delete. When there are more, nothing is deleted and the task fails.
      - Protects a mirror from a configuration that lost most of its content by mistake.
    type: int
    default: 50
"""

EXAMPLES = r"""
- name: See what would be pruned
  disconnected.mirror.image_prune:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
  register: pruning

- name: Prune, but keep everything of one team
  disconnected.mirror.image_prune:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    protect:
      - ^ocp/payments/
    max_deletions: 200

- name: List the images of a release to retire, for review
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

- name: Delete the images on the reviewed list
  disconnected.mirror.image_prune:
    mode: delete
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    delete_list: /srv/mirror/workspace/delete/delete-images-4.14.yaml
"""

RETURN = r"""
deleted:
  description: How many manifests were deleted or, in check mode, would be.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 38
absent:
  description: How many no longer existed.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 0
bytes:
  description: How many bytes the registry's garbage collection can free.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: int
  sample: 1890000000
note:
  description: How to free the space. Empty when nothing was deleted.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: str
pruning_plan_path:
  description: The file that lists everything that was or would be deleted. Empty when there is nothing to list. Its C(state)
    is V(predicted) in check mode, V(carried_out) after a deletion, with the number of those that could not be deleted in C(left), and
    V(listed) where a limit stopped the deletion.
  returned: success in the modes V(prune) and V(delete), and when something could not be deleted
  type: str
  sample: /srv/mirror/workspace/results/pruning-plan.json
left_alone:
  description: The first 20 candidates that were kept, with reasons.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: str
  sample:
    - "ocp/team/app@sha256:6c3c... is kept: the tag ocp/team/app:pinned needs it."
left_alone_total:
  description: How many candidates were kept.
  returned: success, and when something could not be deleted or listed
  type: int
  sample: 1
listed:
  description: How many images are on the list.
  returned: success in the mode V(generate), and when something could not be listed
  type: int
  sample: 190
list_path:
  description: Path of the list for review. Empty when there is nothing to list.
  returned: success in the mode V(generate), and when something could not be listed
  type: str
  sample: /srv/mirror/workspace/delete/delete-images-4.14.yaml
config_path:
  description: Path of the configuration that the list was made from, kept beside it.
  returned: success in the mode V(generate), and when something could not be listed
  type: str
  sample: /srv/mirror/workspace/delete/delete-imageset-config-4.14.yaml
failures:
  description: The first 20 objects that could not be deleted or, for the list, could not be found at the mirror.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: dict
  contains:
    code:
      description: Kind of the failure, such as V(unsupported) when the registry does not support deletion, or V(access_denied).
      type: str
      sample: unsupported
    message:
      description: What was attempted, and why it failed.
      type: str
    subject:
      description: The object that failed.
      type: str
    category:
      description: Configuration section that it belongs to, V(release), V(operator), V(additional) or V(helm).
      type: str
    host:
      description: The registry that was queried.
      type: str
    status:
      description: The HTTP status of its response.
      type: int
      sample: 405
    attempts:
      description: How many attempts were made.
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
  description: Configuration sections of the failed objects.
  returned: success, and when something could not be deleted or listed
  type: list
  elements: str
  sample: []
error:
  description: Why the module could not run at all, in the form of an entry of RV(failures).
  returned: when nothing could be done
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    image_prune = adapter("image_prune")
    module = AnsibleModule(
        argument_spec=image_prune.arguments,
        mutually_exclusive=[("plan", "archive", "config", "imageset")],
        required_if=[
            ("mode", "generate", ("config", "imageset"), True),
            ("mode", "delete", ("delete_list",)),
        ],
        supports_check_mode=True,
    )
    image_prune.finish(module)


if __name__ == "__main__":
    main()
