# Copyright (c) 2026, the disconnected.mirror contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The image set, the workspace, and what modules that plan share."""

    DOCUMENTATION = r"""
options:
  config:
    description:
      - Path of an ImageSetConfiguration, C(v1alpha2) or C(v2alpha1), on the host that runs the module.
    type: path
  imageset:
    description:
      - The ImageSetConfiguration itself. Excludes O(config).
    type: dict
  workspace:
    description:
      - Directory that keeps the plan, the results, known manifests and the journals between runs. It is created when it does not exist.
      - Only one run at a time can use it.
    type: path
    required: true
  check_workspace:
    description:
      - A directory that replaces O(workspace) in check mode, where nothing is written to O(workspace). Consecutive tasks with the same
        directory share their plan, so that planning happens only once.
      - It must be empty or not exist at first, and the caller removes it afterwards. Without it each task uses its own temporary directory.
    type: path
  working_directory:
    description:
      - The directory that relative paths in the configuration are relative to, such as those of C(storageConfig.local) and of charts.
      - Without it, it is the directory in which Ansible runs modules, which is that of the playbook for C(connection=local), and else the
        home of the user.
    type: path
  signatures:
    description:
      - How to handle signatures, attestations and other attachments of images, found by tag and through the referrers API.
      - V(copy) copies those that exist, V(require) fails images without a signature, V(skip) copies no attachments.
    type: str
    choices:
      - copy
      - require
      - skip
    default: copy
"""

    DESTINATION = r"""
options:
  destination:
    description:
      - The mirror registry, optionally with a namespace for all content, such as V(docker://registry.example.com:5000/ocp).
    type: str
    required: true
  max_nested_paths:
    description:
      - How many path components repositories may have at the destination. Further components are joined with dashes. V(0) means no limit.
    type: int
    default: 0
"""

    ACCESS = r"""
options:
  destination_username:
    description:
      - Name of the user at the registry of O(destination). It and O(destination_password) take precedence over O(credentials) and all files
        there, but for an entry of O(credentials) for a part of the namespace.
    type: str
  destination_password:
    description:
      - Password or token of that user.
    type: str
  destination_ca:
    description:
      - PEM file, or directory of PEM files, with certificate authorities to trust for the registry of O(destination) besides those of the
        system.
      - This and O(destination_verify) are added to the entry of O(tls) for that registry, where there is one, and replace its C(ca_path)
        and C(verify).
    type: path
  destination_verify:
    description:
      - Whether the certificate and the name of that registry are verified.
    type: bool
"""

    PROGRESS = r"""
options:
  allow_failures:
    description:
      - Shell patterns of images whose failure is reported but does not fail the task, such as V(quay.io/team/gone*) or V(*).
      - All other images are mirrored in any case. Without this option the task fails at the end when any image failed.
    type: list
    elements: str
    default: []
  progress:
    description:
      - Whether to show progress while the task runs, on the standard error of C(ansible-playbook). It is never shown in check mode or in
        tasks with C(async).
    type: bool
    default: true
  progress_interval:
    description:
      - Seconds between two lines of progress. The first line is shown within two seconds. In long runs the interval grows to half a minute.
    type: int
    default: 10
"""
