#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror_verify
short_description: Verify that a mirror matches its plan
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Compares a registry with the plan, tag by tag and manifest by manifest, and on request layer by layer or byte by byte.
  - Reports missing, moved and foreign tags, and missing and corrupt manifests and layers, each with the affected images. Catalogs are
    followed to all images that they name.
  - Leaves what it found in C(results/verification.json) of the workspace, which the role C(mirror) then writes into the report, as
    M(disconnected.mirror.mirror_report) does in a play without it.
  - Only reads from the registry, unless O(repair) is set. Then whatever is missing or corrupt is pushed again, and nothing else.
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
    details: Verifies as usual, and reports what a repair would push. Writes nothing.
  diff_mode:
    support: full
    details: Lists the findings before and after a repair.
  idempotent:
    support: full
options:
  plan:
    description:
      - Path of the plan. Without it the plan of the workspace is used, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  level:
    description:
      - How thoroughly the registry is checked. V(manifests) costs about one small request for each image and instance. V(blobs) adds one
        request for each layer in each repository, to check that it exists with its full size. V(content) also reads every layer once and
        hashes it.
    type: str
    choices:
      - manifests
      - blobs
      - content
    default: manifests
  part:
    description:
      - Read only one part of the layers at O(level=content), so that daily runs read everything once in a given number of days.
    type: dict
    suboptions:
      number:
        description:
          - Number of the part, starting at V(1).
        type: int
        required: true
      count:
        description:
          - Total number of parts.
        type: int
        required: true
  ignore:
    description:
      - Kinds of findings to ignore.
    type: list
    elements: str
    choices:
      - missing_tag
      - moved_tag
      - foreign_tag
      - missing_manifest
      - corrupt_manifest
      - missing_instance
      - missing_referrer
      - missing_blob
      - corrupt_blob
      - unreadable
    default: []
  fail:
    description:
      - Whether the task fails when there are any findings.
    type: bool
    default: true
  repair:
    description:
      - Whether missing and moved content is pushed again, and corrupt content is overwritten. Everything that was pushed is verified again
        at the same O(level), so that success means that the mirror is whole.
      - Foreign tags are reported, not changed. Some registries (distribution) do not accept a layer again that they believe they already
        have. The message of the finding says what an administrator can do then.
    type: bool
    default: false
  replace_corrupt:
    description:
      - With O(repair), content that is still corrupt after it was overwritten is deleted together with the manifests that refer to it, and
        pushed again with all its tags, including foreign ones. The image cannot be pulled in the meantime.
      - In check mode RV(replaced) lists what would be deleted.
    type: bool
    default: false
  archive:
    description:
      - Directory with the archives that were loaded, or one of their files, such as V(file:///directory). A repair reads from them.
      - Without it a repair reads from the sources.
    type: str
"""

EXAMPLES = r"""
- name: Check that the mirror is complete
  disconnected.mirror.mirror_verify:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp

- name: Read one seventh of all layers each day
  disconnected.mirror.mirror_verify:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    level: content
    part:
      number: "{{ now().isoweekday() }}"
      count: 7

- name: Push missing content again from the archives
  disconnected.mirror.mirror_verify:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    level: blobs
    repair: true
    archive: file:///media/archive
  register: verification

- name: Show what is left
  ansible.builtin.debug:
    var: verification.counts
"""

RETURN = r"""
clean:
  description: Whether the mirror holds exactly what the plan says. After a repair, the state after the repair.
  returned: success, and when there are findings
  type: bool
  sample: true
complete:
  description: Whether everything was checked. It is false when the run was stopped or the registry did not respond.
  returned: success, and when there are findings
  type: bool
  sample: true
images:
  description: How many images were checked.
  returned: success, and when there are findings
  type: int
  sample: 190
blobs:
  description: How many distinct layers and configurations were checked.
  returned: success, and when there are findings
  type: int
  sample: 578
bytes_read:
  description: How many bytes of them were read and hashed.
  returned: success, and when there are findings
  type: int
  sample: 0
counts:
  description: The number of findings by kind, see O(ignore) for the kinds. After a repair, the remaining ones.
  returned: success, and when there are findings
  type: dict
  sample: {"missing_blob": 1}
findings:
  description: The first 20 findings. The file at RV(result_path) has all of them.
  returned: success, and when there are findings
  type: list
  elements: dict
  contains:
    kind:
      description: What is wrong.
      type: str
      sample: missing_blob
    repository:
      description: Repository of the finding.
      type: str
      sample: ocp/team/app
    name:
      description: The tag or digest of the finding.
      type: str
    message:
      description: Description of the finding in one sentence.
      type: str
    origins:
      description: The affected images.
      type: list
      elements: str
    repairable:
      description: Whether pushing them again repairs it.
      type: bool
findings_total:
  description: How many findings there are.
  returned: success, and when there are findings
  type: int
  sample: 1
catalogs:
  description: The first 20 catalogs of the plan, with counts of all images that they refer to.
  returned: success, and when there are findings
  type: list
  elements: dict
  contains:
    catalog:
      description: The catalog.
      type: str
      sample: registry.redhat.io/redhat/redhat-operator-index:v4.16
    images:
      description: How many images it refers to, including itself.
      type: int
      sample: 41
    harmed:
      description: How many of them have a finding.
      type: int
      sample: 0
repaired:
  description: What was pushed again or, in check mode, would be.
  returned: success, and when there are findings
  type: dict
  contains:
    images:
      description: Images that are complete again or, in check mode, of which content would be pushed.
      type: int
      sample: 1
    blobs:
      description: Layers and configurations that were sent.
      type: int
      sample: 1
    bytes:
      description: Their size in bytes.
      type: int
      sample: 73400320
replaced:
  description: The first 20 manifests and layers that were deleted to be pushed again or, in check mode, would be.
  returned: success, and when there are findings
  type: list
  elements: str
  sample: ["manifest ocp/team/app@sha256:2f1f8e...", "blob ocp/team/app@sha256:77ab01..."]
replaced_total:
  description: How many there are.
  returned: success, and when there are findings
  type: int
  sample: 0
result_path:
  description: File with every finding. Empty in check mode.
  returned: success, and when there are findings
  type: str
  sample: /srv/mirror/workspace/results/verification.json
failures:
  description: The first 20 objects that are missing from the plan itself, or that could not be pushed again.
  returned: success, and when there are findings
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
    category:
      description: Configuration section that it belongs to, V(release), V(operator), V(additional) or V(helm).
      type: str
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
  returned: success, and when there are findings
  type: int
  sample: 0
failed_categories:
  description: Configuration sections of the failed objects.
  returned: success, and when there are findings
  type: list
  elements: str
  sample: []
error:
  description: Why verification failed as a whole, in the form of an entry of RV(failures).
  returned: when nothing could be verified
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    mirror_verify = adapter("mirror_verify")
    module = AnsibleModule(
        argument_spec=mirror_verify.arguments,
        mutually_exclusive=[("plan", "config", "imageset")],
        supports_check_mode=True,
    )
    mirror_verify.finish(module)


if __name__ == "__main__":
    main()
