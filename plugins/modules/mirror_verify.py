#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mirror_verify
short_description: Prove that a mirror holds what its plan says
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Compares a registry with the plan, tag by tag and manifest by manifest, and on request layer by layer or byte by byte.
  - Tells missing, moved and foreign tags, missing and corrupt manifests and layers, each with the images that it harms. Catalogs are
    followed to all images that they name.
  - Reads only, unless O(repair) is set. Then what is missing or wrong is pushed again, and nothing else is moved.
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
    details: Verifies as always, and says what a repair would push. Writes nothing.
  diff_mode:
    support: full
    details: Lists the findings before and after a repair.
  idempotent:
    support: full
options:
  plan:
    description:
      - Path of the plan. Without it that of the workspace is taken, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  level:
    description:
      - How closely the registry is looked at. V(manifests) costs about one small request for each image and instance, V(blobs) also one
        for each layer in each repository, which says whether it is there in its full length, V(content) also reads every layer once and
        hashes it.
    type: str
    choices:
      - manifests
      - blobs
      - content
    default: manifests
  part:
    description:
      - Read only one part of the layers at O(level=content), so that a daily run has read everything once after a number of days.
    type: dict
    suboptions:
      number:
        description:
          - Which part, from V(1).
        type: int
        required: true
      count:
        description:
          - Of how many.
        type: int
        required: true
  ignore:
    description:
      - Kinds of findings that do not count.
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
      - Whether the task fails when there are findings.
    type: bool
    default: true
  repair:
    description:
      - Whether what is missing or moved is pushed again, and what is corrupt is written over. Everything that was pushed is looked at
        again as closely as O(level) says, so that a success means the mirror is whole.
      - Foreign tags are told and left alone. Some registries (distribution) do not take a layer again that they believe to have. What
        an administrator does then is in the message of the finding.
    type: bool
    default: false
  replace_corrupt:
    description:
      - With O(repair), what is still corrupt after it was written over is deleted, with the manifests that lead to it, and pushed again
        with all its tags, those of others included. Meanwhile the image cannot be pulled.
      - In check mode RV(replaced) lists what would be deleted.
    type: bool
    default: false
  archive:
    description:
      - Directory with the archives that were loaded, or one of their files, such as V(file:///directory), from which a repair is made.
      - Without it the sources are asked.
    type: str
  archive_trusted_keys:
    description:
      - Repair only from archives that one of these keys signed.
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
"""

EXAMPLES = r"""
- name: Look whether everything is there
  disconnected.mirror.mirror_verify:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp

- name: Read one seventh of all layers, another one each day
  disconnected.mirror.mirror_verify:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    level: content
    part:
      number: "{{ now().isoweekday() }}"
      count: 7

- name: Push again what is missing, from the archives
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
  description: Whether the mirror holds exactly what the plan says. After a repair, whether it does now.
  returned: success, and when there are findings
  type: bool
  sample: true
complete:
  description: Whether everything was looked at. A run that was stopped, or a registry that does not answer, proves nothing more.
  returned: success, and when there are findings
  type: bool
  sample: true
images:
  description: How many images were looked at.
  returned: success, and when there are findings
  type: int
  sample: 190
blobs:
  description: How many different layers and configurations were asked for.
  returned: success, and when there are findings
  type: int
  sample: 578
bytes_read:
  description: How many bytes of them were read and hashed.
  returned: success, and when there are findings
  type: int
  sample: 0
counts:
  description: The findings by kind, see O(ignore) for the kinds. After a repair, those that are left.
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
      description: Where.
      type: str
      sample: ocp/team/app
    name:
      description: The tag or the digest that it is about.
      type: str
    message:
      description: One sentence.
      type: str
    origins:
      description: The images that it harms.
      type: list
      elements: str
    repairable:
      description: Whether pushing them again mends it.
      type: bool
findings_total:
  description: How many findings there are.
  returned: success, and when there are findings
  type: int
  sample: 1
catalogs:
  description: The first 20 catalogs of the plan with all images that they lead to.
  returned: success, and when there are findings
  type: list
  elements: dict
  contains:
    catalog:
      description: The catalog.
      type: str
      sample: registry.redhat.io/redhat/redhat-operator-index:v4.16
    images:
      description: How many images it leads to, itself included.
      type: int
      sample: 41
    harmed:
      description: How many of them have a finding.
      type: int
      sample: 0
repaired:
  description: What was pushed again, or in check mode would be.
  returned: success, and when there are findings
  type: dict
  contains:
    images:
      description: Images that are whole again, or in check mode of which something would be pushed.
      type: int
      sample: 1
    blobs:
      description: Layers and configurations that were sent.
      type: int
      sample: 1
    bytes:
      description: Bytes of them.
      type: int
      sample: 73400320
replaced:
  description: The first 20 manifests and layers that were deleted to be pushed again, or in check mode would be.
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
  returned: success, and when there are findings
  type: int
  sample: 0
failed_categories:
  description: What they were wanted for.
  returned: success, and when there are findings
  type: list
  elements: str
  sample: []
error:
  description: Why nothing could be verified at all, in the form of an entry of RV(failures).
  returned: when nothing could be verified
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import mirror_verify
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=mirror_verify.ARGUMENTS,
        mutually_exclusive=[("plan", "config", "imageset")],
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: mirror_verify.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
