#!/usr/bin/python
# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_mirror
short_description: Mirror the images of a plan into a registry or an archive
version_added: 0.1.0
author:
  - disconnected.mirror contributors (!UNKNOWN)
description:
  - Makes a registry hold all images of a plan, with equal digests, under the repositories and tags that the plan gives them.
  - Each layer crosses the network once; other repositories get it by mounting. What is there already is not read.
  - One image that fails does not stop the others. A tag appears only when its image is complete.
  - With a O(destination) of C(file://) it writes an archive instead, to be carried to a place without network, where this module
    loads it with O(archive). Every archive has what the ones before it did not bring; it has the plan with it, so that loading
    needs no configuration and asks nobody but the registry.
  - Before anything is loaded every byte of an archive is checked. Archives of C(oc-mirror), both versions, can be loaded, too.
  - Takes the latest plan of the workspace, or makes one of O(config) or O(imageset) and keeps it there, as
    M(disconnected.mirror.imageset_plan) does.
  - An interrupted run is continued by running the task again.
  - While it works, the task shows how far it is. That is done by an action plugin of the same name, which starts the module as a
    background job and reads its status; the module works without it, too.
notes:
  - The progress of a run is also in C(status.json) in the workspace, and every image's result of the last one in C(last-run.json).
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
  - disconnected.mirror.imageset.failures
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
attributes:
  check_mode:
    support: full
    details: Asks the registry what it has, and writes nothing, neither there nor in the workspace.
  diff_mode:
    support: full
    details: Lists the names that become, or would become, something else.
  idempotent:
    support: full
    details: A run with nothing to do asks the registry at most once for each image and reads no layer from the source.
options:
  destination:
    description:
      - Where the images go. Either a mirror registry, and optionally a namespace below which everything goes, such as
        V(docker://registry.example.com:5000/ocp); or a directory for an archive, such as V(file:///srv/archives).
    type: str
    required: true
  archive:
    description:
      - Directory with archives to load, such as V(file:///media/usb), or one of their files. All archives in it are loaded in their
        order; what the registry has already is passed over.
      - Excludes O(config), O(imageset) and O(plan), since archives carry their plan.
    type: str
  archive_size:
    description:
      - Largest size of one file of a written archive in GiB, tar's own blocks included; it may have a fraction. Layers that are
        larger are cut. Without it C(archiveSize) of the configuration counts, and 500 where it says nothing.
    type: float
  archive_for:
    description:
      - The registry that a written archive is for, such as V(docker://registry.example.com:5000/ocp). Then runs from registry to
        registry to the same place count as shipped, and so on the other way. Without it archives have a history of their own.
    type: str
  archive_signing_key:
    description:
      - Sign the archive's list of contents with this key, which must need no passphrase.
    type: dict
    suboptions:
      kind:
        description:
          - V(ssh) signs with C(ssh-keygen), V(gpg) with C(gpg).
        type: str
        choices:
          - ssh
          - gpg
        default: ssh
      key:
        description:
          - Path of a private SSH key, or the name of a secret key in the keyring of C(gpg).
        type: str
        required: true
  archive_valid_days:
    description:
      - Days for which a written archive may be loaded, counted from the day on which its writing is begun. Without it archives do
        not expire. The day is in the signed list of contents.
    type: int
  archive_trusted_keys:
    description:
      - Load only archives that one of these keys signed. Signatures are looked at before anything else of an archive is.
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
  ignore_history:
    description:
      - Write an archive with everything, whatever earlier ones brought. It can be loaded without them.
    type: bool
    default: false
  since:
    description:
      - A day, as V(2026-01-31). The archive has all that was not shipped before that day, for a place that lost what came later.
    type: str
  plan:
    description:
      - Path of the plan. Without it that of the workspace is taken, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  check:
    description:
      - How closely the registry is looked at before an image counts as present.
      - V(default) asks for the digest of each tag. V(fast) believes what earlier runs recorded and the tag list confirms; it does not
        see tags that others moved. V(deep) also asks for each manifest and layer and finds holes.
    type: str
    choices:
      - fast
      - default
      - deep
    default: default
  tag_moves:
    description:
      - Whether a tag that names something else at the destination is moved, or its image is refused.
    type: str
    choices:
      - allow
      - refuse
    default: allow
  stop_on:
    description:
      - Parts of the image set of which the first failure stops the whole run. Without it everything that can be mirrored is.
    type: list
    elements: str
    choices:
      - release
      - operator
      - additional
      - helm
    default: []
  shard:
    description:
      - Move only the layers of one share of the plan and publish nothing, so that several hosts share the work. A run without this
        option then publishes all images.
    type: dict
    suboptions:
      index:
        description:
          - Number of this share, from V(0).
        type: int
        required: true
      count:
        description:
          - Number of all shares.
        type: int
        required: true
  progress:
    description:
      - Whether progress is shown while the task runs. In check mode and in tasks with C(async) it never is.
    type: bool
    default: true
  progress_interval:
    description:
      - Seconds between two lines of progress. In long runs the lines become rarer, up to one in half a minute.
    type: int
    default: 10
"""

EXAMPLES = r"""
- name: Mirror what the plan in the workspace names
  disconnected.mirror.image_mirror:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp

- name: Plan and mirror in one task, to a registry with an authority of its own
  disconnected.mirror.image_mirror:
    config: /srv/mirror/imageset.yaml
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000
    auth_file: /srv/mirror/auth.json
    tls:
      - host: registry.example.com:5000
        ca_path: /etc/pki/mirror/ca.pem
  register: mirror

- name: Write what is new into an archive of files that fit on a DVD
  disconnected.mirror.image_mirror:
    config: /srv/mirror/imageset.yaml
    workspace: /srv/mirror/workspace
    destination: file:///srv/archives/next
    archive_size: 4.3

- name: Load all archives of a disk into the registry of a place without network
  disconnected.mirror.image_mirror:
    archive: file:///media/usb
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    archive_trusted_keys:
      path: /etc/mirror/trusted_keys

- name: Show what was done
  ansible.builtin.debug:
    msg: "{{ mirror.counts.images_copied }} images copied, {{ mirror.counts.images_present }} were there"
"""

RETURN = r"""
complete:
  description: Whether the registry holds everything that the configuration names. In check mode, whether nothing stands in the way.
  returned: success, and when the mirror is not complete
  type: bool
  sample: true
forecast:
  description: How much there is to move.
  returned: in check mode
  type: dict
  contains:
    pull:
      description: Bytes to read from other hosts.
      type: int
      sample: 73400320
    ship:
      description: Bytes of the archive's files, or to send to the registry, manifests and the history that it keeps among them.
      type: int
      sample: 73400320
counts:
  description: What was done, or in check mode would be done.
  returned: success, and when the mirror is not complete
  type: dict
  contains:
    images_total:
      description: Images of the plan, signatures and other attachments among them.
      type: int
      sample: 190
    images_copied:
      description: Images of which something was written.
      type: int
      sample: 3
    images_present:
      description: Images that were there.
      type: int
      sample: 187
    images_failed:
      description: Images that failed.
      type: int
      sample: 0
    images_held:
      description: Images that were not published because others, which they need, failed.
      type: int
      sample: 0
    images_pending:
      description: Images that the run did not come to.
      type: int
      sample: 0
    left_out:
      description: Objects that planning could not resolve, and images that have no place at the destination.
      type: int
      sample: 0
    blobs_copied:
      description: Layers and configurations that were sent.
      type: int
      sample: 11
    blobs_mounted:
      description: Layers and configurations that the registry took over from another of its repositories.
      type: int
      sample: 2
    blobs_present:
      description: Layers and configurations that were there.
      type: int
      sample: 4
    blobs_failed:
      description: Layers and configurations that failed.
      type: int
      sample: 0
    bytes_copied:
      description: Bytes of layers and configurations that were sent.
      type: int
      sample: 73400320
    retries:
      description: Requests that were made again.
      type: int
      sample: 0
requests:
  description: How many requests the transfer made, by end. An end that does not count is left out.
  returned: success, and when the mirror is not complete
  type: dict
  sample: {"source": 12, "destination": 203}
duration:
  description: Seconds that the transfer took.
  returned: success, and when the mirror is not complete
  type: float
  sample: 12.5
result_path:
  description: File with the result of every image. Empty in check mode.
  returned: success, and when the mirror is not complete
  type: str
  sample: /srv/mirror/workspace/last-run.json
plan_path:
  description: The plan that the workspace keeps, of the last archive where archives were loaded. Empty when there is none.
  returned: success, and when the mirror is not complete
  type: str
  sample: /srv/mirror/workspace/results/plan.json
sequences:
  description: Sequences of the archives that were loaded or written, or in check mode would be. Empty when there was nothing new.
  returned: when O(destination) or O(archive) is a directory
  type: list
  elements: int
  sample: [3]
archive_id:
  description: Identity of the written archive, the digest of its list of contents. Empty as long as it is not whole.
  returned: when O(destination) is a directory
  type: str
  sample: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
volumes:
  description: The first 100 files of the written archive. In check mode, those that would be written.
  returned: when O(destination) is a directory
  type: list
  elements: str
  sample: [/srv/archives/next/mirror_seq3_000000.tar]
volumes_total:
  description: How many files it has.
  returned: when O(destination) is a directory
  type: int
  sample: 1
failures:
  description: The first 20 objects that failed, those of the plan included. The file at RV(result_path) has all of them.
  returned: success, and when the mirror is not complete
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
  returned: success, and when the mirror is not complete
  type: int
  sample: 0
failed_categories:
  description: What they were wanted for.
  returned: success, and when the mirror is not complete
  type: list
  elements: str
  sample: []
error:
  description: Why nothing could be done at all, in the form of an entry of RV(failures).
  returned: when nothing could be mirrored
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.adapters import image_mirror
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.libraries import require_libraries
from ansible_collections.disconnected.mirror.plugins.module_utils.adapters.outcome import finish


def main() -> None:
    module = AnsibleModule(
        argument_spec=image_mirror.ARGUMENTS,
        mutually_exclusive=[("plan", "config", "imageset", "archive")],
        supports_check_mode=True,
    )
    require_libraries(module)
    finish(module, lambda: image_mirror.run(module.params, module.check_mode))


if __name__ == "__main__":
    main()
