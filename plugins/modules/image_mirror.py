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
  - Copies all images of a plan into a registry, with their digests unchanged, to the repositories and tags that the plan defines.
  - Each layer is transferred once and mounted into further repositories. Content that already exists at the destination is not read.
  - A failed image does not stop the others. A tag is pushed only when its image is complete.
  - With a O(destination) of C(file://) it writes an archive instead, for transfer to a disconnected site, where this module loads it with
    O(archive). Each archive contains what the earlier ones did not. It includes the plan, so that loading needs no configuration and
    contacts only the registry.
  - Every byte of an archive is checked before anything is loaded. Archives of both versions of C(oc-mirror) can be loaded, too.
  - Uses the latest plan of the workspace, or makes one from O(config) or O(imageset) and keeps it there, as
    M(disconnected.mirror.imageset_plan) does.
  - Run the task again to resume an interrupted run.
  - The task shows its progress while it runs. Its action plugin starts the module as a background job for this and reads its status.
notes:
  - The workspace also has the progress of the current run in C(status.json), and the result of every image in the last run in
    C(last-run.json).
extends_documentation_fragment:
  - disconnected.mirror.attributes
  - disconnected.mirror.attributes.planning
  - disconnected.mirror.imageset
  - disconnected.mirror.imageset.access
  - disconnected.mirror.imageset.destination
  - disconnected.mirror.imageset.progress
  - disconnected.mirror.registry
  - disconnected.mirror.releases
  - disconnected.mirror.charts
  - disconnected.mirror.catalogs
  - disconnected.mirror.catalogs.planning
  - disconnected.mirror.archives
attributes:
  check_mode:
    support: full
    details: Queries the registry, and writes neither to it nor to the workspace.
  diff_mode:
    support: full
    details: Lists the tags that change, or would change.
  idempotent:
    support: full
    details: A run with nothing to do makes at most one request to the registry per image and reads no layer from the source.
options:
  destination:
    description:
      - Where the images go. Either a mirror registry, optionally with a namespace for all content, such as
        V(docker://registry.example.com:5000/ocp), or a directory for an archive, such as V(file:///srv/archives).
    type: str
    required: true
  archive:
    description:
      - Directory with archives to load, such as V(file:///media/usb), or one of their files. All archives in it are loaded in sequence.
        Content that the registry already has is skipped.
      - Excludes O(config), O(imageset) and O(plan), because archives include their plan.
    type: str
  archive_size:
    description:
      - Maximum size of one file of a written archive in GiB, including the tar headers. Fractions are allowed. Larger layers are split.
        Defaults to C(archiveSize) of the configuration, and to 500 when that is not set.
    type: float
  archive_for:
    description:
      - The registry that a written archive is for, such as V(docker://registry.example.com:5000/ocp). Content that a run from registry to
        registry mirrored there then counts as shipped, and the other way round. Without it archives have a separate history.
    type: str
  archive_receipt:
    description:
      - The history that the mirror's host keeps, a file in C(history/) of its workspace, brought back from there. Content that the mirror
        still has by that record is not shipped again, even if no image set names it any more. Content that was pruned there is shipped
        again. Load the archive before
        the mirror is pruned again.
      - Without it, what an archive no longer names counts as pruned once that archive was written.
    type: path
  archive_signing_key:
    description:
      - Sign the archive's list of contents with this key, which must not have a passphrase.
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
      text:
        description:
          - The private key itself, instead of O(archive_signing_key.key), for example from a credential of a controller. It is written to
            disk only while it signs.
        type: str
  archive_valid_days:
    description:
      - Number of days for which a written archive may be loaded, counted from the day on which writing starts. Without it archives do not
        expire. The expiry date is part of the signed list of contents.
    type: int
  archive_checksums:
    description:
      - Whether the files of a written archive are read once more, and C(mirror_seq<number>.sha256) for C(sha256sum -c) is written beside
        them. The report shows the checksums. Loading an archive checks every byte without them, so that slow disks may be spared.
    type: bool
    default: true
  ignore_history:
    description:
      - Write a full archive, regardless of what earlier ones contain. It can be loaded without them.
    type: bool
    default: false
  since:
    description:
      - A date, such as V(2026-01-31). The archive contains everything that was not shipped before that date, for a site that lost later
        archives.
    type: str
  plan:
    description:
      - Path of the plan. Without it the plan of the workspace is used, or one is made in memory when O(config) or O(imageset) is given.
    type: path
  check:
    description:
      - How thoroughly the registry is checked before an image counts as present.
      - V(default) checks the digest of each tag. V(fast) trusts what earlier runs recorded and the tag list confirms, and does not notice
        tags that others moved. V(deep) also checks each manifest and layer and finds missing content.
    type: str
    choices:
      - fast
      - default
      - deep
    default: default
  tag_moves:
    description:
      - Whether a tag that points to a different image at the destination is moved, or its image fails.
    type: str
    choices:
      - allow
      - refuse
    default: allow
  stop_on:
    description:
      - Parts of the image set whose first failure stops the whole run. Without it everything that can be mirrored is mirrored.
    type: list
    elements: str
    choices:
      - release
      - operator
      - additional
      - helm
    default: []
  nearby:
    description:
      - Places that may already have content of the plan, nearest first. Either a mirror that this collection made, such as
        V(docker://registry.example.com:5000/ocp), or a directory with archives, such as V(file:///srv/archives).
      - Layers and manifests are read from the first of them that has them, otherwise from the sources. A place only gives content, which is
        checked by its digest. Images and tags come from the plan.
      - A mirror is asked for what its registry records as mirrored there. A place that does not answer or gives wrong content is left out
        with a warning, and the run continues without it.
    type: list
    elements: str
    default: []
  shard:
    description:
      - Copy only the layers of one shard of the plan and publish nothing, so that several hosts can share the work. All hosts must use the
        same plan. A last run with O(shard.publish) publishes the images.
    type: dict
    suboptions:
      index:
        description:
          - Number of this shard, starting at V(0). Required unless O(shard.publish) is set.
        type: int
      count:
        description:
          - Total number of shards.
        type: int
        required: true
      publish:
        description:
          - Whether to copy no layer and to publish all images whose layers are at the registry. The others fail, and each failure names the
            missing layer and its shard.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: Mirror the images of the plan in the workspace
  disconnected.mirror.image_mirror:
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp

- name: Plan and mirror in one task, to a registry with its own certificate authority
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

- name: Load all archives of a disk into the registry of a disconnected site
  disconnected.mirror.image_mirror:
    archive: file:///media/usb
    workspace: /srv/mirror/workspace
    destination: docker://registry.example.com:5000/ocp
    archive_trusted_keys:
      path: /etc/mirror/trusted_keys

- name: Fill another registry from one that is near
  disconnected.mirror.image_mirror:
    workspace: /srv/mirror/workspace-east
    destination: docker://registry.east.example.com:5000/ocp
    nearby:
      - docker://registry.west.example.com:5000/ocp
      - file:///srv/archives

- name: Show what was done
  ansible.builtin.debug:
    msg: "{{ mirror.counts.images_copied }} images copied, {{ mirror.counts.images_present }} were there"
"""

RETURN = r"""
complete:
  description: Whether the registry holds everything that the configuration names. In check mode, whether a run is expected to achieve this.
  returned: success, and when the mirror is not complete
  type: bool
  sample: true
forecast:
  description: How much data there is to transfer.
  returned: in check mode
  type: dict
  contains:
    pull:
      description: Bytes to download from other hosts.
      type: int
      sample: 73400320
    ship:
      description: Size of the archive's files in bytes, or bytes to send to the registry, including manifests and the history that it
        keeps.
      type: int
      sample: 73400320
counts:
  description: What was done or, in check mode, would be done.
  returned: success, and when the mirror is not complete
  type: dict
  contains:
    images_total:
      description: Images of the plan, including signatures and other attachments.
      type: int
      sample: 190
    images_copied:
      description: Images of which any content was written.
      type: int
      sample: 3
    images_present:
      description: Images that were already present.
      type: int
      sample: 187
    images_failed:
      description: Images that failed.
      type: int
      sample: 0
    images_held:
      description: Images that were not published because images that they need failed.
      type: int
      sample: 0
    images_pending:
      description: Images that the run did not reach.
      type: int
      sample: 0
    left_out:
      description: Objects that planning could not resolve, and images without a destination.
      type: int
      sample: 0
    blobs_copied:
      description: Layers and configurations that were sent.
      type: int
      sample: 11
    blobs_mounted:
      description: Layers and configurations that the registry mounted from another of its repositories.
      type: int
      sample: 2
    blobs_present:
      description: Layers and configurations that were already present.
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
      description: Requests that were retried.
      type: int
      sample: 0
requests:
  description: How many requests the transfer made to the source and to the destination. A side whose requests are not counted is omitted.
  returned: success, and when the mirror is not complete
  type: dict
  sample: {"source": 12, "destination": 203}
read:
  description: Bytes of layers and configurations that were read, by where they came from.
  returned: when O(nearby) is given
  type: dict
  contains:
    sources:
      description: Bytes from the sources.
      type: int
      sample: 0
    nearby:
      description: Bytes from each place of O(nearby).
      type: dict
      sample: {"docker://registry.west.example.com:5000/ocp": 73400320}
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
  description: The plan in the workspace, from the last archive when archives were loaded. Empty when there is none.
  returned: success, and when the mirror is not complete
  type: str
  sample: /srv/mirror/workspace/results/plan.json
sequences:
  description: Sequences of the archives that were loaded or written or, in check mode, would be. Empty when there was nothing new.
  returned: when O(destination) or O(archive) is a directory
  type: list
  elements: int
  sample: [3]
archive_id:
  description: Identity of the written archive, the digest of its list of contents. Empty while it is incomplete.
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
  description: How many files the archive has.
  returned: when O(destination) is a directory
  type: int
  sample: 1
failures:
  description: The first 20 objects that failed, including those that failed in the plan. The file at RV(result_path) has all of them.
  returned: success, and when the mirror is not complete
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
  returned: success, and when the mirror is not complete
  type: int
  sample: 0
failed_categories:
  description: Configuration sections of the failed objects.
  returned: success, and when the mirror is not complete
  type: list
  elements: str
  sample: []
error:
  description: Why the module could not run at all, in the form of an entry of RV(failures).
  returned: when nothing could be mirrored
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.disconnected.mirror.plugins.module_utils.loader.adapter import adapter


def main() -> None:
    image_mirror = adapter("image_mirror")
    module = AnsibleModule(
        argument_spec=image_mirror.arguments,
        mutually_exclusive=[("plan", "config", "imageset", "archive")],
        supports_check_mode=True,
    )
    image_mirror.finish(module)


if __name__ == "__main__":
    main()
