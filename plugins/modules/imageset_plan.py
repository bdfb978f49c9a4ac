#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: imageset_plan
short_description: Resolve an image set into a plan
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Reads an ImageSetConfiguration and resolves everything in it to images with digest, media type, size, destination, tags and the reasons
    for including them.
  - The plan is written to C(results/plan.json) in the workspace. All other modules use it and resolve nothing again.
  - A plan in which something could not be resolved is written to C(results/plan-incomplete.json) and kept until the next complete plan. The
    last complete plan is not changed. M(disconnected.mirror.image_mirror) uses the newer of the two.
  - Reads manifests only, no layers. A tag that the last plan resolved costs one small request.
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.access
  - disconnected.mirror.imageset.progress
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details: Lists releases, packages and images before and after.
  idempotent:
    support: full
    details: The plan changes when the configuration changes, or when its tags and channels resolve differently.
options:
  locked:
    description:
      - Whether the last complete plan of the workspace is replayed exactly, even if tags have moved. Nothing is resolved again. Only
        content that the workspace lacks is read, by digest.
      - The plan and the file C(plan-parts.tar) beside it, with the images that were built for it (filtered catalogs, the graph image), are
        enough to recreate the mirror with an empty workspace, as long as the sources have the content. Without that file these images are
        rebuilt from what the plan locked, and rejected unless they are identical byte for byte.
      - Fails when the configuration differs from the one that the plan was made from.
    type: bool
    default: false
  source_mirror:
    description:
      - A mirror that this collection made, such as V(docker://registry.dmz.example.com:5000/ocp). Its registry keeps its plan, with
        signatures and everything else that belongs to it. The plan and all content are read from there. Origins, update services and chart
        repositories are not contacted.
      - Then O(config) or O(imageset) is needed only to select one of several image sets that the mirror holds.
    type: str
  handed_plan:
    description:
      - Path of a plan that another host made, written there with O(hand_on), or a C(plan.json) with the file C(plan-parts.tar) beside it.
        It is checked like any plan and becomes the plan of this workspace. Nothing is resolved. Only manifests that did not come with it
        are read from the sources, by digest.
      - Excludes O(config), O(imageset), O(source_mirror) and O(locked).
    type: path
  hand_on:
    description:
      - Whether to also write the plan into one file for other hosts, with the manifests of its images, its charts and what was built for
        it. In check mode this needs O(check_workspace).
    type: bool
    default: false
  destination:
    description:
      - The mirror that the plan is for, such as V(docker://registry.example.com:5000/ocp). With it the forecast leaves out what earlier
        runs of this workspace have pushed there, and C(results/mapping.txt) lists where each image goes. The registry itself is contacted
        only with O(check_destination).
      - Or the directory of archives, such as V(file:///srv/archives). Then the forecast is for the next archive, without the content of
        earlier ones.
    type: str
  archive_for:
    description:
      - For a O(destination) of C(file://), the registry that archives are for, as in M(disconnected.mirror.image_mirror).
    type: str
  check_destination:
    description:
      - Whether the registry at O(destination) must respond and accept the credentials before anything is resolved. Meant for a mirror run
        that follows on this host. The role P(disconnected.mirror.mirror#role) sets it.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails when something could not be resolved that O(allow_failures) does not match. V(false) leaves that to a later
        task. The plan counts as incomplete in either case.
    type: bool
    default: true
  max_nested_paths:
    description:
      - How many path components repositories may have at O(destination). Further components are joined with dashes. V(0) means no limit.
    type: int
    default: 0
  mapping_instances:
    description:
      - Whether C(results/mapping.txt) also has a line for each instance of an index, by digest on both sides.
    type: bool
    default: false
  explain:
    description:
      - References, repositories, destinations, digests, packages, bundles or versions. RV(explanations) has for each why it is in the plan,
        or which rule left it out.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Plan an image set
  disconnected.mirror.imageset_plan:
    config: /srv/mirror/imageset.yaml
    workspace: /srv/mirror/workspace

- name: Plan an image set that is written in the playbook
  disconnected.mirror.imageset_plan:
    workspace: /srv/mirror/workspace
    imageset:
      apiVersion: mirror.openshift.io/v2alpha1
      kind: ImageSetConfiguration
      mirror:
        additionalImages:
          - name: registry.access.redhat.com/ubi9/ubi:latest
  register: plan

- name: Show the size of the plan
  ansible.builtin.debug:
    msg: "{{ plan.images }} images, {{ plan.bytes }} bytes"

- name: Ask why an image is mirrored
  disconnected.mirror.imageset_plan:
    config: /srv/mirror/imageset.yaml
    workspace: /srv/mirror/workspace
    locked: true
    explain:
      - quay.io/team/app:1.0
      - web-terminal
"""

RETURN = r"""
plan_path:
  description: Path of the plan, in check mode the path that it would have.
  returned: success, and when the plan is not complete
  type: str
  sample: /srv/mirror/workspace/results/plan.json
handed_plan_path:
  description: File with the plan for other hosts. Empty without O(hand_on).
  returned: success, and when the plan is not complete
  type: str
  sample: /srv/mirror/workspace/handed-plan.tar
complete:
  description: Whether everything was resolved, apart from what O(allow_failures) matches.
  returned: success, and when the plan is not complete
  type: bool
  sample: true
api_version:
  description: The API version of the configuration, whose rules the plan follows.
  returned: success, and when the plan is not complete
  type: str
  sample: mirror.openshift.io/v2alpha1
mapping_path:
  description:
    - Path of the list of sources and destinations, in check mode the path that it would have. Empty without O(destination). Empty also for
      an incomplete plan, which leaves the list of the last complete plan unchanged.
  returned: success, and when the plan is not complete
  type: str
  sample: /srv/mirror/workspace/results/mapping.txt
images:
  description: How many images the plan names.
  returned: success
  type: int
  sample: 190
bytes:
  description: Size of all content in bytes, each layer counted once.
  returned: success
  type: int
  sample: 922000000
releases:
  description: How many releases the plan names.
  returned: success
  type: int
  sample: 2
catalogs:
  description: How many operator catalogs the plan names.
  returned: success
  type: int
  sample: 1
charts:
  description: How many charts the plan names.
  returned: success
  type: int
  sample: 0
forecast:
  description: How much data there is to transfer, known before anything is downloaded. Every layer and manifest counts once.
  returned: success, and when the plan is not complete
  type: dict
  contains:
    pull:
      description: Bytes of layers and configurations to download from other hosts. The manifests were already read for the plan.
      type: int
      sample: 73400320
    ship:
      description: Size of the next archive's files in bytes, or bytes to send to the registry, including manifests and the history that it
        keeps.
      type: int
      sample: 73400320
    store:
      description: Size of the whole plan at the registry in bytes.
      type: int
      sample: 922000000
    blobs:
      description: Layers and configurations to transfer.
      type: int
      sample: 11
    by_source:
      description: The ten largest source hosts.
      type: list
      elements: dict
      contains: &part
        name:
          description: Name of the part.
          type: str
        images:
          description: Images of the plan that belong to it.
          type: int
        bytes:
          description: Size of their content in bytes, each layer counted once.
          type: int
        marginal_bytes:
          description: Bytes that only this part needs. Leaving it out would save this much.
          type: int
    by_category:
      description: Releases, operators, additional images and charts.
      type: list
      elements: dict
      contains: *part
    by_operator:
      description: The ten largest operators.
      type: list
      elements: dict
      contains: *part
    by_architecture:
      description: By architecture.
      type: list
      elements: dict
      contains: *part
difference:
  description: What changed since the previous plan in the workspace. C(--diff) lists all of it.
  returned: success, and when the plan is not complete
  type: dict
  contains:
    first:
      description: Whether there was no plan before.
      type: bool
    empty:
      description: Whether nothing changed.
      type: bool
    images_added:
      description: Images that are new.
      type: int
    images_removed:
      description: Images that are no longer in the plan.
      type: int
    images_moved:
      description: Tags that now resolve to different content.
      type: int
    releases_added:
      description: The first ten releases that are new.
      type: list
      elements: str
    releases_removed:
      description: The first ten releases that are no longer in the plan.
      type: list
      elements: str
    packages_added:
      description: The first ten operator bundles that are new.
      type: list
      elements: str
    packages_removed:
      description: The first ten operator bundles that are no longer in the plan.
      type: list
      elements: str
    releases_added_total:
      description: How many releases are new.
      type: int
    releases_removed_total:
      description: How many releases are no longer in the plan.
      type: int
    packages_added_total:
      description: How many operator bundles are new.
      type: int
    packages_removed_total:
      description: How many operator bundles are no longer in the plan.
      type: int
    bytes_added:
      description: Bytes of content that only the new plan has.
      type: int
    bytes_removed:
      description: Bytes of content that only the old plan had.
      type: int
explanations:
  description: One answer for each entry of O(explain).
  returned: success, and when the plan is not complete
  type: list
  elements: dict
  contains:
    question:
      description: The entry of O(explain).
      type: str
    present:
      description: Whether it is mirrored.
      type: bool
    verdict:
      description: What the plan decided about it.
      type: str
      sample: left out by platforms
    images:
      description: The first ten images of the plan that match it.
      type: list
      elements: str
    chains:
      description:
        - The first ten chains of reasons, outermost first. A bundle that dependencies brought is followed by those that require it,
          nearest first.
      type: list
      elements: list
      sample: [["operators[0]", "web-terminal", "web-terminal.v1.9.0"]]
    text:
      description: The same as text.
      type: list
      elements: str
failures:
  description: The first 20 objects that could not be resolved. The plan has all of them.
  returned: success, and when the plan is not complete
  type: list
  elements: dict
  contains:
    code:
      description: Kind of the failure.
      type: str
      sample: not_found
    message:
      description: What was attempted, and why it failed.
      type: str
    subject:
      description: The object that failed.
      type: str
      sample: quay.io/team/gone:1.0
    category:
      description: Configuration section that it belongs to, V(release), V(operator), V(additional) or V(helm).
      type: str
      sample: additional
    host:
      description: The registry that was queried.
      type: str
    status:
      description: The HTTP status of its response.
      type: int
    attempts:
      description: How many attempts were made.
      type: int
    advice:
      description: What to do about it.
      type: str
    wanted_by:
      description:
        - Why the object is needed. Each chain of reasons is one string, such as an entry of the configuration, a package and a bundle. At
          most five chains.
      type: list
      elements: str
      sample: ["operators[0] > foo > foo.v0.2.0"]
failures_total:
  description: How many objects failed.
  returned: success, and when the plan is not complete
  type: int
  sample: 0
failed_categories:
  description: Configuration sections of the failed objects.
  returned: success, and when the plan is not complete
  type: list
  elements: str
  sample: []
error:
  description: Why planning failed as a whole, in the form of an entry of RV(failures).
  returned: when nothing could be planned
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    imageset_plan = adapter("imageset_plan")
    module = AnsibleModule(
        argument_spec=imageset_plan.arguments,
        mutually_exclusive=[("config", "imageset")],
        required_one_of=[("config", "imageset", "source_mirror", "handed_plan")],
        supports_check_mode=True,
    )
    imageset_plan.finish(module)


if __name__ == "__main__":
    main()
