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
  - Reads an ImageSetConfiguration and resolves all that it names to images with digest, media type, size, destination, tags
    and the reasons why they are there.
  - The plan is written to C(results/plan.json) in the workspace. All other modules take it from there and resolve nothing again.
  - A plan in which something could not be resolved leaves the last complete one as it is, and goes to C(results/plan-incomplete.json)
    beside it, until the next complete one. M(disconnected.mirror.image_mirror) carries out the latest of the two.
  - Reads manifests only, no layers. What a tag meant in the last plan is asked for again with a single small request.
requirements:
  - PyYAML
  - requests
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.workspace
  - disconnected.mirror.imageset.signatures
  - disconnected.mirror.imageset.failures
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
    details: The plan changes when the configuration does, or what its tags and channels mean.
options:
  locked:
    description:
      - Whether the last complete plan of the workspace is replayed exactly. Nothing is resolved again, wherever tags have moved to;
        only what the workspace lacks of it is read, by digest.
      - The plan and the file C(plan-parts.tar) beside it, which has what was built for it (filtered catalogs, the graph image), are
        enough to make the mirror again with an empty workspace, as long as the sources have the content. Without that file what was
        built is built again from what the plan locked, and refused when it is not the same, byte for byte.
      - Fails when the configuration says something else than the one that the plan was made of.
    type: bool
    default: false
  source_mirror:
    description:
      - A mirror that this collection made, such as V(docker://registry.dmz.example.com:5000/ocp). Its registry keeps the plan that it was
        made by, with signatures and all else; the plan is taken from there, and all content is read from there. Nothing is asked of the
        origins, of update services or of repositories of charts.
      - Neither O(config) nor O(imageset) is needed then, unless the mirror holds several image sets; then it says which one.
    type: str
  destination:
    description:
      - The mirror that the plan is for, such as V(docker://registry.example.com:5000/ocp). With it the forecast leaves out what earlier
        runs of this workspace have brought there, and C(results/mapping.txt) says where each image goes. The registry itself is not
        asked, unless O(check_destination) says so.
      - Or the directory of archives, such as V(file:///srv/archives). Then the forecast is that of the next archive, less what those
        before it brought.
    type: str
  archive_for:
    description:
      - For a O(destination) of C(file://), the registry that archives are for, as in M(disconnected.mirror.image_mirror).
    type: str
  check_destination:
    description:
      - Whether the registry at O(destination) has to answer and to accept the credentials before anything is resolved, for a mirror
        run that follows on this host. The role P(disconnected.mirror.mirror#role) does so.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails when something could not be resolved that O(allow_failures) does not name. V(false) leaves that to a
        later task; the plan counts as incomplete all the same.
    type: bool
    default: true
  max_nested_paths:
    description:
      - How many path components repositories may have at O(destination); deeper names are joined with dashes. V(0) is no limit.
    type: int
    default: 0
  mapping_instances:
    description:
      - Whether C(results/mapping.txt) has a line for each instance of an index, too, by digest on both sides.
    type: bool
    default: false
  explain:
    description:
      - References, repositories, destinations, digests, packages, bundles or versions. For each RV(explanations) tells why it is in the
        plan, or which rule left it out.
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

- name: Show how much that is
  ansible.builtin.debug:
    msg: "{{ plan.images }} images, {{ plan.bytes }} bytes"

- name: Ask why something is mirrored
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
  description: Where the plan is, or in check mode would be.
  returned: success, and when the plan is not complete
  type: str
  sample: /srv/mirror/workspace/results/plan.json
complete:
  description: Whether nothing failed that O(allow_failures) does not name.
  returned: success, and when the plan is not complete
  type: bool
  sample: true
mapping_path:
  description:
    - Where the list of sources and destinations is, or in check mode would be. Empty without O(destination), and for a plan that is not
      complete; the list of the last complete one stays then.
  returned: success, and when the plan is not complete
  type: str
  sample: /srv/mirror/workspace/results/mapping.txt
images:
  description: How many images the plan names.
  returned: success
  type: int
  sample: 190
bytes:
  description: Size of all their content in bytes, each layer counted once.
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
  description: How much there is to move, known before anything is downloaded. Every layer and manifest counts once.
  returned: success, and when the plan is not complete
  type: dict
  contains:
    pull:
      description: Bytes of layers and configurations to read from other hosts. Manifests were read for the plan.
      type: int
      sample: 73400320
    ship:
      description: Bytes of the next archive's files, or to send to the registry, manifests and the history that it keeps among them.
      type: int
      sample: 73400320
    store:
      description: Bytes of the whole plan at the registry in the end.
      type: int
      sample: 922000000
    blobs:
      description: Layers and configurations to move.
      type: int
      sample: 11
    by_source:
      description: The ten largest parts by the host that they come from.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the part.
          type: str
        images:
          description: Images of the plan that belong to it.
          type: int
        bytes:
          description: Size of their content, each layer once.
          type: int
        marginal_bytes:
          description: Bytes that only this part needs, which is what leaving it out would save.
          type: int
    by_category:
      description: Releases, operators, additional images and charts.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the part.
          type: str
        images:
          description: Images of the plan that belong to it.
          type: int
        bytes:
          description: Size of their content, each layer once.
          type: int
        marginal_bytes:
          description: Bytes that only this part needs, which is what leaving it out would save.
          type: int
    by_operator:
      description: The ten largest operators.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the part.
          type: str
        images:
          description: Images of the plan that belong to it.
          type: int
        bytes:
          description: Size of their content, each layer once.
          type: int
        marginal_bytes:
          description: Bytes that only this part needs, which is what leaving it out would save.
          type: int
    by_architecture:
      description: By architecture.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the part.
          type: str
        images:
          description: Images of the plan that belong to it.
          type: int
        bytes:
          description: Size of their content, each layer once.
          type: int
        marginal_bytes:
          description: Bytes that only this part needs, which is what leaving it out would save.
          type: int
difference:
  description: What changed since the plan that the workspace kept. C(--diff) lists it whole.
  returned: success, and when the plan is not complete
  type: dict
  contains:
    images_added:
      description: Images that are new.
      type: int
    images_removed:
      description: Images that are not named any more.
      type: int
    images_moved:
      description: Names that mean other content now.
      type: int
    releases_added:
      description: The first ten releases that are new.
      type: list
      elements: str
    releases_removed:
      description: The first ten releases that are not named any more.
      type: list
      elements: str
    packages_added:
      description: The first ten operator bundles that are new.
      type: list
      elements: str
    packages_removed:
      description: The first ten operator bundles that are not named any more.
      type: list
      elements: str
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
      description: What was asked.
      type: str
    present:
      description: Whether it is mirrored.
      type: bool
    verdict:
      description: What became of it.
      type: str
      sample: left out by platforms
    images:
      description: The first ten images of the plan that it is about.
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
      description: The same in sentences.
      type: list
      elements: str
failures:
  description: The first 20 objects that are wanted and could not be resolved. The plan has all of them.
  returned: success, and when the plan is not complete
  type: list
  elements: dict
  contains:
    code:
      description: Kind of the failure.
      type: str
      sample: not_found
    message:
      description: What was attempted and what went wrong.
      type: str
    subject:
      description: The object that failed.
      type: str
      sample: quay.io/team/gone:1.0
    category:
      description: What it was wanted for, V(release), V(operator), V(additional) or V(helm).
      type: str
      sample: additional
    host:
      description: The registry that was asked.
      type: str
    status:
      description: Its HTTP status.
      type: int
    attempts:
      description: How many times it was asked.
      type: int
    advice:
      description: What to do about it.
      type: str
    wanted_by:
      description:
        - Why the object is wanted, each chain of reasons as one text, such as an entry of the configuration, a package and a bundle.
          The first five.
      type: list
      elements: str
      sample: ["operators[0] > foo > foo.v0.2.0"]
failures_total:
  description: How many objects failed.
  returned: success, and when the plan is not complete
  type: int
  sample: 0
failed_categories:
  description: What they were wanted for.
  returned: success, and when the plan is not complete
  type: list
  elements: str
  sample: []
error:
  description: Why nothing could be planned at all, in the form of an entry of RV(failures).
  returned: when nothing could be planned
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import imageset_plan
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=imageset_plan.ARGUMENTS,
        mutually_exclusive=[("config", "imageset")],
        required_one_of=[("config", "imageset", "source_mirror")],
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: imageset_plan.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
